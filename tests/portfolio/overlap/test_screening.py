"""What the screening says of pairs, whatever their words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from prasan.portfolio.overlap import (
    Item,
    Lexicon,
    Match,
    build_corpus,
    clusters,
    load_lexicon,
    nearest,
    screen,
)
from prasan.portfolio.overlap.words import SENTENCES, sentence

TELE = Item(
    "P1", "ระบบการแพทย์ทางไกล", agency="dep.07000000",
    objective="เพื่อให้แพทย์ตรวจรักษาผู้ป่วยผ่านวิดีโอโดยผู้ป่วยไม่ต้องเดินทางมาโรงพยาบาล", scope="ห้องตรวจออนไลน์ สั่งยา ส่งยาถึงบ้าน",
)  # fmt: skip
HOME = Item(
    "P2", "หาหมอจากที่บ้าน", agency="dep.08000000", objective="คนไข้โรคเรื้อรังคุยกับคุณหมอเห็นหน้ากันทางมือถือแล้วรอรับยาทางไปรษณีย์",
)  # fmt: skip
DOCTOR = Item(
    "S1", "หมอออนไลน์ของเมือง", sort="system", title_en="Telemedicine", agency="dep.07000000",
    objective="นัดและปรึกษาแพทย์ผ่านวิดีโอคอล รับคำปรึกษาจากแพทย์ทางมือถือ",
)  # fmt: skip


def one(item: Item, other: Item, lexicon: Lexicon) -> Match:
    return nearest(item, build_corpus([other], lexicon))[0]


def test_the_same_function_in_other_words_is_flagged_with_its_reason(lexicon: Lexicon) -> None:
    match = one(HOME, TELE, lexicon)
    assert (match.kind, match.flagged) == ("same_function", True)
    assert match.reasons[0].ground == "function"
    assert "health.telemedicine" in match.reasons[0].about


def test_a_system_of_another_agency_would_serve(lexicon: Lexicon) -> None:
    match = one(HOME, DOCTOR, lexicon)
    assert (match.kind, match.flagged) == ("existing_system", True)


def test_an_agency_that_keeps_up_its_own_system_continues_it(lexicon: Lexicon) -> None:
    upkeep = replace(TELE, title="จ้างบำรุงรักษาระบบการแพทย์ทางไกล", nature="maintain")
    match = one(upkeep, DOCTOR, lexicon)
    assert (match.kind, match.flagged) == ("continuation", False)


def test_what_a_proposal_refers_to_of_its_own_agency_it_continues_whatever_the_words(
    lexicon: Lexicon,
) -> None:
    named = Item("P9", "จ้างดูแลระบบ", agency=DOCTOR.agency, refers_to=("S1",))
    assert one(named, DOCTOR, lexicon).kind == "continuation"


def test_cameras_of_two_districts_are_bought_together_not_the_same_function(lexicon: Lexicon) -> None:
    here = Item(
        "P1",
        "ติดตั้งกล้องโทรทัศน์วงจรปิด สำนักงานเขตบางรัก",
        agency="a",
        objective="เฝ้าระวังเหตุในจุดเสี่ยง",
        scope="กล้อง 40 ตัว",
    )
    there = Item(
        "P2", "จัดซื้อ CCTV เขตบางนา", agency="b", objective="เพื่อความปลอดภัย", scope="กล้อง IP พร้อมเครื่องบันทึกภาพ"
    )
    match = one(here, there, lexicon)
    assert (match.kind, match.flagged) == ("commodity", False)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("พัฒนาเครือข่ายอาสาสมัครดูแลผู้สูงอายุในชุมชน", "ปรับปรุงระบบเครือข่ายคอมพิวเตอร์และอุปกรณ์กระจายสัญญาณ"),
        ("จัดซื้อเครื่องเอกซเรย์คอมพิวเตอร์ 128 สไลซ์", "จัดซื้อเครื่องคอมพิวเตอร์สำหรับงานสำนักงาน"),
        ("แชตบอตแนะนำสถานที่ท่องเที่ยวให้นักท่องเที่ยว", "แชตบอตตอบคำถามภาษีที่ดินให้ผู้เสียภาษี"),
        ("ระบบนัดหมายผู้ป่วยของโรงพยาบาล", "ระบบคลังยาและเวชภัณฑ์ของโรงพยาบาล"),
        ("บำรุงรักษาระบบบัญชีและการเงิน", "บำรุงรักษาระบบสารสนเทศภูมิศาสตร์"),
    ],
)
def test_lookalikes_are_not_flagged(left: str, right: str, lexicon: Lexicon) -> None:
    match = one(Item("P1", left, agency="a"), Item("P2", right, agency="b"), lexicon)
    assert not match.flagged
    assert match.kind != "commodity"


def test_one_word_of_a_short_title_is_no_evidence(lexicon: Lexicon) -> None:
    assert not one(
        Item("P1", "งานห้องปฏิบัติการ", agency="a"), Item("P2", "ห้องปฏิบัติการดิจิทัล", agency="b"), lexicon
    ).flagged


def test_nearest_is_ordered_and_leaves_the_item_itself_out(lexicon: Lexicon) -> None:
    corpus = build_corpus([TELE, HOME, DOCTOR, Item("P7", "ระบบจองสนามกีฬา")], lexicon)
    found = nearest(TELE, corpus, limit=3)
    assert [match.right for match in found][-1] == "P7"
    assert [match.score for match in found] == sorted((match.score for match in found), reverse=True)
    assert all(0 <= match.score <= 1 and match.right != "P1" for match in found)


def test_a_corpus_made_again_reads_only_what_is_new(lexicon: Lexicon) -> None:
    first = build_corpus([TELE, HOME], lexicon)
    again = build_corpus([TELE, replace(HOME, title="ใหม่")], lexicon, previous=first)
    assert again.readings[0] is first.readings[0]
    assert again.readings[1] is not first.readings[1]


def test_a_city_without_a_lexicon_is_screened_by_words(tmp_path: object) -> None:
    empty = load_lexicon(tmp_path)  # type: ignore[arg-type]
    corpus = build_corpus([TELE, Item("P7", "ระบบจองสนามกีฬา")], empty)
    best = nearest(replace(TELE, code="X"), corpus)[0]
    assert best.right == "P1"
    assert best.reasons[-1].ground == "wording"


def test_nothing_to_compare_with_gives_nothing(lexicon: Lexicon) -> None:
    assert nearest(TELE, build_corpus([], lexicon)) == []


def test_a_city_may_plug_in_an_embedding_model(lexicon: Lexicon) -> None:
    class Alike:
        def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
            return np.ones((len(texts), 3), np.float32)

    far = Item("P7", "ระบบจองสนามกีฬา")
    without = nearest(far, build_corpus([TELE], lexicon))[0].score
    assert nearest(far, build_corpus([TELE], lexicon, embedder=Alike()))[0].score > without


def test_every_two_members_of_a_cluster_are_alike() -> None:
    def flagged(left: str, right: str, score: float) -> Match:
        return Match(left, right, "same_function", score, flagged=True)

    chain = [flagged("A", "B", 0.9), flagged("B", "C", 0.8)]  # A and C are not alike
    assert clusters(chain) == [("A", "B")]
    assert clusters([*chain, flagged("A", "C", 0.7)]) == [("A", "B", "C")]


def test_a_cluster_never_grows_beyond_what_a_committee_can_look_at(lexicon: Lexicon) -> None:
    items = [replace(TELE, code=f"P{number}", agency=f"a{number}") for number in range(30)]
    corpus = build_corpus(items, lexicon)
    groups = clusters((match for row in screen(corpus, corpus, limit=40) for match in row), largest=8)
    assert groups
    assert max(map(len, groups)) <= 8


def test_every_ground_has_its_sentence_in_both_languages(lexicon: Lexicon) -> None:
    match = one(HOME, TELE, lexicon)
    names = {concept.code: concept.name_en for concept in lexicon.concepts}
    assert "Telemedicine" in sentence(match.reasons[0], names, "en")
    assert all(thai != english for thai, english in SENTENCES.values())
