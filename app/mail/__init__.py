"""Reading mail: a raw message becomes text, new text, attachments and its kind.

Pure: no database, no web framework, no network. `reading.read` is the door; `child.Reader` is the
same door in a program of its own with bounded time and memory.
"""
