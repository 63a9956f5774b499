"""The item-item term in explanations: worked out by hand, against plain loops, against shap, and when it is edited."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from explain_model import random_pairs, random_scorer, tiny_dataset, tiny_features, with_known
from scipy.sparse import csr_array
from term_workspace import random_term

from recsys_core.data.known import KnownItems
from recsys_core.explain.coalitions import coalitions
from recsys_core.explain.explain import explain
from recsys_core.explain.factorised import FactorisedGames
from recsys_core.explain.faithfulness import randomisation_check, removal_curves, shuffled
from recsys_core.explain.global_explanation import explain_globally
from recsys_core.explain.leave_one_out import leave_one_out_effects
from recsys_core.explain.methods.shap import shap_attribution
from recsys_core.explain.owen import owen_attribution
from recsys_core.explain.shapley import EXACT_PLAYERS, draw_walks, exact_shapley, solve, walk_coalitions
from recsys_core.models.item_item import ItemItemTerm
from recsys_core.models.scorer import Pairs
from recsys_core.player import EARLIER, HISTORY, Player

DATASET = tiny_dataset()
N_ITEMS = DATASET.n_items
NETWORK = random_scorer(tiny_features(DATASET).without({"user.city", "item.genres", "item.brand"}))
SCORER = NETWORK.with_term(random_term(N_ITEMS))
ROWS = with_known(random_pairs(DATASET, 4, seed=2), N_ITEMS, earlier=8)
LISTS = [7, 3, 9, 12, 15]  # the first three are read by attention


def pair_of(known: list[int], history: list[int] | None = None, item: int = 4) -> Pairs:
    """One pair whose history is the three newest of what is known, unless told."""
    newest = known[:3] if history is None else history
    return Pairs(np.array([2]), np.array([item]), np.array([[*newest, -1]]), KnownItems.of([known], N_ITEMS))


PAIR = pair_of(LISTS)


def score(scorer, pairs: Pairs) -> np.ndarray:
    return scorer.score_pairs(pairs.users, pairs.items, pairs.histories, pairs.known)


def two_items() -> ItemItemTerm:
    """To item 4: 0.5 from item 7, -0.2 from item 3, 0.3 from item 9; twice that in logits."""
    weights = np.zeros((N_ITEMS, N_ITEMS), dtype=np.float32)
    weights[[7, 3, 9], 4] = 0.5, -0.2, 0.3
    weights[4, 7] = 9.0  # of another item: says nothing here
    return ItemItemTerm(2.0, 1.0, csr_array(weights), 3)


def test_two_items_by_hand():
    """One row knows item 9, the other nothing, so the background's mean is 0.3; 1.0 - 0.4 is the term's own."""
    scorer = NETWORK.with_term(two_items())
    pair = pair_of([7, 3])
    rows = replace(ROWS[:2], known=KnownItems.of([[9, 1], []], N_ITEMS))
    for history, expected in (("one", {"history": 0.3}), ("each", {"history:i7": 0.85, "history:i3": -0.55})):
        found, network = (explain(s, DATASET, pair, rows, history=history) for s in (scorer, NETWORK))
        parts = zip(found.contributions, network.contributions, strict=True)
        added = {a.feature: a.contribution - b.contribution for a, b in parts}
        assert added == pytest.approx({name: expected.get(name, 0.0) for name in added}, abs=1e-5)
        assert found.base_value - network.base_value == pytest.approx(0.3, abs=1e-6)
        assert found.exact
    assert [(e.item_id, e.title) for e in found.item_item.items] == [("i7", "Thing number 7"), ("i3", "Thing number 3")]
    assert [e.contribution for e in found.item_item.items] == pytest.approx([1.0, -0.4])
    figures = found.item_item
    assert (figures.total, figures.background, figures.difference) == pytest.approx((0.6, 0.3, 0.3))


def by_loops(games: FactorisedGames, masks: np.ndarray) -> np.ndarray:
    """What the term adds to each mask, an item at a time."""
    dense = SCORER.term.alpha * SCORER.term.weights.toarray().astype(float)
    item, known = PAIR.items[0], PAIR.known.csr().indices.tolist()
    read = {p.item_index: i for i, p in enumerate(games.players) if p.is_history_item}
    last = games.players.index(EARLIER if read else HISTORY)
    found = np.empty((games.n_rows, len(masks)))
    for row in range(games.n_rows):
        others = games.rows.known[[row]].csr().indices.tolist()
        for n, mask in enumerate(masks):
            into = [h for h in known if mask[read.get(h, last)]]
            some = mask[[*read.values(), last]].any()
            found[row, n] = sum(dense[h, item] for h in (into if some else others))
    return found


@pytest.mark.parametrize("history", ["one", "each"])
def test_every_coalition_has_the_terms_value(history):
    games = FactorisedGames(SCORER, PAIR, ROWS, history=history)
    network = games.apart()[0]
    masks = np.random.default_rng(0).random((60, len(games.players))) < 0.4
    of_term = by_loops(games, masks)
    alone = masks if history == "one" else np.delete(masks, games.players.index(EARLIER), axis=1)
    assert games.values(masks) == pytest.approx(network.values(alone) + of_term, abs=1e-5)
    assert np.ptp(of_term) > 1
    seen = 0
    for batch in games.batches(EXACT_PLAYERS):
        for g, values in enumerate(games.all_values(batch)):
            full = np.zeros((len(values), len(games.players)), dtype=bool)
            full[:, batch.active[g]] = coalitions(batch.n_players)
            assert values == pytest.approx(games.values(full)[batch.row[g]], abs=1e-5)
            seen += 1
    for batch in games.large_batches(0, lambda n_active: 20 * n_active):
        walks = walk_coalitions(draw_walks(len(batch.pair), batch.n_players, orderings=4, rng=np.random.default_rng(1)))
        for g, values in enumerate(games.batch_values(batch, walks)):
            full = np.zeros((len(values), len(games.players)), dtype=bool)
            full[:, batch.active[g]] = walks[g]
            assert values == pytest.approx(games.values(full)[batch.row[g]], abs=1e-5)
            seen += 1
    assert seen == 2 * games.n_rows


def test_shap_says_the_same():
    for history in ("one", "each"):
        games = FactorisedGames(SCORER, PAIR, ROWS, history=history)
        theirs, ours = shap_attribution(games), solve(games)
        assert theirs.contributions == pytest.approx(ours.contributions[0], abs=1e-5)
        assert theirs.base_value == pytest.approx(ours.base_values[0], abs=1e-5)


def games_of(pair: Pairs, scorer=SCORER) -> tuple[FactorisedGames, FactorisedGames]:
    return FactorisedGames(scorer, pair, ROWS, history="each"), FactorisedGames(scorer, pair, ROWS)


def test_owen_values_are_those_of_the_definition():
    """A part of the history is worth its Shapley value among the groups; the earlier items are one more member."""
    each, one = games_of(PAIR)
    first, n = each.first_history, each.n_history
    assert each.players[first + n - 1] == EARLIER
    worth = []
    for part in coalitions(n):
        among = coalitions(len(each.players) - n + 1)
        masks = np.concatenate([among[:, :first], among[:, first : first + 1] & part, among[:, first + 1 :]], axis=1)
        worth.append(exact_shapley(each.mean_values(masks))[first] if part.any() else 0.0)
    found = owen_attribution(each, one)
    assert found.exact
    assert found.contributions[first : first + n] == pytest.approx(exact_shapley(np.array(worth)), abs=1e-5)


def test_sampled_owen_values_are_exact_for_the_term():
    """Drawn with the same seed, with and without the term, they differ by the term's own share and nothing else."""
    drawn = [owen_attribution(*games_of(PAIR, s), max_exact=0, evaluations=400, seed=3) for s in (SCORER, NETWORK)]
    assert not drawn[0].exact
    each = games_of(PAIR)[0]
    first, n = each.first_history, each.n_history
    dense = SCORER.term.alpha * SCORER.term.weights.toarray().astype(float)[:, PAIR.items[0]]
    own = np.array([dense[7], dense[3], dense[9], dense[12] + dense[15]])
    mean = np.mean([dense[ROWS.known[[row]].csr().indices].sum() for row in range(len(ROWS))])
    with_term, without = drawn[0].contributions, np.insert(drawn[1].contributions, first + n - 1, 0.0)
    assert with_term[first : first + n] - without[first : first + n] == pytest.approx(own - mean / n, abs=1e-6)
    others = np.r_[:first, first + n : len(with_term)]
    assert with_term[others] == pytest.approx(without[others], abs=1e-6)
    assert drawn[0].standard_error[first + n - 1] == 0
    read = slice(first, first + n - 1)
    assert drawn[0].standard_error[read] == pytest.approx(drawn[1].standard_error[read], abs=1e-6)


def test_sampled_games_of_many_reasons_are_exact_for_the_term():
    """Every walk gives the history the same for the term, wherever it enters: no error is added."""
    dataset = tiny_dataset(extra=3)
    network = random_scorer(tiny_features(dataset), seed=4)
    found, alone = (
        solve(FactorisedGames(s, PAIR, ROWS), orderings=40) for s in (network.with_term(SCORER.term), network)
    )
    assert not found.exact[0]
    share = explain(SCORER, DATASET, PAIR, ROWS).item_item
    expected = np.where([p == HISTORY for p in found.players], share.difference, 0.0)
    assert found.contributions[0] - alone.contributions[0] == pytest.approx(expected, abs=1e-5)
    assert found.standard_error == pytest.approx(alone.standard_error, abs=1e-5)


def test_leave_one_out_is_exact_for_every_known_positive():
    effects, network = leave_one_out_effects(SCORER, PAIR), leave_one_out_effects(NETWORK, PAIR)
    assert list(effects)[:3] == [7, 3, 9]
    assert sorted(effects) == sorted(LISTS)
    assert list(network) == [7, 3, 9]
    split = {e.item_id: e.contribution for e in explain(SCORER, DATASET, PAIR, ROWS).item_item.items}
    for item in LISTS:
        left = pair_of([h for h in LISTS if h != item], [h if h != item else -1 for h in LISTS[:3]])
        assert effects[item] == pytest.approx(score(SCORER, PAIR)[0] - score(SCORER, left)[0], abs=1e-5)
        assert effects[item] - network.get(item, 0.0) == pytest.approx(split[f"i{item}"], abs=1e-6)
        of_term = SCORER.term.pairs(PAIR.items, PAIR.known) - SCORER.term.pairs(PAIR.items, left.known)
        assert split[f"i{item}"] == pytest.approx(of_term[0], abs=1e-6)
    assert leave_one_out_effects(SCORER, pair_of([])) == {}


def test_the_split_sums_to_the_term_and_an_item_says_nothing_of_itself():
    own = pair_of([7, 4, 9, 12])
    for pair in (PAIR, own, pair_of([])):
        found = explain(SCORER, DATASET, pair, ROWS)
        assert found.item_item.total == pytest.approx(float(SCORER.term.pairs(pair.items, pair.known)[0]), abs=1e-6)
        assert found.completeness_gap == pytest.approx(0, abs=1e-5)
        sizes = np.abs([e.contribution for e in found.item_item.items])
        assert (np.diff(sizes) <= 0).all()
        history = next(c for c in found.contributions if c.feature == "history")
        assert (history.value, history.unit) == (len(found.item_item.items), "items")
    split = {e.item_id: e.contribution for e in explain(SCORER, DATASET, own, ROWS).item_item.items}
    assert split["i4"] == 0.0
    assert len(split) == 4


def test_no_known_positives_leave_the_backgrounds_share():
    found = explain(SCORER, DATASET, pair_of([]), ROWS)
    assert found.item_item.items == ()
    assert found.item_item.difference == -found.item_item.background
    assert abs(found.item_item.background) > 0.01
    each = explain(SCORER, DATASET, pair_of([]), ROWS, history="each")
    assert [c.feature for c in each.contributions] == [c.feature for c in found.contributions]


def test_older_positives_tell_rows_apart_only_where_there_is_a_term():
    rows = replace(ROWS[[0, 0, 0]], known=KnownItems.of([[1, 2], [2, 1], [1, 2, 8]], N_ITEMS))
    assert FactorisedGames(NETWORK, PAIR, rows).n_rows == 1
    games = FactorisedGames(SCORER, PAIR, rows)
    assert sorted(games.weights) == pytest.approx([1 / 3, 2 / 3])
    same = replace(PAIR, known=KnownItems.of([[*LISTS, 8]], N_ITEMS))
    at = games.first_history
    assert not FactorisedGames(NETWORK, PAIR, same).differs[0, 0].any()
    assert FactorisedGames(SCORER, PAIR, same).differs[0, 0].nonzero()[0].tolist() == [at]
    assert not FactorisedGames(SCORER, PAIR, PAIR).differs.any()


def test_an_edited_history_changes_score_and_reasons_at_once():
    """What was taken off leaves both, what was added enters both, whatever the log says: as if made anew."""
    before = explain(SCORER, DATASET, PAIR, ROWS, history="each")
    edited = replace(PAIR, histories=np.array([[8, 7, 9, -1]]), known=KnownItems.of([[8, 7, 9, 12, 15]], N_ITEMS))
    after = explain(SCORER, DATASET, edited, ROWS, history="each")
    anew = score(NETWORK, edited)[0] + SCORER.term.alpha * SCORER.term.weights.toarray()[[8, 7, 9, 12, 15], 4].sum()
    assert after.score == pytest.approx(anew, abs=1e-5)
    assert abs(after.score - before.score) > 0.05
    assert {e.item_id for e in after.item_item.items} == {"i8", "i7", "i9", "i12", "i15"}
    past = [c for c in after.contributions if c.player.side == "history"]
    assert [(c.feature, c.value) for c in past[-2:]] == [("history:i9", "Thing number 9"), ("history.earlier", 2)]
    assert after.completeness_gap == pytest.approx(0, abs=1e-5)
    assert after.base_value == pytest.approx(before.base_value, abs=1e-9)


def test_who_says_nothing_of_the_known_is_told():
    with pytest.raises(ValueError, match="known to be taken"):
        explain(SCORER, DATASET, replace(PAIR, known=None), ROWS)
    with pytest.raises(ValueError, match="known to be taken"):
        FactorisedGames(SCORER, PAIR, replace(ROWS, known=None))


def test_many_pairs_hold_it_too():
    pairs = with_known(random_pairs(DATASET, 20, seed=5), N_ITEMS, earlier=6)
    found = explain_globally(SCORER, DATASET, pairs, ROWS)
    assert found.base_values + found.contributions.sum(1) == pytest.approx(score(SCORER, pairs), abs=1e-5)
    assert found.values[HISTORY] == np.diff(pairs.known.csr().indptr).tolist()
    network = explain_globally(NETWORK, DATASET, pairs, ROWS)
    at = found.players.index(HISTORY)
    others = np.arange(len(found.players)) != at
    assert found.contributions[:, others] == pytest.approx(network.contributions[:, others], abs=1e-5)
    assert np.abs(found.contributions - network.contributions)[:, at].max() > 0.5


def test_faithfulness_takes_it_away_and_shuffles_it():
    found = explain(SCORER, DATASET, PAIR, ROWS, history="each")
    curve = removal_curves(SCORER, DATASET, found, PAIR, ROWS)
    assert EARLIER in curve.order
    assert (curve.deletion[0], curve.deletion[-1]) == pytest.approx((found.score, found.base_value), abs=1e-5)
    assert abs(randomisation_check(SCORER, DATASET, found, PAIR, ROWS).mean) < 0.7
    term, other = SCORER.term, shuffled(SCORER, seed=1).term
    assert not other.weights.diagonal().any()
    assert abs(np.corrcoef(term.weights.toarray().ravel(), other.weights.toarray().ravel())[0, 1]) < 0.2
    assert set(other.weights.data.tolist()) <= set(term.weights.data.tolist())
    assert other.n_entries > 0.9 * term.n_entries


def test_earlier_items_have_a_key_of_their_own():
    assert EARLIER.key == "history.earlier"
    assert Player.parse("history.earlier") == EARLIER
    assert not EARLIER.is_history
    assert Player.parse("history:earlier").item_id == "earlier"


def test_an_item_that_came_later_has_no_entries():
    """Edited tables of the next kind of question: an appended item is scored, and the term says nothing of it."""
    frame = DATASET.items.iloc[[4]].assign(item_id="new")
    features = SCORER.features.with_rows("item", frame, texts={"item.title": SCORER.features.tables["item.title"][[4]]})
    longer, pair = SCORER.with_features(features), replace(PAIR, items=np.array([N_ITEMS]))
    games = FactorisedGames(longer, pair, ROWS, history="each")
    assert not games.term.own.any()
    assert not games.term.other.any()
    found = solve(games)
    assert found.base_values[0] + found.contributions.sum() == pytest.approx(score(longer, pair)[0], abs=1e-5)
