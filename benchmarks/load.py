"""Clients that send reports over HTTP, in a process of their own: `python -m benchmarks.load` with JSON on stdin.

Takes {"address", "key", "clients", "seconds", "warm_up", "bodies"}; gives {"sent", "errors", "seconds", "latencies"}
of the time after the warm-up, latencies in milliseconds.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from typing import Any
from uuid import uuid4

import aiohttp


def run_load(**plan: Any) -> dict[str, Any]:
    """Run the clients in a process of their own and give what they saw."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.load"], input=json.dumps(plan).encode(), capture_output=True, check=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


async def _clients(plan: dict[str, Any]) -> dict[str, Any]:
    began = time.perf_counter() + plan["warm_up"]
    end = began + plan["seconds"]
    latencies: list[float] = []
    errors: list[str] = []
    connector = aiohttp.TCPConnector(limit=plan["clients"])
    async with aiohttp.ClientSession(plan["address"], connector=connector) as session:
        jobs = [
            _client(session, plan, number, (began, end), latencies, errors)
            for number in range(plan["clients"])
        ]
        await asyncio.gather(*jobs)
    return {
        "sent": len(latencies),
        "errors": errors[:5],
        "failed": len(errors),
        "seconds": plan["seconds"],
        "latencies": latencies,
    }


async def _client(
    session: aiohttp.ClientSession, plan: dict[str, Any], number: int, times: tuple[float, float],
    latencies: list[float], errors: list[str],
) -> None:  # fmt: skip
    """One client sends one report after the other."""
    began, end = times
    bodies = plan["bodies"]
    turn = number
    while (now := time.perf_counter()) < end:
        headers = {
            "Authorization": f"Bearer {plan['key']}",
            "Idempotency-Key": uuid4().hex,
            "Content-Type": "application/json",
        }
        try:
            async with session.post(
                "/api/v1/reports", data=bodies[turn % len(bodies)].encode(), headers=headers
            ) as answer:
                content = await answer.read()
                if answer.status != 201:
                    errors.append(f"{answer.status} {content[:200]!r}")
        except aiohttp.ClientError as error:
            errors.append(repr(error))
        after = time.perf_counter()
        if began <= now and after <= end:
            latencies.append((after - now) * 1000)
        turn += plan["clients"]


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_clients(json.load(sys.stdin)))))
