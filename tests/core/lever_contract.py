"""What every compression lever keeps: nothing set changes nothing, one score a pair, true costs, one spelling.

The dense model has an item-item term, which every lever has to carry. A test class inherits `LeverContract` and says
which lever it is and under which settings it is tried.
"""

from __future__ import annotations

import argparse
import copy
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from compressed_terms import with_known
from explain_model import random_pairs, random_scorer, scores_by_parts, tiny_dataset, tiny_features
from term_workspace import random_term

from recsys_core.compress.build import VariantBuilder, shape_only
from recsys_core.compress.cost import stored_cost
from recsys_core.compress.distillation import DistillationSettings, draw_distillation_set
from recsys_core.compress.levers import LEVERS, set_levers
from recsys_core.compress.student_cache import StudentCache
from recsys_core.models.scorer import Scorer
from recsys_core.variant import Compression, ModelVariant

DATASET = tiny_dataset()
DENSE = random_scorer(tiny_features(DATASET)).with_term(random_term(DATASET.n_items))
PAIRS = with_known(random_pairs(DATASET, 40), DATASET.n_items)
SETTINGS = DistillationSettings(n_histories=60, n_items=4, n_sample=200)


@lru_cache
def examples():
    return draw_distillation_set(DENSE, random_pairs(DATASET, 80, seed=1), SETTINGS)


def builder(folder: Path | None = None) -> VariantBuilder:
    return VariantBuilder(DENSE, examples, SETTINGS, StudentCache(folder, "contract") if folder else None)


@lru_cache
def built(compression: Compression) -> Scorer:
    return builder().build(compression)


def scores(scorer: Scorer) -> np.ndarray:
    return scorer.score_pairs(PAIRS.users, PAIRS.items, PAIRS.histories, PAIRS.known)


def costs(scorer: Scorer) -> dict[str, int]:
    return stored_cost(scorer, 0, PAIRS)


class LeverContract:
    """Inherit and give the lever's ``name`` and settings under which it, and nothing else, is set."""

    name: str
    compression: Compression

    @property
    def in_8_bits(self) -> Compression:
        return replace(self.compression, bits=8)

    def test_its_settings_set_it_alone(self):
        assert set_levers(self.compression) == [LEVERS[self.name]]
        assert set_levers(Compression()) == []
        changed = {n for n in LEVERS[self.name].settings if getattr(self.compression, n) != getattr(Compression(), n)}
        assert replace(Compression(), **{n: getattr(self.compression, n) for n in changed}) == self.compression

    def test_nothing_set_is_the_dense_scorer_itself(self):
        made = builder()
        assert made.build(Compression()) is made.build_untrained(Compression()) is DENSE
        assert shape_only(DENSE, Compression()) is DENSE

    def test_building_twice_gives_identical_scores_stored_or_not(self, tmp_path):
        first = scores(built(self.compression))
        assert np.isfinite(first).all()
        assert not np.array_equal(first, scores(DENSE))
        for made in (builder(), builder(tmp_path), builder(tmp_path)):  # anew, stored, from what was stored
            np.testing.assert_array_equal(scores(made.build(self.compression)), first)
        assert len(list(tmp_path.iterdir())) == LEVERS[self.name].trained

    def test_the_shape_alone_costs_what_the_built_one_does(self):
        for compression in (self.compression, self.in_8_bits):
            assert costs(shape_only(DENSE, compression)) == costs(built(compression))

    def test_the_dense_ranker_and_the_random_state_stay(self):
        before, state = copy.deepcopy(DENSE.ranker.state_dict()), torch.get_rng_state()
        builder().build(self.compression)
        builder().build_untrained(self.compression)
        shape_only(DENSE, self.compression)
        assert all(torch.equal(x, before[name]) for name, x in DENSE.ranker.state_dict().items())
        assert torch.equal(torch.get_rng_state(), state)

    def test_a_pair_has_one_score_on_every_path(self):
        for compression in (self.compression, self.in_8_bits):
            scorer = built(compression)
            lists = scorer.score_catalogue(PAIRS.users, PAIRS.histories, PAIRS.known)
            np.testing.assert_allclose(lists[np.arange(len(PAIRS)), PAIRS.items], scores(scorer), atol=1e-5)
            by_parts = scores_by_parts(scorer, PAIRS) + scorer.term.pairs(PAIRS.items, PAIRS.known)
            np.testing.assert_allclose(by_parts, scores(scorer), atol=2e-5)

    def test_it_combines_with_eight_bits(self):
        whole, rounded = built(self.compression), built(self.in_8_bits)
        assert set_levers(self.in_8_bits)[-1] is LEVERS["bits"]
        assert costs(rounded)["size_bytes"] < costs(DENSE)["size_bytes"]
        apart = np.abs(scores(rounded) - scores(whole)).mean()
        assert apart < 0.1 * scores(DENSE).std()

    def test_address_and_command_line_say_it(self):
        variant = ModelVariant(compression=self.compression)
        query = variant.to_query()
        assert query
        assert ModelVariant.from_query(query) == variant
        parser = argparse.ArgumentParser()
        ModelVariant.add_arguments(parser)
        said = [f"--{name}={value / 100 if name == 'sparsity' else value}" for name, value in self.given()]
        assert ModelVariant.from_arguments(parser.parse_args(said)) == variant

    def given(self) -> list[tuple[str, object]]:
        query = ModelVariant(compression=self.compression).to_query()
        return [(name, float(text) if name == "sparsity" else text) for name, text in query.items()]
