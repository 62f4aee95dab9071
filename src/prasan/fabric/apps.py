from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class FabricConfig(AppConfig):
    name = "prasan.fabric"
    label = "fabric"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Let each module say what it listens to."""
        autodiscover_modules("events")
