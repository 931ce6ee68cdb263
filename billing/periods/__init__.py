"""Billing periods: pure calendar arithmetic; no clock, no database."""
