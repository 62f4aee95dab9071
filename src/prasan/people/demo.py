"""Accounts of a demonstration: one per role, with one known password and no second factor.

Their addresses end in a name that can never exist (`DEMO_DOMAIN`, RFC 2606), and they can sign in only where
settings.DEMO is on: a database that was a demonstration once is safe to use in earnest.
"""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.hashers import make_password

from prasan.city.models import Agency
from prasan.city.registers import registers
from prasan.city.rows import ErrorList, read_yaml
from prasan.fabric.actors import Actor
from prasan.fabric.demo import Account, register, register_accounts
from prasan.people import actions
from prasan.people.models import DEMO_DOMAIN, Role, User

PASSWORD = "prasan demonstration"  # noqa: S105 — known on purpose
NAMES = {
    Role.OFFICER: "สมชาย ใจดี",
    Role.DISPATCHER: "วิภา ศรีสุข",
    Role.SUPERVISOR: "ประเสริฐ มั่นคง",
    Role.DIGITAL_OFFICER: "กมลวรรณ ทองดี",
    Role.ANALYST: "ณัฐพล แสงทอง",
    Role.SECRETARY: "พิมพ์ใจ วัฒนกุล",
    Role.AUDITOR: "อรทัย พงษ์ไพร",
    Role.ADMIN: "ธนา รุ่งเรือง",
}


def load() -> None:
    """Make the accounts that are missing."""
    missing = {role: address(role) for role in NAMES}
    for username in User.objects.filter(username__in=missing.values()).values_list("username", flat=True):
        missing = {role: given for role, given in missing.items() if given != username}
    if not missing:
        return
    password = make_password(PASSWORD)
    for role, username in missing.items():
        officer = actions.officer_create(
            actor=Actor.system("demo"),
            email=username,
            name=NAMES[role],
            agency=_agency(role),
            role=role,
            origin="demo",
        )
        officer.password = password
        officer.save(update_fields=["password"])


def accounts() -> list[Account]:
    """Whom one can sign in as."""
    return [Account(str(Role(role).label), address(role), PASSWORD) for role in NAMES]


def address(role: str) -> str:
    """The address that the account of a role signs in with."""
    return f"{role}{DEMO_DOMAIN}"


def _agency(role: str) -> str:
    """Where the city's demo.yaml says; else the first district's works division for the officer, its office for
    dispatcher and supervisor, and the city for the rest."""
    known = registers()
    named = (
        read_yaml(settings.CITY_FOLDER / "demo.yaml", ErrorList("demo.yaml")).get("accounts", {}).get(role)
    )
    if named:
        return str(named)
    office = known.district_office(known.districts()[0].code)
    if role == Role.OFFICER:
        divisions = [code for code in known.children(office) if known.is_active(code)]
        kinds = {code: known.agency(code).kind for code in divisions}
        works = [code for code in divisions if kinds[code] == Agency.Kind.DISTRICT_DIVISION]
        return next((code for code in works if code.endswith(".works")), works[0] if works else office)
    return office if role in {Role.DISPATCHER, Role.SUPERVISOR} else known.root.code


register(10, "accounts", load)
register_accounts(accounts)
