"""What is marked: exactly the words that a walk over every word would mark."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from app.documents.finding import marking

LETTERS = st.text(alphabet="abelrnRAü ßÄé_.,19-'’ıſK", max_size=60)
WORDS = st.lists(st.text(alphabet="abelrnus19", max_size=7), max_size=4)


@given(text=LETTERS, marks=WORDS, begun=WORDS)
def test_the_marked_words_are_those_of_a_walk_over_all_words(
    text: str, marks: list[str], begun: list[str]
) -> None:
    marks, begun = [one for one in marks if one], [one for one in begun if one]
    if any(one.isdigit() for one in (*marks, *begun)):
        return  # numbers are walked word by word
    wanted = [
        word[0]
        for word in re.finditer(r"[^\W_]+", text)
        if marking._is_hit(word[0], frozenset(marks), tuple(begun))
    ]
    found = [
        text[first:last] for first, last in marking._hits(text, frozenset(marks), tuple(begun))
    ]
    assert found == wanted


def test_a_long_line_without_blanks_is_marked_in_no_time() -> None:
    pieces = marking.snippet("x" * 150_000 + " rechnung", ["rechnung"], [])
    assert [one.text for one in pieces if one.marked] == ["rechnung"]
