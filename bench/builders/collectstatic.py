"""Django's collectstatic with WhiteNoise's storage, in one process that reports its own peak memory and time.

Arguments: source folder, output folder.
"""

import json
import resource
import sys

import django
from django.conf import settings
from django.core.management import call_command

SOURCE, OUT = sys.argv[1:3]

settings.configure(
    BASE_DIR=OUT,
    INSTALLED_APPS=["django.contrib.staticfiles"],
    STATIC_URL="/static/",
    STATIC_ROOT=OUT,
    STATICFILES_DIRS=[SOURCE],
    STATICFILES_STORAGE="collectstatic_storage.Storage",
    SECRET_KEY="benchmark",
)
django.setup()
call_command("collectstatic", interactive=False, verbosity=0)
usage = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps({"peakBytes": usage.ru_maxrss * 1024, "cpuMs": (usage.ru_utime + usage.ru_stime) * 1000}))
