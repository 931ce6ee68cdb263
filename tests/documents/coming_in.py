"""What tests of files that come in share: a caller of the API, files, and a scanner."""

from __future__ import annotations

import base64
import io
import socket
import struct
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID, uuid4

import psycopg
from flask import Flask
from werkzeug.test import TestResponse

from app.documents import checks, commands, uploads
from app.kernel import jobs
from tests import factories
from tests.factories import Session
from tests.tasks.request_stage import Place

PART = uploads.PART_BYTES
EICAR = checks.EICAR


class Caller:
    """A token of a person, calling the API of the client."""

    def __init__(self, place: Place, admin: psycopg.Connection, who: Session) -> None:
        self.app = place.app
        self.base = f"/api/v1/clients/{place.slug}"
        self._client = place.app.test_client()
        self._token = factories.token(admin, place.tenant, who.person_id)

    def __call__(self, method: str, path: str, **body: Any) -> TestResponse:
        """One call."""
        headers = {"Authorization": f"Bearer {self._token}"}
        return self._client.open(self.base + path, method=method, headers=headers, **body)


def text_of(size: int) -> bytes:
    line = b"An unremarkable line of a long list of receipts, which nobody reads.\n"
    return (uuid4().hex.encode() + b"\n" + line * (size // len(line) + 1))[:size]


def began(call: Caller, data: bytes, **values: Any) -> str:
    sent = call("POST", "/uploads", json={"name": "list.txt", "size": len(data), **values})
    assert sent.status_code == 201, sent.text
    return str(sent.get_json()["id"])


def put(call: Caller, upload: str, no: int, data: bytes) -> TestResponse:
    piece = data[(no - 1) * PART : no * PART]
    return call("PUT", f"/uploads/{upload}/parts/{no}", data=piece)


def added(place: Place, name: str = "a.txt", **values: Any) -> UUID:
    """A paper of the accountant."""
    with place.acting(place.staff):
        return commands.add(
            values.pop("data", uuid4().hex.encode()),
            name=name,
            line="accounting",
            source="staff",
            **values,
        )


def arrived(place: Place, data: bytes, *, name: str = "a.pdf", **values: Any) -> UUID:
    """A file that the accountant brought, looked at."""
    with place.acting(place.staff):
        upload = uploads.receive(data, name=name, line="accounting", source="staff", **values)
    jobs.run_due(place.worker_app)
    with place.acting(place.staff):
        found = uploads.one(upload)
    assert found.held_id is not None, found
    return found.held_id


def archive(*members: tuple[str, bytes]) -> bytes:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in members:
            made.writestr(name, content)
    return body.getvalue()


def mailed(name: str, content: bytes) -> bytes:
    body = base64.encodebytes(content)
    return (
        b"From: a@example.com\nTo: b@example.com\nSubject: Papers\nMIME-Version: 1.0\n"
        b'Content-Type: multipart/mixed; boundary="x"\n\n--x\nContent-Type: text/plain\n\nHello\n'
        b'--x\nContent-Type: application/zip; name="' + name.encode() + b'"\n'
        b"Content-Transfer-Encoding: base64\nContent-Disposition: attachment\n\n"
        + body
        + b"\n--x--\n"
    )


class FakeClamd:
    """Speaks clamd's INSTREAM: pieces with their length, an answer with a null behind it."""

    def __init__(self, answer: bytes = b"") -> None:
        self.answer = answer
        self.seen = b""
        self._server = socket.create_server(("127.0.0.1", 0))
        self.address = f"tcp://127.0.0.1:{self._server.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stops it."""
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self._thread.join()

    def _serve(self) -> None:
        while True:
            try:
                peer, _address = self._server.accept()
            except OSError:
                return
            with peer, peer.makefile("rb") as stream:
                if stream.read(10) != b"zINSTREAM\0":
                    continue
                self.seen = b""
                while length := struct.unpack(">I", stream.read(4))[0]:
                    self.seen += stream.read(length)
                told = b"Eicar-Test-Signature FOUND" if EICAR in self.seen else b"OK"
                peer.sendall((self.answer or b"stream: " + told) + b"\0")


@contextmanager
def scanned(app: Flask, address: str) -> Iterator[None]:
    """The application with a scanner."""
    before = app.extensions["settings"]
    app.extensions["settings"] = before.model_copy(update={"clamd": address})
    try:
        yield
    finally:
        app.extensions["settings"] = before
