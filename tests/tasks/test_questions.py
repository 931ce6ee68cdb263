"""Questions and notes through the edges: asked, mailed, answered, settled, and nobody else's."""

from __future__ import annotations

from uuid import uuid4

import psycopg
from flask import Flask

from app.documents import commands as documents
from app.documents import queries as papers
from app.kernel.db import transaction
from app.tasks import notes, questions
from tests import factories

PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"


def test_a_question_an_answer_and_notes_reach_whom_they_are_for(
    app: Flask, admin: psycopg.Connection
) -> None:
    tenant = factories.make_client(admin)
    staff = factories.staff(admin, tenant)
    owner = factories.owner(admin, tenant)
    subject = uuid4()
    with app.app_context():
        with transaction(staff.scope(tenant)):
            (made,) = questions.ask(
                line="accounting",
                subject_type="bank_transaction",
                subject_ids=[subject],
                text="What was this?",
                chips=["Wages", "Supplies"],
            )
            notes.write(
                line="accounting",
                subject_type="bank_transaction",
                subject_key=str(subject),
                text="odd",
                audience="team",
            )
        with transaction(owner.scope(tenant)):
            assert notes.of("bank_transaction", [str(subject)]) == {}
            questions.answer(made, chip="Wages", files=[questions.File("a.pdf", PDF)])
            notes.write(
                line="accounting",
                subject_type="bank_transaction",
                subject_key=str(subject),
                text="odd?",
                audience="to_provider",
            )
        with transaction(staff.scope(tenant)):
            assert questions.of("bank_transaction", [subject])[subject].answer == "Wages"
            assert papers.linked("bank_transaction", [subject])
            questions.close(made)
            documents.set_class(
                papers.linked("bank_transaction", [subject])[subject][0].id, document_class="normal"
            )
