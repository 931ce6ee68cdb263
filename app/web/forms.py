"""Forms: what was posted becomes a checked schema; what was refused is shown again with reasons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin
from uuid import UUID

from flask import g, request
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails
from werkzeug.datastructures import MultiDict

from app.kernel import words
from app.kernel.errors import DomainError, Invalid, Problem, TooLarge
from app.kernel.words import _

MAX_TEXT = 1_000
MAX_ROWS = 2_000
MAX_SELECTED = 200
LongText: Any = Field("", max_length=20_000)
_PRIVATE = frozenset({"csrf_token", "_draft"})
_LISTS = (list, tuple, set, frozenset)

S = TypeVar("S", bound="Schema")


class Schema(BaseModel):
    """Base of form schemas: no unknown fields, trimmed and bounded texts, read only."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, str_strip_whitespace=True, str_max_length=MAX_TEXT
    )


@dataclass(frozen=True, slots=True)
class Upload:
    """A posted file, whole in memory within the bound of its route."""

    name: str
    media_type: str
    data: bytes

    @property
    def size(self) -> int:
        """Bytes."""
        return len(self.data)


@dataclass(slots=True)
class Form:
    """A form as a page draws it: values by field name, problems by field name, refusals of all."""

    values: Mapping[str, Any] = field(default_factory=dict)
    problems: dict[str, list[str]] = field(default_factory=dict)
    refusals: list[str] = field(default_factory=list)

    def value(self, name: str, default: Any = "") -> Any:
        """What the field shows."""
        found = self.values.get(name)
        return default if found is None else found

    def chosen(self, name: str) -> list[str]:
        """What a multiple choice shows."""
        if isinstance(self.values, MultiDict):
            return [str(value) for value in self.values.getlist(name)]
        found = self.values.get(name)
        if found is None:
            return []
        many = found if isinstance(found, _LISTS) else [found]
        return [str(value) for value in many]

    def of(self, name: str) -> list[str]:
        """The problems of one field, in words."""
        return self.problems.get(name, [])

    @property
    def refused(self) -> bool:
        """Whether the page shows a refused form."""
        return bool(self.problems or self.refusals)

    def row_count(self, name: str, *, least: int = 1) -> int:
        """How many rows a grid of dotted names shows."""
        found = self.values.get(name)
        if isinstance(found, _LISTS):
            return max(least, len(found))
        places = [_row_of(key, name) for key in self.values]
        return max([least, *(place + 1 for place in places if place is not None)])


def _row_of(key: str, name: str) -> int | None:
    parts = key.split(".")
    if len(parts) < 2 or parts[0] != name or not parts[1].isdecimal():
        return None
    return int(parts[1][:5])


def bind(schema: type[S]) -> S:
    """The posted form as the schema; raises Invalid with a problem for each wrong field."""
    g.form_schema = schema
    posted = request.form
    _refuse_nul(posted)
    try:
        return schema.model_validate(_nested(posted, schema))
    except ValidationError as error:
        raise Invalid(fields=_problems(error.errors(include_url=False))) from None


def current(schema: type[Schema] | None = None, *, values: Mapping[str, Any] | None = None) -> Form:
    """The form as a page draws it: `values` at first, what was typed after a refusal."""
    refusal: DomainError | None = g.get("form_refusal")
    bound = g.get("form_schema")
    if refusal is None or (schema is not None and bound is not None and bound is not schema):
        return Form(values=_flat(values or {}))
    typed: Mapping[str, Any] = {} if isinstance(refusal, TooLarge) else request.form
    return _refused(typed, refusal)


def _refused(typed: Mapping[str, Any], refusal: DomainError) -> Form:
    if not isinstance(refusal, Invalid) or not refusal.fields:
        return Form(values=typed, refusals=[words.error_text(refusal.code, refusal.params)])
    problems = {
        _as_typed(name): [words.error_text(problem.code, problem.params) for problem in found]
        for name, found in refusal.fields.items()
    }
    return Form(values=typed, problems=problems)


def _as_typed(name: str) -> str:
    """The name of a row's field as it was posted: blank rows in between were dropped."""
    places: dict[str, list[int]] = g.get("form_rows", {})
    parts = name.split(".")
    if len(parts) == 3 and parts[0] in places and parts[1].isdecimal():
        known = places[parts[0]]
        place = int(parts[1])
        parts[1] = str(known[place]) if place < len(known) else parts[1]
    return ".".join(parts)


def remember_refusal(error: DomainError) -> None:
    """Keeps a refusal for the page that is drawn again; called by the page wrapper."""
    g.form_refusal = error


def selected(name: str = "ids") -> list[UUID]:
    """The ticked rows of a list; raises Invalid for none, too many or no ids."""
    texts = request.form.getlist(name)
    if not texts:
        raise Invalid("nothing-selected")
    if len(texts) > MAX_SELECTED:
        raise Invalid("too-many-selected", most=MAX_SELECTED)
    try:
        return [UUID(text) for text in dict.fromkeys(texts)]
    except ValueError:
        raise Invalid("not-an-id") from None


def upload(
    name: str, *, max_bytes: int, media_types: frozenset[str] | None = None
) -> Upload | None:
    """The posted file of a field, None when none was chosen; raises Invalid at the field."""
    found = request.files.get(name)
    if found is None or not found.filename:
        return None
    data = found.stream.read(max_bytes + 1)
    found.close()
    if len(data) > max_bytes:
        raise Invalid.of(name, "file-too-large", most=words.format_number(max_bytes // 1024))
    if not data:
        raise Invalid.of(name, "file-empty")
    media_type = found.mimetype or "application/octet-stream"
    if media_types is not None and media_type not in media_types:
        raise Invalid.of(name, "file-kind")
    return Upload(_plain_name(found.filename), media_type, data)


def uploads(name: str, *, max_bytes: int, most: int) -> list[Upload]:
    """The posted files of a field that takes several; raises Invalid at the field."""
    found = [one for one in request.files.getlist(name) if one.filename]
    if len(found) > most:
        raise Invalid.of(name, "too-many-files", most=most)
    sent = []
    for one in found:
        data = one.stream.read(max_bytes + 1)
        if len(data) > max_bytes:
            raise Invalid.of(name, "file-too-large", most=words.format_number(max_bytes // 1024))
        if not data:
            raise Invalid.of(name, "file-empty")
        sent.append(Upload(_plain_name(one.filename or ""), one.mimetype or "", data))
    return sent


def _plain_name(text: str) -> str:
    """The last part of a file name, without control signs, at most 200 characters."""
    last = text.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(sign for sign in last if sign.isprintable())[:200] or "file"


def _refuse_nul(posted: MultiDict[str, str]) -> None:
    wrong = {
        name: [Problem("unreadable-signs")]
        for name, value in posted.items(multi=True)
        if "\0" in value or "\0" in name or any("\ud800" <= sign <= "\udfff" for sign in value)
    }
    if wrong:
        raise Invalid(fields=wrong)


def _nested(posted: MultiDict[str, str], schema: type[BaseModel]) -> dict[str, Any]:
    """Values by name; `lines.0.account` becomes a list of rows, blank values are left out."""
    found: dict[str, Any] = {}
    rows: dict[str, dict[int, dict[str, str]]] = {}
    for name, values in posted.lists():
        if name in _PRIVATE:
            continue
        parts = name.split(".")
        if len(parts) == 3 and parts[1].isdecimal():
            if values[-1].strip():
                rows.setdefault(parts[0], {}).setdefault(int(parts[1][:5]), {})[parts[2]] = values[
                    -1
                ]
        elif _is_list(schema, name):
            found[name] = [value for value in values if value.strip()]
        elif values[-1].strip() or name not in schema.model_fields:
            found[name] = values[-1]
    for name, by_place in rows.items():
        if len(by_place) > MAX_ROWS:
            raise Invalid.of(name, "too-many-rows", most=MAX_ROWS)
        found[name] = [by_place[place] for place in sorted(by_place)]
    g.form_rows = {name: sorted(by_place) for name, by_place in rows.items()}
    return found


def _is_list(schema: type[BaseModel], name: str) -> bool:
    declared = schema.model_fields.get(name)
    if declared is None:
        return False
    kinds = [declared.annotation]
    if get_origin(declared.annotation) in (Union, UnionType):
        kinds = list(get_args(declared.annotation))
    return any(get_origin(kind) in _LISTS for kind in kinds)


def _flat(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values with rows spread over dotted names, as the browser would send them."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, list | tuple) and value and isinstance(value[0], Mapping):
            for place, row in enumerate(value):
                found.update({f"{name}.{place}.{key}": item for key, item in row.items()})
        else:
            found[name] = value
    return found


_CODES = {
    "missing": "field-missing",
    "extra_forbidden": "field-unknown",
    "string_too_long": "text-too-long",
    "string_too_short": "text-too-short",
    "string_pattern_mismatch": "text-not-understood",
    "int_parsing": "not-a-number",
    "decimal_parsing": "not-a-number",
    "date_from_datetime_parsing": "not-a-date",
    "date_parsing": "not-a-date",
    "uuid_parsing": "not-a-choice",
    "enum": "not-a-choice",
    "literal_error": "not-a-choice",
    "greater_than_equal": "too-small",
    "greater_than": "too-small",
    "less_than_equal": "too-large",
    "less_than": "too-large",
    "too_short": "too-few-rows",
    "too_long": "too-many-rows",
}


def _problems(errors: list[ErrorDetails]) -> dict[str, list[Problem]]:
    found: dict[str, list[Problem]] = {}
    for error in errors:
        name = ".".join(str(part) for part in error["loc"]) or "form"
        found.setdefault(name, []).append(_problem(error))
    return found


def _problem(error: ErrorDetails) -> Problem:
    """A validator may raise `PydanticCustomError('kebab-code', …)` or ValueError('kebab-code')."""
    kind = error["type"]
    limits = dict(error.get("ctx") or {})
    if kind == "value_error":
        text = str(limits.get("error", "")).strip()
        return Problem(text if text.replace("-", "").isalnum() else "not-understood")
    if kind in _CODES:
        most = limits.get("max_length", limits.get("le", limits.get("lt")))
        least = limits.get("min_length", limits.get("ge", limits.get("gt")))
        return Problem(_CODES[kind], {"most": most, "least": least})
    return Problem(kind if "-" in kind else "not-understood", limits)


ERROR_TEXTS = {
    "field-missing": _("Enter something here."),
    "field-unknown": _("This form does not have such a field."),
    "text-too-long": _("Shorten this to %(most)s characters at most."),
    "text-too-short": _("Write at least %(least)s characters."),
    "text-not-understood": _("This is not written as expected."),
    "unreadable-signs": _("This contains signs that cannot be kept. Type it again."),
    "not-a-number": _("Enter a number."),
    "not-a-date": _("Enter a date that is in the calendar."),
    "not-a-choice": _("Choose one of the options."),
    "too-small": _("Enter %(least)s or more."),
    "too-large": _("Enter %(most)s or less."),
    "too-few-rows": _("Fill in at least %(least)s rows."),
    "too-many-rows": _("There are too many rows. %(most)s is the most."),
    "not-understood": _("This was not understood. Check it and try again."),
    "not-an-id": _("One of the chosen rows is not known."),
    "nothing-selected": _("Select at least one row first."),
    "too-many-selected": _("Select %(most)s rows at most."),
    "file-too-large": _("The file is too large. %(most)s kB is the most."),
    "file-empty": _("The file is empty. Choose another one."),
    "too-many-files": _("Send at most %(most)s files at once."),
    "file-kind": _("A file of this kind cannot be read here."),
    "body-too-large": _("This was too much at once. Send less, or a smaller file."),
    "invalid": _("Some of this cannot be taken. See the marked fields."),
    "not-found": _("This page does not exist, or you have no access to it."),
    "forbidden": _("You may not do this. Ask the person who gave you access."),
    "permission-missing": _("Your role does not include this. Ask the person who gave you access."),
    "read-only": _("You may look here, but not change anything."),
    "foreign-form": _("This did not come from one of our pages, so it was not done."),
    "form-expired": _("The page was open for too long. Go back, reload it and try again."),
    "sign-in-needed": _("Sign in to go on."),
    "session-ended": _("Your session has ended. Sign in again."),
    "fresh-sign-in-needed": _("Confirm that it is you, then try again."),
    "somebody-else-was-first": _(
        "Somebody changed this at the same moment. Nothing was changed; look again and retry."
    ),
    "database-unavailable": _("The database cannot be reached. Nothing was changed; try again."),
    "bad-cursor": _("This page of the list no longer exists. Start at the first page."),
}
