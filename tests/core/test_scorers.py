"""Every scorer keeps the contract: the ranker, its variants, and the baselines."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest
from scorer_contract import ScorerContract

from recsys_core.compress.build import VariantBuilder, distillation_pairs
from recsys_core.compress.distillation import DistillationSettings, draw_distillation_set
from recsys_core.data.features import make_features
from recsys_core.models.baselines import Ease, Popularity, TrainingPositives, fit_item_knn
from recsys_core.models.ranker import RankerShape
from recsys_core.models.scorer import Scorer
from recsys_core.models.sequence_objective import SequenceSampling
from recsys_core.models.split_dataset import SplitDataset
from recsys_core.models.training import TrainingSettings, train_ranker
from recsys_core.variant import DENSE, ModelVariant

FEW = SequenceSampling(negatives=12, a_target=12, fewest=12)
EXAMPLES = DistillationSettings(n_histories=60, n_items=4, n_sample=200)


@lru_cache
def trained(split_dataset: SplitDataset) -> Scorer:
    """A ranker after two epochs that validation does not choose between."""
    shape = RankerShape(width=8, attention=8, first=32, second=32, history=8)
    settings = TrainingSettings(epochs=2, batch_size=400, sampling=FEW, learning_rate=0.02, shape=shape)
    features = make_features(split_dataset.dataset)
    return Scorer(train_ranker(features, split_dataset, settings, validate=lambda ranker: 0.0).ranker, features)


class RankerContract(ScorerContract):
    variant = DENSE

    def make(self, split_dataset: SplitDataset):
        dense = trained(split_dataset)
        pairs = distillation_pairs(split_dataset, EXAMPLES)
        examples = lru_cache(lambda: draw_distillation_set(dense, pairs, EXAMPLES))
        return VariantBuilder(dense, examples, EXAMPLES).build(self.variant.compression)


class TestDense(RankerContract):
    pass


class TestPruned(RankerContract):
    variant = ModelVariant.compressed(sparsity=0.5)


class TestPrunedUnstructured(RankerContract):
    variant = ModelVariant.compressed(sparsity=0.5, pruning="unstructured")


class TestSixteenBits(RankerContract):
    variant = ModelVariant.compressed(bits=16)


class TestEightBits(RankerContract):
    variant = ModelVariant.compressed(bits=8)


class TestFourBits(RankerContract):
    variant = ModelVariant.compressed(bits=4)


class TestDistilled(RankerContract):
    variant = ModelVariant.compressed(distill=16)


class TestPopularity(ScorerContract):
    def make(self, split_dataset: SplitDataset):
        return Popularity()


class TestEase(ScorerContract):
    def make(self, split_dataset: SplitDataset):
        return Ease.fit(TrainingPositives.of(split_dataset), 5.0)


class TestEaseOfSomeItems(ScorerContract):
    def make(self, split_dataset: SplitDataset):
        return Ease.fit(TrainingPositives.of(split_dataset), 5.0, most_items=24)

    def read(self, scorer: Ease, items: set[int]) -> set[int]:
        return items & set(scorer.items.tolist())


class TestItemKnn(ScorerContract):
    def make(self, split_dataset: SplitDataset):
        return fit_item_knn(split_dataset)


def test_the_contract_notices_a_scorer_that_learns_from_held_out_rows():
    class Cheat(ScorerContract):
        def make(self, split_dataset):
            counts = np.bincount(
                split_dataset.dataset.interactions["item_index"], minlength=split_dataset.dataset.n_items
            )

            class Scores:
                def score_catalogue(self, users, histories, known):
                    return np.broadcast_to(counts.astype(np.float32), (len(users), len(counts)))

            return Scores()

    with pytest.raises(AssertionError):
        Cheat().test_test_rows_teach_nothing_and_are_not_read()
    with pytest.raises(AssertionError):
        Cheat().test_held_out_rows_are_not_read_at_validation()


def test_the_contract_notices_a_scorer_that_reads_training_rows_alone():
    class OneHandTied(ScorerContract):
        def make(self, split_dataset):
            ease = Ease.fit(TrainingPositives.of(split_dataset), 5.0)

            class Scores:
                def score_catalogue(self, users, histories, known):
                    training = split_dataset.histories.known(users, "validation")
                    return ease.score_catalogue(users, histories, training)

            return Scores()

    with pytest.raises(AssertionError):
        OneHandTied().test_validation_positives_are_read_at_the_test()
    OneHandTied().test_test_rows_teach_nothing_and_are_not_read()
