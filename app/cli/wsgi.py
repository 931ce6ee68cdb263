"""What the web server loads: the application, made once in each of its processes."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable
from typing import Any

from app.factory import create_app

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


def with_health(inner: Application) -> Application:
    """Answer /healthz before any routing: whether this process serves, not whether servers do.

    A supervisor that restarted web because the database is away would only make things worse.
    """

    def answer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ.get("PATH_INFO") != "/healthz":
            return inner(environ, start_response)
        head = [("Content-Type", "text/plain"), ("Cache-Control", "no-store")]
        start_response("200 OK", head)
        return [b"ok\n"]

    return answer


app = with_health(create_app().wsgi_app)
# What is loaded lives as long as the process: the collector need not walk it in a request, nor
# look every 700 objects, for a page makes tens of thousands that reference counts take away.
gc.collect()
gc.freeze()
gc.set_threshold(20_000, 20, 20)
