"""Pictures: taken in before they belong to a report, made public by a job, hidden or done again by an officer."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import datetime
from functools import partial
from typing import IO

from django.db import transaction
from django.utils.translation import gettext as _

from prasan.fabric import files
from prasan.fabric.actions import ledger_write
from prasan.fabric.actors import Actor
from prasan.fabric.problems import Conflict, Forbidden, NotFound
from prasan.people.policies import holds
from prasan.reports import photos as pictures
from prasan.reports.models import Assignment, Photo
from prasan.reports.uploads import check_received
from prasan.reports.workflow import FIELD

PROCESSOR = Actor.system("reports.photos")


def original_key(key: str) -> str:
    """Where the picture without its places blurred lies; officers' alone."""
    return f"originals/{key[:2]}/{key}.jpg"


def public_key(key: str, size: str) -> str:
    """Where a public size (photos.SIZES) of the picture lies."""
    return f"public/{key[:2]}/{key}-{size}.webp"


def photo_add(
    *, actor: Actor, upload: IO[bytes], name: str = "", moment: str = Photo.Moment.BEFORE, origin: str = ""
) -> tuple[Photo, tuple[float, float] | None]:
    """Take a picture in; it belongs to nobody until an action gets its key.

    Also gives the (longitude, latitude) that its camera wrote into it, which is kept nowhere.

    Raises Invalid({"photos": …}) for what is no photo, StorageFull when there is no room; then nothing is kept.
    """
    check_received(upload, name)
    taken = pictures.take_in(upload, name)
    key = secrets.token_hex(16)
    files.put(original_key(key), taken.content)
    with transaction.atomic():
        photo = Photo.objects.create(
            key=key,
            moment=moment,
            sha256=taken.sha256,
            width=taken.width,
            height=taken.height,
            size=len(taken.content),
        )
        ledger_write(
            actor=actor, action="photo.add", object_type="photo", object_id=key, origin=origin,
            changes={"size": photo.size, "width": photo.width, "height": photo.height},
        )  # fmt: skip
    return photo, taken.location


def photo_publish(*, key: str) -> bool:
    """Make what everybody may see of a waiting picture; False when there is nothing to do. Twice is harmless."""
    if not Photo.objects.filter(key=key, state=Photo.State.PENDING).exists():
        return False
    for size, content in pictures.publish(files.read(original_key(key))).items():
        files.put(public_key(key, size), content)
    with transaction.atomic():
        if not Photo.objects.filter(key=key, state=Photo.State.PENDING).update(state=Photo.State.READY):
            return False  # hidden by an officer meanwhile
        _log(PROCESSOR, "photo.publish", key, (Photo.State.PENDING, Photo.State.READY), "job")
    return True


def photo_hide(*, actor: Actor, key: str, origin: str = "") -> Photo:
    """An officer of an agency that handles the report takes the picture out of the public's sight."""
    return _decide(actor, key, "photo.hide", Photo.State.REFUSED, origin)


def photo_redo(*, actor: Actor, key: str, origin: str = "") -> Photo:
    """Blur again from the original, and show what was hidden once that is done."""
    return _decide(actor, key, "photo.redo", Photo.State.PENDING, origin)


@transaction.atomic
def _decide(actor: Actor, key: str, action: str, state: Photo.State, origin: str) -> Photo:
    rows = Photo.objects.select_for_update(of=("self",)).select_related("report").defer("report__search")
    photo = rows.filter(key=key, report__isnull=False).first()
    if photo is None:
        raise NotFound(_("There is no such photo."))
    agencies = Assignment.objects.filter(report=photo.report_id).values_list("agency_id", flat=True)
    if not any(holds(actor, FIELD, agency) for agency in agencies):
        raise Forbidden(_("Only officers of an agency that handles the report decide about its photos."))
    if photo.external_url or photo.state == state:
        raise Conflict(_("The photo is in this state already."))
    _log(actor, action, key, (photo.state, state), origin)
    photo.state = state
    photo.save(update_fields=["state"])
    if state == Photo.State.REFUSED:
        transaction.on_commit(partial(_delete, [public_key(key, size) for size in pictures.SIZES]))
    return photo


def photos_forget(*, before: datetime, most: int = 500) -> int:
    """Delete up to `most` pictures that no report took since; gives how many."""
    keys = list(
        Photo.objects.filter(report=None, entry=None, created_at__lt=before)
        .order_by("id")
        .values_list("key", flat=True)[:most]
    )
    for key in keys:
        with transaction.atomic():
            if not Photo.objects.filter(key=key, report=None).delete()[0]:
                continue
            _log(PROCESSOR, "photo.forget", key, ("", ""), "job")
        pictures_delete([key])
    return len(keys)


def pictures_delete(keys: Iterable[str]) -> None:
    """Delete the files of pictures: the original and every public size."""
    for key in keys:
        _delete([original_key(key), *(public_key(key, size) for size in pictures.SIZES)])


def _delete(keys: list[str]) -> None:
    for key in keys:
        files.delete(key)


def _log(actor: Actor, action: str, key: str, state: tuple[str, str], origin: str) -> None:
    """`state` is (before, after)."""
    changes = {"state": list(state)} if state[0] != state[1] else {}
    ledger_write(
        actor=actor, action=action, object_type="photo", object_id=key, changes=changes, origin=origin
    )
