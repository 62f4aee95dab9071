from django.apps import AppConfig


class CityConfig(AppConfig):
    name = "prasan.city"
    label = "city"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Let the page header say the city's name."""
        from prasan.fabric.navigation import name_the_city

        name_the_city(_city_name)


def _city_name() -> str:
    from prasan.city.registers import registers

    return registers().profile.name
