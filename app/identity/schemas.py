"""Forms of signing in, of the account, and of people and grants."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, Field

from app.identity.passkeys import MAX_ANSWER
from app.web.forms import Schema


def _address(text: str) -> str:
    try:
        return validate_email(text, check_deliverability=False).normalized
    except EmailNotValidError:
        raise ValueError("not-an-address") from None


Address = Annotated[str, Field(max_length=254), AfterValidator(_address)]
Secret = Annotated[str, Field(min_length=1, max_length=256)]
Next = Annotated[str, Field(max_length=1_000)]
Name = Annotated[str, Field(min_length=1, max_length=80)]


class SignIn(Schema):
    """Address and password."""

    email: Annotated[str, Field(max_length=254)]
    password: Secret
    next: Next = ""


class Again(Schema):
    """The password of somebody who is signed in."""

    password: Secret
    next: Next = ""


class Code(Schema):
    """A code from an authenticator, a recovery sheet or a mail."""

    code: Annotated[str, Field(min_length=1, max_length=128)]
    next: Next = ""


class AskByMail(Schema):
    """The address a code or a reset goes to."""

    email: Annotated[str, Field(max_length=254)]


class Confirm(Schema):
    """A button and nothing else."""

    next: Next = ""


class PasskeyAnswer(Schema):
    """What the browser's passkey call returned, as JSON."""

    answer: Annotated[str, Field(min_length=2, max_length=MAX_ANSWER)]
    name: Annotated[str, Field(max_length=80)] = ""
    next: Next = ""


class NewPassword(Schema):
    """A new password."""

    password: Secret


class Accept(Schema):
    """An invitation accepted with a password, for staff with an authenticator's code."""

    password: Secret
    code: Annotated[str, Field(max_length=10)] = ""


class Authenticator(Schema):
    """The first code of a new authenticator."""

    code: Annotated[str, Field(min_length=6, max_length=10)]


class Rename(Schema):
    """Another name for a passkey."""

    name: Name


class Display(Schema):
    """How the person wants to see the product."""

    locale: Literal["", "en", "de"] = ""
    mail_locale: Literal["", "en", "de"] = ""
    time_zone: Annotated[str, Field(max_length=60)] = ""
    theme: Literal["auto", "light", "dark"] = "auto"
    density: Literal["default", "compact", "comfortable"] = "default"
    keys_on: bool = False


class Absence(Schema):
    """Away until, covered by; empty ends the absence."""

    until: date | None = None
    covered_by: UUID | None = None


class Invite(Schema):
    """A colleague, or a person of a client, with what they may do there."""

    email: Address
    name: Name
    role: Annotated[str, Field(max_length=60)]
    lines: list[Annotated[str, Field(max_length=30)]] = Field(default_factory=list)
    until: date | None = None
    locale: Literal["", "en", "de"] = ""


class Grant(Schema):
    """What people may see of clients: every person gets it in every client that is named."""

    people: Annotated[list[UUID], Field(min_length=1, max_length=50)]
    clients: Annotated[list[str], Field(min_length=1, max_length=100)]
    role: Annotated[str, Field(max_length=60)]
    lines: Annotated[list[str], Field(min_length=1, max_length=10)]
    classes: Annotated[str, Field(pattern=r"^(payroll|owner_only|[\s,])*$", max_length=300)] = ""
    may_write: bool = False
    start: date | None = None
    until: date | None = None
    reason: Annotated[str, Field(max_length=500)] = ""
    basis: Literal["engagement", "owner"] = "engagement"


class Ending(Schema):
    """Grants to end: at once, or on a day such as the one after the close."""

    ids: Annotated[list[UUID], Field(min_length=1, max_length=200)]
    when: Literal["now", "later"] = "now"
    until: date | None = None
    reason: Annotated[str, Field(max_length=500)] = ""


class Decision(Schema):
    """Yes or no to a request, with a word to who asked."""

    yes: bool
    answer: Annotated[str, Field(max_length=500)] = ""


class Leaver(Schema):
    """Who takes over from somebody who leaves; the name is typed to be sure."""

    successor: UUID | None = None
    confirm: Annotated[str, Field(max_length=254)]


class RolePermissions(Schema):
    """What a role may do."""

    permissions: list[Annotated[str, Field(max_length=60)]] = Field(default_factory=list)


class NewToken(Schema):
    """An API token for one client."""

    name: Name
    lines: list[Annotated[str, Field(max_length=30)]] = Field(default_factory=list)
    permissions: list[Annotated[str, Field(max_length=60)]] = Field(default_factory=list)
    days: Annotated[int, Field(ge=1, le=365)] = 90
