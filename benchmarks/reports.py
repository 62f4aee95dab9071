"""`prasan bench reports`: what reports cost, measured on this machine, as a table and in docs/benchmarks.md.

Times depend on the machine and on what else it does; the processor milliseconds and the ratios to named baselines
(pgbench with the same statements, a bare COPY of the same rows) do so much less.
"""

from __future__ import annotations

import json
import math
import os
import platform
import random
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from benchmarks.city import City, Cpu, served, temporary_city
from benchmarks.load import run_load

CLIENTS = 16
DOCUMENT = Path(__file__).parents[1] / "docs" / "benchmarks.md"
BEGIN, END = "<!-- results: begin -->", "<!-- results: end -->"
REAL_REPORTS = Path(__file__).parents[2] / "shared" / "data" / "reports" / "traffy_train.parquet"
PARTS = ("create", "read", "import", "triage")
AIMS = {
    "created": "≥ 400/s", "web CPU": "≤ 5 ms", "jobs CPU": "≤ 10 ms", "of pgbench": "≥ 0.15", "texts": "≥ 2,000/s",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Plan:
    """Sizes and lengths of a run."""

    sizes: tuple[int, ...] = (10_000, 100_000, 1_000_000)
    seconds: int = 20
    warm_up: int = 5
    pgbench_seconds: int = 15
    requests: int = 60
    texts: int = 20_000
    rows: int | None = None


QUICK = Plan(sizes=(300, 900), seconds=2, warm_up=1, pgbench_seconds=2, requests=5, texts=400, rows=600)


@dataclass
class Table:
    """Rows of results under a heading."""

    title: str
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def run(*, quick: bool, only: set[str], write: bool) -> int:
    """Measure, print, and with `write` put the results into docs/benchmarks.md. 0 when every request was answered."""
    from rich.console import Console

    console = Console()
    plan = QUICK if quick else Plan()
    wanted = only or set(PARTS)
    tables: list[Table] = []
    failed = 0
    with temporary_city() as city:
        key = _key()
        if "triage" in wanted:
            tables.append(_show(console, triage_table(plan)))
        if "import" in wanted:
            tables.append(_show(console, import_table(plan, city)))
        if wanted & {"create", "read"}:
            growth, failed = growth_tables(plan, city, key, wanted, say=console.print)
            tables += [_show(console, table) for table in growth]
    if write:
        _write(tables, plan)
    return 1 if failed else 0


# --- creating and reading, at growing sizes -------------------------------------------------------------------


def growth_tables(
    plan: Plan, city: City, key: str, wanted: set[str], say: Callable[[str], None]
) -> tuple[list[Table], int]:
    """Grow the city step by step and measure at each size."""
    creating = Table(
        "Creating a report over HTTP, 16 clients, committed to disk",
        (
            "reports there",
            "created",
            "p50",
            "p95",
            "web CPU",
            "jobs CPU",
            "PostgreSQL CPU",
            "pgbench",
            "of pgbench",
        ),
    )
    reading = Table(
        "Reading, one request at a time, nothing cached", ("reports there", "what", "p50", "p95", "bytes")
    )
    failed = 0
    for size in plan.sizes:
        say(f"{size:,} reports …")
        _grow(size)
        if "read" in wanted:
            reading.rows += read_rows(plan, city, size)
        if "create" in wanted:
            row, errors = create_row(plan, city, key, size)
            creating.rows.append(row)
            creating.notes += errors
            failed += len(errors)
    if creating.rows:
        aims = ("aim", AIMS["created"], "", "", AIMS["web CPU"], AIMS["jobs CPU"], "", "", AIMS["of pgbench"])
        creating.rows.append(aims)
        creating.notes.append(
            "Jobs run beside the requests and to the end of what these caused: letters, map counts, seals of the ledger."
        )
    return [table for table in (creating, reading) if table.rows], failed


def create_row(plan: Plan, city: City, key: str, size: int) -> tuple[tuple[str, ...], list[str]]:
    """Throughput and processor time of creating, and pgbench's throughput with the same statements."""
    from benchmarks import pgbench

    bodies = list(_bodies(2000))
    with served(city):
        load = {"address": city.address, "key": key, "clients": CLIENTS, "bodies": bodies}
        run_load(**load, seconds=plan.warm_up, warm_up=0)
        _wait_for_jobs()
        before, began = city.cpu(), _count()
        seen = run_load(**load, seconds=plan.seconds, warm_up=0)
        at_end = city.cpu()
        _wait_for_jobs()
        after, made = city.cpu(), _count() - began
    web = at_end.since(before)
    used = Cpu(web.web, after.since(before).jobs, web.postgres)
    per_report = [value / made * 1000 for value in (used.web, used.jobs, used.postgres)]
    statements, code = pgbench.captured_statements(bodies[0], key)
    earlier = _count()
    tps = pgbench.transactions_per_second(
        pgbench.script_of(statements, code), city.folder, clients=CLIENTS, seconds=plan.pgbench_seconds
    )
    assert _count() - earlier > 0.8 * tps * plan.pgbench_seconds, "pgbench's transactions wrote no reports"
    speed = seen["sent"] / seen["seconds"]
    row = (
        f"{size:,}", f"{speed:.0f}/s", *_quantiles(seen["latencies"]), *(f"{one:.1f} ms" for one in per_report),
        f"{tps:.0f}/s", f"{speed / tps:.2f}",
    )  # fmt: skip
    return row, [f"{seen['failed']} requests failed: {seen['errors']}"] if seen["failed"] else []


def read_rows(plan: Plan, city: City, size: int) -> list[tuple[str, ...]]:
    """Times of the reads that grow with a city, each asked with other parameters every time."""
    rng = random.Random(size)
    with served(city):
        asked = {
            "list of 50 (API)": lambda: _list_path(rng, ""),
            "list, Thai words and category (API)": lambda: _list_path(rng, _words(rng, "road"), category="road"),
            "list, Thai words (API)": lambda: _list_path(rng, _words(rng)),
            "list page": lambda: f"/reports/?district={rng.randrange(1001, 1051)}",
            "search page": lambda: f"/reports/?words={urllib.parse.quote(_words(rng))}",
            "map tile, whole city": lambda: _tile_path(rng, 10),
            "map tile, district": lambda: _tile_path(rng, 13),
            "map tile, street": lambda: _tile_path(rng, 16),
        }
        return [(f"{size:,}", what, *_timed(city, path, plan.requests)) for what, path in asked.items()]


def _list_path(rng: random.Random, words: str, **given: str) -> str:
    until = datetime.now().astimezone().replace(microsecond=rng.randrange(1_000_000)).isoformat()
    query = given | {"until": until} | ({"words": words} if words else {})
    return "/api/v1/reports?" + urllib.parse.urlencode(query)


def _tile_path(rng: random.Random, zoom: int) -> str:
    """A tile of the city that was not asked for before: another filter each time."""
    longitude, latitude = 100.5 + rng.uniform(-0.05, 0.08), 13.75 + rng.uniform(-0.05, 0.08)
    column = int((longitude + 180) / 360 * 2**zoom)
    row = int((1 - math.asinh(math.tan(math.radians(latitude))) / math.pi) / 2 * 2**zoom)
    return f"/tiles/{zoom}/{column}/{row}.mvt?since=20{rng.randrange(10, 26)}-{rng.randrange(1, 13):02}-{rng.randrange(1, 28):02}"


def _timed(city: City, path: Callable[[], str], times: int) -> tuple[str, str, str]:
    """p50 and p95 in milliseconds and the middle size in bytes."""
    took, sizes = [], []
    for number in range(times + 2):
        began = time.perf_counter()
        with urllib.request.urlopen(city.address + path(), timeout=120) as answer:
            sizes.append(len(answer.read()))
        if number >= 2:  # the first ones open connections and load words
            took.append((time.perf_counter() - began) * 1000)
    return *_quantiles(took), f"{sorted(sizes)[len(sizes) // 2]:,}"


# --- import and triage ----------------------------------------------------------------------------------------


def import_table(plan: Plan, city: City) -> Table:
    """Importing a file, and a bare COPY of the rows it became into a table like ours without its indexes."""
    from django.db import connection

    from prasan.reports.imports.importer import reports_import

    path, what = _import_file(plan, city)
    processes = os.cpu_count() or 1
    summary, errors = reports_import(path, processes=processes)
    again, _errors = reports_import(path, processes=processes)
    with connection.cursor() as cursor:
        bare = _bare_copy(cursor, indexed=False)
        indexed = _bare_copy(cursor, indexed=True)
        _empty(cursor)
    table = Table("Importing", ("what", "rows", "seconds", "rows/s", "bare COPY takes"))
    for name, seconds in (("import", summary.seconds), ("the same file again", again.seconds)):
        ratio = f"1/{seconds / bare:.1f} (1/{seconds / indexed:.1f} with our indexes)"
        table.rows.append(
            (name, f"{summary.read:,}", f"{seconds:.1f}", f"{summary.read / seconds:,.0f}", ratio)
        )
    table.notes.append(
        f"{what}; {summary.created:,} created, {len(errors)} refused; again: {again.unchanged:,} unchanged. "
        f"A bare COPY of the same reports takes {bare:.1f} s without indexes and {indexed:.1f} s with ours."
    )
    return table


def _import_file(plan: Plan, city: City) -> tuple[Path, str]:
    """The real file where it is there, whole or its beginning; else one of made-up reports."""
    import pyarrow as pa
    import pyarrow.parquet as parquet

    if REAL_REPORTS.exists():
        if plan.rows is None:
            return REAL_REPORTS, "Real reports of Bangkok from Traffy Fondue's public API"
        table = parquet.read_table(REAL_REPORTS).slice(0, plan.rows)
    else:
        rows = [
            {"ticket_id": f"MADE-{number}", "comment": json.loads(body)["text"], "category": "", "state": "finish",
             "lon": json.loads(body)["location"]["longitude"], "lat": json.loads(body)["location"]["latitude"],
             "timestamp": datetime(2026, 1, 1).astimezone()}
            for number, body in enumerate(_bodies(plan.rows or 100_000))
        ]  # fmt: skip
        table = pa.Table.from_pylist(rows)
    path = city.folder / "import.parquet"
    parquet.write_table(table, path)
    return path, "Real reports" if REAL_REPORTS.exists() else "Made-up reports"


def _bare_copy(cursor: Any, *, indexed: bool) -> float:
    """Seconds to COPY the imported reports and their parts into empty tables of the same shape, from memory."""
    seconds = 0.0
    for table in ("reports_report", "reports_assignment", "reports_entry", "fabric_ledgerentry"):
        with cursor.cursor.copy(f"copy {table} to stdout") as copy:
            content = b"".join(bytes(block) for block in copy)
        cursor.execute(f"create table bare (like {table} including {'all' if indexed else 'defaults'})")
        began = time.perf_counter()
        with cursor.cursor.copy("copy bare from stdin") as copy:
            copy.write(content)
        seconds += time.perf_counter() - began
        cursor.execute("drop table bare")
    return seconds


def _empty(cursor: Any) -> None:
    """The city as it was, for what is measured next."""
    cursor.execute("alter table fabric_ledgerentry disable trigger all")
    cursor.execute("truncate reports_report, fabric_ledgerentry cascade")
    cursor.execute("alter table fabric_ledgerentry enable trigger all")


def triage_table(plan: Plan) -> Table:
    """Texts a second on one core, many at a time and one by one, and what splitting words and routing cost."""
    from prasan.fabric.thai import words
    from prasan.reports import routing, triage

    texts = [json.loads(body)["text"] for body in _bodies(plan.texts)]
    triage.suggest_many(texts[:50])
    table = Table("Sorting texts, one core", ("what", "texts/s", "aim"))
    for what, aim, work in (
        ("triage, many at a time", AIMS["texts"], lambda: triage.suggest_many(texts)),
        ("triage, one by one", "", lambda: [triage.suggest(text) for text in texts]),
        ("splitting into words", "", lambda: [words(text) for text in texts]),
        ("routing", "", lambda: [routing.route(category="road", district="1001", text=text) for text in texts]),
    ):  # fmt: skip
        began = time.process_time()
        work()
        table.rows.append((what, f"{len(texts) / (time.process_time() - began):,.0f}", aim))
    return table


# --- helpers --------------------------------------------------------------------------------------------------


def _key() -> str:
    from prasan.fabric.actors import Actor
    from prasan.people.actions.api_keys import api_key_create

    given = {"name": "bench", "agency": None, "scope_codes": ["reports:create"]}
    return api_key_create(actor=Actor.system("bench"), **given)[1]


def _grow(size: int) -> None:
    """Made-up reports until there are `size`, as a worker would leave them: counted for the map and analysed."""
    from django.db import connection

    from prasan.reports import rollups
    from prasan.reports.demonstration.writing import demo_write

    missing = size - _count()
    if missing > 0:
        demo_write(reports=missing, seed=size, processes=os.cpu_count() or 1)
    rollups.rebuild()
    with connection.cursor() as cursor:
        cursor.execute("vacuum analyze")


def _bodies(count: int) -> Iterator[str]:
    """Requests of made-up citizens: words and a place, a third with an e-mail address."""
    from django.conf import settings
    from django.utils import timezone

    from prasan.reports.demonstration.lives import World
    from prasan.reports.demonstration.words import load_words

    words = load_words(settings.CITY_FOLDER)
    assert words is not None
    world = World.of(99, timezone.now(), words)
    for number in range(count):
        rng = random.Random(number)
        text, landmark = words.report(rng, rng.choice(tuple(words.scripts)))
        spot = world.places.draw(rng)
        body: dict[str, Any] = {
            "text": text, "address": landmark,
            "location": {"longitude": spot.longitude, "latitude": spot.latitude},
        }  # fmt: skip
        if number % 3 == 0:
            body |= {"name": "ผู้แจ้ง", "phone": "081-000-0000", "email": f"citizen{number}@example.com"}
        yield json.dumps(body, ensure_ascii=False)


def _words(rng: random.Random, category: str = "") -> str:
    from django.conf import settings

    from prasan.reports.demonstration.words import load_words

    words = load_words(settings.CITY_FOLDER)
    assert words is not None
    script = words.scripts[category or rng.choice(tuple(words.scripts))]
    return f"{rng.choice(script.problems)} {rng.choice(words.lists['places'])}"


def _count() -> int:
    from prasan.reports.models import Report

    return Report.objects.count()


def _wait_for_jobs() -> None:
    """Until every subscriber has read the ledger (at most three minutes)."""
    from django.db import connection

    from prasan.fabric.events import WAITING, subscribers

    end = time.monotonic() + 180
    while time.monotonic() < end:
        with connection.cursor() as cursor:
            cursor.execute(WAITING, [list(subscribers())])
            if not cursor.fetchall():
                return
        time.sleep(0.5)


def _quantiles(milliseconds: Sequence[float]) -> tuple[str, str]:
    ordered = sorted(milliseconds) or [math.nan]
    return tuple(
        f"{ordered[min(len(ordered) - 1, int(len(ordered) * share))]:.0f} ms" for share in (0.5, 0.95)
    )  # type: ignore[return-value]


def _show(console: Any, table: Table) -> Table:
    from rich.table import Table as RichTable

    shown = RichTable(*table.columns, title=table.title, title_justify="left")
    for row in table.rows:
        shown.add_row(*row)
    console.print(shown)
    for note in table.notes:
        console.print(note)
    return table


def _write(tables: list[Table], plan: Plan) -> None:
    """Put the results between the markers of docs/benchmarks.md; what was not measured now stays as it was."""
    text = DOCUMENT.read_text()
    head, rest = text.split(BEGIN)
    old, tail = rest.split(END)
    sections = dict(_sections(old))
    when = f"Measured on {datetime.now().astimezone():%Y-%m-%d} on {_machine()}"
    for table in tables:
        lines = [
            "| " + " | ".join(row) + " |"
            for row in (table.columns, ("---",) * len(table.columns), *table.rows)
        ]
        notes = [f"\n{note}" for note in (*table.notes, f"{when}.")]
        sections[table.title] = "\n".join([*lines, *notes])
    body = "\n\n".join(f"## {title}\n\n{content}" for title, content in sections.items())
    DOCUMENT.write_text(f"{head}{BEGIN}\n\n{body}\n\n{END}{tail}")


def _sections(text: str) -> Iterator[tuple[str, str]]:
    for part in text.split("\n## ")[1:]:
        title, _line, content = part.partition("\n")
        yield title.strip(), content.strip()


def _machine() -> str:
    """Cores, memory and versions, without the machine's name."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    cpu = next((line.split(":")[1].strip() for line in _cpu_lines() if line.startswith("model name")), "")
    return (
        f"{os.cpu_count()} cores{f' ({cpu})' if cpu else ''}, {memory:.0f} GB, {platform.system()}, "
        f"Python {platform.python_version()}, the embedded PostgreSQL 18 with fsync on"
    )


def _cpu_lines() -> list[str]:
    path = Path("/proc/cpuinfo")
    return path.read_text().splitlines() if path.exists() else []
