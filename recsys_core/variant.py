"""Variant: which compression settings turn the dense ranker into the model being looked at."""

from __future__ import annotations

from dataclasses import dataclass

from recsys_core.errors import SettingError

BITS = (32, 16, 8, 4)
PRUNINGS = ("structured", "unstructured")
MOST_SPARSITY = 0.95


@dataclass(frozen=True, slots=True)
class Variant:
    """Compression settings; nothing set is the dense model. Hashable, so it can key a cache.

    Parameters
    ----------
    sparsity
        Share of the body's units (``structured``) or of the single weights
        (``unstructured``) that are removed, 0 to 0.95.
    bits
        Width of a stored weight. 16: stored half, computed single. 8 and 4: weight-only
        quantisation in blocks of 32, run by ONNX Runtime.
    pruning
        ``structured`` cuts whole units, ``unstructured`` sets single weights to zero.
    distill
        Width (units of the first body layer) of a student trained on the dense model's
        logits, or None.

    Raises
    ------
    SettingError
        For a value outside these ranges.

    >>> Variant(sparsity=0.5, bits=8).key
    'structured-500-int8'
    """

    sparsity: float = 0.0
    bits: int = 32
    pruning: str = "structured"
    distill: int | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.sparsity <= MOST_SPARSITY:
            raise SettingError("setting.sparsity", value=self.sparsity)
        if self.bits not in BITS:
            raise SettingError("setting.bits", value=self.bits)
        if self.pruning not in PRUNINGS:
            raise SettingError("setting.pruning", value=self.pruning)
        if self.distill is not None and not 4 <= self.distill <= 4096:
            raise SettingError("setting.distill", most=4096, value=self.distill)
        object.__setattr__(self, "sparsity", round(float(self.sparsity), 4))
        if self.sparsity == 0:  # nothing pruned: one variant, one key, however it was spelled
            object.__setattr__(self, "pruning", "structured")

    @property
    def is_dense(self) -> bool:
        return self.sparsity == 0 and self.bits == 32 and self.distill is None

    @property
    def is_quantised(self) -> bool:
        """True where ONNX Runtime runs the network and gradients do not exist."""
        return self.bits in (8, 4)

    @property
    def weights(self) -> Variant:
        """The same variant at full width: what has to be trained or cut before quantising."""
        return Variant(self.sparsity, 32, self.pruning, self.distill)

    @property
    def key(self) -> str:
        """A file name that tells variants apart."""
        if self.is_dense:
            return "dense"
        width = f"-w{self.distill}" if self.distill else ""
        level = f"{round(self.sparsity * 10000):04d}".rstrip("0").ljust(3, "0")
        kind = {32: "fp32", 16: "fp16", 8: "int8", 4: "int4"}[self.bits]
        return f"{self.pruning}-{level}-{kind}{width}"


DENSE = Variant()
