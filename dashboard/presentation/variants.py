"""What to call a variant of the model."""

from __future__ import annotations

from dashboard.presentation.texts import numbers, plain
from recsys_core.variant import BITS, ModelVariant


def plain_variant(chosen: ModelVariant) -> str:
    """A variant in words: "50 % of neurons removed, 8 bits"."""
    if chosen.is_dense:
        return plain("variant.dense")
    parts = []
    wanted = chosen.compression
    if wanted.distill:
        parts.append(plain("variant.name.student", width=wanted.distill))
    if wanted.sparsity:
        share = numbers.percent(wanted.sparsity)
        parts.append(plain("variant.name.cut", sparsity=share, pruning=plain(f"pruning.{wanted.pruning}")))
    if wanted.bits != BITS[0]:
        parts.append(plain("variant.name.bits", bits=wanted.bits))
    return plain("variant.join").join(parts)
