"""Forms of notices."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from app.web.forms import Schema

KindName = Annotated[str, Field(max_length=80)]
Hour = Annotated[int, Field(ge=0, le=23)]
How = Literal["off", "digest", "at_once"]


class ReadAllForm(Schema):
    """Which notices are marked read: those of the filter that was shown."""

    kind: KindName = ""
    client: Annotated[str, Field(max_length=63)] = ""


class WishForm(Schema):
    """How one kind is told."""

    kind: KindName
    in_app: bool = False
    by_mail: How = "off"


class WishesForm(Schema):
    """How every kind of the page is told; `all_mails` is unticked to stop every mail at once."""

    wishes: Annotated[tuple[WishForm, ...], Field(max_length=100)] = ()
    all_mails: bool = False


class HoursForm(Schema):
    """When the digest comes, when no mail comes, and until when none at all."""

    hours: Annotated[tuple[Hour, ...], Field(max_length=24)] = ()
    every_day: bool = False
    quiet_from: Hour
    quiet_to: Hour
    paused_until: date | None = None


class StopForm(Schema):
    """What a stopping link does: `again` goes back. A mail program sends the first field alone."""

    one_click: Annotated[str, Field(max_length=40, alias="List-Unsubscribe")] = ""
    act: Literal["stop", "again"] = "stop"
