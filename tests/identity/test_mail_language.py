"""Code mails speak the reader's language: the inviter's choice, the person's own, the browser's."""

from __future__ import annotations

from uuid import UUID

import psycopg
from flask import Flask

from app.kernel import db, jobs, mail, mail_sending
from app.kernel.words import _
from tests import factories
from tests.identity.people import email_of, with_cookie


def _letter(worker_app: Flask, admin: psycopg.Connection, email: str) -> mail_sending.Letter:
    """The newest letter to an address, after the mailing jobs ran."""
    jobs.run_due(worker_app, kinds=["mail.codes"])
    jobs.run_due(worker_app)
    row = admin.execute(
        "select id, sealed from app.mail_message where to_address = %s order by id desc limit 1",
        (email,),
    ).fetchone()
    admin.rollback()
    assert row is not None
    with worker_app.app_context():
        return mail_sending.open_letter(bytes(row[1]), str(row[0]))


def _client_person(admin: psycopg.Connection) -> UUID:
    return factories.owner(admin, factories.make_client(admin)).person_id


def test_an_invitation_is_in_the_language_the_inviter_chose(
    app: Flask, worker_app: Flask, admin: psycopg.Connection
) -> None:
    tenant = factories.make_client(admin)
    browser = with_cookie(app, factories.owner(admin, tenant))
    address = f"/portal/{factories.slug_of(admin, tenant)}/people/invite"
    form = {"name": "Ute Brandt", "role": "member"}
    german = f"{factories.unique('ute')}@example.com"
    sent = browser.post(address, data={**form, "email": german, "locale": "de"})
    assert sent.status_code == 303, sent.text[:2000]
    letter = _letter(worker_app, admin, german)
    assert "Guten Tag" in letter.text
    assert 'lang="de"' in letter.html

    same = f"{factories.unique('ada')}@example.com"
    browser.post(address, data={**form, "email": same})
    assert "Hello Ute Brandt" in _letter(worker_app, admin, same).text

    wrong = browser.post(address, data={**form, "email": same, "locale": "tlh"})
    assert wrong.status_code == 422


def test_a_code_is_in_the_language_of_the_browser_that_asks(
    app: Flask, worker_app: Flask, admin: psycopg.Connection
) -> None:
    email = email_of(admin, _client_person(admin))
    browser = app.test_client()
    asked = browser.post(
        "/login/mail", data={"email": email}, headers={"Accept-Language": "de-AT,de;q=0.9"}
    )
    assert asked.status_code in (200, 303), asked.text[:2000]
    assert "Guten Tag" in _letter(worker_app, admin, email).text


def test_a_persons_own_choice_counts_more_than_the_browsers(
    app: Flask, worker_app: Flask, admin: psycopg.Connection
) -> None:
    person = _client_person(admin)
    admin.execute(
        "insert into guard.person_setting (person_id, locale, mail_locale) values (%s, 'en', 'de')",
        (person,),
    )
    admin.commit()
    email = email_of(admin, person)
    browser = app.test_client()
    browser.post("/reset", data={"email": email}, headers={"Accept-Language": "en"})
    assert "Guten Tag" in _letter(worker_app, admin, email).text


def test_a_mail_to_a_person_is_in_the_language_they_chose_for_mails(
    app: Flask, worker_app: Flask, admin: psycopg.Connection
) -> None:
    tenant = factories.make_client(admin)
    owner, staff = factories.owner(admin, tenant), factories.staff(admin, tenant)
    chosen = {"mail_locale": "de", "locale": "en", "theme": "", "density": "", "keys_on": "on"}
    browser = with_cookie(app, owner)
    saved = browser.post("/me/display", data={**chosen, "time_zone": "UTC"})
    assert saved.status_code == 303, saved.text[:2000]
    mail.register("test.greeting", subject=_("Sign in"), paragraphs=(_("Your sign-in code"),))
    with worker_app.app_context(), db.transaction(staff.scope(tenant)):
        sent = mail.send("test.greeting", to_person=owner.person_id)
    jobs.run_due(worker_app)
    admin.rollback()
    row = admin.execute("select subject from app.mail_message where id = %s", (sent,)).fetchone()
    assert row == ("Anmelden",)
