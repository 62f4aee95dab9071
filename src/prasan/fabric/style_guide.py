"""Sample content of the style guide at /kit/: every component in its states, in both languages."""

from __future__ import annotations

import datetime
import re
from pathlib import Path
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from prasan.fabric.templatetags.kit import STATES

SPRITE = Path(__file__).parent / "static_src" / "icons.svg"


# Where the samples stand in every tile, of 4096 × 4096 units counted from the lower left corner.
TILE_SPOTS = tuple((400 * (number + 1), 600 + 500 * (number % 6)) for number in range(9))


def say(thai: str, english: str) -> str:
    """One of two sample texts; samples are no messages of the product, so they need no catalogue."""
    return thai if (get_language() or "th").startswith("th") else english


class SampleForm(forms.Form):
    """One field of each kind."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields = {
            "words": forms.CharField(
                label=say("เกิดอะไรขึ้น", "What happened"),
                help_text=say("เล่าสั้น ๆ ว่าเห็นอะไร ที่ไหน", "A few words: what you see and where"),
                widget=forms.Textarea,
            ),
            "email": forms.EmailField(label=say("อีเมล", "E-mail"), required=False),
            "district": forms.ChoiceField(
                label=say("เขต", "District"),
                choices=[("", say("เลือกเขต", "Choose a district")), ("1", say("พระนคร", "Phra Nakhon"))],
            ),
            "kind": forms.ChoiceField(
                label=say("ประเภทปัญหา", "Category"),
                widget=forms.RadioSelect,
                choices=[("road", say("ถนน", "Road")), ("light", say("แสงสว่าง", "Street light"))],
            ),
            "photo": forms.FileField(label=say("รูปถ่าย", "Photo"), required=False),
            "agree": forms.BooleanField(
                label=say("ไม่แสดงเรื่องนี้ต่อสาธารณะ", "Keep this report private"), required=False
            ),
        }


def context() -> dict[str, Any]:
    """What the style guide's template shows."""
    now = timezone.now()
    wrong = SampleForm({"email": "no-at-sign", "kind": ""}, auto_id="wrong_%s")
    wrong.is_valid()
    return {
        "form": SampleForm(),
        "wrong": wrong,
        "icons": re.findall(r'<symbol id="([\w-]+)"', SPRITE.read_text()),
        "states": [(state, _state_label(state)) for state in STATES],
        "tones": ("neutral", "brand", "success", "info", "warning", "danger"),
        "tabs": [
            {"label": say("รอรับเรื่อง", "Waiting"), "url": "#tabs", "count": 1204, "current": True},
            {"label": say("กำลังดำเนินการ", "In progress"), "url": "#tabs", "count": 87},
            {"label": say("ทั้งหมด", "All"), "url": "#tabs"},
        ],
        "timeline": _timeline(now),
        "photos": [
            {
                "src": "/static/fabric/mark.svg",
                "alt": say("ก่อนแก้ไข", "Before"),
                "caption": say("ก่อน", "Before"),
                "href": "#photos",
            },
            {
                "src": "/static/fabric/mark.svg",
                "alt": say("หลังแก้ไข", "After"),
                "caption": say("หลัง", "After"),
            },
        ],
        "bars": [
            {"label": say("ถนน", "Road"), "value": 4210, "rest": 810},
            {"label": say("ทางเท้า", "Pavement"), "value": 2980, "rest": 1400, "href": "#bars"},
            {"label": say("แสงสว่าง", "Street light"), "value": 640, "rest": 40},
            {"label": say("สัตว์จรจัด", "Stray animals"), "value": 0},
        ],
        "reports": _reports(now),
        "moments": [
            now - datetime.timedelta(minutes=5),
            now - datetime.timedelta(days=2),
            now + datetime.timedelta(hours=3),
            now - datetime.timedelta(days=40),
        ],
        "text": _sample_text(),
        "thing": say("เรื่องแจ้ง", "Reports"),
        "labels": {"road": say("ถนน", "Road")} | {state: _state_label(state) for state in STATES},
    }


def outlines() -> dict[str, Any]:
    """A made-up city of six square districts, 5.5 km each, as GeoJSON."""
    return {"type": "FeatureCollection", "features": [_square(number) for number in range(6)]}


def _square(number: int) -> dict[str, Any]:
    west, south = 100.4 + 0.05 * (number % 3), 13.7 + 0.05 * (number // 3)
    ring = [
        [west, south],
        [west + 0.05, south],
        [west + 0.05, south + 0.05],
        [west, south + 0.05],
        [west, south],
    ]
    names = {"name_th": f"เขตตัวอย่างที่ {number + 1}", "name_en": f"Sample {number + 1}"}
    return {"type": "Feature", "properties": names, "geometry": {"type": "Polygon", "coordinates": [ring]}}


def tile(zoom: int) -> bytes:
    """A vector tile: counts when far away, a report of each status when near."""
    from mapbox_vector_tile import encode

    spots = TILE_SPOTS
    if zoom < 13:
        cells = [
            {"geometry": f"POINT({x} {y})", "properties": {"count": 3**n}} for n, (x, y) in enumerate(spots)
        ]
        return bytes(encode([{"name": "cells", "features": cells}]))
    reports = [
        {
            "geometry": f"POINT({x} {y})",
            "properties": {
                "code": "K7MP2XQ4",
                "category": "road",
                "status": status,
                "title": _state_label(status),
            },
        }
        for status, (x, y) in zip(STATES, spots, strict=True)
    ]
    return bytes(encode([{"name": "reports", "features": reports}]))


def _state_label(state: str) -> str:
    labels = {
        "waiting": ("รอรับเรื่อง", "Waiting"),
        "in_progress": ("กำลังดำเนินการ", "In progress"),
        "forwarded": ("ส่งต่อ", "Forwarded"),
        "finished": ("เสร็จสิ้น", "Finished"),
        "irrelevant": ("ไม่เกี่ยวข้อง", "Irrelevant"),
        "followed": ("ติดตาม", "Followed"),
        "overdue": ("เกินกำหนด", "Overdue"),
        "soon": ("ใกล้ครบกำหนด", "Due soon"),
        "private": ("ไม่เปิดเผย", "Private"),
    }
    return say(*labels[state])


def _timeline(now: datetime.datetime) -> list[dict[str, Any]]:
    office = say("ฝ่ายโยธา สำนักงานเขตพระนคร", "Public works, Phra Nakhon District Office")
    return [
        {
            "title": _state_label("finished"),
            "state": "finished",
            "at": now - datetime.timedelta(hours=2),
            "who": office,
            "text": say("ปะผิวถนนเรียบร้อยแล้ว ขอบคุณที่แจ้งครับ", "The hole is filled. Thank you for telling us."),
        },
        {
            "title": _state_label("in_progress"),
            "state": "in_progress",
            "at": now - datetime.timedelta(days=1),
            "who": office,
        },
        {
            "title": say("ขอข้อมูลเพิ่ม", "Asked for more"),
            "icon": "comment",
            "tone": "brand",
            "at": now - datetime.timedelta(days=2),
            "text": say("ขอทราบจุดสังเกตใกล้เคียงค่ะ", "Is there a landmark near by?"),
        },
        {"title": say("รับแจ้ง", "Received"), "state": "waiting", "at": now - datetime.timedelta(days=9)},
    ]


def _reports(now: datetime.datetime) -> list[dict[str, Any]]:
    return [
        {
            "code": "K7MP2XQ4",
            "title": say("ถนนเป็นหลุมลึกหน้าตลาด รถล้มบ่อย", "A deep hole in front of the market"),
            "state": "waiting",
            "status": _state_label("waiting"),
            "district": say("พระนคร", "Phra Nakhon"),
            "at": now - datetime.timedelta(minutes=20),
        },
        {
            "code": "R3TW9HBA",
            "title": say("ไฟทางดับทั้งซอยมาสามคืนแล้ว", "Street lights out in the whole lane"),
            "state": "in_progress",
            "status": _state_label("in_progress"),
            "district": say("บางรัก", "Bang Rak"),
            "at": now - datetime.timedelta(days=3),
        },
        {
            "code": "C5NE6VDG",
            "title": say("น้ำท่วมขังปากซอย ท่อระบายน้ำอุดตัน", "Standing water, the drain is blocked"),
            "state": "finished",
            "status": _state_label("finished"),
            "district": say("จตุจักร", "Chatuchak"),
            "at": now - datetime.timedelta(days=12),
        },
    ]


def _sample_text() -> SafeString:
    return mark_safe(  # noqa: S308
        say(
            "กรุงเทพมหานครรับเรื่องแจ้งจากประชาชนตลอด <strong>24 ชั่วโมง</strong> เมื่อแจ้งแล้วจะได้รหัสสำหรับ"
            '<a href="#text">ติดตามเรื่อง</a> เจ้าหน้าที่ผู้รับผิดชอบจะเห็นเรื่องของท่านทันที',
            "The city takes reports <strong>day and night</strong>. You get a code with which to "
            '<a href="#text">follow your report</a>; the responsible office sees it at once.',
        )
    )
