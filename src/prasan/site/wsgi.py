"""The web application that Granian serves."""

import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "prasan.site.settings")
application = get_wsgi_application()
gc.freeze()  # what is loaded by now stays for good; the collector need not walk it in every full round
