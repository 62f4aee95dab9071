"""What the reports API takes and gives. Examples are real requests: a test sends every one of them.

Times are ISO 8601 in UTC, coordinates WGS 84 degrees. Nothing personal is given out: words are the masked ones,
names and contacts never leave the city's own pages.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import ConfigDict, Field, StringConstraints, field_validator

from prasan.reports.models import Entry, Photo, Status

EXAMPLE_CODE = "7KQ2M9X2"
STATUSES = tuple(Status.values)
Words = Annotated[str, StringConstraints(max_length=10_000)]
Short = Annotated[str, StringConstraints(max_length=500)]
PhotoKeys = Annotated[
    list[Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z_-]{1,40}$")]], Field(max_length=10)
]


class Strict(Schema):
    """A body whose unknown fields are refused, so that a misspelt one is noticed."""

    model_config = ConfigDict(extra="forbid")

    @field_validator("*", mode="before")
    @classmethod
    def without_nul(cls, value: Any) -> Any:
        """PostgreSQL takes no NUL, and nobody means one."""
        return value.replace("\x00", "") if isinstance(value, str) else value


def example(**fields: Any) -> ConfigDict:
    """A working example in the API's description."""
    return ConfigDict(extra="forbid", json_schema_extra={"example": fields})


class Named(Schema):
    """A code, and its name in the reader's language (`Accept-Language: th` or `en`)."""

    code: str
    name: str


class Location(Strict):
    """A point in WGS 84 degrees."""

    longitude: float = Field(ge=-180, le=180)
    latitude: float = Field(ge=-90, le=90)


class ReportIn(Strict):
    """A new report. Words and a place are needed: a point, an address or landmark, or a district."""

    model_config = example(
        text="ฝาท่อบนทางเท้าแตก คนเดินตกได้ อยู่หน้าร้านสะดวกซื้อ",
        location={"longitude": 100.4985, "latitude": 13.7563},
        address="หน้าศาลาว่าการกรุงเทพมหานคร ถนนดินสอ",
    )

    text: Words = Field(description="What the problem is, in the reporter's words.")
    category: str = Field(
        "", max_length=40, description="A code of `/categories`; else it is found from the words."
    )
    location: Location | None = None
    address: Short = Field("", description="Address or landmark, where there is no point, or beside it.")
    district: str = Field(
        "", max_length=4, description="A code of `/areas`, where neither point nor address tells it."
    )
    private: bool = Field(False, description="Seen by the reporter and the agencies alone.")
    name: Short = Field("", description="Of the reporter; kept encrypted, never given out.")
    phone: Short = Field("", description="Of the reporter; kept encrypted, never given out.")
    email: str = Field(
        "", max_length=254, description="Where news of the report go; kept encrypted, never given out."
    )
    photos: PhotoKeys = Field([], description="Keys that `POST /photos` gave.")


class ReportCreated(Schema):
    """The new report. Keep `reporter_token`: it is the only proof of having sent it, and is not shown again."""

    code: str
    url: str
    reporter_token: str = Field(
        description="The header Reporter-Token of answers, reopening, rating, private reading."
    )
    status: Status
    category: Named
    agency: Named
    district: str
    submitted_at: datetime
    version: int


class PhotoOut(Schema):
    """A picture without metadata, faces and plates blurred. `url` is empty until that is done, a few seconds."""

    url: str
    small_url: str
    moment: Photo.Moment


class PhotoKey(Schema):
    """A photo that belongs to nobody yet; name it in `photos` of a report or a step within a day."""

    key: str
    longitude: float | None = Field(description="Where the camera says it was taken.")
    latitude: float | None


class ReportOut(Schema):
    """A report as everybody may see it."""

    code: str
    url: str
    source: str
    text: str
    category: Named
    status: Named
    stage: Named | None = Field(description="The long-process stage, while it is in one.")
    agency: Named | None = Field(description="The agency that leads.")
    location: Location | None
    address: str
    district: Named | None
    subdistrict: Named | None
    submitted_at: datetime
    updated_at: datetime
    first_action_at: datetime | None
    finished_at: datetime | None
    rating: int | None
    reopened: int
    followers: int
    photo_count: int
    private: bool
    duplicate_of: str | None = Field(description="Code of the report it was merged into.")
    version: int = Field(
        description="Grows with every change; send it back as `If-Match` to change what you saw."
    )


class AssignmentOut(Schema):
    """One agency's part in a report."""

    agency: Named
    role: Literal["lead", "invited"]
    status: Named
    stage: Named | None
    active: bool
    assigned_at: datetime
    accepted_at: datetime | None
    closed_at: datetime | None
    respond_by: datetime | None = Field(description="Deadline of the first action, counted in working time.")
    due_at: datetime | None = Field(description="Deadline of the fix, counted in working time.")


class ReportDetail(ReportOut):
    """A report with its pictures and every agency's part."""

    photos: list[PhotoOut]
    assignments: list[AssignmentOut]


class ReportPage(Schema):
    """Reports, newest first; `next` is the cursor of the page after, empty on the last."""

    items: list[ReportOut]
    next: str


class EntryOut(Schema):
    """A line of the timeline."""

    at: datetime
    kind: Entry.Kind
    audience: Entry.Audience
    by: str = Field(description="anonymous, citizen, officer, api_key or system")
    agency: Named | None
    to_agency: Named | None
    status: Named | None
    stage: Named | None
    text: str
    photos: list[PhotoOut]


class Timeline(Schema):
    """What happened, oldest first."""

    items: list[EntryOut]


# --- steps ----------------------------------------------------------------------------------------------------


class NoteIn(Strict):
    """A step that may carry words."""

    model_config = example(note="รับเรื่องแล้ว จะเข้าตรวจสอบพื้นที่พรุ่งนี้ช่วงเช้า")
    note: Words = ""


class SaidIn(Strict):
    """A step that needs words."""

    model_config = example(note="ช่างเข้าซ่อมชั่วคราวแล้ว จะเปลี่ยนฝาใหม่ภายในสัปดาห์นี้")
    note: Words
    photos: PhotoKeys = []


class FollowIn(Strict):
    """Where news of the report go."""

    model_config = example(email="somsri@example.com")
    email: str = Field(max_length=254)


class RateIn(Strict):
    """Satisfaction with the fix."""

    model_config = example(rating=5, note="ซ่อมเร็วมาก ขอบคุณครับ")
    rating: int = Field(ge=1, le=5)
    note: Words = ""


class AssignIn(Strict):
    """The officer who gets the agency's part."""

    model_config = example(officer=1)
    officer: int = Field(ge=1, le=2**63 - 1)
    note: Words = ""


class StageIn(Strict):
    """A long-process stage: study, budget, procurement, legal or policy."""

    model_config = example(stage="procurement", note="อยู่ระหว่างจัดซื้อฝาท่อใหม่")
    stage: str = Field(max_length=40)
    note: Words = ""


class CategoriseIn(Strict):
    """The right category."""

    model_config = example(category="drain")
    category: str = Field(max_length=40)
    note: Words = ""


class AgencyIn(Strict):
    """Another agency, and why."""

    model_config = example(agency="dep.11000000", note="ท่อระบายน้ำสายหลัก อยู่ในความดูแลของสำนักการระบายน้ำ")
    agency: str = Field(max_length=100)
    note: Words


class PartIn(Strict):
    """One of several problems in a report."""

    text: Words
    category: str = Field(max_length=40)
    agency: str = Field(max_length=100)


class SplitIn(Strict):
    """Problems to be handled as reports of their own."""

    model_config = example(
        parts=[{"text": "ไฟส่องสว่างดับสองดวงหน้าปากซอย", "category": "lighting", "agency": "out.mea"}]
    )
    parts: list[PartIn] = Field(min_length=1, max_length=10)


class MergeIn(Strict):
    """The report that stays."""

    model_config = example(other="H5TN8RW5", note="จุดเดียวกับเรื่องที่แจ้งไว้ก่อนแล้ว")
    other: str = Field(max_length=20)
    note: Words = ""


class IrrelevantIn(Strict):
    """Why it is nothing the city can act on; the reporter reads it."""

    model_config = example(reason="private_land", note="อยู่ในที่ดินเอกชน ได้แจ้งเจ้าของที่ดินให้ทราบแล้ว")
    reason: str = Field(max_length=40)
    note: Words


class Codes(Schema):
    """Codes of the reports that were made."""

    codes: list[str]


# --- registers ------------------------------------------------------------------------------------------------


class CategoryOut(Named):
    """A category of reports."""

    name_th: str
    name_en: str
    group: Named
    hint: str
    needs_photo: bool = Field(description="Whether a report is finished with a photo only.")
