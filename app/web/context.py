"""Who looks at which client in this request, and the hooks by which upper layers answer that."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, cast
from uuid import UUID

from flask import current_app, g, has_request_context

from app.kernel.errors import NotFound, SignInNeeded
from app.kernel.scope import Scope

HUES = 6


def initials(name: str) -> str:
    """Two letters for a badge: the first letters of the first and last word."""
    words = re.findall(r"\w+", name)
    if not words:
        return "?"
    letters = words[0][:2] if len(words) == 1 else words[0][0] + words[-1][0]
    return str(letters).upper()


def hue_of(key: UUID) -> int:
    """A colour of the badge, 1 to 6, the same for a client or person for ever."""
    return key.int % HUES + 1


@dataclass(frozen=True, slots=True)
class Actor:
    """The signed-in person behind a cookie, with what the page needs to know of them.

    `home_tenant_id` is where personal settings are written: the provider's tenant for staff, a
    firm of their own for client people, None where there is none left. `keys` is the switch of
    single-letter keys; `locale`, `theme` and `density` are empty where no choice was made.
    """

    person_id: UUID
    principal_id: UUID
    name: str
    side: Literal["staff", "client"]
    home_tenant_id: UUID | None = None
    locale: str = ""
    time_zone: str = "UTC"
    theme: str = ""
    density: str = ""
    keys: bool = True

    @property
    def initials(self) -> str:
        """Two letters for the round badge."""
        return initials(self.name)

    @property
    def first_name(self) -> str:
        """What a greeting says."""
        return self.name.split()[0] if self.name.split() else self.name


@dataclass(frozen=True, slots=True)
class ClientHead:
    """What a page shows of a client wherever it appears; `hue` 0 means derived from the id."""

    tenant_id: UUID
    slug: str
    name: str
    state: str = "active"
    currency: str = ""
    time_zone: str = "UTC"
    country: str = ""
    locale: str = ""
    is_provider: bool = False
    hue: int = 0

    @property
    def initials(self) -> str:
        """Two letters for the square badge."""
        return initials(self.name)

    @property
    def colour(self) -> int:
        """The hue class of the badge, 1 to 6."""
        return self.hue or hue_of(self.tenant_id)


@dataclass(frozen=True, slots=True)
class Brand:
    """The provider as people see it: name, logo address and accent (checked for contrast).

    `locale` is the language of the provider's firm, which its people read where they chose none.
    """

    name: str = "Backoffice"
    slug: str = ""
    logo_url: str = ""
    accent: str = ""
    help_url: str = ""
    locale: str = ""


@dataclass(frozen=True, slots=True)
class Pin:
    """A client the reader reaches: in the sidebar when pinned, in the palette, for next-client."""

    tenant_id: UUID
    slug: str
    name: str
    hue: int
    count: int | None = None
    pinned: bool = False
    is_provider: bool = False

    @property
    def initials(self) -> str:
        """Two letters for the square badge."""
        return initials(self.name)

    @property
    def colour(self) -> int:
        """The hue class of the badge."""
        return self.hue


def _no_principal(_cookie: str) -> Actor | None:
    return None


@dataclass(slots=True)
class Hooks:
    """What identity and tenants answer for the web; each opens its own short transaction."""

    resolve_principal: Callable[[str], Actor | None] = _no_principal
    resolve_brand: Callable[[], Brand] = Brand
    sign_in_endpoint: str = "identity.sign_in"
    account_endpoint: str = "identity.account"
    sign_out_endpoint: str = "identity.sign_out"


def hooks() -> Hooks:
    """The hooks of this application; identity and tenants replace the defaults at start."""
    return cast(Hooks, current_app.extensions.setdefault("web-hooks", Hooks()))


@dataclass(slots=True)
class Place:
    """Where this request is; filled step by step by the page wrapper.

    `sums` is what is left by `line/name`, where a statement of the page has said it already, and
    `has_jobs` whether the reader's tray holds anything.
    """

    actor: Actor | None = None
    client: ClientHead | None = None
    clients: tuple[Pin, ...] = ()
    surface: str = "public"
    brand: Brand = field(default_factory=Brand)
    frame: bool = False
    sums: Mapping[str, int] | None = None
    has_jobs: bool = True


def place() -> Place:
    """The place of this request."""
    if not has_request_context():
        return Place()
    if "place" not in g:
        g.place = Place()
    return cast(Place, g.place)


def actor() -> Actor:
    """The signed-in person; raises SignInNeeded on a public page without one."""
    found = place().actor
    if found is None:
        raise SignInNeeded("sign-in-needed")
    return found


def client() -> ClientHead:
    """The client of the path; raises NotFound on a page without one."""
    found = place().client
    if found is None:
        raise NotFound
    return found


def name_of(slug: str) -> str:
    """A client's name where the reader knows it, else the name in its address."""
    return next((pin.name for pin in place().clients if pin.slug == slug), slug)


def scope_in(tenant_id: UUID) -> Scope:
    """The acting person's scope in one client."""
    who = actor()
    return Scope.in_client(
        tenant_id,
        person_id=who.person_id,
        principal_id=who.principal_id,
        request_id=request_id(),
    )


def request_id() -> str:
    """The id of this request, as logs and audit rows carry it."""
    return cast(str, g.get("request_id", "")) if has_request_context() else ""
