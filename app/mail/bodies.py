"""Which parts are the body and which are attachments (RFC 8621, 4.1.4), without recursion."""

from __future__ import annotations

from dataclasses import dataclass, field

from app.mail import parameters
from app.mail.structure import Part

_MEDIA = ("image/", "audio/", "video/")


@dataclass(slots=True)
class Bodies:
    """The parts to be shown as text and as HTML, and the files, each in the mail's order."""

    text: list[Part] = field(default_factory=list)
    html: list[Part] = field(default_factory=list)
    files: list[Part] = field(default_factory=list)
    cut: list[Part] = field(default_factory=list)
    preambles: list[Part] = field(default_factory=list)


@dataclass(slots=True)
class _Branch:
    """What the siblings of one multipart may still add to; within an alternative it narrows."""

    text: bool = True
    html: bool = True
    alternative: bool = False


@dataclass(slots=True)
class _Step:
    """A part that waits for its turn, and what stands around it."""

    part: Part
    index: int
    around: str
    branch: _Branch
    closing: tuple[int, int] | None = None


def arrange(root: Part) -> Bodies:
    """Sort the parts of a mail; a mail that is nothing but another mail is read as that one."""
    while root.message and root.children:
        root = root.children[0]
    found = Bodies()
    waiting = [_Step(root, 0, "", _Branch())]
    while waiting:
        step = waiting.pop()
        if step.closing is not None:
            _same_for_both(found, *step.closing)
        elif step.part.multipart:
            _enter(found, step, waiting)
        else:
            _sort(found, step)
    return found


def _enter(found: Bodies, step: _Step, waiting: list[_Step]) -> None:
    """Queue the children of a multipart; an alternative is settled after its last child."""
    part = step.part
    subtype = part.media_type.partition("/")[2]
    if not part.children:
        found.preambles.append(part)
    around = step.branch
    branch = _Branch(around.text, around.html, around.alternative or subtype == "alternative")
    if subtype == "alternative" and around.text and around.html:
        waiting.append(_Step(part, 0, subtype, branch, (len(found.text), len(found.html))))
    children = [_Step(child, no, subtype, branch) for no, child in enumerate(part.children)]
    waiting.extend(reversed(children))


def _sort(found: Bodies, step: _Step) -> None:
    part, media = step.part, step.part.media_type
    if part.cut and media.startswith("text/"):
        found.cut.append(part)
    if part.message or not _inline(step):
        found.files.append(part)
        return
    if step.around == "alternative":
        if media == "text/plain":
            found.text.append(part)
        elif media == "text/html":
            found.html.append(part)
        else:
            found.files.append(part)
        return
    if media.startswith(_MEDIA):
        found.files.append(part)
        return
    branch = step.branch
    if branch.alternative and media == "text/plain":
        branch.html = False
    elif branch.alternative:
        branch.text = False
    if branch.text:
        found.text.append(part)
    if branch.html:
        found.html.append(part)


def _inline(step: _Step) -> bool:
    """Whether a leaf is shown in the place where it stands."""
    part, media = step.part, step.part.media_type
    is_media = media.startswith(_MEDIA)
    if part.disposition.value == "attachment" or part.cut or not part.sound:
        return False
    if not (media in ("text/plain", "text/html") or is_media):
        return False
    if step.index == 0:
        return True
    named = parameters.file_name(part.disposition, part.content_type) is not None
    return step.around != "related" and (is_media or not named)


def _same_for_both(found: Bodies, text: int, html: int) -> None:
    """An alternative with one kind only serves as both (RFC 8621)."""
    if len(found.text) == text and len(found.html) > html:
        found.text.extend(found.html[html:])
    elif len(found.html) == html and len(found.text) > text:
        found.html.extend(found.text[text:])
