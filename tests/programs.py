"""A program that calls the API with a token."""

from __future__ import annotations

import io
from typing import Any
from uuid import UUID

import psycopg
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests import factories


def token_of(admin: psycopg.Connection, tenant: UUID, person: UUID) -> dict[str, str]:
    """The header of a living token of a person in one client."""
    return {"Authorization": f"Bearer {factories.token(admin, tenant, person)}"}


class Caller:
    """Somebody's program with a token for one client."""

    def __init__(self, client: FlaskClient, base: str, header: dict[str, str]) -> None:
        self.client, self.base, self.header = client, base, header

    def get(self, path: str, *, status: int = 200) -> Any:
        """Reads; fails on any other status."""
        return self._answer(self.client.get(self.base + path, headers=self.header), status)

    def post(self, path: str, body: dict[str, Any], *, status: int = 200) -> Any:
        """Sends a body; fails on any other status."""
        return self._answer(
            self.client.post(self.base + path, json=body, headers=self.header), status
        )

    def put(self, path: str, body: dict[str, Any], *, status: int = 200) -> Any:
        """Puts a body in a place; fails on any other status."""
        return self._answer(
            self.client.put(self.base + path, json=body, headers=self.header), status
        )

    def send_file(self, data: bytes, name: str = "march.sta", *, status: int = 201) -> Any:
        """Uploads a statement."""
        sent = {"file": (io.BytesIO(data), name)}
        return self._answer(
            self.client.post(f"{self.base}/statement-files", data=sent, headers=self.header), status
        )

    @staticmethod
    def _answer(answer: TestResponse, status: int) -> Any:
        assert answer.status_code == status, answer.text
        return answer.get_json()
