"""What citizens say, agree to, see, take along and erase."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from prasan.fabric.actors import Actor
from prasan.fabric.models import LedgerEntry
from prasan.fabric.problems import Conflict, Forbidden, Invalid, NotFound
from prasan.people import actions, consents, erasures, exports, queries, reads
from prasan.people.exports import Part
from prasan.people.models import Consent, User
from tests.factories import signed_in
from tests.people.conftest import DIVISION, OFFICE, actor

pytestmark = pytest.mark.django_db


@pytest.fixture
def survey() -> Iterator[str]:
    consents.register(
        "test.survey", version="1", title="Surveys", sentence="The city may ask me how it went."
    )
    yield "test.survey"
    consents._wordings.pop("test.survey")


# ---- profile and notices -------------------------------------------------------------------------------------------


def test_a_citizen_changes_name_telephone_and_language(citizen: Callable[..., User]) -> None:
    user = citizen()
    actions.profile_update(actor=actor(user), name=" มาลี  ดีงาม ", phone="๐๘๑-๒๓๔ 5678", language="en")
    user.refresh_from_db()
    assert (user.name, user.phone, user.language) == ("มาลี ดีงาม", "0812345678", "en")
    changes = LedgerEntry.objects.get(action="citizen.profile").changes
    assert changes == {"fields": ["name", "phone"], "language": ["th", "en"]}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "x" * 201),
        ("phone", "12345"),
        ("phone", "not a number"),
        ("phone", "1" * 16),
        ("language", "fr"),
    ],
)
def test_what_cannot_be_taken_is_named(citizen: Callable[..., User], field: str, value: str) -> None:
    user = citizen(name="มาลี")
    given = {"name": "มานี", "phone": "", "language": "th"} | {field: value}
    with pytest.raises(Invalid) as caught:
        actions.profile_update(actor=actor(user), **given)
    assert list(caught.value.errors) == [field]
    user.refresh_from_db()
    assert user.name == "มาลี"


def test_a_form_with_faults_comes_back_with_what_was_written(citizen: Callable[..., User]) -> None:
    given = {"name": "มาลี", "phone": "12", "language": "th"}
    response = signed_in(citizen()).post(reverse("me_settings"), given)
    assert response.status_code == 422
    assert "phone" in response.context["form"].errors
    assert 'value="มาลี"' in response.content.decode()


def test_a_citizen_wants_no_notices(citizen: Callable[..., User]) -> None:
    user = citizen()
    signed_in(user).post(reverse("me_notices"), {"channel": "none"})
    assert queries.contacts([user.pk])[user.pk].channels == ("none",)
    signed_in(user).post(reverse("me_notices"), {"channel": "email"})
    assert queries.contacts([user.pk])[user.pk].channels == ("email",)


def test_an_unknown_channel_is_refused(citizen: Callable[..., User]) -> None:
    for wanted in (["pigeon"], ["none", "email"]):
        with pytest.raises(Invalid):
            actions.notice_preferences_set(actor=actor(citizen()), wanted=wanted)


def test_contacts_are_found_in_one_query_without_the_erased_and_the_addressless(
    citizen: Callable[..., User], django_assert_num_queries: Any
) -> None:
    one, two, gone = citizen("one@example.com", language="en"), citizen(), citizen()
    User.objects.filter(pk=two.pk).update(email=b"")
    actions.citizen_erase(actor=actor(gone), citizen_id=gone.pk)
    with django_assert_num_queries(1):
        found = queries.contacts([one.pk, two.pk, gone.pk, 10**9])
    assert found == {one.pk: queries.Contact("one@example.com", "en", ())}


# ---- consents -----------------------------------------------------------------------------------------------------


def test_a_consent_is_given_once_and_taken_back_as_easily(citizen: Callable[..., User], survey: str) -> None:
    user = citizen()
    client = signed_in(user)
    assert "The city may ask me how it went." in client.get(reverse("me_settings")).content.decode()
    for _unused in range(2):
        client.post(reverse("me_consent"), {"purpose": survey, "agree": "yes"})
    assert consents.has_consent(user.pk, survey)
    assert Consent.objects.count() == 1
    client.post(reverse("me_consent"), {"purpose": survey, "agree": "no"})
    assert not consents.has_consent(user.pk, survey)
    assert Consent.objects.get().withdrawn_at is not None
    actions_done = LedgerEntry.objects.filter(action__startswith="consent.").order_by("id")
    assert list(actions_done.values_list("action", flat=True)) == ["consent.give", "consent.withdraw"]


def test_a_consent_to_older_words_is_none_to_the_new_ones(citizen: Callable[..., User], survey: str) -> None:
    user = citizen()
    actions.consent_give(actor=actor(user), purpose=survey)
    consents.register(survey, version="2", title="Surveys", sentence="The city may also ring me up.")
    assert not consents.has_consent(user.pk, survey)
    actions.consent_give(actor=actor(user), purpose=survey)
    assert consents.has_consent(user.pk, survey)
    assert Consent.objects.filter(withdrawn_at=None).count() == 1


def test_a_purpose_nobody_asked_for_is_not_found(citizen: Callable[..., User]) -> None:
    with pytest.raises(NotFound):
        actions.consent_give(actor=actor(citizen()), purpose="selling")
    assert signed_in(citizen()).post(reverse("me_consent"), {"purpose": "selling"}).status_code == 404


def test_officers_and_strangers_consent_to_nothing(officer: Callable[..., User], survey: str) -> None:
    for who in (actor(officer()), Actor.anonymous(), Actor.system("test")):
        with pytest.raises(Forbidden):
            actions.consent_give(actor=who, purpose=survey)


# ---- who read my data ---------------------------------------------------------------------------------------------


def test_a_citizen_sees_who_read_their_data_and_why(
    officer: Callable[..., User], citizen: Callable[..., User], django_assert_num_queries: Any
) -> None:
    user = citizen()
    with django_assert_num_queries(1):
        actions.record_read(
            actor=Actor("officer", "7", {"officer": frozenset({DIVISION})}), citizen_id=user.pk,
            purpose="handle", thing="test:ABCD2345",
        )  # fmt: skip
    reads.register_thing("test", lambda code: (f"Report {code}", f"/r/{code}/"))
    page = signed_in(user).get(reverse("me_reads")).content.decode()
    assert queries.agency_name(DIVISION) in page
    assert "เพื่อดำเนินการเรื่องที่คุณแจ้ง" in page
    assert '<a href="/r/ABCD2345/">Report ABCD2345</a>' in page
    assert "สมชาย" not in page


def test_nobody_sees_the_reads_of_another(citizen: Callable[..., User]) -> None:
    one, two = citizen(), citizen()
    actions.record_read(
        actor=Actor("officer", "7"), citizen_id=one.pk, purpose="audit", thing="test:SECRET22"
    )
    assert "SECRET22" not in signed_in(two).get(reverse("me_reads")).content.decode()


def test_reads_are_paged(citizen: Callable[..., User]) -> None:
    user = citizen()
    for number in range(60):
        actions.record_read(
            actor=Actor("officer", "7"), citizen_id=user.pk, purpose="audit", thing=f"test:{number}"
        )
    first = queries.reads_page(citizen_id=user.pk)
    second = queries.reads_page(citizen_id=user.pk, cursor=first.next)
    assert [entry.changes["thing"] for entry in (*first.items, *second.items)] == [
        f"test:{number}" for number in reversed(range(60))
    ]


def test_a_citizen_who_reads_their_own_data_is_not_noted(citizen: Callable[..., User]) -> None:
    user = citizen()
    actions.record_read(actor=actor(user), citizen_id=user.pk, purpose="handle", thing="test:X")
    assert not LedgerEntry.objects.filter(action="citizen.read").exists()


def test_strangers_read_nothing(citizen: Callable[..., User]) -> None:
    for who in (Actor.anonymous(), actor(citizen())):
        with pytest.raises(Forbidden):
            actions.record_read(actor=who, citizen_id=citizen().pk, purpose="handle", thing="test:X")


def test_a_read_without_a_known_purpose_is_a_mistake_of_ours(citizen: Callable[..., User]) -> None:
    with pytest.raises(ValueError, match="curiosity"):
        actions.record_read(
            actor=Actor("officer", "7"), citizen_id=citizen().pk, purpose="curiosity", thing="test:X"
        )


# ---- export -------------------------------------------------------------------------------------------------------


@pytest.fixture
def module() -> Iterator[dict[str, Any]]:
    """A module that contributes to export and erasure."""
    seen: dict[str, Any] = {}

    def erase(citizen_id: int) -> int:
        if seen.get("fail"):
            raise RuntimeError("this module can't")
        seen["erased"] = citizen_id
        return 2

    exports.register(
        "test", lambda pk: Part({"of": pk}, files=[("photo.txt", b"content"), ("ไทย.txt", b"2")])
    )
    erasures.register("test", erase)
    yield seen
    exports._parts.pop("test")
    erasures._erasers.pop("test")


def archive_of(response: Any) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(b"".join(response.streaming_content)))


def test_an_export_holds_everything_of_every_module(
    citizen: Callable[..., User], module: dict[str, Any]
) -> None:
    user = citizen("malee@example.com", name="มาลี", phone="0812345678")
    actions.record_read(actor=Actor("officer", "7"), citizen_id=user.pk, purpose="handle", thing="test:ABC")
    response = signed_in(user).post(reverse("me_export"))
    assert response["Content-Type"] == "application/zip"
    bundle = archive_of(response)
    assert set(bundle.namelist()) >= {"data.json", "test/photo.txt", "test/ไทย.txt"}
    data = json.loads(bundle.read("data.json"))
    assert data["people"]["profile"]["name"] == "มาลี"
    assert data["people"]["profile"]["email"] == "malee@example.com"
    assert data["people"]["what_happened"][0]["changes"]["purpose"] == "handle"
    assert data["test"] == {"of": user.pk}
    assert LedgerEntry.objects.filter(action="citizen.export", object_id=str(user.pk)).count() == 1


@pytest.mark.parametrize("act", [actions.citizen_export, actions.citizen_erase])
def test_only_the_citizen_takes_along_or_erases(
    officer: Callable[..., User], citizen: Callable[..., User], act: Callable[..., Any]
) -> None:
    user = citizen()
    for who in (Actor.anonymous(), actor(citizen()), actor(officer("admin", OFFICE)), Actor("api_key", "K")):
        with pytest.raises(Forbidden):
            act(actor=who, citizen_id=user.pk)
    user.refresh_from_db()
    assert user.is_active


# ---- erasure ------------------------------------------------------------------------------------------------------


def test_an_erased_citizen_is_gone_everywhere_and_has_a_receipt(
    citizen: Callable[..., User], module: dict[str, Any], survey: str
) -> None:
    user = citizen("malee@example.com", name="มาลี", phone="0812345678")
    actions.consent_give(actor=actor(user), purpose=survey)
    client, elsewhere = signed_in(user), signed_in(user)
    assert client.get(reverse("me_erase")).status_code == 200
    response = client.post(reverse("me_erase"), {"sure": "yes"})
    page = Client().get(response["Location"])
    assert page.status_code == 200
    assert page.context["receipt"] in response["Location"]
    user.refresh_from_db()
    assert (user.email, user.email_hash, user.name, user.phone, user.is_active) == ("", "", "", "", False)
    assert user.erased_at is not None
    assert module["erased"] == user.pk
    for browser in (client, elsewhere):
        assert browser.get(reverse("me")).status_code == 302
    entry = LedgerEntry.objects.get(action="citizen.erase")
    assert entry.changes["test"] == 2
    with pytest.raises(Conflict):
        actions.citizen_erase(actor=Actor.system("test"), citizen_id=user.pk)


def test_the_same_address_begins_anew_after_erasure(citizen: Callable[..., User]) -> None:
    user = citizen("malee@example.com")
    actions.citizen_erase(actor=actor(user), citizen_id=user.pk)
    assert actions.citizen_ensure(email="malee@example.com").pk != user.pk


def test_an_erasure_is_all_or_nothing(citizen: Callable[..., User], module: dict[str, Any]) -> None:
    user = citizen("malee@example.com")
    module["fail"] = True
    with pytest.raises(RuntimeError):
        actions.citizen_erase(actor=actor(user), citizen_id=user.pk)
    user.refresh_from_db()
    assert user.email == "malee@example.com"
    assert not LedgerEntry.objects.filter(action="citizen.erase").exists()


def test_erasure_asks_first(citizen: Callable[..., User]) -> None:
    user = citizen()
    assert signed_in(user).post(reverse("me_erase")).status_code == 422
    user.refresh_from_db()
    assert user.is_active


@pytest.mark.parametrize(
    "receipt", ["x", "AAAAAAAAAAAA", "2" * 12, "../../etc/passwd"[:12].replace("/", "-")]
)
def test_an_invented_receipt_proves_nothing(client: Client, receipt: str) -> None:
    assert client.get(reverse("erased", args=[receipt])).status_code == 404
