"""Anatomy: the four stages of a ranker with what goes in, what comes out, and what each weighs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from torch import nn

from recsys_core.models.ranker import Ranker

FLOAT_BYTES = 4
STAGES = ("encoder", "adapter", "body", "head")


@dataclass(frozen=True, slots=True)
class Part:
    """One weight tensor of a stage: its name, shape and number of parameters."""

    name: str
    shape: tuple[int, ...]
    n_parameters: int


@dataclass(frozen=True, slots=True)
class Stage:
    """One of the four stages.

    Attributes
    ----------
    name
        ``encoder``, ``adapter``, ``body`` or ``head``.
    n_inputs, n_outputs
        Numbers that go in and come out for one pair; ``n_inputs`` of the encoder is 0 (it reads text), of
        the adapter the number of feature groups.
    n_parameters, size_bytes
        As stored in single precision; the encoder's as its files are.
    is_trained
        False for the frozen encoder.
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


def anatomy(ranker: Ranker, encoder: dict) -> tuple[Stage, ...]:
    """The four stages of a ranker. ``encoder`` is the workspace's ``config["encoder"]`` (see ``EncoderInfo``).

    Where no text group is a reason, the encoder is listed with its size but gives nothing to the adapter.
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
    )


def _stage(name: str, parameters: Iterable[tuple[str, nn.Parameter]], widths: tuple[int, ...]) -> Stage:
    parts = tuple(Part(key, tuple(p.shape), p.numel()) for key, p in parameters)
    total = sum(p.n_parameters for p in parts)
    return Stage(name, widths[0], widths[-1], total, FLOAT_BYTES * total, True, widths, parts)
