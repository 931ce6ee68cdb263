"""Agreement with the published sets of mails; each prints its ratio and holds its target."""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from app.mail import html_text, quoted, reading
from app.mail.message import Attachment, Automated, Mail

ROOT = Path(__file__).parents[3] / "shared" / "data" / "mail"
pytestmark = pytest.mark.skipif(not ROOT.is_dir(), reason="the shared mails are not here")
SECONDS = 2.0  # of processor, for one file


@dataclass(slots=True)
class Tally:
    """How many of a set agree."""

    name: str
    good: int = 0
    bad: int = 0
    said: str = ""

    def add(self, name: str, *, agrees: bool) -> None:
        """Count one case and keep the names of those that differ."""
        self.good += agrees
        self.bad += not agrees
        self.said += "" if agrees else f" {name}"

    def holds(self, least: float) -> None:
        """Print the ratio and hold the target."""
        total = self.good + self.bad
        print(f"\n{self.name}: {self.good} of {total} = {self.good / total:.1%};{self.said}")
        assert self.good / total >= least, self.said


def files(*folders: str, suffix: str = "") -> list[Path]:
    """The files of some folders of the shared mails."""
    found = [path for folder in folders for path in sorted((ROOT / folder).rglob(f"*{suffix}"))]
    return [path for path in found if path.is_file()]


def squeezed(text: str) -> str:
    """A text without its differences of white space."""
    return re.sub(r"\s+", " ", text).strip()


def alike(ours: str, theirs: str) -> bool:
    """Equal but for white space; a sign that their reader could not decode stands for any."""
    ours, theirs = squeezed(ours), squeezed(theirs)
    if "\ufffd" not in theirs:
        return ours == theirs
    pattern = ".{0,2}".join(re.escape(piece) for piece in re.split("\ufffd+", theirs))
    return re.fullmatch(pattern, ours, re.DOTALL) is not None


def test_every_file_is_read_in_time() -> None:
    """No exception, whatever the file is."""
    slowest = 0.0
    for path in files(""):
        began = time.process_time()
        assert isinstance(reading.read(path.read_bytes()), Mail)
        slowest = max(slowest, time.process_time() - began)
    print(f"\n{len(files(''))} files, slowest {slowest:.2f} s")
    assert slowest < SECONDS


def test_texts_and_attachments_agree_with_the_parsed_mails() -> None:
    """The expectations of stalwart (JSON) and of mime4j (XML with decoded texts)."""
    tally = Tally("text and attachments")
    for path in files("stalwart_eml", suffix=".eml"):
        expected = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        tally.add(path.name, agrees=_as_stalwart(reading.read(path.read_bytes()), expected))
    for path in files("mime4j_testmsgs", suffix=".msg"):
        tally.add(path.name, agrees=_as_mime4j(reading.read(path.read_bytes()), path))
    tally.holds(0.98)


def _as_stalwart(mail: Mail, expected: dict[str, Any]) -> bool:
    texts = [_body(expected["parts"][number]) for number in expected["text_body"]]
    if not alike(mail.text, "\n".join(texts)):
        return False
    parts = [expected["parts"][number] for number in expected["attachments"]]
    if len(parts) != len(mail.attachments):
        return False
    pairs = zip(mail.attachments, parts, strict=True)
    return all(_same_file(ours, theirs) for ours, theirs in pairs)


def _body(part: dict[str, Any]) -> str:
    body = part["body"]
    return str(body["Text"]) if "Text" in body else html_text.text_of(body.get("Html", ""))


def _same_file(ours: Attachment, part: dict[str, Any]) -> bool:
    """Its name where they found one, and its bytes; theirs may still be uuencoded."""
    name = _name(part)
    if name is not None and not alike(ours.name or "", name):
        return False
    for kind in ("Binary", "InlineBinary"):
        if kind in part["body"]:
            theirs = bytes(part["body"][kind])
            same = theirs == ours.data or theirs == ours.data.replace(b"\r\n", b"\n")
            return same or theirs.lstrip().startswith(b"begin 6")
    return True


def _name(part: dict[str, Any]) -> str | None:
    found: str | None = None
    for header in part["headers"]:
        value = header["value"]
        kind = value.get("ContentType") if isinstance(value, dict) else None
        for attribute in (kind or {}).get("attributes") or []:
            if attribute["name"] in ("name", "filename"):
                found = str(attribute["value"])
    return found


def _as_mime4j(mail: Mail, path: Path) -> bool:
    tree = path.with_name(f"{path.stem}_decoded.xml").read_text(encoding="latin-1")
    charset = "iso-8859-15" if path.stem == "qp-body" else "ascii"
    names = re.findall(r'<text-body name="([^"]*)"', tree)
    texts = [path.with_name(name).read_bytes().decode(charset) for name in names]
    return alike(mail.text, "\n".join(texts))


def test_new_text_agrees_with_the_replies_of_people() -> None:
    """Discourse's and Mailgun's sets, exactly but for blank lines around."""
    tally, lost = Tally("new text"), Tally("nothing lost")
    for path in files("discourse_reply_trimmer/emails"):
        expected = (ROOT / "discourse_reply_trimmer/trimmed" / path.name).read_text("utf-8")
        reply = quoted.split(path.read_text(encoding="utf-8")).reply
        tally.add(path.name, agrees=reply.strip("\n") == expected.strip("\n").rstrip())
        lost.add(path.name, agrees=set(expected.split()) <= set(reply.split()))
    for path in files("talon/standard_replies", suffix=".eml"):
        spoken = path.with_name(f"{path.stem}_reply_text")
        expected = spoken.read_text(encoding="utf-8") if spoken.exists() else "Hello"
        reply = reading.read(path.read_bytes()).reply
        tally.add(path.name, agrees=reply == expected.strip())
    tally.holds(0.9)
    lost.holds(1.0)


def test_new_text_of_html_agrees() -> None:
    """Talon's set: its visible words, white space aside."""
    tally = Tally("new text of HTML")
    for path in files("talon/html_replies"):
        words = "".join(reading.read(path.read_bytes()).reply.split())
        tally.add(path.name, agrees=words == "Hi.Iamfine.Thanks,Alex")
    tally.holds(0.95)


def test_reports_are_found_and_said_rightly() -> None:
    """Sisimai's set: recall, hard or soft, and the code of the first recipient."""
    expected = json.loads((ROOT / "sisimai_bounces/expected.json").read_text(encoding="utf-8"))
    recall, hard, code = Tally("reports found"), Tally("hard or soft"), Tally("codes")
    stated = Tally("codes that a server stated")
    for path in files("sisimai_bounces/bsd"):
        answers = expected.get(f"bsd/{path.name}")
        if path.name.startswith("rfc3834"):
            assert reading.read(path.read_bytes()).automated is Automated.AUTO_REPLY
            continue
        bounce = reading.read(path.read_bytes()).bounce
        recall.add(path.name, agrees=bounce is not None)
        if bounce is None or not answers:
            continue
        dsn, _smtp, _reason, is_hard = answers[0]
        hard.add(path.name, agrees=bounce.hard == is_hard)
        code.add(path.name, agrees=(bounce.dsn or "") == dsn)
        if ".0.9" not in dsn:
            stated.add(path.name, agrees=(bounce.dsn or "") == dsn)
    recall.holds(0.995)
    hard.holds(0.95)
    code.holds(0.95)
    stated.holds(0.95)


def test_no_other_mail_is_taken_for_a_report() -> None:
    """The mails that are none, and those that people wrote."""
    tally = Tally("no report")
    for path in files("sisimai_bounces/not", "talon", "stalwart_eml", "discourse_reply_trimmer"):
        tally.add(path.name, agrees=reading.read(path.read_bytes()).bounce is None)
    tally.holds(1.0)
