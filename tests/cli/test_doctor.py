"""The doctor says how the parts of the installation are, and what to do."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from app.cli import doctor
from app.kernel.settings import Settings
from tests.documents.coming_in import FakeClamd


def said_of(
    subject: str, monkeypatch: pytest.MonkeyPatch, settings: Settings, **change: object
) -> dict[str, str]:
    """What it says of one part of an installation that is set up so."""
    found = settings.model_copy(update=change)
    monkeypatch.setattr(doctor, "load_settings", lambda: found)
    monkeypatch.setattr(doctor.machine, "check_house_rules", list)  # tests of their own
    told = CliRunner().invoke(doctor.doctor, ["--json"], catch_exceptions=False)
    (line,) = [
        one for one in map(json.loads, told.stdout.splitlines()) if one["subject"] == subject
    ]
    return dict(line)


def scanner(
    monkeypatch: pytest.MonkeyPatch, settings: Settings, address: str | None
) -> dict[str, str]:
    """What it says of the virus scanner."""
    return said_of("scanner", monkeypatch, settings, clamd=address)


def test_the_doctor_warns_while_replies_are_taken_from_anybody(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    def said(domain: str | None, server: str | None) -> str:
        change = {"mail_in_domain": domain, "mail_in_authserv_id": server}
        return said_of("mail in", monkeypatch, settings, **change)["state"]

    assert said(None, None) == "ok"
    assert said("in.example.com", None) == "warn"
    assert said("in.example.com", "mx.example.com") == "ok"


def test_the_doctor_says_whether_files_are_scanned(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    none = scanner(monkeypatch, settings, None)
    assert none["state"] == "ok"
    assert "not scanned" in none["said"]

    clamd = FakeClamd()
    assert scanner(monkeypatch, settings, clamd.address)["said"] == f"{clamd.address} answers"
    clamd.close()
    away = scanner(monkeypatch, settings, clamd.address)
    assert away["state"] == "fail"
    assert "Start clamd" in away["remedy"]

    odd = FakeClamd(b"UNKNOWN COMMAND")
    answer = scanner(monkeypatch, settings, odd.address)
    odd.close()
    assert (answer["state"], answer["said"]) == ("fail", f"{odd.address}: UNKNOWN COMMAND")
