"""Typesets long reports in a program of its own, with little memory and time.

`python -I press.py set TEMPLATE DATA OUT SECONDS` writes one part and prints its pages;
`python -I press.py whole TEMPLATE DATA OUT SECONDS` writes a paper of several reports, with tags;
`python -I press.py join OUT PART…` puts the parts together. It opens no connection.
"""

from __future__ import annotations

import resource
import sys
from pathlib import Path

CPU_SECONDS = 120
MEMORY = 2 * 1024**3


def typeset(template: Path, data: Path, out: Path, moment: int, *, tags: bool) -> int:
    """One part as PDF; returns how many pages it has. A long file goes without tags."""
    import typst
    from pypdfium2 import PdfDocument

    made = typst.compile(
        template.read_bytes(),
        format="pdf",
        ignore_system_fonts=True,
        sys_inputs={"data": data.read_text(encoding="utf-8")},
        timestamp=moment,
        pdf_tags=tags,
    )
    out.write_bytes(made)
    return len(PdfDocument(out))


def join(out: Path, parts: list[Path]) -> int:
    """All parts as one PDF with the title of the first; returns how many pages it has."""
    from pypdfium2 import PdfDocument

    whole = PdfDocument(parts[0])
    for part in parts[1:]:
        whole.import_pages(PdfDocument(part))
    whole.save(out)
    return len(whole)


def main(act: str, *rest: str) -> int:
    """Runs one act within the bounds."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    if act in {"set", "whole"}:
        template, data, out = map(Path, rest[:3])
        return typeset(template, data, out, int(rest[3]), tags=act == "whole")
    return join(Path(rest[0]), [Path(one) for one in rest[1:]])


if __name__ == "__main__":
    print(main(*sys.argv[1:]))
