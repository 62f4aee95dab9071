"""The product's settings with one more app, whose subscriber is slow enough to be killed."""

from prasan.site.settings import *  # noqa: F403
from prasan.site.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.fabric.slow"]
