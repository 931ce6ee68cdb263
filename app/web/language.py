"""Which language and time zone a request speaks, and refusals put into words."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import replace

from flask import request

from app.kernel import words
from app.kernel.errors import DomainError
from app.kernel.scope import Scope
from app.web import context


def chosen() -> str:
    """The person's choice, else that of their side, else the browser's; English at last.

    Staff's side is the provider's firm, whichever client they work for; on the portal's pages they
    see the client's language, as its people do.
    """
    place = context.place()
    if place.actor is not None and place.actor.locale:
        return place.actor.locale
    return _of_side(place) or words.best_locale(request.headers.get("Accept-Language", ""))


def _of_side(place: context.Place) -> str:
    at_work = place.actor is not None and place.actor.side == "staff"
    if at_work and place.surface != "portal":
        return place.brand.locale
    return place.client.locale if place.client is not None else ""


def zone() -> str:
    """The reader's time zone, else the client's."""
    place = context.place()
    if place.actor is not None and place.actor.time_zone:
        return place.actor.time_zone
    return place.client.time_zone if place.client is not None else "UTC"


def spoken() -> AbstractContextManager[None]:
    """Speaks the reader's language inside."""
    return words.speaking(chosen(), time_zone=zone())


def scoped(scope: Scope) -> Scope:
    """The scope with the reader's language and zone, for commands that write texts."""
    return replace(scope, locale=chosen(), time_zone=zone())


def error_text(error: DomainError) -> str:
    """The words of a refusal."""
    return words.error_text(error.code, error.params)
