"""The house, its browsers, and what every browser test of a run holds: no noise on the console."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from werkzeug.serving import make_server

from app.factory import create_app
from app.kernel.settings import Settings
from tests.e2e.house import House, Open
from tests.serving import close, serving
from tests.web.browser import browser, context_of

__all__ = ["browser"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Steps of one run keep their order: the shuffle of all tests would do the last step first."""
    places = [at for at, item in enumerate(items) if item.get_closest_marker("steps")]
    steps = sorted((items[at] for at in places), key=_written)
    for at, item in zip(places, steps, strict=True):
        items[at] = item


def _written(item: pytest.Item) -> tuple[str, int]:
    path, line, _name = item.reportinfo()
    return str(path), line or 0


@pytest.fixture(scope="module")
def house(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The demo's application on a port of its own, and its worker."""
    server = make_server("localhost", 0, _not_yet, threaded=True)
    address = f"http://localhost:{server.port}"
    changes = {
        "public_url": address,
        "environment": "demo",
        "data_dir": tmp_path_factory.mktemp("house"),
    }
    ours = settings.model_copy(update=changes)
    worker, app = create_app(ours, role="worker"), create_app(ours)
    server.app = app
    with serving(server):
        yield House(app, worker, address, settings.database_admin_url or "")
    close(app)
    close(worker)


def _not_yet(_environ: object, _start: object) -> list[bytes]:
    """Stands in until the application that must know its own address is made."""
    return []


@pytest.fixture(autouse=True)
def _fresh_tries(house: House) -> None:
    house.forget_tries()


@pytest.fixture
def open_page(browser: Any, house: House) -> Iterator[Open]:
    """Makes a page in a browser of its own; console messages fail the test unless expected."""
    contexts: list[Any] = []
    noises: list[str] = []

    def make(
        width: int = 1440,
        theme: str = "light",
        *,
        session: Any = None,
        script: bool = True,
        noisy: bool = False,
        bypass_csp: bool = False,
    ) -> Any:
        context = context_of(
            browser,
            house.address,
            cookie="" if session is None else session.cookie,
            width=width,
            theme=theme,
            script=script,
            bypass_csp=bypass_csp,
        )
        contexts.append(context)
        page = context.new_page()
        if not noisy:
            page.on("pageerror", lambda error: noises.append(f"{page.url}: {error}"))
            page.on("console", lambda said: noises.append(f"{page.url}: {said.text}"))
        return page

    yield make
    for context in contexts:
        context.close()
    assert not noises, noises
