"""What of Debian reads scanned pages, and in which languages."""

from __future__ import annotations

LANGUAGES = ("eng", "deu", "fra", "nld", "ita", "spa")
PACKAGES = ("tesseract-ocr", *(f"tesseract-ocr-{one}" for one in LANGUAGES))
