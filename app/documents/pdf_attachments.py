"""The files inside a PDF: where Factur-X and ZUGFeRD carry the invoice's XML."""

from __future__ import annotations

from typing import Any

import pypdfium2

MOST_FILES = 50
MOST_BYTES = 25 * 1024 * 1024


class PdfUnreadable(ValueError):
    """The PDF is damaged or needs a password; `code` is `file-damaged` or `file-locked`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def attachments(data: bytes) -> list[tuple[str, bytes]]:
    """Name and content of the first fifty attached files that are not too large.

    Hostile files may crash or hang the parser: the product calls this in a process of its own.
    Raises PdfUnreadable.
    """
    document = opened(data)
    try:
        count = min(document.count_attachments(), MOST_FILES)
        return [
            (one.get_name(), bytes(content))
            for one in (document.get_attachment(number) for number in range(count))
            if (content := _content(one)) is not None
        ]
    finally:
        document.close()


def opened(data: bytes) -> Any:
    """The document; raises PdfUnreadable."""
    try:
        return pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as fault:
        locked = "password" in str(fault).lower()
        raise PdfUnreadable("file-locked" if locked else "file-damaged") from fault


def _content(attachment: Any) -> bytes | None:
    try:
        content = attachment.get_data()
    except pypdfium2.PdfiumError:
        return None  # a name without a file behind it
    return content if len(content) <= MOST_BYTES else None
