"""Sizes that really hold the model, multiply-adds by hand, latencies side by side, and the queue for measuring."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
import torch
from explain_model import random_pairs, random_scorer, tiny_dataset, tiny_features

from recsys_core.compress.build import at_bit_width
from recsys_core.compress.cost import count_macs
from recsys_core.compress.latency import LOCK_FILE, LatencySettings, measure_latency, one_at_a_time
from recsys_core.compress.levers.unstructured import prune_unstructured
from recsys_core.compress.quantize import BLOCK, matrices, text_vectors, vectors
from recsys_core.compress.storage import size_bytes, stored_arrays
from recsys_core.models.scorer import Scorer
from recsys_core.variant import Compression

DATASET = tiny_dataset()
FEATURES = tiny_features(DATASET)
DENSE_SCORER = random_scorer(FEATURES)
PAIRS = random_pairs(DATASET, 20)
LEVELS = [(0.0, "structured"), (0.3, "unstructured"), (0.9, "unstructured")]
VARIANTS = [Compression(sparsity, bits, pruning) for sparsity, pruning in LEVELS for bits in (32, 16, 8, 4)]


def variant_scorer(variant: Compression) -> Scorer:
    if variant.sparsity:
        return at_bit_width(prune_unstructured(DENSE_SCORER.ranker, variant.sparsity), FEATURES, variant)
    return DENSE_SCORER if variant.is_dense else at_bit_width(DENSE_SCORER.ranker, FEATURES, variant)


def from_nibbles(data: np.ndarray, n: int) -> np.ndarray:
    """4-bit codes of each row, the low half of a byte first, with their offset of 8 taken off."""
    return np.stack([data & 15, data >> 4], -1).reshape(len(data), -1)[:, :n].astype(int) - 8


def restored(arrays: dict[str, np.ndarray], name: str, shape: tuple[int, ...], bits: int) -> np.ndarray:
    """A matrix from its stored parts, written down a second time and slowly."""
    if bits >= 16 and name in arrays:
        return arrays[name].astype(np.float32)
    if f"{name}.kept" in arrays:
        kept = np.unpackbits(arrays[f"{name}.kept"], count=int(np.prod(shape))).astype(bool)
        values = arrays[f"{name}.values"]
        codes = np.zeros(kept.shape, dtype=np.float32)
        codes[kept] = from_nibbles(values, kept.sum())[0] if bits == 4 else values.ravel()
        codes = codes.reshape(shape)
    else:
        codes = arrays[f"{name}.codes"]
        codes = from_nibbles(codes, shape[1]) if bits == 4 else codes.astype(int)
    if bits >= 16:
        return codes
    scales = np.repeat(arrays[f"{name}.scales"], BLOCK, axis=1)[:, : shape[1]]
    return (codes * scales).astype(np.float32)


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda v: v.key)
def test_the_stored_arrays_are_the_whole_model(variant):
    """Every weight and cached vector that the scorer works with comes back exactly."""
    scorer = variant_scorer(variant)
    arrays = stored_arrays(scorer)
    texts = scorer.cached or text_vectors(scorer.ranker, FEATURES)
    for name, matrix in (matrices(scorer.ranker) | {f"texts.{key}": x for key, x in texts.items()}).items():
        matrix = matrix.detach().numpy()
        np.testing.assert_array_equal(restored(arrays, name, matrix.shape, variant.bits), matrix, err_msg=name)
    for name, vector in vectors(scorer.ranker).items():
        kept = vector.numpy()
        np.testing.assert_array_equal(arrays[name], kept.astype(np.float16) if variant.bits == 16 else kept)


def test_the_dense_size_is_four_bytes_a_number_and_a_header():
    numbers = sum(p.numel() for p in DENSE_SCORER.ranker.parameters())
    numbers += sum(x.numel() for x in text_vectors(DENSE_SCORER.ranker, FEATURES).values())
    assert 4 * numbers < size_bytes(DENSE_SCORER) < 4 * numbers + 3000


def test_a_mask_is_used_only_where_it_is_smaller():
    few, many = (stored_arrays(variant_scorer(Compression(s, 4, "unstructured"))) for s in (0.1, 0.9))
    assert not any(name.endswith(".kept") for name in few)
    assert "first.user.kept" in many
    assert "adapter.item__id.kept" not in many  # look-up tables are not pruned


def test_multiply_adds_by_hand():
    """Four user groups of width 8 (age is a curve over 12 knots), history 8, attention 8, body 24-12."""
    ranker = DENSE_SCORER.ranker
    assert [g.key for g in ranker.groups[:4]] == ["user_id", "user.age", "user.city", "user.income"]
    knots = ranker.groups[1].size
    user = knots * 8 + 4 * 8 * 24
    attention = 9 * 8 + 9 * 16 + 8  # against 8 items and the empty slot: logits, pooled value and key, product
    assert count_macs(ranker) == user + attention + 16 * 24 + 24 * 12 + 12


@pytest.mark.parametrize("variant", [Compression(), Compression(bits=8)], ids=lambda v: v.key)
def test_candidates_of_one_user_have_the_scores_of_pairs(variant):
    scorer, items = variant_scorer(variant), np.array([3, 0, 7, 3])
    got = scorer.score_items(5, items, PAIRS.histories[2])
    expected = scorer.score_pairs(np.full(4, 5), items, np.repeat(PAIRS.histories[2:3], 4, 0))
    np.testing.assert_allclose(got, expected, atol=1e-5)


def test_latency_is_measured_for_every_scorer():
    settings = LatencySettings(seconds=0.0, least=5, most=9)
    found = measure_latency([DENSE_SCORER, variant_scorer(Compression(bits=8))], PAIRS, settings)
    assert len(found) == 2
    for latency in found:
        assert set(latency) == {"batch_1", "batch_256"}
        assert all(0 < spent["p50"] <= spent["p95"] for spent in latency.values())


def test_latency_takes_turns_over_scorers_and_pairs():
    """A scorer that writes down whom it scored: two warm-up rounds, then three, the first of a round changing."""
    seen: list[tuple[str, int]] = []

    class Noting(Scorer):
        def score_pairs(self, users, items, histories, known):
            if len(users) == 1:
                seen.append((self.name, int(users[0])))
            return super().score_pairs(users, items, histories, known)

    scorers = [Noting(DENSE_SCORER.ranker, FEATURES) for _ in range(2)]
    scorers[0].name, scorers[1].name = "a", "b"
    measure_latency(scorers, PAIRS, LatencySettings(seconds=0.0, least=3, warm_up=2))
    assert "".join(name for name, _ in seen) == "abab" + "ab" + "ba" + "ab"
    assert [user for _, user in seen[4:]] == np.repeat(PAIRS.users[:3], 2).tolist()


def test_threads_measure_one_at_a_time(tmp_path):
    inside, most = [], []

    def measure() -> None:
        with one_at_a_time(tmp_path):
            inside.append(1)
            most.append(len(inside))
            torch.ones(100, 100).mm(torch.ones(100, 100))
            inside.pop()

    threads = [threading.Thread(target=measure) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1] * 8


def test_another_process_is_waited_for(tmp_path):
    hold = "import fcntl, sys; f = open(sys.argv[1], 'w'); fcntl.flock(f, 2); print('held', flush=True); input()"
    entered = threading.Event()

    def measure() -> None:
        with one_at_a_time(tmp_path):
            entered.set()

    command = [sys.executable, "-c", hold, str(tmp_path / LOCK_FILE)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "held\n"
        thread = threading.Thread(target=measure)
        thread.start()
        assert not entered.wait(0.2)
        other.stdin.write("\n")
        other.stdin.flush()
        thread.join()
    assert entered.is_set()


def test_a_folder_that_cannot_be_written_to_is_no_obstacle(tmp_path: Path):
    with one_at_a_time(tmp_path / "missing"):
        pass
