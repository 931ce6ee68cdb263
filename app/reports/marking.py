"""What every file says of itself: whose figures, from whom, taken by whom and when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app.kernel import words


@dataclass(frozen=True, slots=True)
class Mark:
    """The client, the provider with its accent colour, the person who takes the file, the time."""

    client: str
    provider: str
    accent: str
    person: str
    at: datetime
    time_zone: str
    books_at: datetime | None = None  # as the books were then; None: as they are at `at`

    @property
    def sentence(self) -> str:
        """The mark in words."""
        return words.gettext(
            "Taken by %(who)s on %(when)s.", who=self.person, when=words.format_instant(self.at)
        )


def foot(mark: Mark) -> str:
    """What stands at the foot of each page of a report that was not published."""
    state = words.gettext("state of the books of %(when)s", when=words.format_instant(mark.at))
    return f"{mark.client} · {state} · {mark.sentence}"
