"""Thai words for the search."""

from __future__ import annotations

from prasan.fabric.thai import words


def test_a_long_text_is_split_into_the_same_words_as_its_parts() -> None:
    part = "ถนนเป็นคลื่นหลังวางท่อ หน้าโรงเรียน ตั้งแต่ฝนตกหนักคืนก่อน"
    text = " ".join([part] * 12)
    assert len(text) > 600
    assert words(text) == words(part) * 12
    assert "โรงเรียน" in words(text)


def test_words_know_thai_digits_and_leave_signs_out() -> None:
    assert words("ซอย ๑๒/3 (หน้าวัด) PM2.5!") == ["ซอย", "12", "3", "หน้า", "วัด", "pm", "2", "5"]


def test_ten_thousand_letters_that_could_be_split_in_many_ways_take_no_time() -> None:
    import time

    began = time.perf_counter()
    for text in ("กรรม" * 2500, "ก" * 10_000, "มากกว่า" * 1400, "ตากลม" * 2000):
        words(text)
    assert time.perf_counter() - began < 5
