"""The bank on screen: accounts, statement files, bank lines and booking them."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from flask import Response, url_for

from app.accounting import queries
from app.accounting.bank import commands as bank_commands
from app.accounting.bank import complete as bank_complete
from app.accounting.bank import dedupe as bank_dedupe
from app.accounting.bank import intake as bank_import
from app.accounting.bank import intake_words as bank_intake_words
from app.accounting.bank import lists as bank_lists
from app.accounting.bank import queries as bank_queries
from app.accounting.bank import schemas
from app.accounting.codes import queries as codes_queries
from app.accounting.reconcile import commands as reconcile_commands
from app.kernel import clock, jobs_queries, money, people, reads, storage, words
from app.kernel.errors import Conflict, Invalid, NotFound
from app.kernel.jobs_queries import JobView
from app.kernel.words import _
from app.tasks import around, question_views
from app.web import forms
from app.web import tray as jobs_tray
from app.web.pages import Pages, Surface
from app.web.render import download, redirect_to, render, toast
from connectors.catalog.bank.statement import MAX_BYTES

pages = Pages("accounting_bank", __name__, surface=Surface.CLIENT)
ROOM = 1024 * 1024
"""Bytes a form may need around its file."""


def _looked(kind: str, object_id: UUID | None = None) -> None:
    reads.leave(reads.Look(kind=kind, object_id=object_id, line="accounting"))


@pages.get("/c/<client>/books/bank/accounts", needs="accounting.read")
def accounts() -> Response:
    """The client's bank accounts with what is left to do."""
    _looked("bank_accounts")
    page = bank_lists.ACCOUNTS.page(bank_lists.ACCOUNTS.read(), bank_queries.bank_accounts())
    return render("accounting/bank_accounts.html", fragment="list", page=page)


def new_account() -> Response:
    """The form of a new bank account."""
    values = {"currency": queries.book().base_currency}
    return render(
        "accounting/bank_account_form.html",
        form=forms.current(schemas.AccountForm, values=values),
        currencies=[(code, code) for code in money.CURRENCIES],
        accounts=_bank_ledger_accounts(),
    )


pages.get(
    "/c/<client>/books/bank/accounts/new", needs="accounting.accounts", endpoint="new_account"
)(new_account)


@pages.post("/c/<client>/books/bank/accounts/new", needs="accounting.accounts", again=new_account)
def create_account() -> Response:
    """Adds a bank account."""
    form = forms.bind(schemas.AccountForm)
    bank_commands.create_bank_account(
        number=form.number, name=form.name, currency=form.currency, account_id=form.account_id
    )
    toast(_("Bank account %(name)s added.", name=form.name))
    return redirect_to(".accounts")


def account(bank_account_id: UUID) -> Response:
    """One bank account and the form that renames it."""
    found = bank_queries.bank_account(bank_account_id)
    values = {"name": found.name, "version": found.version}
    return render(
        "accounting/bank_account.html",
        account=found,
        book_account=queries.account(found.account_id),
        form=forms.current(schemas.NameForm, values=values),
    )


pages.get(
    "/c/<client>/books/bank/accounts/<uuid:bank_account_id>",
    needs="accounting.read",
    endpoint="account",
)(account)


@pages.post(
    "/c/<client>/books/bank/accounts/<uuid:bank_account_id>",
    needs="accounting.accounts",
    again=account,
)
def rename_account(bank_account_id: UUID) -> Response:
    """Gives a bank account another name."""
    form = forms.bind(schemas.NameForm)
    bank_commands.rename_bank_account(
        bank_account_id=bank_account_id, name=form.name, version=form.version
    )
    toast(_("The bank account is now called %(name)s.", name=form.name))
    return redirect_to(".accounts")


def rates() -> Response:
    """The exchange rates kept, and the form that adds one."""
    asked = bank_lists.RATES.read()
    found = bank_queries.rates(after=asked.after, limit=asked.limit)
    base = queries.book().base_currency
    return render(
        "accounting/bank_rates.html",
        fragment="list",
        page=bank_lists.RATES.page(asked, found),
        base=base,
        currencies=[(code, code) for code in money.CURRENCIES if code != base],
        form=forms.current(schemas.RateForm, values={"on": clock.today(words.time_zone())}),
    )


pages.get("/c/<client>/books/bank/rates", needs="accounting.read", endpoint="rates")(rates)


@pages.post("/c/<client>/books/bank/rates", needs="accounting.post", again=rates)
def set_rate() -> Response:
    """Keeps a rate from a day on; the same day again replaces it."""
    form = forms.bind(schemas.RateForm)
    rate = _rate(form.rate)
    if rate is None:
        raise Invalid.of("rate", "rate-out-of-range")
    bank_commands.set_rate(currency=form.currency, on=form.on, rate=rate)
    toast(_("Rate of %(currency)s kept.", currency=form.currency))
    return redirect_to(".rates")


def _bank_ledger_accounts() -> list[tuple[str, str]]:
    taken = {one.account_id for one in bank_queries.bank_accounts()}
    return [
        (str(one.id), f"{one.code} {one.name}")
        for one in queries.accounts()
        if one.subtype == "bank" and one.id not in taken
    ]


def upload_form() -> Response:
    """Where a statement is dropped or chosen, with the newest files below."""
    asked = bank_lists.FILES.read()
    found = bank_queries.files(after=asked.after, limit=asked.limit)
    return render(
        "accounting/bank_upload.html",
        fragment="list",
        page=bank_lists.FILES.page(asked, found),
        form=forms.current(schemas.UploadForm),
    )


pages.get("/c/<client>/books/bank/files", needs="accounting.read", endpoint="files")(upload_form)


@pages.post(
    "/c/<client>/books/bank/files",
    needs="accounting.import",
    again=upload_form,
    max_bytes=MAX_BYTES + ROOM,
)
def upload() -> Response:
    """Keeps the file and imports its lines where the account is known."""
    chosen = forms.upload("file", max_bytes=MAX_BYTES)
    if chosen is None:
        raise Invalid.of("file", "file-missing")
    done = bank_import.upload_statement(data=chosen.data, name=chosen.name)
    toast(bank_intake_words.outcome(done))
    if done.state == "mapping":
        return redirect_to("accounting_intake.mapping", file_id=done.file_id)
    return redirect_to(".file", file_id=done.file_id)


def _import_of(found: bank_queries.StatementFileView) -> JobView | None:
    """The job that imports a file; None when it has ended well, or is no longer kept."""
    if found.state != "importing" or found.job_id is None:
        return None
    try:
        return jobs_queries.one(found.job_id)
    except NotFound:
        return None


def _file_page(file_id: UUID) -> Response:
    """One file: statements, doubts or the reason it was refused, and its lines' account."""
    found = bank_queries.file(file_id)
    known = bank_queries.bank_accounts() if found.state == "waiting" else []
    job = _import_of(found)
    return render(
        "accounting/bank_file.html",
        file=found,
        job=job,
        may_replay=job is not None and jobs_tray.may_replay(job),
        statements=bank_queries.statements(file_id),
        doubts=bank_complete.doubts(file_id),
        sources=bank_lists.SOURCES,
        uploader=people.names([found.uploaded_by]).get(found.uploaded_by, ""),
        options=[(str(one.id), f"{one.name} · {one.currency}") for one in known],
        currencies=[(code, code) for code in money.CURRENCIES],
        form=forms.current(schemas.ChoiceForm),
    )


@pages.get("/c/<client>/books/bank/files/<uuid:file_id>", needs="accounting.read")
def file(file_id: UUID) -> Response:
    """One uploaded file."""
    _looked("statement_file", file_id)
    return _file_page(file_id)


@pages.post(
    "/c/<client>/books/bank/files/<uuid:file_id>/account",
    needs="accounting.import",
    again=_file_page,
)
def choose(file_id: UUID) -> Response:
    """Ties an unknown number of a file to a bank account, made when none is chosen."""
    form = forms.bind(schemas.ChoiceForm)
    number = bank_dedupe.normal_number(form.number)
    account_id = form.bank_account_id
    if account_id is None:
        named, currency = form.name or number, form.currency or form.new_currency
        if not named or not currency:
            raise Invalid.of("bank_account_id", "bank-account-needed")
        account_id = bank_commands.create_bank_account(
            number=number or named.upper(), name=named, currency=currency
        )
    done = bank_import.choose_account(
        file_id=file_id,
        number=number,
        currency=form.currency or "",
        bank_account_id=account_id,
    )
    toast(bank_intake_words.outcome(done))
    return redirect_to(".file", file_id=file_id)


@pages.get("/c/<client>/books/bank/files/<uuid:file_id>/raw", needs="accounting.export")
def raw(file_id: UUID) -> Response:
    """The file as the bank sent it; every download is written down."""
    found = bank_queries.file(file_id)
    reads.leave(
        reads.Look(
            kind="statement_file",
            object_id=file_id,
            line="accounting",
            exported=True,
            rows=found.lines_total,
        )
    )
    content = storage.open(found.stored_object_id)
    return download(content, name=found.name, media_type="application/octet-stream")


@pages.get("/c/<client>/books/bank", needs="accounting.read")
def lines() -> Response:
    """Bank lines: to do, booked or all."""
    asked = bank_lists.LINES.read()
    found = bank_queries.lines(
        bank_lists.wanted(asked.filters), after=asked.after, limit=asked.limit
    )
    _looked("bank_lines")
    counts = {"to_do": bank_queries.count(bank_queries.LineFilter(state="to_do"))}
    return render(
        "accounting/bank_lines.html",
        fragment="list",
        page=bank_lists.LINES.page(asked, found, counts=counts),
    )


def _line_page(line_id: UUID, version: int = 0) -> Response:
    """One bank line with where it came from and the form that books it."""
    found = bank_queries.line(line_id)
    base = queries.book().base_currency
    foreign = found.currency != base
    kept = bank_queries.rate(found.currency, found.booked_on) if foreign else None
    values = {"version": found.version, "rate": str(kept.normalize()) if kept else None}
    return render(
        "accounting/bank_line.html",
        fragment="peek",
        line=found,
        base=base,
        foreign=foreign,
        form=forms.current(schemas.BookForm, values=values),
        accounts=[one for one in queries.accounts() if one.id != found.account_id],
        contacts=[(str(one.id), one.name) for one in queries.counterparties()],
        taxes=codes_queries.tax_options(),
        around=around.of("bank_transaction", line_id),
    )


@pages.post("/c/<client>/books/bank/lines/ask", needs="request.ask")
def ask_about() -> Response:
    """The form that asks the client about the ticked lines."""
    keys = [str(one) for one in forms.selected()]
    return question_views.form_about("bank_transaction", keys)


@pages.get("/c/<client>/books/bank/lines/<uuid:line_id>", needs="accounting.read")
def line(line_id: UUID) -> Response:
    """One bank line."""
    _looked("bank_transaction", line_id)
    return _line_page(line_id)


@pages.post(
    "/c/<client>/books/bank/lines/<uuid:line_id>/book", needs="accounting.post", again=_line_page
)
def book(line_id: UUID) -> Response:
    """Books a line against an account of the chart."""
    form = forms.bind(schemas.BookForm)
    entry = bank_commands.book_line(line_id=line_id, version=form.version, coding=_coding(form))
    toast(
        _("Booked as %(label)s.", label=entry.label),
        undo=url_for(".undo", line_id=line_id, version=form.version + 1),
    )
    after = bank_queries.next_to_do(line_id)
    return redirect_to(".line", line_id=after) if after else redirect_to(".lines")


def _coding(form: schemas.BookForm) -> bank_commands.AccountCoding:
    code = form.account.split(" ")[0]
    account = next((one for one in queries.accounts() if one.code == code), None)
    if account is None:
        raise Invalid.of("account", "account-unknown")
    return bank_commands.AccountCoding(
        account_id=account.id,
        counterparty_id=form.contact,
        tax_code=form.tax_code,
        memo=form.memo,
        rate=_rate(form.rate),
    )


def _rate(text: str | None) -> Decimal | None:
    if not text:
        return None
    try:
        found = money.parse_decimal(text, decimal_comma="," in text and "." not in text)
    except money.NotAnAmount as fault:
        raise Invalid.of("rate", fault.code) from fault
    if not found.is_finite() or not 0 < found < 10**9:
        raise Invalid.of("rate", "rate-out-of-range")
    return found


@pages.post(
    "/c/<client>/books/bank/lines/<uuid:line_id>/undo/<int:version>",
    needs="accounting.post",
    again=_line_page,
)
def undo(line_id: UUID, version: int) -> Response:
    """Takes a booking back."""
    if version >= 2**31:
        raise Conflict("changed-meanwhile")
    reconcile_commands.undo_line(line_id=line_id, version=version)
    toast(_("The bank line is to do again."))
    return redirect_to(".line", line_id=line_id)


def permalink(line_id: UUID) -> str | None:
    """The page of a bank line."""
    return url_for("accounting_bank.line", line_id=bank_queries.line(line_id).id)
