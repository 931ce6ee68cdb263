"""Puts what was learnt of a supplier into a reading, and takes lessons out of a corrected one."""

from __future__ import annotations

from collections.abc import Sequence

from app.documents.printed.page import Box, Word
from app.documents.printed.sheet import Sheet
from app.documents.readings import learning, said
from app.documents.readings.learning import Lesson, Template
from app.documents.readings.models import ReadingView
from app.documents.readings.run import Answer, FoundField
from app.documents.readings.said import Value
from app.kernel import money


def sheets(answer: Answer) -> list[Sheet]:
    """The pages with their words."""
    return [
        Sheet(
            one.no,
            one.width,
            one.height,
            tuple(Word(text, Box(one.no, *box)) for text, *box in one.words),
            one.turned,
        )
        for one in answer.sheets
    ]


def with_lessons(answer: Answer, templates: Sequence[Template]) -> Answer:
    """The reading with the fields that were learnt in place of those believed less.

    An e-invoice's own fields stay as they are.
    """
    if not templates or answer.state != "read" or answer.method == "xml":
        return answer
    found = {one.field: Value(one.value, one.minor, one.on_day) for one in answer.fields}
    currency = found["currency"].text if "currency" in found else None
    kept = {one.field: one for one in answer.fields if one.confidence >= learning.BELIEVED}
    wanted = [one for one in templates if one.lesson.field not in kept]
    used = learning.apply(wanted, found, sheets(answer), currency=currency)
    told = used["currency"].value.text if "currency" in used else currency
    try:
        read = [_in_currency(one, before=currency, now=told) for one in answer.fields]
    except money.NotAnAmount:  # the learnt currency is not this paper's
        without = [one for one in wanted if one.lesson.field != "currency"]
        return with_lessons(answer, without)
    fields = [one for one in read if one.field in kept or one.field not in used]
    fields += [
        FoundField(
            field=name,
            value=one.value.text,
            minor=one.value.minor,
            on_day=one.value.on_day,
            confidence=learning.BELIEVED,
            page=one.page,
            place=one.place,
            method="template",
            template_id=one.template_id,
        )
        for name, one in used.items()
        if name not in kept
    ]
    return answer.model_copy(update={"fields": fields})


def _in_currency(one: FoundField, *, before: str | None, now: str | None) -> FoundField:
    """A field that was read for one currency, in another."""
    if one.minor is None or now == before or now not in money.CURRENCIES:
        return one
    value = said.in_currency(Value(one.value, one.minor), before=before, now=now)
    return one.model_copy(update={"value": value.text, "minor": value.minor})


def lessons(found: ReadingView, fields: Sequence[str], pages: Sequence[Sheet]) -> list[Lesson]:
    """What the corrected fields of a reading teach."""
    values = found.values
    taught = (
        learning.teach(name, values[name], pages, currency=found.currency)
        for name in fields
        if name in values and name in said.FIELDS
    )
    return [one for one in taught if one is not None]
