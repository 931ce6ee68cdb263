"""Readers of bank files: one module a format, usable offline, importing nothing heavy.

`reading.read(data)` finds the format and answers a `statement.StatementFile`, or raises
`statement.StatementRefused` and nothing else, whatever the bytes are. A new format is a module
with `read(data, notes)` and a line in `reading.READERS`.
"""
