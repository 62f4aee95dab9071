"""How somebody is recognised: by password at sign-in, by the session afterwards."""

from __future__ import annotations

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef
from django.db.models.functions import JSONArray

from prasan.people.actors import valid_grants
from prasan.people.models import RoleGrant, User


class PeopleBackend(AuthenticationBackend):  # type: ignore[misc]
    """allauth's backend; a session's user arrives with the roles valid today, in one query (`User.role_pairs`)."""

    def get_user(self, user_id: int) -> User | None:
        grants = RoleGrant.objects.filter(valid_grants(), user=OuterRef("pk"))
        pairs = ArraySubquery(grants.values(pair=JSONArray("role", "agency_id")).order_by())
        user = User.objects.annotate(role_pairs=pairs).filter(pk=user_id).first()
        return user if user is not None and self.user_can_authenticate(user) else None

    def user_can_authenticate(self, user: Any) -> bool:
        """Active people; demonstration accounts only on a demonstration."""
        return bool(user.may_sign_in)
