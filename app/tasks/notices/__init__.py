"""Notices as people meet them: the bell, the page, the digest by mail, how each kind is told."""
