"""Anatomy: a ranker's four stages and the item-item term with what goes in, what comes out, and what each weighs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from torch import nn

from recsys_core.models.item_item import ItemItemTerm
from recsys_core.models.ranker import Ranker
from recsys_core.models.trained_model import TrainedModel
from recsys_core.seeds import random_stream

FLOAT_BYTES = 4
STAGES = ("encoder", "adapter", "body", "head")
TERM = "item_item"  # stands beside the stages
SHARE_ROWS, SHARE_ITEMS, SEED = 64, 128, 0


@dataclass(frozen=True, slots=True)
class Part:
    """One weight tensor of a stage: its name, shape and number of parameters."""

    name: str
    shape: tuple[int, ...]
    n_parameters: int


@dataclass(frozen=True, slots=True)
class Stage:
    """One of the four stages, or the item-item term beside them.

    Attributes
    ----------
    name
        ``encoder``, ``adapter``, ``body`` or ``head``; ``item_item``.
    n_inputs, n_outputs
        Numbers that go in and come out for one pair; ``n_inputs`` of the encoder is 0 (it reads text), of
        the adapter the number of feature groups, of the term the items (each taken or not).
    n_parameters, size_bytes
        As stored in single precision; the encoder's as its files are, the term's entries with their places.
    is_trained
        False for the frozen encoder and the term, which is solved in closed form.
    widths
        Units of each layer in order, for a drawing: ``(input, …, output)``.
    parts
        Every weight tensor; empty for the encoder.
    """

    name: str
    n_inputs: int
    n_outputs: int
    n_parameters: int
    size_bytes: int
    is_trained: bool
    widths: tuple[int, ...]
    parts: tuple[Part, ...] = ()


def anatomy(ranker: Ranker, encoder: dict, term: ItemItemTerm | None = None) -> tuple[Stage, ...]:
    """The four stages of a ranker, then the item-item term where the model has one.

    ``encoder`` is the workspace's ``config["encoder"]`` (see ``EncoderInfo``). Where no text group
    is a reason, the encoder is listed with its size but gives nothing to the adapter.
    """
    shape = ranker.shape
    n_inputs = ranker.n_user + ranker.n_item + 2 * shape.attention
    reads_text = any(g.kind == "text" for g in ranker.groups)
    width = int(encoder["width"]) if reads_text else 0
    return (
        Stage(
            "encoder",
            0,
            width,
            int(encoder["n_parameters"]),
            int(encoder["size_bytes"]),
            False,
            (width,) if width else (),
        ),
        _stage("adapter", ranker.adapter.named_parameters(), (len(ranker.groups) + 1, n_inputs)),
        _stage("body", ranker.body.named_parameters(), (n_inputs, shape.first, shape.second)),
        _stage("head", ranker.head.named_parameters(), (shape.second, 1)),
        *([] if term is None else [_term_stage(term)]),
    )


def _term_stage(term: ItemItemTerm) -> Stage:
    n, entries = term.n_items, Part("weights", term.weights.shape, term.n_entries)
    return Stage(TERM, n, 1, term.n_entries, term.size_bytes, False, (n, 1), (entries,))


def term_share(model: TrainedModel) -> float | None:
    r"""The item-item term's share of the score; None for a model without one, or where all scores are equal.

    What tells one user's items apart is the spread of their logits, and that splits exactly into the network's and
    the term's: with ``s = network + term``,

    .. math:: \frac{\sum_u \mathrm{cov}_u(\mathrm{term}, s)}{\sum_u \mathrm{var}_u(s)}

    over 64 seeded test rows ``u`` (training rows where there are none) and 128 seeded items. What is the same for all
    items of a user counts for nothing; the network's share is the rest. It is negative where the two pull against each
    other and the network is stronger.
    """
    if model.term is None:
        return None
    random, split = random_stream(SEED, "share of the item-item term"), model.split_dataset.split
    part = "test" if len(split.test) else "train"
    every = getattr(split, part)
    rows = np.sort(random.choice(every, min(SHARE_ROWS, len(every)), replace=False))
    users, known = (
        model.dataset.interactions["user_index"].to_numpy()[rows],
        model.split_dataset.histories.known_at(rows, part),
    )
    items = random.choice(model.term.n_items, min(SHARE_ITEMS, model.term.n_items), replace=False)
    network = model.dense.with_term(None)
    base = [network.score_items(user, items, past) for user, past in zip(users.tolist(), known.newest(), strict=True)]
    term = model.term.of_items(items, known).astype(np.float64)
    scores = np.array(base) + term
    apart = scores - scores.mean(axis=1, keepdims=True)
    spread = float((apart * apart).sum())
    return float((apart * term).sum()) / spread if spread > 0 else None


def _stage(name: str, parameters: Iterable[tuple[str, nn.Parameter]], widths: tuple[int, ...]) -> Stage:
    parts = tuple(Part(key, tuple(p.shape), p.numel()) for key, p in parameters)
    total = sum(p.n_parameters for p in parts)
    return Stage(name, widths[0], widths[-1], total, FLOAT_BYTES * total, True, widths, parts)
