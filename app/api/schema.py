"""Base classes and types of everything that comes in and goes out as JSON."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from app.kernel import money

_MAX_DEPTH = 20


def _refuse_nul(value: Any, depth: int = 0) -> None:
    """PostgreSQL holds no NUL and no half surrogate in text: said at the edge, not by a 500."""
    if depth > _MAX_DEPTH:
        raise PydanticCustomError("too-deep", "The input is nested too deeply.")
    if isinstance(value, str):
        if "\0" in value or not _encodes(value):
            raise PydanticCustomError(
                "control-character", "The text holds characters that cannot be stored."
            )
    elif isinstance(value, dict):
        for key, item in value.items():
            _refuse_nul(key, depth + 1)
            _refuse_nul(item, depth + 1)
    elif isinstance(value, list):
        for item in value:
            _refuse_nul(item, depth + 1)


def _encodes(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


class In(BaseModel):
    """What a caller sends; unknown fields are refused, text is trimmed and bounded."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, str_strip_whitespace=True, str_max_length=10_000
    )

    @model_validator(mode="before")
    @classmethod
    def _storable(cls, value: Any) -> Any:
        _refuse_nul(value)
        return value


class Out(BaseModel):
    """What we answer; made from any object with these attributes."""

    model_config = ConfigDict(from_attributes=True, frozen=True)


def _digits(value: Any) -> Any:
    """JSON numbers lose digits beyond 2^53 in many clients, so amounts travel as text."""
    if isinstance(value, (bool, float)):
        raise PydanticCustomError("amount-as-text", "Send whole minor units as text of digits.")
    return value


def _known_currency(value: str) -> str:
    if value not in money.CURRENCIES:
        raise PydanticCustomError("unknown-currency", "This is no ISO 4217 currency.")
    return value


MinorUnits = Annotated[
    int,
    BeforeValidator(_digits),
    Field(ge=-money.MAX_MINOR, le=money.MAX_MINOR),
    PlainSerializer(str, return_type=str, when_used="json"),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": "^-?[0-9]{1,15}$",
            "description": "Whole minor units of the currency beside it, as text.",
            "examples": ["-128460"],
        }
    ),
]

CurrencyCode = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Z]{3}$"),
    AfterValidator(_known_currency),
    Field(description="ISO 4217", examples=["EUR"]),
]
