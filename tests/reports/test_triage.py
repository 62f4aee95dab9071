"""Triage: what normalisation promises, what a model may hold, and how good the shipped one is."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import threading
import time
import unicodedata
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prasan.reports import triage
from prasan.reports.triage import commands
from prasan.reports.triage.evaluation import category_scores, evaluate
from prasan.reports.triage.features import PHONE_MASK, URL_MASK, copy_key, normalise, positions
from prasan.reports.triage.labelled import BadFile, LabelledReports, folds, read_labelled
from prasan.reports.triage.model import SHIPPED, BadModel, Model, shipped_model
from prasan.reports.triage.network import Recipe
from prasan.reports.triage.training import train

ROOT = Path(__file__).parents[2]
REAL = ROOT.parent / "shared" / "data" / "reports" / "traffy_train.parquet"
THAI = "กขคงจชดตถทนบปพมยรลวสหอฮะาำิีึืุูเแโใไ็่้๊๋์ๆฯ๐๑๒๙ 019.-\n"

# Written for this test: eight ways to say each of three things.
PLACES = ("หน้าตลาด", "ในซอย 5", "ข้างโรงเรียน", "ปากซอย", "ใกล้วัด", "ริมคลอง", "หลังบ้าน", "แถวป้ายรถเมล์")
SAYINGS = {
    "แสงสว่าง": ("ไฟทางดับ", "หลอดไฟเสีย", "ไฟถนนไม่ติด มืดมาก", "เสาไฟดับหลายต้น"),
    "ขยะ": ("ขยะล้นถัง", "กองขยะส่งกลิ่นเหม็น", "ไม่มีรถมาเก็บขยะ", "ถุงขยะเต็มทางเดิน"),
    "น้ำท่วม": ("น้ำท่วมขัง", "ฝนตกแล้วน้ำท่วม", "น้ำท่วมถึงเข่า", "น้ำรอระบายท่วมบ้าน"),
}
SMALL = Recipe(bits=14, least_seen=2, peaks=16, totals=8, epochs=12, batch=16, rate=2e-2)


def small_reports() -> LabelledReports:
    rows = [
        (f"{saying}{place}", (category,))
        for category, sayings in SAYINGS.items()
        for saying in sayings
        for place in PLACES
    ]
    return LabelledReports(
        [text for text, _ in rows], [labels for _, labels in rows], np.zeros(len(rows), bool)
    )


@pytest.fixture(scope="module")
def small_model() -> Model:
    return train(small_reports(), list(SAYINGS), fold_count=3, recipe=SMALL).model


# Normalisation


@given(st.text(alphabet=THAI) | st.text())
def test_normalising_twice_changes_nothing_more(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)


@given(st.text(alphabet=THAI))
def test_thai_vowels_and_tone_marks_survive(text: str) -> None:
    kept = {mark for mark in text if unicodedata.category(mark) == "Mn"}
    assert kept <= set(normalise(text))


@given(st.text(alphabet=THAI))
def test_thai_digits_read_as_arabic_ones(text: str) -> None:
    assert normalise(text) == normalise(text.translate(str.maketrans("๐๑๒๙", "0129")))


@given(st.text())
def test_normal_form_has_no_blank_runs_nor_triples(text: str) -> None:
    plain = normalise(text)
    assert plain == " ".join(plain.split())
    assert not any(a == b == c for a, b, c in zip(plain, plain[1:], plain[2:], strict=False))


@pytest.mark.parametrize(
    "number", ["081-234-5678", "๐๘๑๒๓๔๕๖๗๘", "02 123 4567", "+66 81 234 5678", "081xxxxxxx"]
)
def test_telephone_numbers_become_one_character(number: str) -> None:
    assert normalise(f"โทร {number} ครับ") == f"โทร {PHONE_MASK} ครับ"


def test_web_addresses_become_one_character_and_thai_after_them_stays() -> None:
    assert normalise("ดู https://example.org/a?b=1ครับ") == f"ดู {URL_MASK}ครับ"


def test_look_alike_spellings_are_one() -> None:
    assert normalise("น\u0e4d\u0e32ท่วม") == normalise("นำท่วม")
    assert normalise("เเสง") == normalise("แสง")
    assert normalise("ที\u0e48นี\u0e48") == normalise("ท\u0e48\u0e35น\u0e48\u0e35")
    assert normalise("มากกกกกก  \u200bครับ") == "มากก ครับ"


# Features


@given(st.lists(st.text(alphabet=THAI, max_size=40), min_size=1, max_size=6))
def test_a_text_has_the_same_features_alone_and_among_others(texts: list[str]) -> None:
    sizes = (1, 2, 4)
    together = positions(texts, sizes, 18)
    for row, text in enumerate(texts):
        alone = positions([text], sizes, 18)
        part = together.buckets[together.starts[row] : together.starts[row + 1]]
        np.testing.assert_array_equal(part, alone.buckets)


def test_an_n_gram_hashes_alike_wherever_it_stands() -> None:
    grams = positions(["ไฟดับ", "ซอยนี้ไฟดับ"], (3,), 20)
    first, second = (set(part[part >= 0]) for part in np.split(grams.buckets[:, 0], [grams.starts[1]]))
    assert len(first & second) == 4  # ไฟด ฟดั ดับ and the end "ับ "


# Splitting and reading


def test_copies_of_a_text_never_sit_on_both_sides() -> None:
    originals = [f"{saying}{place}" for saying in SAYINGS["ขยะ"] for place in PLACES]
    copies = [f"  {text.replace(' ', '')} ๑๒/9!! 🙏" for text in originals]
    assert [copy_key(text) for text in originals] == [copy_key(text) for text in copies]
    np.testing.assert_array_equal(folds(originals, 5, seed=3), folds(copies, 5, seed=3))
    assert len(set(folds(originals, 5, seed=3))) == 5


def test_training_holds_out_whole_groups_of_copies() -> None:
    reports = small_reports()
    twice = LabelledReports(
        [*reports.texts, *(f"{text} !!" for text in reports.texts)], reports.labels * 2, np.zeros(192, bool)
    )
    fold = folds(twice.texts, 3, seed=0)
    np.testing.assert_array_equal(fold[:96], fold[96:])


def write_csv(path: Path, header: list[str], rows: list[tuple[str, ...]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def test_a_csv_is_read_with_several_labels_and_lines_in_a_text(tmp_path: Path) -> None:
    rows = [("ไฟดับ\nมืดมาก", "แสงสว่าง, ถนน"), ("อะไรก็ได้", "อื่นๆ"), ("ไม่มีป้าย", "")]
    reports = read_labelled(write_csv(tmp_path / "a.csv", ["comment", "category"], rows))
    assert reports.texts == ["ไฟดับ\nมืดมาก", "อะไรก็ได้", "ไม่มีป้าย"]
    assert reports.labels == [("แสงสว่าง", "ถนน"), (), ()]
    assert reports.usable(["ถนน"]).labels == [("ถนน",)]


def test_bad_files_are_refused_with_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty.csv").touch()
    (tmp_path / "noise.parquet").write_bytes(b"PAR1 but nothing more")
    write_csv(tmp_path / "short.csv", ["comment"], [("ไฟดับ",)])
    write_csv(tmp_path / "header.csv", ["comment", "category"], [])
    write_csv(tmp_path / "unknown.csv", ["comment", "category"], [("ไฟดับ", "อื่นๆ")])
    expected = {
        "none.csv": "There is no file",
        "empty.csv": "is empty",
        "noise.parquet": "neither parquet nor CSV",
        "short.csv": "no column category",
        "header.csv": "has no rows",
        "unknown.csv": "No row carries a category",
    }
    for name, sentence in expected.items():
        code, _, error = run(capsys, "evaluate", str(tmp_path / name))
        assert code == 2, name
        assert sentence in error, name
        assert "Traceback" not in error


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    import argparse

    parser = argparse.ArgumentParser()
    commands.add_parsers(parser.add_subparsers())
    arguments = parser.parse_args(words)
    code = arguments.run(arguments)
    printed = capsys.readouterr()
    return code, printed.out, printed.err


# A small model


def test_a_small_model_learns_what_it_is_shown(small_model: Model) -> None:
    suggestion = small_model.suggest("ไฟทางดับ มืดมากครับ")
    assert suggestion.choices[0].category == "แสงสว่าง"
    assert suggestion.labels == ("แสงสว่าง",)
    assert len(suggestion.choices) == 3
    assert [choice.probability for choice in suggestion.choices] == sorted(
        (choice.probability for choice in suggestion.choices), reverse=True
    )


def test_many_at_once_are_as_one_by_one(small_model: Model) -> None:
    texts = ["ไฟทางดับ", "", "ขยะล้นถัง " * 900, "น้ำท่วม 🙏", "x"]
    together = small_model.suggest_many(texts)
    assert together == [small_model.suggest(text) for text in texts]
    assert small_model.suggest_many([]) == []


def test_the_same_seed_gives_the_same_model(small_model: Model) -> None:
    again = train(small_reports(), list(SAYINGS), fold_count=3, recipe=SMALL).model
    np.testing.assert_array_equal(again.table, small_model.table)
    assert again.decision.confident == small_model.decision.confident


def test_a_saved_model_answers_as_before(small_model: Model, tmp_path: Path) -> None:
    small_model.save(tmp_path / "small.npz")
    texts = list(small_reports().texts)
    assert Model.load(tmp_path / "small.npz").suggest_many(texts) == small_model.suggest_many(texts)


def test_why_names_words_of_the_text(small_model: Model) -> None:
    text = "เมื่อคืนไฟทางดับหน้าตลาด"
    why = small_model.suggest(text).choices[0].why
    assert why
    assert all(word in text for word in why)
    assert {"ไฟ", "ดับ"} & set(why)


def test_an_empty_text_is_never_routed_by_itself(small_model: Model) -> None:
    assert not small_model.suggest("").confident
    assert not small_model.suggest(" \n ").confident


def test_a_file_that_is_no_model_is_refused(tmp_path: Path, small_model: Model) -> None:
    (tmp_path / "text.npz").write_text("not a model")
    np.savez(tmp_path / "other.npz", weights=np.zeros(3))
    np.savez(tmp_path / "objects.npz", format=np.array([{"a": 1}], dtype=object))
    for name in ("none.npz", "text.npz", "other.npz", "objects.npz"):
        with pytest.raises(BadModel):
            Model.load(tmp_path / name)


def test_evaluation_counts_by_hand(small_model: Model) -> None:
    truth = np.array([[1, 0], [1, 1], [0, 1], [1, 0]], bool)
    decided = np.array([[1, 0], [1, 0], [1, 1], [0, 0]], bool)
    first, second = category_scores(["a", "b"], decided, truth)
    assert (first.precision, first.recall, first.f1) == pytest.approx((2 / 3, 2 / 3, 2 / 3))
    assert (second.precision, second.recall, second.f1) == pytest.approx((1, 1 / 2, 2 / 3))
    reports = LabelledReports(
        ["ไฟทางดับ", "ขยะล้นถัง", "สอบถาม"], [("แสงสว่าง",), ("น้ำท่วม",), ()], np.zeros(3, bool)
    )
    result = evaluate(small_model, reports)
    assert (result.rows, result.left_out, result.top1) == (2, 1, 0.5)


def test_train_then_evaluate_from_the_command_line(tmp_path: Path) -> None:
    reports = small_reports()
    rows = [(text, ",".join(labels)) for text, labels in zip(reports.texts, reports.labels, strict=True)]
    file = write_csv(tmp_path / "rows.csv", ["comment", "category"], rows)
    command = [sys.executable, "-m", "prasan.reports.triage.commands"]
    model = tmp_path / "model.npz"
    words = ["train", str(file), "--out", str(model), "--folds", "3", "--categories", ",".join(SAYINGS)]
    environment = {"PYTHONPATH": str(ROOT / "src"), "PATH": "/usr/bin:/bin"}
    trained = subprocess.run([*command, *words], capture_output=True, text=True, env=environment, check=True)
    assert "Held out in 3 folds" in trained.stdout
    words = ["evaluate", str(file), "--model", str(model), "--json"]
    judged = subprocess.run([*command, *words], capture_output=True, text=True, env=environment, check=True)
    totals = json.loads(judged.stdout)
    assert set(totals) == {"top1", "top3", "micro_f1", "macro_f1", "texts_per_second", "auto"}
    assert set(totals["auto"]) == {"precision", "coverage"}


def test_importing_triage_loads_nothing_heavy() -> None:
    code = (
        "import sys; from prasan.reports import triage; from prasan.reports.triage import commands;"
        "assert not {'numpy', 'rich', 'prasan.reports.triage.model'} & set(sys.modules), sorted(sys.modules)"
    )
    environment = {"PYTHONPATH": str(ROOT / "src"), "PATH": "/usr/bin:/bin"}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)


def test_triage_needs_neither_django_nor_scikit_learn_to_suggest() -> None:
    code = (
        "import sys; from prasan.reports import triage; triage.suggest('ไฟทางดับ');"
        "assert not {'django', 'sklearn', 'scipy', 'pyarrow'} & set(sys.modules), sorted(sys.modules)"
    )
    environment = {"PYTHONPATH": str(ROOT / "src"), "PATH": "/usr/bin:/bin"}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)


# The shipped model


def test_the_shipped_model_is_small_and_holds_plain_numbers_only() -> None:
    assert SHIPPED.stat().st_size <= 8 * 10**6
    with np.load(SHIPPED, allow_pickle=False) as file:
        kinds = {name: file[name].dtype.kind for name in file.files}
        categories = set(file["categories"].tolist())
    assert [name for name, kind in kinds.items() if kind not in "iufb"] == ["categories"]
    assert len(categories) == 25
    assert "อื่นๆ" not in categories
    assert all(name.endswith(".npy") for name in zipfile.ZipFile(SHIPPED).namelist())


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("ไฟทางดับ", "แสงสว่าง"),
        ("ไฟถนนดับทั้งซอย มืดมาก กลัวอันตราย", "แสงสว่าง"),
        ("ฝนตกแล้วน้ำท่วมขังหน้าปากซอย ระบายไม่ทัน", "น้ำท่วม"),
        ("ขอให้มาลอกท่อ ท่อระบายน้ำอุดตัน", "ท่อระบายน้ำ"),
        ("ร้านอาหารเปิดเพลงเสียงดังหลังเที่ยงคืน นอนไม่ได้", "เสียงรบกวน"),
        ("สุนัขจรจัดหลายตัวไล่กัดคน", "สัตว์จรจัด"),
        ("สายไฟห้อยต่ำลงมาเกือบถึงพื้น", "สายไฟ"),
        ("ฟุตบาทกระเบื้องแตก เดินสะดุด", "ทางเท้า"),
        ("ต้นไม้ใหญ่กิ่งหักจะล้มทับบ้าน ขอให้มาตัดแต่งต้นไม้", "ต้นไม้"),
        ("ถนนเป็นหลุมเป็นบ่อ", "ถนน"),
    ],
)
def test_the_shipped_model_suggests_what_a_clerk_would(text: str, category: str) -> None:
    suggestion = triage.suggest(text)
    assert category in [choice.category for choice in suggestion.choices]
    assert category in suggestion.labels
    assert all(0 <= choice.probability <= 1 for choice in suggestion.choices)
    assert all(word in text for word in triage.explain(text, category))


def test_threads_share_one_model() -> None:
    texts = ["ไฟทางดับ", "น้ำท่วม", "ขยะล้นถัง"] * 20
    expected = triage.suggest_many(texts)
    answers: list[bool] = []
    threads = [
        threading.Thread(target=lambda: answers.append(triage.suggest_many(texts) == expected))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [True] * 4


@pytest.mark.parametrize(
    "text", ["", " ", "🙏" * 3000, "ก" * 10_000, "๑๒๓", "<script>' OR 1=1 --", "\x00\ud800", "a\nb\r\n"]
)
def test_odd_texts_get_a_suggestion_all_the_same(text: str) -> None:
    suggestion = triage.suggest(text)
    assert len(suggestion.choices) == 3
    assert suggestion.labels


@pytest.mark.skipif(not REAL.exists(), reason=f"NO REAL REPORTS at {REAL}: the shipped model is not measured")
def test_the_shipped_model_answers_real_reports_fast(tmp_path: Path) -> None:
    reports = read_labelled(REAL)
    sample = reports.select(np.arange(0, len(reports), 40))
    result = evaluate(shipped_model(), sample)
    # These rows were trained on, so this only shows that file and code belong together; see docs/triage.md.
    assert result.top1 >= 0.85
    assert result.micro_f1 >= 0.81
    assert result.auto_precision >= 0.95
    started = time.process_time()
    triage.suggest_many(sample.texts)
    assert (
        len(sample) / (time.process_time() - started) >= 2000
    )  # processor time: other tests run beside this one


def test_an_unknown_category_cannot_be_explained() -> None:
    with pytest.raises(ValueError, match="ไม่มีจริง"):
        triage.explain("ไฟดับ", "ไม่มีจริง")


def test_a_missing_file_raises_for_callers_too(tmp_path: Path) -> None:
    with pytest.raises(BadFile):
        read_labelled(tmp_path / "none.parquet")
