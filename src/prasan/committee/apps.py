from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CommitteeConfig(AppConfig):
    name = "prasan.committee"
    label = "committee"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from prasan.committee import city_file  # noqa: F401 — has `prasan city check` look at committees.yaml
        from prasan.fabric.navigation import NavigationItem, register

        register(NavigationItem(url_name="committee:list", label=_("Committees"), icon="people", order=70))
