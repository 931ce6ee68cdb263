"""Moving in: a chart, contacts, opening balances and a ledger from another package's files."""
