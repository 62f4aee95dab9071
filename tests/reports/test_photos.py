"""Photos: what is taken, what is refused and why, what is kept for whom, and what everybody sees."""

from __future__ import annotations

import errno
import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from prasan.fabric import files
from prasan.fabric.actors import Actor
from prasan.fabric.models import LedgerEntry
from prasan.fabric.problems import Conflict, Forbidden, Invalid, NotFound, StorageFull
from prasan.reports import actions, photos
from prasan.reports.actions.photos import (
    original_key,
    photo_add,
    photo_hide,
    photo_publish,
    photo_redo,
    photos_forget,
    public_key,
)
from prasan.reports.models import Photo, Report
from prasan.reports.policies import reporter_token
from tests import factories
from tests.reports import pictures

pytestmark = pytest.mark.django_db

NOBODY = Actor.anonymous()


@pytest.fixture(autouse=True)
def _own_folder(settings: Any, tmp_path: Path) -> None:
    settings.STORAGES = {
        **settings.STORAGES,
        "photos": {"BACKEND": "prasan.fabric.files.LocalStorage", "OPTIONS": {"location": str(tmp_path)}},
    }


def added(upload: SimpleUploadedFile | None = None) -> Photo:
    return photo_add(actor=NOBODY, upload=upload or pictures.photo(), name="hole.jpg")[0]  # type: ignore[arg-type]


def report_with_photo(**fields: Any) -> tuple[Report, str]:
    photo = added()
    photo_publish(key=photo.key)
    return factories.report(photos=(photo.key,), **fields), photo.key


def get(client: Client, key: str, size: str, token: str = "") -> Any:
    return client.get(reverse("reports:photo", args=[key, size]), {"key": token} if token else {})


# --- taking in ---


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_jpeg_png_and_webp_are_taken_and_kept_as_jpeg(kind: str) -> None:
    taken = photos.take_in(io.BytesIO(pictures.saved(Image.new("RGB", (300, 200)), kind)))
    kept = Image.open(io.BytesIO(taken.content))
    assert (kept.format, kept.size, taken.width, taken.height) == ("JPEG", (300, 200), 300, 200)


def test_what_is_kept_knows_nothing_of_camera_and_place() -> None:
    upload = pictures.photo(place=factories.PHRA_NAKHON)
    taken = photos.take_in(upload)  # type: ignore[arg-type]
    assert taken.location == pytest.approx(factories.PHRA_NAKHON, abs=1e-5)
    kept = Image.open(io.BytesIO(taken.content))
    assert dict(kept.getexif()) == {}
    assert b"Somebody" not in taken.content
    public = photos.publish(taken.content)
    assert all(
        b"Exif" not in content and not dict(Image.open(io.BytesIO(content)).getexif())
        for content in public.values()
    )


def test_a_photo_taken_sideways_stands_upright() -> None:
    taken = photos.take_in(pictures.photo(orientation=6))  # type: ignore[arg-type]
    kept = Image.open(io.BytesIO(taken.content))
    assert kept.size == (480, 640)
    red, _green, _blue = kept.getpixel((400, 100))  # type: ignore[misc]
    assert red > 200, "the red quarter turns from the upper left to the upper right"


@pytest.mark.parametrize("place", [(0.0, 0.0), (500.0, 13.0), (100.0, 91.0)])
def test_a_place_that_cannot_be_counts_as_none(place: tuple[float, float]) -> None:
    exif = Image.Exif()
    exif.get_ifd(pictures.GPS_IFD).update({1: "N", 2: (place[1], 0.0, 0.0), 3: "E", 4: (place[0], 0.0, 0.0)})
    image = pictures.saved(Image.new("RGB", (40, 30)), "JPEG", exif=exif)
    assert photos.take_in(io.BytesIO(image)).location is None


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "empty"),
        (b"<html><script>alert(1)</script></html>", "not a photo"),
        (b"GIF89a" + b"\0" * 50, "not a photo"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a photo"),
        (b"%PDF-1.7\n", "not a photo"),
        (pictures.saved(Image.new("RGB", (400, 300)), "JPEG")[:700], "not a photo"),
        (pictures.png_that_claims(30_000, 30_000), "more pixels"),
        (pictures.png_that_claims(6_000, 4_000), "not a photo"),
    ],
    ids=["0-bytes", "html", "gif", "svg", "pdf", "cut-off", "bomb", "body-too-short"],
)
def test_what_is_no_photo_is_refused_by_name(content: bytes, sentence: str) -> None:
    from django.utils.translation import override

    with override("en"), pytest.raises(Invalid) as refused:
        photo_add(actor=NOBODY, upload=io.BytesIO(content), name="hole.jpg")
    assert "hole.jpg" in refused.value.errors["photos"]
    assert sentence in refused.value.errors["photos"]
    assert not Photo.objects.exists()
    assert list(files.keys()) == []


def test_a_large_photo_is_made_smaller() -> None:
    taken = photos.take_in(pictures.photo(size=(6000, 4500)))  # type: ignore[arg-type]
    assert (taken.width, taken.height) == (2560, 1920)


def test_what_was_transparent_becomes_white() -> None:
    content = pictures.saved(Image.new("RGBA", (50, 50), (255, 0, 0, 0)), "PNG")
    kept = Image.open(io.BytesIO(photos.take_in(io.BytesIO(content)).content))
    assert kept.getpixel((25, 25)) == (255, 255, 255)


def test_a_file_of_fifty_megabytes_is_read_past_and_refused(client: Client) -> None:
    client.cookies["prasan_language"] = "en"
    huge = SimpleUploadedFile("huge.jpg", b"\xff\xd8\xff" + b"\0" * (50 * 2**20), "image/jpeg")
    answer = client.post(
        reverse("reports:photo_add"), {"photos": huge}, headers={"Accept": "application/json"}
    )
    assert answer.status_code == 422
    assert answer.json()["errors"] == [
        {"field": "photos", "detail": "“huge.jpg” is too large; at most 15 MB a photo, please."}
    ]
    assert not Photo.objects.exists()


@pytest.mark.parametrize("where", ["arriving", "kept"])
def test_a_full_disk_says_so_and_the_form_is_kept(
    client: Client, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    def full(*_args: Any, **_options: Any) -> Any:
        raise OSError(errno.ENOSPC, "No space left on device")

    target = (
        "prasan.reports.uploads.TemporaryUploadedFile"
        if where == "arriving"
        else "prasan.fabric.files.replace_file"
    )
    monkeypatch.setattr(target, full)
    client.cookies["prasan_language"] = "en"
    answer = client.post(
        reverse("reports:new"),
        {"step": "check", "text": "ไฟดับทั้งซอย", "address": "ซอย 5", "photos": pictures.photo()},
    )
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "There is no room for the photo just now" in page
    assert "ไฟดับทั้งซอย" in page
    assert not Photo.objects.exists()


def test_a_full_disk_leaves_no_row_and_no_half_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "prasan.fabric.files.replace_file", lambda *_: (_ for _ in ()).throw(OSError(errno.ENOSPC, "full"))
    )
    with pytest.raises(StorageFull):
        added()
    assert not Photo.objects.exists()
    assert list(files.keys()) == []


def test_taking_a_photo_in_is_one_ledger_entry_without_its_place() -> None:
    photo = added(pictures.photo(place=factories.PHRA_NAKHON))
    entry = LedgerEntry.objects.get(action="photo.add")
    assert entry.object_id == photo.key
    assert set(entry.changes) == {"size", "width", "height"}


def test_a_photo_belongs_to_one_report_only() -> None:
    photo = added()
    factories.report(photos=(photo.key,))
    with pytest.raises(Invalid), transaction.atomic():
        factories.report(photos=(photo.key,))
    assert Report.objects.count() == 1


# --- blurring ---


def test_a_face_is_blurred_and_what_is_around_it_is_not() -> None:
    image = pictures.face()
    content = pictures.saved(image, "JPEG", quality=95)
    large = Image.open(io.BytesIO(photos.publish(content)["large"])).convert("L")
    plain = image.convert("L")
    eyes = (220, 270, 420, 320)
    assert np.asarray(large.crop(eyes)).std() < np.asarray(plain.crop(eyes)).std() / 3
    corner = (0, 0, 40, 40)
    assert np.abs(np.asarray(large.crop(corner), int) - np.asarray(plain.crop(corner), int)).max() < 12


def test_a_blurred_place_holds_no_more_than_eight_squares_a_side() -> None:
    chance = np.random.default_rng(1)
    noise = Image.fromarray(chance.integers(0, 255, (400, 400, 3), dtype=np.uint8))
    other = noise.copy()
    other.paste(noise.crop((0, 0, 100, 100)).rotate(180), (100, 100))
    one, two = (photos.blurred(image, [(100, 100, 200, 200)]) for image in (noise, other))
    difference = np.abs(np.asarray(one, int) - np.asarray(two, int))[100:200, 100:200]
    assert difference.mean() < 12, "patches that differed in every pixel look alike"
    assert np.array_equal(np.asarray(one)[:100], np.asarray(noise)[:100])


def test_finds_at_the_edge_stay_inside_the_picture() -> None:
    image = pictures.face().crop((40, 60, 640, 640))
    for left, top, right, bottom in photos.find_private(image):
        assert 0 <= left < right <= image.width
        assert 0 <= top < bottom <= image.height


# --- publishing ---


def test_publishing_makes_every_size_once() -> None:
    photo = added(pictures.photo(size=(2000, 1500)))
    assert photo_publish(key=photo.key)
    assert not photo_publish(key=photo.key)
    photo.refresh_from_db()
    assert photo.state == Photo.State.READY
    for size, edge in photos.SIZES.items():
        public = Image.open(io.BytesIO(files.read(public_key(photo.key, size))))
        assert (public.format, max(public.size)) == ("WEBP", edge)
    assert LedgerEntry.objects.filter(action="photo.publish").count() == 1


def test_a_photo_hidden_while_it_was_being_made_stays_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    photo = added()
    factories.report(photos=(photo.key,))
    real = photos.publish

    def hide_meanwhile(content: bytes) -> dict[str, bytes]:
        photo_hide(actor=factories.officer(), key=photo.key)
        return real(content)

    monkeypatch.setattr(photos, "publish", hide_meanwhile)
    assert not photo_publish(key=photo.key)
    photo.refresh_from_db()
    assert photo.state == Photo.State.REFUSED


def test_an_officer_hides_a_photo_and_has_it_done_again(
    client: Client, django_capture_on_commit_callbacks: Any
) -> None:
    _report, key = report_with_photo()
    officer = factories.officer()
    with django_capture_on_commit_callbacks(execute=True):
        photo_hide(actor=officer, key=key)
    assert get(client, key, "large").status_code == 404
    assert not files.exists(public_key(key, "large"))
    with pytest.raises(Conflict):
        photo_hide(actor=officer, key=key)
    photo_redo(actor=officer, key=key)
    assert photo_publish(key=key)
    assert get(client, key, "large").status_code == 200
    told = LedgerEntry.objects.filter(object_id=key, actor_kind="officer").values_list("action", "changes")
    assert list(told) == [
        ("photo.hide", {"state": ["ready", "refused"]}), ("photo.redo", {"state": ["refused", "pending"]}),
    ]  # fmt: skip


@pytest.mark.parametrize("who", ["nobody", "citizen", "elsewhere"])
def test_only_officers_of_a_handling_agency_decide_about_photos(who: str) -> None:
    _report, key = report_with_photo()
    actor = {
        "nobody": lambda: NOBODY,
        "citizen": factories.citizen,
        "elsewhere": lambda: factories.officer("officer", "district.1038.works"),
    }[who]()
    with pytest.raises(Forbidden):
        photo_hide(actor=actor, key=key)
    with pytest.raises(NotFound):
        photo_hide(actor=actor, key="0" * 32)


def test_pictures_nobody_used_are_forgotten_with_their_files() -> None:
    unused, used = added(), added()
    factories.report(photos=(used.key,))
    Photo.objects.update(created_at=timezone.now() - timedelta(days=2))
    fresh = added()
    assert photos_forget(before=timezone.now() - timedelta(days=1)) == 1
    assert set(Photo.objects.values_list("key", flat=True)) == {used.key, fresh.key}
    assert not files.exists(original_key(unused.key))
    assert files.exists(original_key(used.key))


# --- who sees what ---


def test_everybody_sees_the_public_sizes_and_nobody_the_original(client: Client) -> None:
    _report, key = report_with_photo()
    answer = get(client, key, "large")
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/webp")
    assert get(client, key, "original").status_code == 404
    assert get(client, key, "huge").status_code == 404
    assert get(client, "0" * 32, "large").status_code == 404


def test_photos_are_served_where_nothing_executes(client: Client) -> None:
    _report, key = report_with_photo()
    answer = get(client, key, "small")
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Disposition"].startswith("inline")


def test_an_officer_of_the_agency_gets_the_original_as_a_download() -> None:
    _report, key = report_with_photo()
    client = factories.signed_in(factories.officer_user())
    answer = get(client, key, "original")
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/jpeg")
    assert answer["Content-Disposition"].startswith("attachment")
    assert "no-store" in answer["Cache-Control"]
    client = factories.signed_in(factories.officer_user("officer", "district.1038.works"))
    assert get(client, key, "original").status_code == 404


def test_photos_of_a_private_report_are_for_its_reporter_and_its_agency(client: Client) -> None:
    report, key = report_with_photo(private=True)
    assert get(client, key, "large").status_code == 404
    assert get(client, key, "large", token="0" * 24).status_code == 404
    mine = get(client, key, "large", token=reporter_token(report.code))
    assert mine.status_code == 200
    assert "no-store" in mine["Cache-Control"]
    assert get(client, key, "original", token=reporter_token(report.code)).status_code == 404
    client = factories.signed_in(factories.officer_user())
    assert get(client, key, "large").status_code == 200


def test_a_photo_that_is_not_checked_yet_is_not_shown(client: Client) -> None:
    photo = added()
    assert get(client, photo.key, "small").status_code == 200, "its sender sees it before the report is sent"
    report = factories.report(photos=(photo.key,))
    assert get(client, photo.key, "small").status_code == 404
    page = client.get(reverse("reports:report", args=[report.code])).content.decode()
    assert photo.key not in page


def test_a_photo_costs_two_statements_at_most(client: Client, django_assert_max_num_queries: Any) -> None:
    report, key = report_with_photo(private=True)
    client.get("/about/")
    with django_assert_max_num_queries(2):
        get(client, key, "large", token=reporter_token(report.code))


def test_after_photos_come_with_the_finish(client: Client) -> None:
    report, _key = report_with_photo()
    proof, _place = photo_add(actor=NOBODY, upload=pictures.photo(), moment=Photo.Moment.AFTER)  # type: ignore[arg-type]
    photo_publish(key=proof.key)
    officer = factories.officer()
    actions.report_accept(actor=officer, code=report.code)
    actions.report_finish(actor=officer, code=report.code, note="ปะแล้ว", photos=(proof.key,))
    page = client.get(reverse("reports:report", args=[report.code])).content.decode()
    assert page.count(proof.key) >= 2
    assert "before-after" in page


def test_officers_decide_on_the_reports_page_and_others_find_no_button(client: Client) -> None:
    report, key = report_with_photo()
    address = reverse("reports:report", args=[report.code])
    hide = reverse("reports:photo_decide", args=[key, "hide"])
    assert hide not in client.get(address).content.decode()
    assert client.post(hide).status_code == 403
    officer = factories.signed_in(factories.officer_user())
    page = officer.get(address).content.decode()
    assert hide in page
    assert reverse("reports:photo", args=[key, "original"]) in page
    assert officer.post(hide).status_code == 302
    assert key not in client.get(address).content.decode()
    redo = reverse("reports:photo_decide", args=[key, "redo"])
    assert redo in officer.get(address).content.decode()
    assert officer.post(redo).status_code == 302
    assert Photo.objects.get(key=key).state == Photo.State.PENDING
    assert officer.post(reverse("reports:photo_decide", args=[key, "eat"])).status_code == 404
