"""Structured logs: one JSON object a line, without personal data.

Messages name ids, never people. An exception is told by its kind and its place in the code: what it says may
quote what somebody wrote.
"""

from __future__ import annotations

import json
import logging
import traceback
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

request_id: ContextVar[str] = ContextVar("request_id", default="")
LONGEST_TRACE = 12


class JsonFormatter(logging.Formatter):
    """Renders a record as `{"at", "level", "logger", "message", "request", "error"}`."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if request_id.get():
            line["request"] = request_id.get()
        if record.exc_info and record.exc_info[1]:
            line["error"] = describe(record.exc_info[1])
        return json.dumps(line, ensure_ascii=False)


def describe(error: BaseException) -> list[dict[str, Any]]:
    """An exception and its causes: kind, SQL state and constraint where there are, innermost frames last."""
    chain, seen = [], set[int]()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        chain.append({"kind": type(current).__name__, **_database(current), "trace": _frames(current)})
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
    return chain


def _frames(error: BaseException) -> list[str]:
    frames = traceback.extract_tb(error.__traceback__)[-LONGEST_TRACE:]
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]


def _database(error: BaseException) -> dict[str, str]:
    facts = getattr(error, "diag", None)  # psycopg's
    named = {name: getattr(facts, name, None) for name in ("sqlstate", "table_name", "constraint_name")}
    return {name: str(value) for name, value in named.items() if value}
