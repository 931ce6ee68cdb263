"""What accounting does when a client is created: books, chart, journals and months."""

from __future__ import annotations

import datetime as dt

from app.accounting import charts, commands
from app.kernel import clock
from app.kernel.registry import NewClient


def on_client_created(client: NewClient) -> None:
    """Opens the books from the first month of the fiscal year they begin in to next year's end.

    Runs in the transaction that creates the client, as the worker's system user.
    """
    today = clock.today(client.time_zone)
    year, month = client.books_from_year, client.fiscal_year_start_month
    commands.open_books(
        base_currency=client.currency,
        fiscal_start_month=month,
        first=dt.date(year, month, 1),
        last=max(dt.date(today.year + 1, 12, 31), dt.date(year, 12, 31)),
    )
    lay_chart(client.chart_template)


def lay_chart(template: str) -> None:
    """Makes the tax codes and accounts of a template, each pointing at the other."""
    chart = charts.load(template)
    commands.create_tax_codes(codes=chart.tax_codes)
    made = commands.create_accounts(accounts=chart.accounts)
    commands.set_tax_accounts(
        accounts={code: made[account] for code, account in chart.tax_accounts.items()},
        reverse={code: made[account] for code, account in chart.reverse_accounts.items()},
    )
