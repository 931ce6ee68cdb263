"""Paints the first pages of a paper as pictures: `python -I paint.py IN OUT_FOLDER`.

A program of its own, started by the preview's job with little time and memory: a hostile file can
waste these and nothing else. It has no network and reads nothing but the file. A PDF becomes
a PNG a page; a photo or scan one upright JPEG that carries nothing of the camera's
notes, so not where it was taken either. Beside them stands a small picture of the first, for lists.
"""

from __future__ import annotations

import resource
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image

MOST_PAGES = 5
PIXELS_AN_INCH = 130.0
PHOTO_EDGE = 2000
PHOTO_QUALITY = 82
SMALL = "small.webp"
SMALL_EDGE = 160
SMALL_QUALITY = 72
FORMATS = ("HEIF", "AVIF", "JPEG", "PNG", "GIF", "WEBP")
MOST_PIXELS = 150_000_000
CPU_SECONDS = 20
MEMORY = 2 * 1024**3
_PAGE = """#set page(width: 210mm, height: auto, margin: 0pt)
#image("{name}", page: {page}, width: 100%, format: "pdf")"""


def main(source: Path, folder: Path) -> int:
    """Writes the pictures 1, 2, … beside each other; returns how many."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    return _pdf(source, folder) if source.suffix == ".pdf" else _photo(source, folder)


def _pdf(source: Path, folder: Path) -> int:
    import typst

    for page in range(1, MOST_PAGES + 1):
        sheet = source.with_name("page.typ")
        sheet.write_text(_PAGE.format(name=source.name, page=page))
        try:
            made = typst.compile(sheet, root=source.parent, format="png", ppi=PIXELS_AN_INCH)
        except (typst.TypstError, RuntimeError):
            return page - 1  # beyond the last page, or nothing that can be drawn
        (folder / f"{page}.png").write_bytes(made)
        if page == 1:
            _small_of(folder / "1.png", folder)
    return MOST_PAGES


def _small_of(page: Path, folder: Path) -> None:
    """A page may be a tape many metres long: such a one has no small picture."""
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = None  # the bound is ours
    with Image.open(page, formats=("PNG",)) as picture:
        if picture.width * picture.height <= MOST_PIXELS:
            _small(picture.convert("RGB"), folder)


def _small(picture: Image.Image, folder: Path) -> None:
    picture.thumbnail((SMALL_EDGE, SMALL_EDGE))
    picture.save(folder / SMALL, "WEBP", quality=SMALL_QUALITY)


def _photo(source: Path, folder: Path) -> int:
    """One picture; the decoder has turned it upright already where the file says so itself."""
    import pi_heif  # type: ignore[import-untyped]  # the wheel ships no stubs
    from PIL import Image, ImageOps

    pi_heif.options.DECODE_THREADS = 1
    pi_heif.register_heif_opener(thumbnails=False)
    with Image.open(source, formats=FORMATS) as photo:
        if photo.width * photo.height > MOST_PIXELS:
            return 0
        upright = ImageOps.exif_transpose(photo).convert("RGB")
        colours = photo.info.get("icc_profile")
    upright.thumbnail((PHOTO_EDGE, PHOTO_EDGE))
    plain = Image.frombytes("RGB", upright.size, upright.tobytes())  # leaves every note behind
    plain.save(folder / "1.jpg", quality=PHOTO_QUALITY, icc_profile=colours)
    _small(plain, folder)
    return 1


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    from app.kernel import offline

    offline.cut_off()
    main(Path(sys.argv[1]), Path(sys.argv[2]))
