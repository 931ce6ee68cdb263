"""The registry: what packages contribute to shell, desk, portal, roles, meters and hooks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal, Protocol, TypeVar
from uuid import UUID

Surface = Literal["desk", "client", "portal", "account"]
Text = Any  # a lazy translation of app.kernel.words, or a str


@dataclass(frozen=True, slots=True)
class Permission:
    """A right by name, `<line>.<act>`; `title` is what the matrix shows."""

    name: str
    title: Text
    group: Text


@dataclass(frozen=True, slots=True)
class RoleTemplate:
    """A shipped bundle of permissions; editing it on screen makes it the provider's own."""

    name: str
    side: Literal["provider", "client"]
    title: Text
    permissions: frozenset[str]
    lines: tuple[str, ...] = ()
    may_write: bool = True


@dataclass(frozen=True, slots=True)
class ServiceLine:
    """A line of service the provider offers: its name in the guard, title and icon."""

    name: str
    title: Text
    icon: str


@dataclass(frozen=True, slots=True)
class NavItem:
    """An entry of a surface's navigation; `endpoint` takes `client` outside the desk.

    `near` are folders of addresses whose pages are the entry's too, such as `books/rules`.
    """

    key: str
    title: Text
    icon: str
    endpoint: str
    surface: Surface
    permission: str | None = None
    order: int = 100
    figure: str | None = None
    shortcut: str | None = None
    near: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DeskColumn:
    """A figure of each client on the desk, kept in app.client_figure under (line, figure).

    `shows` date: the day of the figure's instant instead of its count.
    """

    line: str
    figure: str
    title: Text
    endpoint: str
    order: int = 100
    show_age: bool = True
    shows: Literal["count", "date"] = "count"


@dataclass(frozen=True, slots=True)
class PortalCard:
    """A card of the portal's home; `build` returns its template's context, None hides it.

    With `firms` it stands on the page where a person of several firms chooses one instead.
    """

    key: str
    template: str
    build: Callable[[], dict[str, Any] | None]
    order: int = 100
    firms: bool = False


@dataclass(frozen=True, slots=True)
class HeaderControl:
    """A small control in the head of staff pages; `build` returns its template's context, None
    hides it. It runs in the page's own transaction, on every page: one cheap statement at most.
    """

    key: str
    template: str
    build: Callable[[], dict[str, Any] | None]
    order: int = 100


@dataclass(frozen=True, slots=True)
class TodoSource:
    """Things that wait for the person at the portal; `find` returns TodoItems."""

    key: str
    find: Callable[[], Sequence[TodoItem]]
    order: int = 100


@dataclass(frozen=True, slots=True)
class TodoItem:
    """One thing that needs somebody: where it leads and how urgent it is."""

    title: Text
    detail: Text
    url: str
    icon: str
    state: str = "todo"
    minutes: int = 2


@dataclass(frozen=True, slots=True)
class PaletteHit:
    """One line of the command palette."""

    title: Text
    detail: Text
    url: str
    icon: str


@dataclass(frozen=True, slots=True)
class PaletteSource:
    """Finds objects of one kind by number, amount or words, inside the open scope."""

    key: str
    title: Text
    find: Callable[[str, int], Sequence[PaletteHit]]
    permission: str | None = None
    surface: Surface = "client"
    order: int = 100


@dataclass(frozen=True, slots=True)
class PaletteCommand:
    """An act the command palette offers: a page to open or, with `post`, a form to send.

    `surface` says where it is offered: inside a client, on the desk, or (`account`) everywhere.
    `words` are other words it is found by; `values` go into the address.
    """

    key: str
    title: Text
    icon: str
    endpoint: str
    permission: str | None = None
    surface: Surface = "client"
    words: Text = ""
    values: Mapping[str, str] = field(default_factory=dict)
    post: bool = False
    order: int = 100


@dataclass(frozen=True, slots=True)
class Meter:
    """What is counted for billing: a name, its unit and how quantities add up."""

    name: str
    title: Text
    unit: str
    line: str
    aggregation: Literal["sum", "count", "max", "unique"] = "sum"


@dataclass(frozen=True, slots=True)
class ReportDefinition:
    """A report that a line offers for a client and a span of days.

    `build` computes it (an app.reports.document.Report) from first day, last day and comparison:
    words with commas, of `comparisons` (`previous`, `year`, `months`, `none`), `share` where
    `with_share`, `corrected` where `folds` (it leaves out what was taken back in its month unless
    asked), and `all` for a file that must hold every row. `behind` answers the postings of
    a figure (app.reports.behind); `since` is the first day there can be figures of; `year_start`
    the day the fiscal year of a day began; `reopened` the months up to a day that were reopened
    after an instant: month, when, by whom, why. `size` tells quickly how many rows a file of these
    days has about, where there can be many.
    Reading needs `permission`, publishing `<line>.publish`, exporting `<line>.export`.
    """

    key: str
    title: Text
    line: str
    permission: str
    build: Callable[[date, date, str], Any]
    behind: Callable[..., Any] | None = None
    since: Callable[[], date] | None = None
    icon: str = "chart-column"
    order: int = 100
    point_in_time: bool = False
    year_start: Callable[[date], date] | None = None
    reopened: Callable[[date, datetime], Sequence[tuple[date, datetime, str, str]]] | None = None
    comparisons: tuple[str, ...] = ("previous", "year", "none")
    with_share: bool = False
    folds: bool = False
    size: Callable[[date, date], int] | None = None


@dataclass(frozen=True, slots=True)
class PackWords:
    """What a line has already said for the client of the days that a report pack covers.

    `offered` gets the first and last day and returns the sentences; they are put into a new pack,
    where a person changes or removes them before it is published.
    """

    line: str
    permission: str
    offered: Callable[[date, date], Sequence[str]]


@dataclass(frozen=True, slots=True)
class CloseMonth:
    """A month of a client's books: its period id (202610) and its first and last day."""

    period_id: int
    starts: date
    ends: date


@dataclass(frozen=True, slots=True)
class CloseCheck:
    """A machine-ticked check of a month's close: returns how many things are left.

    `count_left` gets the month's period id (202610) and runs inside the open scope, in a constant
    number of statements; it is asked for months in any state and must not write. `endpoint` with
    what `values` answers for the month leads to the things left, filtered; `values` asks no
    database, since the close board calls it for every client. A `blocking` check must
    be at zero before the month is closed, a `warning` is only shown. `left` puts a number of
    things into words (`3 lines to reconcile`), `zero` is said when none is left, `short` heads the
    column of the close board.
    """

    key: str
    title: Text
    line: str
    count_left: Callable[[int], int]
    endpoint: str
    severity: Literal["blocking", "warning"] = "blocking"
    zero: Text = ""
    left: Callable[[int], Text] | None = None
    values: Callable[[CloseMonth], Mapping[str, str]] | None = None
    short: Text = ""
    order: int = 100


@dataclass(frozen=True, slots=True)
class ErasureBar:
    """Something that may forbid erasing a client, such as a hold: `find` says why, in words.

    It runs in the client, as the operator's job, and answers nothing where nothing forbids it.
    """

    key: str
    find: Callable[[], Sequence[Text]]


@dataclass(frozen=True, slots=True)
class Permalink:
    """Resolves an object's id to its page inside the open scope; None when it is not its own."""

    key: str
    url_for: Callable[[UUID], str | None]


@dataclass(frozen=True, slots=True)
class Subject:
    """What a question, a note or a paper is about, in words: a bank line, an entry.

    `url` is its page for staff, `portal_url` its page for client people; both may be empty. `line`
    is the line it is on, where things of its kind stand on several.
    """

    key: str
    title: Text
    detail: Text = ""
    url: str = ""
    portal_url: str = ""
    line: str = ""


@dataclass(frozen=True, slots=True)
class SubjectSource:
    """Puts things of one kind into words, by their keys, in one statement in the open scope.

    Keys of things that are not there, or out of the reader's reach, are left out. `line` is the
    line that a question about such a thing belongs to.
    """

    subject_type: str
    line: str
    describe: Callable[[Sequence[str]], Mapping[str, Subject]]


class ClientCreated(Protocol):
    """A hook that runs in the transaction that creates a client (mode `j`, worker's role)."""

    def __call__(self, client: NewClient, /) -> None: ...


@dataclass(frozen=True, slots=True)
class NewClient:
    """What `on_client_created` hooks learn about the new tenant."""

    tenant_id: UUID
    slug: str
    name: str
    country: str
    currency: str
    time_zone: str
    locale: str
    fiscal_year_start_month: int
    chart_template: str
    books_from_year: int
    lines: tuple[str, ...]
    is_provider: bool = False


@dataclass(frozen=True, slots=True)
class LeaverHook:
    """What a package hands over when a person leaves: called in the provider's tenant."""

    key: str
    hand_over: Callable[[UUID, UUID | None], int]


Item = TypeVar("Item")


class Registry:
    """All contributions of all packages; filled once by the factory, then only read."""

    def __init__(self) -> None:
        self._items: dict[type[Any], list[Any]] = {}
        self._created: list[tuple[int, ClientCreated]] = []

    def add(self, *items: Any) -> None:
        """Contributes any of this module's dataclasses."""
        for item in items:
            self._items.setdefault(type(item), []).append(item)

    def all(self, kind: type[Item]) -> list[Item]:
        """Every contribution of a kind, by its order, then as registered."""
        found: list[Item] = self._items.get(kind, [])
        return sorted(found, key=lambda item: getattr(item, "order", 0))

    def on_client_created(self, hook: ClientCreated, *, order: int = 100) -> None:
        """Adds a hook that runs when a client is created, lowest order first."""
        self._created.append((order, hook))
        self._created.sort(key=lambda pair: pair[0])

    def client_created(self, client: NewClient) -> None:
        """Runs every hook in the caller's transaction; any error undoes the client."""
        for _order, hook in self._created:
            hook(client)

    def permission_names(self) -> frozenset[str]:
        """All declared permissions."""
        return frozenset(permission.name for permission in self.all(Permission))


_current = [Registry()]


def current() -> Registry:
    """The registry of this process."""
    return _current[0]


def reset() -> Registry:
    """An empty registry, for the factory and for tests that build a second application."""
    _current[0] = Registry()
    return _current[0]
