"""How often suggestions are right: firms with noisy payments, and nothing certain wrong.

Beside them two plain ways to guess an account, and what the probabilities are worth.
BACKOFFICE_PROVE_SIZE is the number of firms of 100 lines each.
"""

from __future__ import annotations

import os
from collections import Counter

import pytest

from app.accounting.matching import engine
from tests.accounting import matching_cases
from tests.prove.suggestion_baselines import Bayes, Frequent
from tests.prove.suggestion_figures import Figures

SIZE = int(os.environ.get("BACKOFFICE_PROVE_SIZE", "50"))
SEED = int(os.environ.get("BACKOFFICE_PROVE_SEED", "1"))


@pytest.mark.prove
def test_what_is_certain_is_right() -> None:
    count: Counter[str] = Counter()
    noise: Counter[tuple[str, str]] = Counter()
    figures = Figures()
    for number in range(SIZE):
        firm = matching_cases.firm(SEED * 1_000_000 + number)
        found = engine.suggest(firm.lines, firm.known)
        frequent, bayes = Frequent.of(firm.booked), Bayes.of(firm.booked)
        for line in firm.lines:
            truth, listed = firm.truth[line.id], found[line.id]
            matching_cases.judge(count, noise, truth, listed)
            figures.add(truth, listed)
            figures.add_plain("most frequent", truth, frequent.guesses(line))
            figures.add_plain("naive Bayes", truth, bayes.guesses(line))
    print()
    for text in (*matching_cases.told(count, noise), *figures.told()):
        print(text)
    assert count["certain-right"] >= 0.999 * count["certain"]
