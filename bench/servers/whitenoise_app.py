"""WhiteNoise over a build, as a plain WSGI application: no Django in the way."""

import os

from whitenoise import WhiteNoise


def not_found(environ, start_response):
    start_response("404 Not Found", [("Content-Type", "text/plain"), ("Content-Length", "0")])
    return []


application = WhiteNoise(
    not_found,
    root=os.environ["BENCH_WWW"],
    prefix="/",
    max_age=0,
    immutable_file_test=lambda path, url: True,
)
