from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SiteConfig(AppConfig):
    name = "prasan.site"
    label = "site"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Name the pages that belong to no module."""
        from prasan.fabric.navigation import NavigationItem, register
        from prasan.site import operations

        register(NavigationItem(url_name="privacy", label=_("Privacy"), place="footer", order=20))
        register(NavigationItem(url_name="about", label=_("About this site"), place="footer", order=30))
        register(
            NavigationItem(
                url_name="operations",
                label=_("Operations"),
                place="account",
                audience=operations.may_see,
                order=40,
            )
        )
