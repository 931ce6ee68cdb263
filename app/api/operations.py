"""Declaring operations: path, permission, schemas; what is not declared is not served."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel

SIGNED_IN = "signed-in"
DEFAULT_MAX_BYTES = 1_000_000
DEFAULT_RATE = "600 per minute"

Where = Literal["client", "provider", "worklist", "several", "public"]
Handler = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path, with everything the wrapper and OpenAPI need to know.

    `where` says in which scope it runs, `line` under which an idempotency key is kept,
    `max_bytes` bounds the body, `upload` names the one file field of a multipart body, `raw` the
    kind of a body that is handed over as it came (argument `data`). What acts in `several` clients
    asks its permission in the provider's own firm and opens transactions itself; it takes no key,
    so it must change nothing when it is called again. An answer marked `secret` is kept nowhere:
    the same key again is refused instead of answered.
    """

    method: str
    rule: str
    handler: Handler
    needs: str | None
    where: Where
    summary: str
    description: str | None = None
    request: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    response: type[BaseModel] | None = None
    status: int = 200
    paged: bool = False
    key_required: bool = False
    max_bytes: int = DEFAULT_MAX_BYTES
    upload: str | None = None
    raw: str | None = None
    rate: str = DEFAULT_RATE
    line: str = "member"
    secret: bool = False
    package: str = ""

    @property
    def reads(self) -> bool:
        """Whether it runs in a READ ONLY transaction."""
        return self.method == "GET"

    @property
    def takes_key(self) -> bool:
        """Whether an Idempotency-Key is kept with its answer."""
        kept = self.where not in {"public", "several"}
        return kept and self.method in {"POST", "PUT", "PATCH"}

    @property
    def name(self) -> str:
        """The operation id: package and handler."""
        return f"{self.package}.{self.handler.__name__}"


class UndeclaredAccess(TypeError):
    """An operation says neither which permission it needs nor that it is public."""


@dataclass(slots=True)
class Api:
    """The operations of one package, collected until the toolkit installs them."""

    package: str
    operations: list[Operation] = field(default_factory=list)

    def get(self, rule: str, **options: Any) -> Callable[[Handler], Handler]:
        """Declares a reading operation."""
        return self._declare("GET", rule, options)

    def post(self, rule: str, **options: Any) -> Callable[[Handler], Handler]:
        """Declares an act; takes an Idempotency-Key."""
        return self._declare("POST", rule, options)

    def put(self, rule: str, **options: Any) -> Callable[[Handler], Handler]:
        """Declares the replacement of an object."""
        return self._declare("PUT", rule, options)

    def patch(self, rule: str, **options: Any) -> Callable[[Handler], Handler]:
        """Declares a change of some fields."""
        return self._declare("PATCH", rule, options)

    def delete(self, rule: str, **options: Any) -> Callable[[Handler], Handler]:
        """Declares a removal."""
        return self._declare("DELETE", rule, options)

    def _declare(
        self, method: str, rule: str, options: dict[str, Any]
    ) -> Callable[[Handler], Handler]:
        where = options.pop("where", None) or _usual_place(method, rule)
        needs = options.pop("needs", None)
        if (needs is None) != (where == "public"):
            raise UndeclaredAccess(f"{method} {rule}: declare needs=… or where='public'")
        options = {key: value for key, value in options.items() if value is not None}
        options.setdefault("line", _line_of(needs))

        def keep(handler: Handler) -> Handler:
            self.operations.append(
                Operation(method, rule, handler, needs, where, package=self.package, **options)
            )
            return handler

        return keep


def _usual_place(method: str, rule: str) -> Where:
    if "<client>" in rule:
        return "client"
    return "worklist" if method == "GET" else "provider"


def _line_of(needs: str | None) -> str:
    """The line an answer is kept under: the permission's own where it names a service line."""
    head = (needs or "").split(".", 1)[0]
    return head if head in {"accounting", "compliance", "tickets", "analytics"} else "member"
