"""The words of what cannot be read as a mail; a registration declares them."""

from __future__ import annotations

from app.kernel.words import _

ERROR_TEXTS = {
    "mail-too-large": _(
        "This message is larger than %(most)s MB. It is kept as it came; open it from the raw "
        "message."
    ),
    "mail-too-slow": _(
        "This message took longer than %(seconds)s s to read. It is kept as it came; open it from"
        " the raw message."
    ),
    "mail-unreadable": _(
        "This message cannot be taken apart. It is kept as it came; open it from the raw message."
    ),
}
