"""A browser for tests: a Flask client that carries a session and sends forms as a page would."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.web import security
from tests.factories import Session

_TOKEN = re.compile(r'(?:name="csrf_token" value=|"X-CSRF-Token":)"([^"]+)"')


class Browser:
    """One person's browser."""

    def __init__(self, app: Flask, session: Session | None = None) -> None:
        self.client: FlaskClient = app.test_client()
        self._token = ""
        self.session = session
        if session is not None:
            with app.test_request_context():
                name = security.login_cookie_name()
            self.client.set_cookie(name, session.cookie)

    @property
    def token(self) -> str:
        """The token of the last page; every whole page has one, the palette whoever asks."""
        if not self._token:
            self.get("/palette")
        return self._token

    def get(self, address: str, **options: Any) -> TestResponse:
        """Opens a page and remembers its form token, where it has one."""
        response = self.client.get(address, **options)
        found = _TOKEN.search(response.get_data(as_text=True))
        if found:
            self._token = found[1]
        return response

    def post(
        self, address: str, values: Mapping[str, Any] | None = None, *, follow: bool = False
    ) -> TestResponse:
        """Sends a form of the page that was opened last."""
        sent = {"csrf_token": self.token, **(values or {})}
        return self.client.post(
            address,
            data=sent,
            follow_redirects=follow,
            headers={"Sec-Fetch-Site": "same-origin"},
        )
