"""The paragraph: every number in it is one of the explanation's, in both languages, units and lengths."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from app_texts import texts_of
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.cached import explain as cached_explain
from dashboard.cached import workspace as cached_workspace
from dashboard.presentation import wording
from dashboard.presentation.sentences.paragraph import LENGTHS, Circumstances, paragraph
from dashboard.presentation.texts import numbers, use_language
from dashboard.presentation.wording import Reason
from recsys_core.explain.agreement import Agreement
from recsys_core.metrics import probability
from recsys_core.player import Player
from recsys_core.results import Contribution, Explanation, RankedItem
from recsys_core.variant import DENSE

NUMBER = re.compile(rf"[+{numbers.MINUS}]?\d[\d{numbers.THIN}]*(?:\.\d+)?(?:e{numbers.MINUS}?-?\d+)?")
FIXED = {10.0, 1.0, 2.0, 0.0}  # top 10, "1 is the same order", R², the ends of a scale


def tokens(text: str) -> list[tuple[float, float]]:
    """Every number of a text, and half a unit of its last digit."""
    found = []
    for raw in NUMBER.findall(text.replace("R²", "")):
        plain = raw.replace(numbers.THIN, "").replace(numbers.MINUS, "-").replace("+", "")
        power = float("1" + plain[plain.index("e") :]) if "e" in plain else 1.0
        decimals = len(plain.split("e")[0].partition(".")[2])
        found.append((float(plain), 0.5 * 10**-decimals * power))
    return found


def made_up(
    values: list[float], rank: int, *, units: str, exact: bool
) -> tuple[Explanation, list[Reason], Circumstances]:
    """An explanation with these contributions (of a probability: scaled to fit), its reasons, and the rest."""
    if units == "probability":
        scale = 0.4 / max(1.0, sum(map(abs, values)))
        values, base = [v * scale for v in values], 0.5
    else:
        base = -1.37
    score = base + sum(values)
    error = None if exact else 0.0123
    parts = tuple(
        Contribution(Player("item", f"c{'abcdefghijklmnop'[i]}"), "x", v, error, "", 0.123 + i / 50)
        for i, v in enumerate(values)
    )
    logit = score if units == "logit" else 0.789
    found = Explanation(
        *("u", "i", "Thing", "shapley", score, base, parts),
        background=32,
        seed=7,
        seconds=0.1,
        exact=exact,
        units=units,
        score_logit=None if units == "logit" else logit,
    )
    reasons = [Reason(p.player.column, "x", p.contribution, p.feature, 1, error, p.probability_without) for p in parts]
    reasons.sort(key=lambda r: -abs(r.contribution))
    item = RankedItem(3, "i", "Thing", logit, rank)
    agreement = Agreement(0.876, 1.0, 1.0, len(values))
    return found, reasons, Circumstances("Anna", item, 987, "Average case", "like", agreement, 0.654)


def allowed(found: Explanation, about: Circumstances) -> list[float]:
    """Every number that the paragraph may say, worked out from the explanation alone."""
    values = sorted((c.contribution for c in found.contributions), key=lambda v: -abs(v))
    sides = [[v for v in values if v > 0], [v for v in values if v < 0]]
    sums = [sum(side[k:]) for side in sides for k in range(len(side) + 1)]
    in_units = [found.score, found.base_value, found.score - found.base_value, *values, *sums]
    if found.units == "probability":
        in_units = [100 * v for v in in_units]
    counts = [
        len(values),
        sum(v == 0 for v in values),
        *(len(side[k:]) for side in sides for k in range(len(side) + 1)),
    ]
    error = found.standard_error or 0.0
    doubt = [abs(found.completeness_gap), error, 100 * error, about.agreement.rank_correlation, about.fit]
    chances = [found.probability, found.logit, *(c.probability_without for c in found.contributions)]
    places = [about.item.rank, about.n_candidates, found.background, found.seed]
    return [*in_units, *counts, *doubt, *chances, *places, *FIXED]


values = st.lists(st.floats(-3, 3).map(lambda v: round(v, 4)), min_size=1, max_size=14)


@settings(deadline=None, max_examples=150)
@given(
    values,
    st.sampled_from([0, 1, 10, 11, 640]),
    st.sampled_from(["logit", "probability"]),
    st.booleans(),
    st.sampled_from(LENGTHS),
    st.sampled_from(["en", "zh"]),
)
def test_every_number_is_one_of_the_explanations(values, rank, units, exact, length, language):
    found, reasons, about = made_up(values, rank, units=units, exact=exact)
    use_language(language)
    text = paragraph(found, reasons, about, length=length)
    may = allowed(found, about)
    for value, half in tokens(text):
        assert any(abs(value - number) <= half * 1.0001 + 1e-12 for number in may), (value, text)
    assert "Thing" in text
    assert "Anna" in text
    assert "{" not in text
    use_language("en")


def test_a_paragraph_by_hand():
    found, reasons, about = made_up([1.2, -0.31, 0.4, 0.0, 0.01], 1, units="logit", exact=True)
    assert paragraph(found, reasons, about).replace(numbers.MINUS, "-") == (
        "“Thing” is recommended to Anna: rank 1 of 987 candidates, probability 0.48 (logit -0.07). "
        "For it: ca (+1.20) and cc (+0.40). Against it: cb (-0.31)."
    )
    full = paragraph(found, reasons, about, length="full").replace(numbers.MINUS, "-")
    assert full == (
        "“Thing” is recommended to Anna: rank 1 of 987 candidates, probability 0.48 (logit -0.07). "
        "Starting point: Average case (-1.37). 5 reasons make up the difference of +1.30: "
        "3 for it (+1.61), 1 against it (-0.31). 1 adds nothing. "
        "For it: ca (+1.20), cc (+0.40) and 1 other (+0.01). Against it: cb (-0.31). "
        "Without “ca” the probability would be 0.12 instead of 0.48. "
        "These are exact Shapley values against 32 background examples (seed 7); their sum misses the score by 0. "
        "A second method, LIME, orders the reasons alike to 0.88 (1 is the same order; "
        "its linear model fits with R² 0.65)."
    )
    outside = paragraph(*made_up([1.2, -0.31, -0.4], 41, units="logit", exact=True))
    assert "is not among the 10 items" in outside
    assert outside.index("Against it: cc") < outside.index("For it: ca")
    of_item = replace(found, compared_with="item:9", background=1)
    assert "Shapley values against that item alone;" in paragraph(of_item, reasons, about, length="full")
    of_ratings = paragraph(found, reasons, replace(about, task="rating"))
    assert "probability" not in of_ratings


def test_the_card_says_the_pages_own_explanation_and_follows_the_units(open_app, ref):
    data = cached_workspace.dataset(ref)
    where = ref, data.user_index("3"), data.item_index("7"), DENSE
    for units, length in (("logit", "short"), ("probability", "full")):
        app = open_app("explain", user="3", item="7", paragraph="true", units=units, length=length)
        assert not app.exception
        shown = next(d["text"] for e in app.get("bidi_component") if "copied" in (d := json.loads(e.proto.json)))
        explanation = cached_explain.explanation(*where, units=units)
        top = wording.reasons(data, explanation)[0]
        assert top.label in shown
        assert data.titles[where[2]] in shown
        chance = (
            numbers.fixed(probability(explanation.logit)) if units == "logit" else numbers.percent(explanation.score, 1)
        )
        assert chance in shown
        assert ("LIME" in shown) == (length == "full")
        assert any("every number is one of this explanation's" in text for text in texts_of(app))
    assert "R²" in shown


@pytest.mark.parametrize("contributions", [[0.0], [0.0, 0.0]])
def test_reasons_that_add_nothing(contributions):
    found, reasons, about = made_up(contributions, 0, units="logit", exact=True)
    text = paragraph(found, reasons, about, length="full")
    assert "no candidate" in text
    assert "Nothing speaks clearly for it" in text
