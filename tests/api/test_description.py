"""What the API does is what its description says: a bounded search for the opposite."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    response_schema_conformance,
    status_code_conformance,
)

from app.cli.operator_scope import as_operator
from tenants import commands
from tenants.schemas import NewFirm
from tests import factories

EXAMPLES = 5
CHECKS = (not_a_server_error, status_code_conformance, response_schema_conformance)


@pytest.fixture(scope="module")
def caller(settings: object, app: Flask, worker_app: Flask) -> Iterator[dict[str, str]]:
    """A token that may do everything an operations manager may, and the client it is bound to."""
    from app.cli import install

    for limiter in app.extensions.get("limiter", ()):
        limiter.enabled = False
    slug = factories.unique("described")
    with psycopg.connect(install.libpq_url(str(settings.database_admin_url))) as admin:  # type: ignore[attr-defined]  # the session's settings
        factories.make_provider(admin)
        with worker_app.app_context(), as_operator():
            tenant = commands.create_client(firm=NewFirm(slug=slug, name="Described", country="GB"))
        person = factories.staff(admin, tenant, role="operations_manager").person_id
        value = factories.token(admin, tenant, person)
    yield {"slug": slug, "token": value}
    for limiter in app.extensions.get("limiter", ()):
        limiter.enabled = True


def test_no_generated_call_is_answered_otherwise_than_described(
    app: Flask, caller: dict[str, str]
) -> None:
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)
    answers: set[int] = set()
    for result in schema.get_all_operations():
        operation = result.ok()  # type: ignore[union-attr]  # our own description is valid
        if not operation.path.startswith("/api/"):
            continue

        @settings(
            max_examples=EXAMPLES,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @schemathesis_given(operation)
        def call(case: schemathesis.Case[Any]) -> None:
            if "client" in (case.path_parameters or {}):
                case.path_parameters["client"] = caller["slug"]
            answer = case.call_and_validate(
                headers={"Authorization": f"Bearer {caller['token']}"}, checks=list(CHECKS)
            )
            answers.add(answer.status_code)

        call()
    assert {200, 404} <= answers


def schemathesis_given(operation: Any) -> Callable[[Callable[..., None]], Callable[[], None]]:
    """Hands each test a generated call of one operation."""
    from hypothesis import given

    return given(case=operation.as_strategy())
