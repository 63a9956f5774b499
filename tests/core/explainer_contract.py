"""What holds for every explainer: a test class of a method inherits ``ExplainerContract`` and says what it promises."""

from __future__ import annotations

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch
from explain_model import random_pairs, random_scorer, tiny_dataset, tiny_features, with_known
from term_workspace import random_term
from torch import nn

from dashboard.presentation.texts import catalogue
from recsys_core.data.known import KnownItems
from recsys_core.errors import SettingError
from recsys_core.explain.black_box import RankerRows
from recsys_core.explain.explain import explain
from recsys_core.explain.methods import METHODS
from recsys_core.metrics import logistic
from recsys_core.models.scorer import Pairs, Scorer
from recsys_core.results import Explanation
from recsys_core.results.units import UNITS
from recsys_core.variant import ModelVariant

DATASET = tiny_dataset()
FEATURES = tiny_features(DATASET)
SCORER = random_scorer(FEATURES)
WITH_TERM = SCORER.with_term(random_term(DATASET.n_items))
BACKGROUND = with_known(random_pairs(DATASET, 5, seed=2), DATASET.n_items)
EARLIER = [12, 4, 15]  # the item itself among them
PAIR = Pairs(
    np.array([2]), np.array([4]), np.array([[7, 3, 9, -1, -1]]), KnownItems.of([[7, 3, 9, *EARLIER]], DATASET.n_items)
)
NO_HISTORY = Pairs(PAIR.users, PAIR.items, np.full((1, 5), -1), KnownItems.of([[]], DATASET.n_items))


def score_of(scorer: Scorer, pair: Pairs) -> float:
    return float(scorer.score_pairs(pair.users, pair.items, pair.histories, pair.known)[0])


def values(found: Explanation) -> np.ndarray:
    return np.array([c.contribution for c in found.contributions])


class ExplainerContract:
    """Tests of one method.

    Attributes
    ----------
    method
        Its name in the registry.
    scorer
        What is explained: a network alone, or with an item-item term beside it.
    gap
        What base and contributions may miss the score by.
    rounding
        How far apart two answers may be that ought to be equal.
    no_effect
        Largest contribution of a player that has the background's value, as a share of the largest of all.
    """

    method: str
    scorer = SCORER
    gap = 1e-4
    rounding = 1e-4
    no_effect = 1e-5

    def explain(self, pair: Pairs = PAIR, background: Pairs = BACKGROUND, **settings: object) -> Explanation:
        settings = {"scorer": self.scorer, "method": self.method} | settings
        return explain(dataset=DATASET, pair=pair, background=background, **settings)

    def histories(self) -> tuple[str, ...]:
        return ("one", "each") if METHODS[self.method].per_item_history else ("one",)

    def test_it_says_how_far_it_is_from_the_score(self):
        for history in self.histories():
            found = self.explain(history=history)
            assert found.score == score_of(self.scorer, PAIR)
            total = found.base_value + values(found).sum()
            assert found.completeness_gap == pytest.approx(total - found.score, abs=1e-12)
            assert abs(found.completeness_gap) <= self.gap
            assert found.method == self.method
            assert found.n_evaluations > 0
            assert len({c.feature for c in found.contributions}) == len(found.contributions)

    def test_in_probability_score_base_and_gap_are_probabilities(self):
        logits, network, term = self.explain(), self.scorer.with_term(None), self.scorer.term
        of_rows = network.score_pairs(BACKGROUND.users, BACKGROUND.items, BACKGROUND.histories)
        if term is not None:  # a row's past speaks for the pair's item there
            of_rows = of_rows + term.pairs(np.repeat(PAIR.items, len(BACKGROUND)), BACKGROUND.known)
        for history in self.histories():
            found = self.explain(history=history, units="probability")
            assert (found.units, found.logit) == ("probability", logits.score)
            assert found.score == found.probability == pytest.approx(logits.probability)
            total = found.base_value + values(found).sum()
            assert found.completeness_gap == pytest.approx(total - found.score, abs=1e-12)
            assert abs(found.completeness_gap) <= self.gap
            if self.method != "lime":  # whose base is its surrogate's
                assert found.base_value == pytest.approx(logistic(of_rows).mean(), abs=1e-5)
            same = [(c.probability_without, c.logit_without) for c in found.contributions]
            if history == "one":
                assert same == [(c.probability_without, c.logit_without) for c in logits.contributions]

    def test_exact_is_said_of_shapley_values_alone(self):
        found = self.explain()
        assert found.exact == METHODS[self.method].is_shapley
        assert found.standard_error is None, "nothing was sampled from the game of ten players"

    def test_what_has_the_backgrounds_value_adds_nothing(self):
        background = replace(BACKGROUND[:3], users=np.repeat(PAIR.users, 3))
        for units in UNITS:
            found = self.explain(background=background, units=units)
            idle = np.array([c.player.side == "user" for c in found.contributions])
            assert np.abs(values(found)[idle]).max() <= self.no_effect * np.abs(values(found)).max()

    def test_the_seed_decides(self):
        for history in self.histories():
            first, again = (self.explain(seed=3, history=history) for _ in range(2))
            assert (values(first) == values(again)).all()
            assert (first.seed, first.base_value) == (3, again.base_value)

    def test_the_order_of_the_background_is_nothing(self):
        turned = BACKGROUND[np.arange(len(BACKGROUND))[::-1]]
        assert values(self.explain(background=turned)) == pytest.approx(values(self.explain()), abs=self.rounding)

    def test_a_user_without_history_is_explained(self):
        one = self.explain(NO_HISTORY)
        assert [c.value for c in one.contributions if c.player.is_history] == [0]
        assert np.isfinite(values(one)).all()
        if "each" in self.histories():
            each = self.explain(NO_HISTORY, history="each")
            assert [c.feature for c in each.contributions] == [c.feature for c in one.contributions]

    def test_an_item_each_is_refused_or_named(self):
        if not METHODS[self.method].per_item_history:
            self.refused("explain.method_each", history="each")
            return
        past = [c for c in self.explain(history="each").contributions if c.player.side == "history"]
        items = [c.player for c in past[:3]]
        assert [(p.item_index, p.item_id) for p in items] == [(7, "i7"), (3, "i3"), (9, "i9")]
        earlier = [] if self.scorer.term is None else [("history.earlier", len(EARLIER), "items")]
        assert [(c.feature, c.value, c.unit) for c in past[3:]] == earlier

    def test_a_body_of_thinner_matrices_is_explained(self):
        torch.manual_seed(1)
        ranker = copy.deepcopy(self.scorer.ranker)
        for name in ("first", "second"):
            layer = getattr(ranker.body, name)
            thinner = nn.Linear(layer.in_features, 5, bias=False), nn.Linear(5, layer.out_features)
            setattr(ranker.body, name, nn.Sequential(*thinner))
        scorer = Scorer(ranker, FEATURES, term=self.scorer.term)
        found = self.explain(scorer=scorer)
        assert found.score == score_of(scorer, PAIR)
        assert abs(found.completeness_gap) <= self.gap

    def test_a_model_without_gradients_is_refused_or_explained(self):
        term = self.scorer.term
        quantised = Scorer(SCORER.ranker, FEATURES, term=term, variant=ModelVariant.compressed(bits=8))
        if METHODS[self.method].needs_gradients:
            self.refused("explain.method_quantised", scorer=quantised)
            self.refused("explain.method_black_box", scorer=RankerRows(self.scorer))
            return
        assert self.explain(scorer=quantised).variant.compression.bits == 8
        for units in UNITS:
            of_rows, own = self.explain(scorer=RankerRows(self.scorer), units=units), self.explain(units=units)
            assert values(of_rows) == pytest.approx(values(own), abs=self.rounding)

    def test_the_terms_split_is_the_same_by_every_method(self):
        found = self.explain()
        if self.scorer.term is None:
            assert found.item_item is None
            return
        network = self.explain(scorer=SCORER)
        assert found.item_item.total == pytest.approx(found.score - network.score, abs=1e-6)
        assert found.item_item.background == pytest.approx(found.base_value - network.base_value, abs=self.rounding)
        difference = values(found) - values(network)
        history = np.array([c.player.side == "history" for c in found.contributions])
        assert difference[history] == pytest.approx([found.item_item.difference], abs=self.rounding)
        assert difference[~history] == pytest.approx(0, abs=self.rounding)

    def refused(self, key: str, **settings: object) -> None:
        with pytest.raises(SettingError) as caught:
            self.explain(**settings)
        assert caught.value.key == key
        for other in caught.value.values["others"].split(", "):
            assert not METHODS[other].needs_gradients

    def test_an_empty_background_is_refused(self):
        with pytest.raises(SettingError, match="background must be at least 1, got 0"):
            self.explain(background=BACKGROUND[:0])

    @pytest.mark.parametrize("language", ["en", "zh"])
    def test_it_has_its_words(self, language):
        wanted = {f"method.{self.method}"}
        if self.method != next(iter(METHODS)):
            wanted.add(f"method.short.{self.method}")
        if not METHODS[self.method].is_shapley:
            wanted.add(f"method.kind.{self.method}")
        assert wanted <= catalogue(language).keys()
