"""Every write of people."""

from prasan.people.actions.api_keys import api_key_create, api_key_revoke
from prasan.people.actions.citizens import (
    citizen_ensure,
    citizen_erase,
    citizen_export,
    citizen_from_provider,
    citizen_sign_in,
    citizen_sign_in_link,
    consent_give,
    consent_withdraw,
    notice_preferences_set,
    profile_update,
    record_read,
)
from prasan.people.actions.officers import (
    officer_create,
    officer_deactivate,
    role_grant,
    role_revoke,
    second_factor_reset,
)

__all__ = [
    "api_key_create",
    "api_key_revoke",
    "citizen_ensure",
    "citizen_erase",
    "citizen_export",
    "citizen_from_provider",
    "citizen_sign_in",
    "citizen_sign_in_link",
    "consent_give",
    "consent_withdraw",
    "notice_preferences_set",
    "officer_create",
    "officer_deactivate",
    "profile_update",
    "record_read",
    "role_grant",
    "role_revoke",
    "second_factor_reset",
]
