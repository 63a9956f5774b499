"""ModelVariant: which model of a workspace, compressed how, re-ranked how; three frozen parts, each with its key.

Settings are declared once, as fields with a `recsys_core.settings.Setting` beside them. Keys, addresses and the command
line are made from that, here and nowhere else.
"""

from __future__ import annotations

import argparse
import csv
import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from recsys_core.errors import SettingError
from recsys_core.settings import Part, SettingsPart, listed, setting, settings_of

BITS = (32, 16, 8, 4)
PRUNINGS = ("structured", "unstructured")
LEVERS = (  # modules of `recsys_core.compress.levers`, in the order in which they are applied
    "distill",
    "structured",
    "low_rank",
    "unstructured",
    "neighbours",
    "bits",
)


@dataclass(frozen=True, slots=True)
class Compression(SettingsPart):
    """Compression settings; nothing set is the dense model. Hashable, so it can key a cache.

    Parameters
    ----------
    sparsity
        Share of the body's units (``structured``) or of the single weights
        (``unstructured``) that are removed, 0 to 0.95.
    bits
        Width of a stored weight. 16: stored half, computed single. 8 and 4: weight-only
        quantisation in blocks of 32, run by ONNX Runtime. The item-item term's entries have
        8 bits at least.
    pruning
        ``structured`` cuts whole units, ``unstructured`` sets single weights to zero.
    distill
        Width (units of the first body layer) of a student trained on the dense model's
        logits, or None.
    rank
        Rank of the body's matrices, each a product of two thinner ones, or None.
    neighbours
        Entries that each column of the item-item term keeps, the strongest, or None for all.

    Raises
    ------
    SettingError
        For a value outside these ranges.

    >>> Compression(sparsity=0.5, bits=8).key
    'sparsity-50_bits-8'
    """

    sparsity: float = setting(
        0.0,
        float,
        "share removed, 0 to 0.95",
        high=0.95,
        low=0,
        per_cent=True,
        parameter="sparsity",
        levers=("structured", "unstructured"),
    )
    bits: int = setting(
        32,
        int,
        "width of a stored weight (of the item-item term 8 at least)",
        choices=BITS,
        parameter="bits",
        levers=("bits",),
    )
    pruning: str = setting(
        "structured",
        str,
        "whole units or single weights",
        choices=PRUNINGS,
        parameter="pruning",
        levers=("structured", "unstructured"),
    )
    distill: int | None = setting(
        None,
        int,
        "units of a distilled student's first layer",
        low=4,
        high=4096,
        parameter="distill",
        levers=("distill",),
        metavar="WIDTH",
    )
    rank: int | None = setting(
        None, int, "rank of the body's matrices", low=1, high=1024, parameter="rank", levers=("low_rank",), metavar="R"
    )
    neighbours: int | None = setting(
        None,
        int,
        "items whose weights an item keeps in the item-item term",
        low=1,
        high=10_000,
        parameter="neighbours",
        levers=("neighbours",),
        metavar="N",
    )

    def __post_init__(self) -> None:
        SettingsPart.__post_init__(self)
        object.__setattr__(self, "sparsity", round(float(self.sparsity), 4))
        if self.sparsity == 0:  # nothing pruned: one compression, one key, however it was spelled
            object.__setattr__(self, "pruning", "structured")

    @property
    def is_dense(self) -> bool:
        return self == Compression()

    @property
    def is_quantised(self) -> bool:
        """True where ONNX Runtime runs the network and gradients do not exist."""
        return self.bits in (8, 4)

    @property
    def weights(self) -> Compression:
        """The same at full width: what has to be trained or cut before quantising."""
        return dataclasses.replace(self, bits=32)


@dataclass(frozen=True, slots=True)
class Reranking(SettingsPart):
    """How a list is made from scores; nothing set is by score alone.

    Parameters
    ----------
    name
        Name of a re-ranker, or of several with commas between them, applied in this order; empty for none.
    strength
        0 (the list by score) to 1.
    by
        Column whose groups it looks at: one for all, or one for each with commas between them; empty for the first
        that it can look at.
    """

    name: str = setting("", str, "how a list is made from scores", parameter="rerank", metavar="NAME")
    strength: float = setting(
        1.0, float, "how strongly, 0 to 1", low=0, high=1, per_cent=True, parameter="strength", metavar="S"
    )
    by: str = setting("", str, "column whose groups it looks at", parameter="rerank_by", metavar="COLUMN")

    def __post_init__(self) -> None:
        SettingsPart.__post_init__(self)
        unused = [] if self.name else [parameter for parameter in self.to_query() if parameter != "rerank"]
        if unused:
            raise SettingError("setting.unused", name=", ".join(unused), use="rerank")

    @property
    def names(self) -> tuple[str, ...]:
        """The re-rankers one by one.

        >>> Reranking("exposure,threshold", by="item.genres,gender").names
        ('exposure', 'threshold')
        """
        return tuple(self.name.split(",")) if self.name else ()

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns one by one, read as a line of CSV, since a column's name may hold a comma.

        >>> Reranking("calibrated", by='"item.city, state"').columns
        ('item.city, state',)
        """
        if not self.by:
            return ()
        try:
            return tuple(name.strip() for name in next(csv.reader([self.by], skipinitialspace=True), ()))
        except csv.Error:
            return (self.by,)

    @property
    def is_identity(self) -> bool:
        """Whether lists are by score alone."""
        return not self.name or self.strength == 0


@dataclass(frozen=True, slots=True)
class ModelVariant:
    """A model of a workspace, compressed and re-ranked; nothing set is the current model, dense.

    ``model`` is the model's id; the current one is always spelled ``""``, so that one variant
    has one key.

    >>> variant = ModelVariant.compressed(sparsity=0.5, bits=8)
    >>> variant.key, variant.to_query()
    ('sparsity-50_bits-8', {'sparsity': '50', 'bits': '8'})
    >>> ModelVariant.from_query(variant.to_query()) == variant
    True
    """

    model: str = ""
    compression: Compression = Compression()
    reranking: Reranking = Reranking()

    @classmethod
    def compressed(
        cls,
        sparsity: float = 0.0,
        bits: int = 32,
        pruning: str = "structured",
        distill: int | None = None,
        **others: Any,
    ) -> ModelVariant:
        """The current model under these compression settings."""
        return cls(compression=Compression(sparsity, bits, pruning, distill, **others))

    @property
    def is_dense(self) -> bool:
        """Whether it is a model as it was trained, its lists by score."""
        return self.compression.is_dense and self.reranking.is_identity

    @property
    def dense(self) -> ModelVariant:
        """The same model with nothing set."""
        return ModelVariant(self.model)

    @property
    def settings_key(self) -> str:
        """A file name that tells variants of one model apart."""
        return "_".join(filter(None, (self.compression.key, self.reranking.key))) or "dense"

    @property
    def key(self) -> str:
        """A name that tells variants of a workspace apart."""
        return "_".join(filter(None, (self.model and f"model-{self.model}", self.settings_key)))

    def to_query(self) -> dict[str, str]:
        """What an address says of it, by parameter: only what is set."""
        model = {"model": self.model} if self.model else {}
        return model | self.compression.to_query() | self.reranking.to_query()

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> ModelVariant:
        """The inverse of `to_query`; other parameters are passed over. Raises ``SettingError``."""
        return cls(query.get("model", ""), Compression.from_query(query), Reranking.from_query(query))

    @classmethod
    def usable(cls, query: Mapping[str, str]) -> tuple[ModelVariant, dict[str, str]]:
        """The variant of an address, and the parameters among it that hold no value (they count as not given).

        >>> variant, unusable = ModelVariant.usable({"sparsity": "50", "bits": "7"})
        >>> variant.key, unusable
        ('sparsity-50', {'bits': '7'})
        """
        good: dict[str, str] = {}
        bad: dict[str, str] = {}
        for name in (name for name in PARAMETERS if query.get(name)):
            alone = {"rerank": "any", name: query[name]} if name in RERANKING else {name: query[name]}
            (good if _is_value(cls.from_query, alone) else bad)[name] = query[name]
        if "rerank" not in good:
            bad |= {name: good.pop(name) for name in RERANKING if name in good}
        return cls.from_query(good), bad

    @staticmethod
    def add_arguments(parser: argparse.ArgumentParser) -> None:
        """Give a command the arguments that say which variant."""
        parser.add_argument("--model", default="", metavar="ID", help="a model of the workspace (default: current)")
        for part in (Compression, Reranking):
            for name, about in settings_of(part):
                helped = about.help + (f": {listed(about.choices)}" if about.choices else "")
                metavar = about.metavar or name[0].upper()
                parser.add_argument(
                    about.flag, type=about.kind, help=helped, dest=f"{part.__name__}.{name}", metavar=metavar
                )

    def to_arguments(self) -> tuple[str, ...]:
        """The words of a command line that say this variant, for `from_arguments`.

        >>> ModelVariant.compressed(0.5, bits=8).to_arguments()
        ('--sparsity', '0.5', '--bits', '8')
        """
        words = ["--model", self.model] if self.model else []
        for part in (self.compression, self.reranking):
            for name, about in settings_of(type(part)):
                value = getattr(part, name)
                if about.parameter in part.to_query():
                    words += [about.flag, str(value)]
        return tuple(words)

    @classmethod
    def from_arguments(cls, args: argparse.Namespace) -> ModelVariant:
        """The variant that a command's arguments say. Raises ``SettingError``."""
        said = vars(args)

        def part(kind: type[Part]) -> Part:
            given = {name: said[f"{kind.__name__}.{name}"] for name, _ in settings_of(kind)}
            return kind(**{name: value for name, value in given.items() if value is not None})

        return cls(args.model, part(Compression), part(Reranking))


def _is_value(make: Callable[[Mapping[str, str]], object], query: Mapping[str, str]) -> bool:
    try:
        make(query)
    except SettingError:
        return False
    return True


RERANKING = tuple(about.parameter for _, about in settings_of(Reranking))
PARAMETERS = ("model", *(about.parameter for _, about in settings_of(Compression)), *RERANKING)
DENSE = ModelVariant()
