"""The one API of Prasan at /api/v1 with its description and page. Each module brings its operations."""

from __future__ import annotations

from prasan.city.api import router as city_router
from prasan.fabric.api import make_api
from prasan.people.api import KEY_OR_NOT
from prasan.portfolio.api import systems_router
from prasan.reports.api import registers_router, reports_router, steps_router

DESCRIPTION = """
Reports of citizens, the city's registers and how it goes, as JSON. docs/api.md has worked examples.

* **Language**: `Accept-Language: th` or `en`; names and refusals come in it.
* **Refusals** are problem details (RFC 9457); `errors` names the fields.
* **Keys** go in `Authorization: Bearer prasan_…`. Reading what is public and sending a report needs none.
* **Once only**: every POST takes an `Idempotency-Key`; repeated, it gives the first answer again.
* **Changes**: a report's `ETag` goes back as `If-None-Match` (read only if it changed) or `If-Match` (change only if
  nobody else did).
* **Lists** come in pages: follow `next`, or the `Link` header.
* **Limits**: a minute holds 600 reads and 30 writes without a key; beyond, 429 says in `Retry-After` when to go on.
* **Personal data** is never given out: words are masked, names and contacts stay inside.
"""

api = make_api(title="Prasan", version="1", namespace="api", description=DESCRIPTION.strip())
api.add_router("", reports_router)
api.add_router("", steps_router)
api.add_router("", registers_router)
api.add_router("", systems_router)
api.add_router("", city_router, auth=KEY_OR_NOT)
