from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ReportsConfig(AppConfig):
    name = "prasan.reports"
    label = "reports"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from prasan.fabric.navigation import NavigationItem
        from prasan.fabric.navigation import register as add_place
        from prasan.people import scopes
        from prasan.reports import (
            citizens,
            policies,
            routing,  # noqa: F401 — has `prasan city check` look at our files too
        )

        citizens.register()
        scopes.register("reports:create", _("Send reports"))
        scopes.register("reports:handle", _("Handle the agency's reports"), role="officer")
        scopes.register("reports:dispatch", _("Also split, merge and take up again"), role="dispatcher")

        for url_name, label, icon, order in (
            ("reports:new", _("Report a problem"), "camera", 10),
            ("reports:map", _("Map"), "map", 20),
            ("reports:list", _("Reports"), "list", 30),
            ("reports:numbers", _("Numbers"), "chart", 40),
        ):
            add_place(NavigationItem(url_name=url_name, label=label, icon=icon, order=order))
        add_place(
            NavigationItem(
                url_name="reports:help", label=_("How a report is handled"), place="footer", order=10
            )
        )
        add_place(
            NavigationItem(
                url_name="reports:desk",
                label=_("Inbox"),
                icon="inbox",
                audience=policies.may_see_desk,
                order=60,
            )
        )
