"""The load: callers that repeat each call under its own key until it is acknowledged."""

from __future__ import annotations

import datetime as dt
import hashlib
import http.client
import json
import random
import threading
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

from tests.prove.storm.product import IBAN, Product

AGAIN = {408, 409, 425, 429, 500, 502, 503, 504}
PATIENCE = 120.0
LINES_OF_A_LARGE_FILE = 2_100  # more than the import takes at once, so that a job does it


@dataclass(slots=True)
class Record:
    """What was acknowledged: the truth the auditor holds the product to."""

    posts: dict[str, str] = field(default_factory=dict)
    amounts: dict[str, int] = field(default_factory=dict)
    uploads: dict[str, tuple[str, int]] = field(default_factory=dict)
    calls: int = 0
    repeated: int = 0
    complaints: list[str] = field(default_factory=list)
    acknowledged_at: list[float] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)


class Caller(threading.Thread):
    """One caller with a token of its own."""

    def __init__(self, product: Product, token: str, record: Record, *, seed: int) -> None:
        super().__init__(daemon=True)
        self.product, self.token, self.record = product, token, record
        self.dice = random.Random(seed)
        self.ended = threading.Event()

    def run(self) -> None:
        """Call until told to end; the last call is still brought to its end."""
        try:
            while not self.ended.is_set():
                self.once()
        except (AssertionError, ValueError, KeyError) as error:
            self.complain(repr(error))

    def once(self) -> None:
        """Make one call."""
        raise NotImplementedError

    def complain(self, text: str) -> None:
        """Record something that must not happen."""
        with self.record.lock:
            self.record.complaints.append(text)

    def call(
        self, path: str, body: bytes, head: dict[str, str], *, method: str = "POST"
    ) -> dict[str, Any]:
        """Repeat one call until it is acknowledged; raises AssertionError when it is refused."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            status, answer = self._try(method, path, body, head)
            with self.record.lock:
                self.record.calls += 1
            if status in (200, 201):
                with self.record.lock:
                    self.record.acknowledged_at.append(time.monotonic())
                found: dict[str, Any] = json.loads(answer)
                return found
            assert status == 0 or status in AGAIN, f"{path}: {status} {answer[:300]!r}"
            with self.record.lock:
                self.record.repeated += 1
            time.sleep(0.05 + self.dice.random() * 0.2)
        raise AssertionError(f"{path}: not acknowledged within {PATIENCE} s")

    def _try(self, method: str, path: str, body: bytes, head: dict[str, str]) -> tuple[int, bytes]:
        """Return status and answer; status 0 when the connection broke."""
        link = http.client.HTTPConnection("127.0.0.1", self.product.port, timeout=20)
        try:
            link.request(
                method,
                f"/api/v1/clients/{self.product.slug}{path}",
                body=body,
                headers={
                    "Authorization": f"Bearer {self.token}",
                    "Host": f"localhost:{self.product.port}",
                    **head,
                },
            )
            answer = link.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException):
            return 0, b""
        finally:
            link.close()


class Poster(Caller):
    """Posts small balanced entries; one in ten is sent again after it was acknowledged."""

    def once(self) -> None:
        key, amount = str(uuid.uuid4()), self.dice.randrange(1, 1_000_000)
        body = self._entry(key, amount)
        head = {"Content-Type": "application/json", "Idempotency-Key": key}
        answer = self.call("/entries", body, head)
        with self.record.lock:
            self.record.posts[key] = answer["id"]
            self.record.amounts[key] = amount
        if self.dice.random() < 0.1:
            again = self.call("/entries", body, head)
            if again["id"] != answer["id"]:
                self.complain(f"{key} was posted as {answer['id']} and as {again['id']}")

    def _entry(self, key: str, amount: int) -> bytes:
        left, right = self.product.accounts
        postings = [
            {"account_id": str(left), "amount_minor": str(amount), "currency": "GBP"},
            {"account_id": str(right), "amount_minor": str(-amount), "currency": "GBP"},
        ]
        today = dt.datetime.now(dt.UTC).date().isoformat()
        entry = {"date": today, "description": "Storm", "key": key, "postings": postings}
        return json.dumps(entry).encode()


class Uploader(Caller):
    """Uploads statements; `lines` decides whether the call or a job stores them."""

    def __init__(
        self, product: Product, token: str, record: Record, *, seed: int, lines: int, pause: float
    ) -> None:
        super().__init__(product, token, record, seed=seed)
        self.lines, self.pause = lines, pause

    def once(self) -> None:
        data = statement(uuid.uuid4().hex[:12].upper(), lines=self.lines, dice=self.dice)
        mark = uuid.uuid4().hex
        body = (
            f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="storm.sta"\r\n'
            "Content-Type: text/plain\r\n\r\n"
        ).encode()
        body += data + f"\r\n--{mark}--\r\n".encode()
        head = {"Content-Type": f"multipart/form-data; boundary={mark}"}
        head["Idempotency-Key"] = mark
        answer = self.call("/statement-files", body, head)
        with self.record.lock:
            self.record.uploads[hashlib.sha256(data).hexdigest()] = (answer["id"], self.lines)
        self.ended.wait(self.pause)


def statement(number: str, *, lines: int, dice: random.Random) -> bytes:
    """Return an MT940 statement of its own with this many lines and balances that agree."""
    today = dt.datetime.now(dt.UTC).date()
    amounts = [dice.randrange(1, 100_000) for _ in range(lines)]
    day = today.strftime("%y%m%d")
    text = [f":20:{number}", f":25:{IBAN}", ":28C:1/1", f":60F:C{day}GBP0,00"]
    for place, amount in enumerate(amounts):
        text.append(f":61:{day}C{amount // 100},{amount % 100:02d}NTRF{number}//{place}")
        text.append(f":86:Storm {number} {place}")
    total = sum(amounts)
    text += [f":62F:C{day}GBP{total // 100},{total % 100:02d}", "-"]
    return "\r\n".join(text).encode() + b"\r\n"
