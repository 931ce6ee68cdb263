"""Statements and their lines: taken in by many ways, kept raw, read, mapped, listed, booked."""
