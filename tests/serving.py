"""Starting and ending an application in a test, so that nothing of it outlives its module."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask
from werkzeug.serving import BaseWSGIServer

from app.kernel import db


def close(app: Flask) -> None:
    """Ends the application's connections, those of answers that nobody closed too."""
    gc.collect()
    with app.app_context():
        db.db.engine.dispose()


@contextmanager
def serving(server: BaseWSGIServer) -> Iterator[None]:
    """Answers in a thread; at the end every request that still runs is waited for."""
    server.daemon_threads = False  # type: ignore[attr-defined]  # of its threading mix-in
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield
    server.shutdown()
    thread.join(5)
    server.server_close()
