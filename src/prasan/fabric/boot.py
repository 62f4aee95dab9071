"""Make Django usable outside a web process."""

from __future__ import annotations

import os


class OperatorError(Exception):
    """Something that whoever runs Prasan can mend: a sentence that names it and the way out."""


def setup_django() -> None:
    """Load settings and models; commands that need the database call it first."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "prasan.site.settings")
    import django

    django.setup()
