"""Looks into a file with a parser that may crash: `python -I examine.py FILE`.

A program of its own, as the painter is: it gets little time and memory, has no network and
reads nothing but the file. It prints `ok`, or the code of what it found.
"""

from __future__ import annotations

import resource
import sys
from pathlib import Path

CPU_SECONDS = 20
MEMORY = 2 * 1024**3


def main(path: Path) -> str:
    """The verdict on a PDF: whether it opens, and what its attached files are."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    from app.documents import checks
    from app.documents.pdf_attachments import PdfUnreadable, attachments
    from app.kernel import offline
    from app.kernel.errors import Invalid

    offline.cut_off()
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    try:
        for _name, content in attachments(path.read_bytes()):
            checks.check_inside(content)
    except PdfUnreadable as fault:
        return fault.code
    except Invalid as refusal:
        return refusal.fields["file"][0].code
    return "ok"


if __name__ == "__main__":
    print(main(Path(sys.argv[1])))
