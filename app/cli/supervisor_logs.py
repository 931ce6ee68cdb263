"""The supervisor's window: follows the log files of what it runs and prints readable lines."""

from __future__ import annotations

import json
import sys
import threading
from pathlib import Path
from typing import TextIO

COLOURS = {"web": 36, "worker": 35, "dispatcher": 34, "backoffice": 32}
LARGEST_LOG = 10 * 2**20
_printing = threading.Lock()


def say(text: str, *, source: str = "backoffice", stream: TextIO | None = None) -> None:
    """Print one prefixed line, coloured where a terminal shows it."""
    stream = stream or sys.stdout
    prefix = f"{source:<10} |"
    if stream.isatty():
        prefix = f"\033[{COLOURS.get(source, 33)}m{prefix}\033[0m"
    with _printing:
        stream.write(f"{prefix} {text}\n")
        stream.flush()


def readable(line: str) -> str:
    """Turn a JSON log line into one a person reads; leave every other line as it is."""
    if not line.startswith("{"):
        return line
    try:
        event = json.loads(line)
    except ValueError:
        return line
    time = str(event.pop("timestamp", ""))[11:19]
    level, said = event.pop("level", ""), event.pop("event", "")
    rest = " ".join(f"{name}={value}" for name, value in event.items())
    return " ".join(part for part in (time, level, str(said), rest) if part)


def rotate(log: Path) -> None:
    """Keep one old log beside a new one when it has grown large."""
    if log.exists() and log.stat().st_size > LARGEST_LOG:
        log.replace(log.with_suffix(".log.1"))


class Follower(threading.Thread):
    """Prints what is appended to a log file from now on, until told to end."""

    def __init__(self, source: str, log: Path) -> None:
        super().__init__(daemon=True, name=f"log-{source}")
        self.source, self.log = source, log
        self.ended = threading.Event()
        log.touch(mode=0o600)
        self.position = log.stat().st_size

    def run(self) -> None:
        """Poll the file; a look more after the end, so that last words are not lost."""
        while not self.ended.wait(0.15):
            self._print_news()
        self._print_news()

    def _print_news(self) -> None:
        with self.log.open("rb") as file:
            file.seek(self.position)
            news = file.read()
        whole = news[: news.rfind(b"\n") + 1]
        self.position += len(whole)
        for line in whole.decode(errors="replace").splitlines():
            if line.strip():
                say(readable(line), source=self.source)
