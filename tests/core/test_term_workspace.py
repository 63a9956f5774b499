"""The workspace with a term that other tests are given: it opens, and scores by the network and the term."""

from __future__ import annotations

import numpy as np
import pytest

from recsys_core.models.workspace import open_model
from recsys_core.recommend import user_pairs


def test_its_scores_are_the_networks_and_the_terms(term_workspace):
    model = open_model(term_workspace)
    pairs = user_pairs(model.split_dataset, 3, np.arange(model.dataset.n_items))
    who = (pairs.users, pairs.items, pairs.histories, pairs.known)
    share = model.term.pairs(pairs.items, pairs.known)
    assert model.dense.score_pairs(*who) - model.dense.with_term(None).score_pairs(*who) == pytest.approx(
        share, abs=1e-5
    )
    assert np.ptp(share) > 0.3
