"""Reference: the lists that a version gives the held-out users, before anybody has taken anything from a list."""

from __future__ import annotations

import hashlib
import io
import json
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from recsys_core.data.folder import atomic_write
from recsys_core.live.engine import Engine
from recsys_core.live.histories import LiveHistories
from recsys_core.monitoring.stability import bin_shares, decile_edges
from recsys_core.results.serving import POPULARITY
from recsys_core.seeds import random_stream

FOLDER, FORMAT = "serving/references", "reclens-reference-1"
MOST_USERS, DEPTH, K = 2000, 100, 10
MOST_KEPT = 8
LEAST_LISTS = 20


@dataclass(frozen=True, eq=False)
class Reference:
    """Served scores of held-out users under one version and variant.

    Attributes
    ----------
    fingerprint, variant
        Of the model, and the variant's key.
    user
        ``(n,)``: rows of the dataset's users, ascending.
    items, scores
        ``(n, depth)``: items of each one's list of up to 100, first place first, and their scores; -1 and NaN for none.
    """

    fingerprint: str
    variant: str
    user: np.ndarray
    items: np.ndarray
    scores: np.ndarray

    @property
    def n(self) -> int:
        return len(self.user)

    @cached_property
    def value(self) -> np.ndarray:
        """What is monitored of each list ``(n,)``: the mean score of its first ten places."""
        return np.nanmean(self.scores[:, :K], axis=1)

    @cached_property
    def mean(self) -> float:
        return float(self.value.mean())

    @cached_property
    def spread(self) -> float:
        """Standard deviation of the values over users; 1 where all are equal."""
        return float(self.value.std()) or 1.0

    @cached_property
    def edges(self) -> np.ndarray:
        return decile_edges(self.value)

    @cached_property
    def shares(self) -> np.ndarray:
        return bin_shares(self.value, self.edges)

    def row(self, user: int) -> int:
        """Where a user stands in it; -1 for none."""
        place = int(np.searchsorted(self.user, user))
        return place if place < self.n and self.user[place] == user else -1


def make_reference(engine: Engine, *, seed: int = 0, rest: Callable[[float], None] = lambda seconds: None) -> Reference:
    """Ask a version for the lists of up to 2,000 held-out users, drawn by ``seed``.

    They are made as served lists are, of all that the dataset knows of a person. ``rest`` is called after every list
    with the seconds that it took, so that a server can leave the processor to requests meanwhile.
    """
    split_dataset = engine.split_dataset
    users = np.asarray(split_dataset.test_users, dtype=np.int64)
    if len(users) > MOST_USERS:
        users = np.sort(random_stream(seed, "users of the reference").choice(users, MOST_USERS, replace=False))
    histories = LiveHistories.build(split_dataset, ())
    index, names = split_dataset.dataset.item_ids, split_dataset.dataset.user_ids
    depth = min(DEPTH, split_dataset.dataset.n_items)
    items = np.full((len(users), depth), -1, dtype=np.int32)
    scores = np.full((len(users), depth), np.nan)
    for row, user in enumerate(users.tolist()):
        began = time.perf_counter()
        made = engine.recommend(histories.person(str(names[user])), takers=histories.n_takers, k=depth)
        if made.variant != POPULARITY and made.items:
            items[row, : len(made.items)] = index.get_indexer([item.item_id for item in made.items])
            scores[row, : len(made.items)] = [item.score for item in made.items]
        rest(time.perf_counter() - began)
    listed = items[:, 0] >= 0
    return Reference(engine.served.fingerprint, engine.variant.key, users[listed], items[listed], scores[listed])


def reference_path(workspace: Path, fingerprint: str, variant: str) -> Path:
    """Where the reference of a model's files and a variant is kept."""
    name = hashlib.sha256(f"{fingerprint} {variant}".encode()).hexdigest()[:16]
    return Path(workspace) / FOLDER / f"{name}.npz"


def save_reference(workspace: Path, reference: Reference) -> None:
    """Keep a reference beside the log; the oldest of more than eight go."""
    path = reference_path(workspace, reference.fingerprint, reference.variant)
    path.parent.mkdir(parents=True, exist_ok=True)
    about = json.dumps({"format": FORMAT, "fingerprint": reference.fingerprint, "variant": reference.variant})
    held = io.BytesIO()
    np.savez(
        held,
        about=np.array(about),
        user=reference.user,
        items=reference.items.astype(np.int32),
        scores=reference.scores.astype(np.float32),
    )
    atomic_write(path, held.getvalue())
    for old in sorted(path.parent.glob("*.npz"), key=lambda p: p.stat().st_mtime)[:-MOST_KEPT]:
        old.unlink(missing_ok=True)


def load_reference(workspace: Path, fingerprint: str, variant: str) -> Reference | None:
    """The reference that was kept for a model's files and a variant; None where there is none that can be read.

    One that is damaged or of other files is made again, so it is no error.
    """
    path = reference_path(workspace, fingerprint, variant)
    try:
        with np.load(path, allow_pickle=False) as held:
            about = json.loads(str(held["about"]))
            if about != {"format": FORMAT, "fingerprint": fingerprint, "variant": variant}:
                return None
            parts = [held[name] for name in ("user", "items", "scores")]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
    user, items, scores = parts
    return Reference(fingerprint, variant, user, items, scores.astype(float))
