"""The backend that settings.DATABASES names."""

from __future__ import annotations

import select
import time
from typing import Any, cast

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.postgresql import base
from django.db.backends.utils import CursorWrapper

ASK_AFTER_SECONDS = 30.0


class PreparedCursor(base.ServerBindingCursor):
    """Sends values apart from the statement, which PostgreSQL parses and plans once for each connection."""

    def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
        return super().execute(query, params, prepare=True, **options)  # type: ignore[misc]


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection that is kept between requests (CONN_HEALTH_CHECKS).

    Django asks `SELECT 1` before each request's first statement. A busy connection need not be asked: when the server
    goes, it sends its last word and closes, so there is something to read where nothing should be. That saves every
    request a round trip. A connection that was asked long ago is asked again, for networks forget silently.
    """

    _asked_at = 0.0

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Django switches preparing off; only `prepared_cursor` makes use of it."""
        connection = super().get_new_connection(conn_params)
        connection.prepare_threshold = 0
        return connection

    def is_usable(self) -> bool:
        """Whether the connection can be used for another request."""
        now = time.monotonic()
        if self.connection is None or self.connection.closed:
            return False
        if now - self._asked_at < ASK_AFTER_SECONDS and not self._has_something_to_read():
            return True
        self._asked_at = now
        return super().is_usable()

    def prepared_cursor(self) -> CursorWrapper:
        """A cursor for the few statements that every request of a busy day sends; used like `cursor()`.

        Where statements are logged it is an ordinary one, so that the log holds their values.
        """
        if self.queries_logged:
            return self.cursor()
        self.ensure_connection()
        return self._prepare_cursor(PreparedCursor(self.connection))  # type: ignore[attr-defined, call-arg, no-any-return]

    def _has_something_to_read(self) -> bool:
        poll = select.poll()
        poll.register(self.connection.fileno(), select.POLLIN)
        return bool(poll.poll(0))


def prepared_cursor() -> CursorWrapper:
    """`DatabaseWrapper.prepared_cursor` of this thread's connection."""
    wrapper = cast(DatabaseWrapper, connections[DEFAULT_DB_ALIAS])
    return wrapper.prepared_cursor()
