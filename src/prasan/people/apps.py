from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PeopleConfig(AppConfig):
    name = "prasan.people"
    label = "people"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from allauth.mfa.signals import authenticator_added, authenticator_used
        from django.contrib.auth.signals import user_logged_in

        from prasan.people import exports, queries, receivers, second_factor

        authenticator_added.connect(second_factor.remember)
        authenticator_used.connect(second_factor.remember)
        user_logged_in.connect(receivers.note_sign_in)
        exports.register("people", queries.own_part)
        _register_navigation()


def _register_navigation() -> None:
    from prasan.fabric.navigation import NavigationItem, register, signed_in, signed_out
    from prasan.people.policies import may_see_any_officer

    for item in (
        NavigationItem(
            url_name="sign_in", label=_("Sign in"), place="account", icon="user", audience=signed_out
        ),
        NavigationItem(
            url_name="me", label=_("My page"), place="account", icon="user", audience=signed_in, order=10
        ),
        NavigationItem(
            url_name="officers", label=_("Officers"), place="account", audience=may_see_any_officer, order=20
        ),
        NavigationItem(
            url_name="api_keys", label=_("API keys"), place="account", audience=may_see_any_officer, order=30
        ),
        NavigationItem(
            url_name="account_logout",
            label=_("Sign out"),
            place="account",
            audience=signed_in,
            order=90,
            method="post",
        ),
    ):
        register(item)
