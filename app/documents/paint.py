"""Paints the first pages of a PDF as pictures: `python -I paint.py IN.pdf OUT_FOLDER`.

A program of its own, started by the preview's job with little time and memory: a hostile file can
waste these and nothing else. It opens no connection and reads nothing but the file.
"""

from __future__ import annotations

import resource
import sys
from pathlib import Path

import typst

MOST_PAGES = 5
PIXELS_AN_INCH = 130.0
CPU_SECONDS = 20
MEMORY = 2 * 1024**3
_PAGE = """#set page(width: 210mm, height: auto, margin: 0pt)
#image("{name}", page: {page}, width: 100%, format: "pdf")"""


def main(source: Path, folder: Path) -> int:
    """Writes 1.png, 2.png, … beside each other; returns how many."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    for page in range(1, MOST_PAGES + 1):
        sheet = source.with_name("page.typ")
        sheet.write_text(_PAGE.format(name=source.name, page=page))
        try:
            made = typst.compile(sheet, root=source.parent, format="png", ppi=PIXELS_AN_INCH)
        except (typst.TypstError, RuntimeError):
            return page - 1  # beyond the last page, or nothing that can be drawn
        (folder / f"{page}.png").write_bytes(made)
    return MOST_PAGES


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
