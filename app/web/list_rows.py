"""The rows of a list as HTML: what is the same in every row is worked out once.

Written in Python and not as a macro because the desk draws five hundred rows at once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from markupsafe import Markup, escape

from app.kernel import words

if TYPE_CHECKING:
    from app.web.lists import Column, ListView

Draw = Callable[[Any], Markup]


def tag(text: Any, tone: str = "") -> Markup:
    """A state: its word and the colour that goes with it."""
    return Markup(f'<span class="tag {tone}">{escape(text)}</span>')  # noqa: S704  # escaped; tones are ours


def row_drawer(view: ListView) -> Draw:
    """Draws the rows of one list in the reader's language of now."""
    cells = [_cell_drawer(column) for column in view.columns]
    main = [column.main for column in view.columns]

    def draw(row: Any) -> Markup:
        key = escape(view.key(row))
        href = escape(view.href(row)) if view.href else ""
        parts = [f'<tr id="r-{key}" data-row']
        if href:
            parts.append(f' data-href="{href}"')
        if view.peek:
            parts.append(f' data-peek-href="{escape(view.peek(row))}"')
        parts.append(">")
        if view.actions:
            parts.append(_pick(key, view.row_name(row)))
        for is_main, (opening, show) in zip(main, cells, strict=True):
            text = show(row)
            inner = f'<a href="{href}">{text}</a>' if is_main and href else text
            parts.append(f"{opening}{inner}</td>")
        parts.append("</tr>\n")
        return Markup("".join(parts))  # noqa: S704  # every part is escaped above

    return draw


def _pick(key: str, name: str) -> str:
    label = escape(words.gettext("Select %(name)s", name=name))
    return (
        f'<td class="pick"><input type="checkbox" name="ids" value="{key}"'
        f' aria-label="{label}"></td>'
    )


def _cell_drawer(column: Column) -> tuple[str, Callable[[Any], str]]:
    label = f' data-label="{escape(column.label)}"' if column.kind == "number" else ""
    return f'<td class="{column.classes()}"{label}>', lambda row: escape(column.show(row))
