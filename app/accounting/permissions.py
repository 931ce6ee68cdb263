"""The rights of the accounting line, as the matrix of roles shows them."""

from __future__ import annotations

from app.kernel.registry import Permission
from app.kernel.words import _

GROUP = _("Accounting")

PERMISSIONS = (
    Permission("accounting.read", _("See books, bank lines and reports"), GROUP),
    Permission("accounting.post", _("Book bank lines, post and reverse entries"), GROUP),
    Permission("accounting.post_in_review", _("Post into a month that is in review"), GROUP),
    Permission("accounting.accounts", _("Change the chart of accounts"), GROUP),
    Permission("accounting.close", _("Review and close months"), GROUP),
    Permission("accounting.close_override", _("Close a month over checks that are not met"), GROUP),
    Permission("accounting.reopen", _("Reopen closed months"), GROUP),
    Permission("accounting.import", _("Upload statements"), GROUP),
    Permission("accounting.publish", _("Publish reports to the client"), GROUP),
    Permission("accounting.export", _("Export figures and open original files"), GROUP),
)
