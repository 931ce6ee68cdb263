"""Billing: rating, periods and what is prepaid."""
