"""The toolkit of the JSON API: declared operations, problems, tokens, limits and OpenAPI."""

from __future__ import annotations

from app.api.operations import SIGNED_IN, Api
from app.api.results import Accepted, Created, Download, Page, PageRequest, accepted, created
from app.api.schema import CurrencyCode, In, MinorUnits, Out

__all__ = [
    "SIGNED_IN",
    "Accepted",
    "Api",
    "Created",
    "CurrencyCode",
    "Download",
    "In",
    "MinorUnits",
    "Out",
    "Page",
    "PageRequest",
    "accepted",
    "created",
]
