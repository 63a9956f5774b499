"""What to call a variant of the model."""

from __future__ import annotations

from dashboard.presentation.texts import numbers, plain
from recsys_core.variant import BITS, Variant


def plain_variant(chosen: Variant) -> str:
    """A variant in words: "50 % of neurons removed, 8 bits"."""
    if chosen.is_dense:
        return plain("variant.dense")
    parts = []
    if chosen.distill:
        parts.append(plain("variant.name.student", width=chosen.distill))
    if chosen.sparsity:
        share = numbers.percent(chosen.sparsity)
        parts.append(plain("variant.name.cut", sparsity=share, pruning=plain(f"pruning.{chosen.pruning}")))
    if chosen.bits != BITS[0]:
        parts.append(plain("variant.name.bits", bits=chosen.bits))
    return plain("variant.join").join(parts)
