"""A process that sends reports over the API as fast as it can and tells which were acknowledged.

Each line of its output is `key code` of an answer 201. A request without an answer, or refused because the database
is away, is sent again with the same Idempotency-Key, as a phone would. It ends when its input is closed.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from io import BytesIO
from typing import Any
from uuid import uuid4
from wsgiref.util import setup_testing_defaults

from prasan.fabric.boot import setup_django

THREADS = 4
BODY = {"text": "ถนนเป็นหลุมลึกหน้าตลาด", "location": {"longitude": 100.4985, "latitude": 13.7563}}

said = threading.Lock()
over = threading.Event()


def send(application: Any, secret: str, key: str) -> tuple[int, Any]:
    """POST one report through the WSGI application; status and JSON body."""
    content = json.dumps(BODY).encode()
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "POST", "PATH_INFO": "/api/v1/reports", "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(content)), "wsgi.input": BytesIO(content),
        "HTTP_AUTHORIZATION": f"Bearer {secret}", "HTTP_IDEMPOTENCY_KEY": key,
    }  # fmt: skip
    setup_testing_defaults(environ)
    status: list[int] = []
    answer = application(environ, lambda line, _headers: status.append(int(line.split()[0])))
    try:
        return status[0], json.loads(b"".join(answer))
    finally:
        answer.close()


def create(application: Any, secret: str) -> None:
    """Send reports, each until it is acknowledged, until it is over."""
    while not over.is_set():
        key = uuid4().hex
        while (answer := send(application, secret, key))[0] != 201:
            time.sleep(0.1)
        with said:
            sys.stdout.write(f"{key} {answer[1]['code']}\n")
            sys.stdout.flush()


def main() -> None:
    setup_django()
    from prasan.fabric.actors import Actor
    from prasan.people.actions.api_keys import api_key_create
    from prasan.site.wsgi import application

    scopes = ["reports:create"]
    secret = api_key_create(actor=Actor.system("tests"), name="load", agency=None, scope_codes=scopes)[1]
    threads = [threading.Thread(target=create, args=[application, secret]) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    sys.stdin.read()
    over.set()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main()
