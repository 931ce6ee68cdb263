"""A client is erased: what goes, what stays, and what a kill in between leaves."""
