"""Compressed item-item terms: the strongest entries, fewer bits, bytes as on disk, one score everywhere."""

from __future__ import annotations

import gc
import weakref
from dataclasses import replace

import numpy as np
import pytest
import torch
from compressed_terms import with_known
from explain_model import random_pairs
from lever_contract import DATASET, DENSE, PAIRS, SETTINGS, LeverContract, builder, built, costs, scores
from safetensors.numpy import save
from scipy.sparse import csr_array

from recsys_core.compress.build import misfits, shape_only
from recsys_core.compress.cost import count_macs, count_sums
from recsys_core.compress.distillation import draw_distillation_set
from recsys_core.compress.levers.neighbours import most_neighbours
from recsys_core.compress.storage import stored_arrays, term_bytes
from recsys_core.compress.stored_parts import stored_parts
from recsys_core.data.known import KnownItems
from recsys_core.errors import SettingError
from recsys_core.models.artifact import TERM, load_term
from recsys_core.models.item_item import ItemItemTerm
from recsys_core.models.scorer import Pairs
from recsys_core.variant import Compression, ModelVariant

WIDTHS = {32: 32, 16: 16, 8: 8, 4: 8}  # of a network's weight: of an entry of the term


class TestNeighbours(LeverContract):
    name = "neighbours"
    compression = Compression(neighbours=3)


@pytest.mark.parametrize("bits", WIDTHS)
@pytest.mark.parametrize("cut", [{}, {"neighbours": 2}, {"sparsity": 0.5, "neighbours": 4}], ids=str)
def test_every_variant_has_the_term_that_its_settings_say(bits, cut):
    compression = Compression(bits=bits, **cut)
    wanted = DENSE.term.cut(cut.get("neighbours", DATASET.n_items)).stored(WIDTHS[bits])
    for scorer in (built(compression), shape_only(DENSE, compression)):
        assert np.array_equal(scorer.term.weights.toarray(), wanted.weights.toarray())
        assert scorer.term.to_json() == wanted.to_json() or compression.is_dense
        assert scorer.variant.compression == compression


@pytest.mark.parametrize("bits", WIDTHS)
def test_a_pair_has_one_score_alone_in_a_batch_in_the_catalogue_and_among_candidates(bits):
    """What the term adds is the same to the last bit; the network's sums may round differently in other batches."""
    scorer = built(Compression(bits=bits, neighbours=4))
    network, at = scorer.with_term(None), np.arange(len(PAIRS))
    lists = scorer.score_catalogue(PAIRS.users, PAIRS.histories, PAIRS.known)
    bare = network.score_catalogue(PAIRS.users, PAIRS.histories)
    added = scorer.term.pairs(PAIRS.items, PAIRS.known)
    assert np.count_nonzero(added) > len(PAIRS) / 4
    assert np.array_equal(lists[at, PAIRS.items], bare[at, PAIRS.items] + added)
    batch = network.score_pairs(PAIRS.users, PAIRS.items, PAIRS.histories)
    assert np.array_equal(scores(scorer), batch + added)
    for row in range(0, len(PAIRS), 7):
        one = PAIRS[row : row + 1]
        alone = network.score_pairs(one.users, one.items, one.histories)
        assert scorer.score_pairs(one.users, one.items, one.histories, one.known) == alone + added[row]
        candidates = np.array([one.items[0], 3, 0, one.items[0]])
        among = scorer.score_items(int(one.users[0]), candidates, one.histories[0], one.known)
        bare = network.score_items(int(one.users[0]), candidates, one.histories[0])
        assert among[0] == among[3] == bare[0] + added[row]
        np.testing.assert_allclose(among, lists[row, candidates], atol=1e-5)


def test_fewer_bits_move_a_score_by_no_more_than_their_step():
    """Half a step of the column's scale for each entry that is summed up."""
    largest = np.abs(DENSE.term.weights.toarray()).max(axis=0)[PAIRS.items]
    hits = np.diff(DENSE.term.shares(PAIRS.items, PAIRS.known).indptr)
    whole = DENSE.term.pairs(PAIRS.items, PAIRS.known)
    for bits, step in ((16, 2.0**-11), (8, 0.5 / 127), (4, 0.5 / 127)):
        moved = np.abs(built(Compression(bits=bits)).term.pairs(PAIRS.items, PAIRS.known) - whole)
        assert (moved <= DENSE.term.alpha * hits * largest * step * 1.01 + 1e-6).all()
        assert moved.any()


def test_variants_share_a_term_that_is_the_same():
    """A term may take as much memory as the rest of a model; nothing is kept that no variant has."""
    few = [shape_only(DENSE, Compression(sparsity=s, bits=8, neighbours=6)) for s in (0.0, 0.5)]
    assert few[0].term is few[1].term
    assert shape_only(DENSE, Compression(sparsity=0.5)).term is DENSE.term
    gone = weakref.ref(few[0].term)
    few.clear()
    gc.collect()
    assert gone() is None


def test_all_neighbours_change_nothing():
    widest = np.count_nonzero(DENSE.term.weights.toarray(), axis=0).max()
    assert DENSE.term.widest == widest
    assert most_neighbours(DENSE.term) == widest - 1
    whole = DENSE.with_term(DENSE.term.cut(widest))
    assert np.array_equal(scores(whole), scores(DENSE))
    lists = [s.score_catalogue(PAIRS.users, PAIRS.histories, PAIRS.known) for s in (whole, DENSE)]
    assert np.array_equal(*lists)


@pytest.mark.parametrize("bits", WIDTHS)
def test_its_bytes_are_those_of_its_file(bits, tmp_path):
    """The arrays written as the artifact's own file are read back as the same term."""
    scorer = built(Compression(bits=bits, neighbours=5))
    stored = {name.removeprefix("item_item."): a for name, a in stored_arrays(scorer).items() if "item_item" in name}
    assert term_bytes(scorer) == sum(a.nbytes for a in stored.values())
    assert stored.pop("strength").tolist() == [DENSE.term.alpha]
    (tmp_path / TERM).write_bytes(save(stored))
    again = load_term(tmp_path, {"item_item": scorer.term.to_json()}, DATASET.n_items)
    assert np.array_equal(again.weights.toarray(), scorer.term.weights.toarray())
    places = {32: 4, 16: 2, 8: 1}[WIDTHS[bits]] + 2  # and two bytes that say which item it belongs to
    columns = 8 * (DATASET.n_items + 1) + (4 * DATASET.n_items if WIDTHS[bits] == 8 else 0)
    assert term_bytes(scorer) == scorer.term.n_entries * places + columns + 8
    parts = {part.name: part.n_bytes for part in stored_parts(scorer) if part.stage == "item_item"}
    assert parts == {"places": stored["start"].nbytes + stored["known"].nbytes, "entries": parts["entries"]}
    assert sum(parts.values()) == term_bytes(scorer) == costs(scorer)["term_bytes"]
    assert sum(part.n_bytes for part in stored_parts(scorer)) == costs(scorer)["size_bytes"]


def test_parameters_and_multiply_adds_by_hand():
    """Items 0 and 1 say something of item 2; of the two users one has taken both, one only item 1."""
    weights = np.zeros((DATASET.n_items,) * 2, dtype=np.float32)
    weights[[0, 1, 2, 3], [2, 2, 0, 2]] = 1.0
    scorer = DENSE.with_term(ItemItemTerm(2.0, 1.0, csr_array(weights), 3))
    known = KnownItems.of([np.array([0, 1, 5]), np.array([1]), np.array([0, 3]), np.array([0])], DATASET.n_items)
    pairs = Pairs(np.zeros(4, int), np.array([2, 2, 2, 2]), np.full((4, 1), -1), known)
    assert count_sums(scorer, pairs) == 3  # six entries over four pairs are 1.5, rounded 2, and the strength
    about = costs(scorer)
    assert about["n_parameters"] == sum(p.numel() for p in DENSE.ranker.parameters()) + 4
    assert about["neighbours"] == 3
    assert about["macs"] == count_macs(DENSE.ranker) + count_sums(scorer, PAIRS)
    assert count_sums(DENSE.with_term(None), None) == 0
    with pytest.raises(ValueError, match="known to be taken"):
        count_sums(scorer, None)
    fewer = [costs(built(Compression(neighbours=n))) for n in (1, 3)]
    assert fewer[0]["macs"] < fewer[1]["macs"] < costs(DENSE)["macs"]
    assert fewer[0]["size_bytes"] < fewer[1]["size_bytes"] < costs(DENSE)["size_bytes"]


def test_what_cannot_be_cut_is_refused():
    most = most_neighbours(DENSE.term)
    with pytest.raises(SettingError, match=f"between 1 and {most}"):
        built(Compression(neighbours=most + 1))
    found = misfits(Compression(neighbours=5, distill=4000), DENSE.ranker, None)
    assert {name: error.key for name, error in found.items()} == {
        "distill": "setting.between",
        "neighbours": "setting.no_term",
    }
    assert not misfits(Compression(neighbours=most), DENSE.ranker, DENSE.term)
    for value in (0, -3, 10_001):
        with pytest.raises(SettingError, match="neighbours must lie between 1 and 10000"):
            Compression(neighbours=value)
    for text in ("many", "2.5", "1e2"):
        with pytest.raises(SettingError, match="neighbours must be a number"):
            ModelVariant.from_query({"neighbours": text})
    one = replace(DENSE.term, weights=csr_array(np.eye(DATASET.n_items, k=1, dtype=np.float32)))
    assert most_neighbours(one) == 1


def test_a_student_does_not_know_how_many_neighbours_stand_beside_it(tmp_path):
    made = builder(tmp_path)
    few = made.build(Compression(sparsity=0.5, neighbours=2))
    whole = made.build(Compression(sparsity=0.5))
    assert [file.name for file in tmp_path.iterdir()] == ["sparsity-50.safetensors"]
    pairs = with_known(random_pairs(DATASET, 5, seed=3), DATASET.n_items)
    bare = [s.with_term(None).score_pairs(pairs.users, pairs.items, pairs.histories) for s in (few, whole)]
    assert np.array_equal(*bare)


def test_a_student_learns_what_the_network_says_and_not_the_term():
    lessons = [draw_distillation_set(s, random_pairs(DATASET, 30), SETTINGS) for s in (DENSE, DENSE.with_term(None))]
    assert torch.equal(lessons[0].inputs, lessons[1].inputs)
    assert torch.equal(lessons[0].logits, lessons[1].logits)
