"""A strength answers from first places that were kept: the same lists, figures and price as the full evaluation's."""

from __future__ import annotations

import numpy as np
import pytest

from recsys_core.fairness import audit, exposure_changes, make_grouping
from recsys_core.mend.listed import ListedMendings
from recsys_core.mend.report import price_of
from recsys_core.mend.shifts import accuracy_price, mended_lists, reranked
from recsys_core.models.evaluation import evaluate
from recsys_core.models.workspace import open_model
from recsys_core.rerankers import Served, prepare_reranker, rank_places
from recsys_core.variant import Reranking

PRICE = "item.price=40"  # two groups of items, both large enough to be shown
CASES = [
    Reranking("exposure", 1.0, PRICE),
    Reranking("calibrated", 0.6, "item.category"),
    Reranking("fair", 1.0, "item.popularity"),
    Reranking("minimum-share", 0.9, PRICE),
    Reranking("threshold", 0.7, "user.gender"),
    Reranking("exposure,threshold", 0.5, f"{PRICE},user.gender"),
]


@pytest.fixture(scope="module")
def model(grouped_workspace):
    return open_model(grouped_workspace)


@pytest.fixture(scope="module")
def before(model):
    return evaluate(model.dense, model.split_dataset)


@pytest.fixture(scope="module")
def places(model, before):
    return rank_places(model.dense, model.split_dataset.ranking_of(before.ranking.user_index))


@pytest.mark.parametrize("settings", CASES, ids=lambda s: s.name)
def test_kept_places_give_what_a_full_evaluation_gives(model, before, places, settings):
    split_dataset = model.split_dataset
    reranker = prepare_reranker(settings, Served(split_dataset, model.dense)).at(settings)
    whole, quick = evaluate(model.dense, split_dataset, reranker=reranker), reranked(before, places, reranker)
    np.testing.assert_array_equal(quick.ranking.top, whole.ranking.top)
    np.testing.assert_array_equal(quick.ranking.ndcg, whole.ranking.ndcg)
    assert (quick.pairs.selected is None) == (whole.pairs.selected is None)
    if quick.pairs.selected is not None:
        np.testing.assert_array_equal(quick.pairs.selected, whole.pairs.selected)
    train = split_dataset.sequences()
    found = mended_lists(
        split_dataset, before, quick, grouping=make_grouping(split_dataset.dataset, (PRICE,), train=train)
    )
    changes = exposure_changes(split_dataset.dataset, before, whole, by=(PRICE,), train=train)
    for shift, change in zip(found.shifts, changes, strict=True):
        assert shift.group == change.group
        np.testing.assert_allclose(
            [shift.before.value, shift.after.value, shift.change.value],
            [change.dense, change.compressed, change.change], rtol=0, atol=1e-9,
        )  # fmt: skip
        np.testing.assert_allclose([shift.change.low, shift.change.high], [change.low, change.high], atol=1e-4)
    if settings.name == "threshold":
        assert found.price == accuracy_price(before.pairs, whole.pairs)
        assert found.lists_kept == 1
    else:
        assert found.price == price_of(before.ranking, whole.ranking)


@pytest.mark.parametrize("metric", ["ndcg@10", "true_positive_rate"])
def test_groups_of_users_have_the_figures_of_the_audit(model, before, places, metric):
    split_dataset, settings = model.split_dataset, CASES[-1]
    reranker = prepare_reranker(settings, Served(split_dataset, model.dense)).at(settings)
    after, train = reranked(before, places, reranker), split_dataset.sequences()
    by = ("user.gender",)
    grouping = make_grouping(split_dataset.dataset, by, train=train)
    found = mended_lists(split_dataset, before, after, grouping=grouping, metric=metric)
    audits = [audit(split_dataset.dataset, one, by=by, train=train) for one in (before, after)]
    for shift, was, now in zip(found.shifts, *(report.groups for report in audits), strict=True):
        assert (shift.group, shift.n) == (was.group, was.n)
        assert (shift.before is None) == was.suppressed
        if shift.before is not None:
            assert shift.before.value == pytest.approx(was.values[metric], abs=1e-9)
            assert shift.after.value == pytest.approx(now.values[metric], abs=1e-9)


def test_accuracy_by_hand(before):
    """The expected share of right decisions: drawn ones count by their chance."""
    pairs = before.pairs.binary()
    price = accuracy_price(before.pairs, before.pairs)
    assert price.before == pytest.approx(np.mean((pairs.score >= 0) == (pairs.label > 0.5)))
    assert (price.change, price.low, price.high) == (0, 0, 0)


def test_a_list_of_mendings_is_read_as_it_is_written():
    text = "exposure:item.price=10/20;threshold:user.city, state"
    found = ListedMendings.of(text)
    assert found.text == text
    assert ListedMendings.is_text(text)
    assert not ListedMendings.is_text("nothing:item.price")
    assert not ListedMendings.is_text("exposure")
    assert found.reranking(0.5).columns == ("item.price=10/20", "user.city, state")
    assert found.without("exposure").methods == ("threshold",)
