"""The one list: columns, filters, saved views, keyset paging, selection, bulk acts and a panel."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal
from urllib.parse import urlencode

from flask import request, url_for
from markupsafe import Markup, escape

from app.kernel import paging, words
from app.kernel.money import Money
from app.kernel.words import _
from app.web import list_rows

MAX_FILTER = 200

Kind = Literal["text", "date", "day", "instant", "number", "money", "percent", "tag"]
Tone = Literal["", "good", "warn", "bad", "info", "acc"]


@dataclass(frozen=True, slots=True)
class Tag:
    """A state in a cell: its word and the colour that goes with it."""

    text: Any
    tone: Tone = ""

    def __html__(self) -> str:
        return str(list_rows.tag(self.text, self.tone))


@dataclass(frozen=True, slots=True)
class Kpi:
    """A key figure: label, value as shown, and a small remark in a tone."""

    label: Any
    value: Any
    note: Any = ""
    tone: Tone = ""
    href: str | None = None


@dataclass(frozen=True, slots=True)
class Badge:
    """A cell that shows a client: square badge and name."""

    name: str
    initials: str
    colour: int

    def __html__(self) -> str:
        return (
            f'<span class="av h{self.colour}" aria-hidden="true">{escape(self.initials)}</span>'
            f"{escape(self.name)}"
        )


@dataclass(frozen=True, slots=True)
class Column:
    """A column; `cell` reads the row (default: the attribute `name`).

    `main` takes the slack and carries the link; `phone` places the cell on a small screen:
    t/t1 title, r1 amount, l2 second line, r2 tag, ax left out.
    """

    name: str
    label: Any
    cell: Callable[[Any], Any] | None = None
    kind: Kind = "text"
    sort: bool = False
    main: bool = False
    wide: bool = False
    phone: str = "ax"

    @property
    def figure(self) -> bool:
        """Whether the cell holds a figure, set at the end of the line."""
        return self.kind in {"number", "money", "percent"}

    def classes(self, *, phone: bool = True) -> str:
        """The classes of the column's cells."""
        found = ["num"] if self.figure else []
        if self.main:
            found += ["el", "w"]
        elif self.wide:
            found += ["el", "w2"]
        if phone:
            found.append("t1" if self.main and self.phone == "ax" else self.phone)
        return " ".join(found)

    def show(self, row: Any) -> Any:
        """What the cell of a row shows, in the reader's writing."""
        value = self.cell(row) if self.cell is not None else getattr(row, self.name)
        return shown(value, self.kind)


def shown(value: Any, kind: Kind = "text") -> Any:
    """A value as the reader writes it; markup and tags pass through."""
    if value is None:
        return ""
    if isinstance(value, Markup | Tag | Badge):
        return value
    if isinstance(value, Money):
        return words.format_minor(value.minor, value.currency)
    if isinstance(value, datetime):
        text = words.format_instant(value)
        return Markup('<time datetime="{}">{}</time>').format(value.isoformat(), text)
    if isinstance(value, date):
        text = words.format_date(value) if kind == "day" else words.format_day_month(value)
        return Markup('<time datetime="{}">{}</time>').format(value.isoformat(), text)
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        if kind == "percent":
            return words.format_percent(Decimal(value))
        return words.format_number(value) if kind == "number" else str(value)
    return value


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter of the query string; `options` is a list of (value, text) or makes one."""

    name: str
    label: Any
    kind: Literal["choice", "search", "date", "month"] = "choice"
    options: Sequence[tuple[str, Any]] | Callable[[], Sequence[tuple[str, Any]]] = ()

    def choices(self) -> Sequence[tuple[str, Any]]:
        """The options now."""
        return self.options() if callable(self.options) else self.options


@dataclass(frozen=True, slots=True)
class View:
    """A ready-made view: a name and the filters that it stands for."""

    name: str
    label: Any
    filters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Action:
    """A bulk act on the ticked rows: a POST of `ids` to an endpoint, with its key."""

    name: str
    label: Any
    endpoint: str
    key: str = ""
    icon: str = ""
    permission: str | None = None


@dataclass(frozen=True, slots=True)
class Empty:
    """What an empty list says and offers."""

    icon: str
    text: Any
    href: Callable[[], str] | None = None
    action: Any = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the reader asks of a list, taken from the query string."""

    view: str
    filters: dict[str, str]
    sort: str
    descending: bool
    after: str | None
    limit: int
    typed: dict[str, str]

    @property
    def filtered(self) -> bool:
        """Whether the reader narrowed the view by a filter of their own."""
        return bool(self.typed)


@dataclass(frozen=True, slots=True)
class ListPage:
    """One page of a list, ready for the macro."""

    list: ListView
    asked: Asked
    rows: Sequence[Any]
    after: str | None
    counts: Mapping[str, int]

    def address(self, **changes: str | None) -> str:
        """This page's address with some of its query changed; the keyset place is dropped."""
        query: dict[str, str] = {**self.asked.typed}
        if self.asked.view != self.list.first_view:
            query["view"] = self.asked.view
        if self.asked.sort:
            query["sort"] = ("-" if self.asked.descending else "") + self.asked.sort
        for name, value in changes.items():
            query.pop(name, None)
            if value:
                query[name] = value
        return f"{request.path}?{urlencode(query)}" if query else request.path

    def view_address(self, view: View) -> str:
        """The address of a ready-made view."""
        if view.name == self.list.first_view:
            return request.path
        return f"{request.path}?{urlencode({'view': view.name})}"

    def next_address(self) -> str | None:
        """The address of the next page, if there is one."""
        return self.address(after=self.after) if self.after else None

    def sort_address(self, column: Column) -> str:
        """Sorts by a column, the other way when it is sorted by already."""
        same = self.asked.sort == column.name
        return self.address(
            sort=("" if same and self.asked.descending else "-" * same) + column.name
        )

    def sorted_by(self, column: Column) -> str | None:
        """The aria-sort of a column's head."""
        if self.asked.sort != column.name:
            return None
        return "descending" if self.asked.descending else "ascending"

    def count(self, view: View) -> str:
        """How many rows a view holds; counting stops at a thousand."""
        found = self.counts.get(view.name)
        if found is None:
            return ""
        return words.format_number(1000) + "+" if found > 1000 else words.format_number(found)

    @property
    def query(self) -> str:
        """The query string that a saved view would keep."""
        return self.address().partition("?")[2]


@dataclass(frozen=True, slots=True)
class ListView:
    """The definition of one list; `read` takes the question, `page` gives the answer."""

    id: str
    caption: Any
    columns: tuple[Column, ...]
    key: Callable[[Any], Any] = lambda row: row.id
    href: Callable[[Any], str] | None = None
    peek: Callable[[Any], str] | None = None
    name: Callable[[Any], str] | None = None
    group: Callable[[Any], Any] | None = None
    filters: tuple[Filter, ...] = ()
    views: tuple[View, ...] = ()
    actions: tuple[Action, ...] = ()
    empty: Empty = field(default_factory=lambda: Empty("inbox", _("Nothing here yet.")))
    limit: int = 100
    label: str = ""

    def __post_init__(self) -> None:
        """Raises ValueError where two columns would stand over each other on a small screen."""
        places = [one.phone for one in self.columns if one.phone != "ax"]
        if len(set(places)) != len(places):
            raise ValueError(f"{self.id}: two columns in one place of a small screen: {places}")

    @property
    def first_view(self) -> str:
        """The view shown when none is asked for."""
        return self.views[0].name if self.views else ""

    def read(self) -> Asked:
        """The question in the query string; what is unknown or too long is left aside."""
        asked_view = request.args.get("view", "")
        view = next((one for one in self.views if one.name == asked_view), None)
        view = view or (self.views[0] if self.views else None)
        typed = {one.name: self._typed(one) for one in self.filters}
        typed = {name: value for name, value in typed.items() if value}
        sort = request.args.get("sort", "")
        descending, column = sort.startswith("-"), sort.removeprefix("-")
        sortable = any(one.sort and one.name == column for one in self.columns)
        return Asked(
            view=view.name if view else "",
            filters={**(view.filters if view else {}), **typed},
            sort=column if sortable else "",
            descending=descending and sortable,
            after=request.args.get("after") or None,
            limit=paging.clamp(None, default=self.limit),
            typed=typed,
        )

    def _typed(self, one: Filter) -> str:
        text = request.args.get(one.name, "").strip()[:MAX_FILTER].replace("\0", "")
        if one.kind == "choice" and text and text not in {value for value, _text in one.choices()}:
            return ""
        return text

    def page(
        self,
        asked: Asked,
        rows: Sequence[Any] | paging.Page[Any],
        *,
        after: str | None = None,
        counts: Mapping[str, int] | None = None,
    ) -> ListPage:
        """The answer to a question: a kernel Page, or rows with the cursor of the next page."""
        if isinstance(rows, paging.Page):
            return ListPage(self, asked, rows.rows, rows.next, counts or {})
        return ListPage(self, asked, rows, after, counts or {})

    def row_name(self, row: Any) -> str:
        """How a screen reader calls a row."""
        if self.name is not None:
            return self.name(row)
        main = next((column for column in self.columns if column.main), self.columns[0])
        value = main.show(row)
        if isinstance(value, Tag):
            return str(value.text)
        return value.name if isinstance(value, Badge) else str(Markup(value).striptags())  # noqa: S704  # read as text only

    def row_drawer(self) -> list_rows.Draw:
        """What draws a row of this list as HTML."""
        return list_rows.row_drawer(self)

    def action_address(self, action: Action) -> str:
        """Where a bulk act posts to."""
        return url_for(action.endpoint)
