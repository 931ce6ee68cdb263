"""Reconciling: each bank line explained, by hand or by an accepted suggestion."""
