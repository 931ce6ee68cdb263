"""Letters of an installation without a mail server: files beside the data, for the demo's page."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from app.kernel import clock
from app.kernel.settings import Settings

MOST_LETTERS = 100


@dataclass(frozen=True, slots=True)
class DroppedLetter:
    """One letter as it would have been mailed; `at` is an ISO instant."""

    to: str
    subject: str
    text: str
    at: str
    reply_to: str = ""

    @property
    def when(self) -> datetime:
        """When it was written."""
        return datetime.fromisoformat(self.at)


def folder(settings: Settings) -> Path:
    """Where letters are dropped."""
    return settings.data_dir / "mail"


def drop(
    settings: Settings, *, to: str, subject: str, text: str, name: str, reply_to: str = ""
) -> None:
    """Keeps one letter, readable by this user only; the same name again replaces it."""
    place = folder(settings)
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    letter = DroppedLetter(to, subject, text, clock.now().isoformat(), reply_to)
    path = place / f"{name}.json"
    with os.fdopen(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as file:
        json.dump(asdict(letter), file)


def letters(settings: Settings) -> list[DroppedLetter]:
    """The newest letters first."""
    newest = sorted(folder(settings).glob("*.json"), reverse=True)[:MOST_LETTERS]
    return [DroppedLetter(**json.loads(path.read_text(encoding="utf-8"))) for path in newest]
