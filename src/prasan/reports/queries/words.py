"""Text search in lists that have an order of their own, at any size.

PostgreSQL can't know how rare a prefix is and takes 2 % for granted: with an ORDER BY it would walk the order's index
through a million rows to find eight. So few matches are looked up first by the text index alone.
"""

from __future__ import annotations

from django.contrib.postgres.search import SearchQuery
from django.db.models import Q

from prasan.reports.models import Report
from prasan.reports.queries.public import prefix_query

MOST_LISTED = 2000  # more matches than that lie dense enough in any order


def matching(text: str, *, report: str = "") -> Q:
    """Rows whose report holds every word of `text`; `report` leads to it, for instance ``report__``. One statement."""
    query = prefix_query(text)
    if not query:
        return Q(pk__in=[])
    search = SearchQuery(query, config="simple", search_type="raw")
    found = list(
        Report.objects.filter(search=search).order_by().values_list("pk", flat=True)[: MOST_LISTED + 1]
    )
    if len(found) <= MOST_LISTED:
        return Q(**{f"{report}id__in" if report else "pk__in": found})
    return Q(**{f"{report}search": search})
