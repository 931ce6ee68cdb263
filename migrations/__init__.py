"""Revisions of the database, the SQL they run, and the bootstrap an administrator runs first."""
