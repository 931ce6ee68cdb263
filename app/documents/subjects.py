"""What papers, questions and notes are about, in words, as the packages above describe it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from uuid import UUID

from app.kernel import registry
from app.kernel.errors import Invalid, NotFound
from app.kernel.registry import Subject, SubjectSource

Pair = tuple[str, str]


def source(subject_type: str) -> SubjectSource:
    """Who describes things of this kind; raises Invalid for a kind that nobody knows."""
    for one in registry.current().all(SubjectSource):
        if one.subject_type == subject_type:
            return one
    raise Invalid.of("subject_type", "not-a-choice")


def describe(pairs: Iterable[Pair]) -> Mapping[Pair, Subject]:
    """Each (type, key) in words, one statement a kind; what is out of reach is left out."""
    by_type: dict[str, list[str]] = {}
    for subject_type, key in dict.fromkeys(pairs):
        by_type.setdefault(subject_type, []).append(key)
    found: dict[Pair, Subject] = {}
    for one in registry.current().all(SubjectSource):
        keys = by_type.get(one.subject_type)
        if keys:
            known = one.describe(keys)
            found |= {(one.subject_type, key): subject for key, subject in known.items()}
    return found


def demand(subject_type: str, keys: Iterable[str]) -> SubjectSource:
    """The source of a kind, once every key is something the reader sees; raises NotFound."""
    found, wanted = source(subject_type), list(keys)
    if set(found.describe(wanted)) != set(wanted):
        raise NotFound
    return found


def line_of(subject_type: str, key: str) -> str:
    """The line that a thing is on; raises NotFound for one that the reader does not see."""
    found = source(subject_type)
    told = found.describe([key]).get(key)
    if told is None:
        raise NotFound
    return told.line or found.line


def as_uuid(text: str) -> UUID | None:
    """The id in a key, None for a key that is no id."""
    try:
        return UUID(text)
    except ValueError:
        return None
