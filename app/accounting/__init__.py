"""Accounting: the ledger, bank lines and what is reported from them."""
