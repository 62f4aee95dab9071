from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PortfolioConfig(AppConfig):
    name = "prasan.portfolio"
    label = "portfolio"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from prasan.fabric import decisions
        from prasan.fabric.navigation import NavigationItem, Section, register_section
        from prasan.fabric.navigation import register as add_place
        from prasan.people import scopes
        from prasan.portfolio import (
            capabilities,  # noqa: F401 — has `prasan city check` look at our file too
            policies,
            subjects,
            tiers,  # noqa: F401 — and at portfolio.yaml
        )
        from prasan.portfolio.overlap import lexicon_file  # noqa: F401 — and at concepts.yaml
        from prasan.portfolio.selection import criteria  # noqa: F401 — and at this one

        register_section(Section(code="portfolio", label=_("Digital projects"), icon="building", order=70))
        for order, (url_name, label, icon, audience) in enumerate(
            (
                ("governor", _("Overview"), "eye", policies.may_see_whole_page),
                ("proposals", _("Proposals"), "list", policies.may_see_portfolio),
                ("screening", _("Screening"), "filter", policies.may_see_choice),
                ("systems", _("Systems"), "building", policies.may_see_portfolio),
                ("plans", _("Consolidation"), "merge", policies.may_see_portfolio),
                ("prices", _("Price check"), "search", policies.may_see_whole_page),
                ("scenarios", _("Choice"), "chart", policies.may_see_choice),
                ("deliveries", _("Decided projects"), "finished", policies.may_see_portfolio),
            )
        ):
            add_place(
                NavigationItem(
                    url_name=f"portfolio:{url_name}", label=label, icon=icon, audience=audience, order=order,
                    section="portfolio",
                )
            )  # fmt: skip
        add_place(
            NavigationItem(
                url_name="portfolio:public_projects", label=_("City projects"), place="footer", order=20
            )
        )
        decisions.register(subjects.ProposalKind())

        scopes.register("portfolio:read", _("Read the city's systems"))
        scopes.register("portfolio:write", _("Enter and change the agency's systems"), role="digital_officer")
