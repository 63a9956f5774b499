"""ModelVariant: which model of a workspace, compressed how, re-ranked how; three frozen parts, each with its key.

Settings are declared once, as fields with a `Setting` beside them. Keys, addresses and the command
line are made from that, here and nowhere else.
"""

from __future__ import annotations

import argparse
import dataclasses
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import quote

from recsys_core.errors import SettingError

BITS = (32, 16, 8, 4)
PRUNINGS = ("structured", "unstructured")
LEVERS = (  # modules of `recsys_core.compress.levers`, in the order in which they are applied
    "distill",
    "structured",
    "unstructured",
    "bits",
)

Part = TypeVar("Part", bound="_Part")


@dataclass(frozen=True, slots=True)
class Setting:
    """How one field is said and which values it takes.

    Attributes
    ----------
    kind
        ``int``, ``float`` or ``str``.
    help
        What the command line's help says.
    choices, low, high
        The values it takes, or the range they lie in (both ends included).
    per_cent
        In addresses and keys the value stands times 100.
    parameter
        Name in an address; the command line's flag is ``--`` and the same with dashes.
    levers
        Which of `LEVERS` read it.
    """

    kind: type
    help: str
    choices: tuple[Any, ...] = ()
    low: float = -math.inf
    high: float = math.inf
    per_cent: bool = False
    parameter: str = ""
    levers: tuple[str, ...] = ()
    metavar: str = ""

    @property
    def flag(self) -> str:
        return "--" + self.parameter.replace("_", "-")

    def check(self, value: Any) -> None:
        """Raise ``SettingError`` for a value that it does not take."""
        if self.choices and value not in self.choices:
            raise SettingError("setting.choice", name=self.parameter, choices=_listed(self.choices), value=value)
        if self.kind is not str and not self.low <= value <= self.high:
            raise SettingError("setting.between", name=self.parameter, low=self.low, high=self.high, value=value)

    def to_text(self, value: Any) -> str:
        """The value as an address writes it."""
        return f"{round(100 * value, 4):g}" if self.per_cent else str(value)

    def from_text(self, text: str) -> Any:
        """The value of an address's text; raises ``SettingError`` where it is none."""
        try:
            value = self.kind(text)
        except ValueError:
            if self.choices:
                raise SettingError(
                    "setting.choice", name=self.parameter, choices=_listed(self.choices), value=text
                ) from None
            raise SettingError("setting.number", name=self.parameter, value=text) from None
        return value / 100 if self.per_cent else value


def setting(default: Any, kind: type, help: str, **about: Any) -> Any:
    """A field of a part with its `Setting`."""
    return field(default=default, metadata={"setting": Setting(kind, help, **about)})


class _Part:
    """What the parts of a variant share: checked values, a key, texts for addresses."""

    __slots__ = ()

    def __post_init__(self) -> None:
        for name, about in settings_of(type(self)):
            value = getattr(self, name)
            if value is not None:
                about.check(value)

    @property
    def key(self) -> str:
        """A part of a file name that tells the settings apart; empty where nothing is set."""
        return "_".join(f"{name}-{quote(text, safe='. ')}" for name, text in self.to_query().items())

    def to_query(self) -> dict[str, str]:
        """What an address says of it: the settings that are not left at their default."""
        fields = {f.name: f.default for f in dataclasses.fields(self)}  # type: ignore[arg-type]
        values = ((about, getattr(self, name), fields[name]) for name, about in settings_of(type(self)))
        return {about.parameter: about.to_text(value) for about, value, default in values if value != default}

    @classmethod
    def from_query(cls: type[Part], query: Mapping[str, str]) -> Part:
        """The inverse of `to_query`; raises ``SettingError`` for a text that is no value."""
        known = {name: about for name, about in settings_of(cls) if query.get(about.parameter)}
        return cls(**{name: about.from_text(query[about.parameter]) for name, about in known.items()})


def settings_of(part: type) -> Iterator[tuple[str, Setting]]:
    """The fields of a part with their settings, in order."""
    return ((f.name, f.metadata["setting"]) for f in dataclasses.fields(part))


@dataclass(frozen=True, slots=True)
class Compression(_Part):
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

    >>> Compression(sparsity=0.5, bits=8).key
    'sparsity-50_bits-8'
    """

    sparsity: float = setting(
        0.0,
        float,
        "share removed, 0 to 0.95",
        high=0.95,
        low=0.0,
        per_cent=True,
        parameter="sparsity",
        levers=("structured", "unstructured"),
    )
    bits: int = setting(32, int, "width of a stored weight", choices=BITS, parameter="bits", levers=("bits",))
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

    def __post_init__(self) -> None:
        _Part.__post_init__(self)
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
class Reranking(_Part):
    """How a list is made from scores; nothing set is by score alone.

    Parameters
    ----------
    name
        Name of a re-ranker, empty for none.
    strength
        0 (the list by score) to 1.
    by
        Column whose groups it looks at, empty where it needs none.
    """

    name: str = setting("", str, "how a list is made from scores", parameter="rerank", metavar="NAME")
    strength: float = setting(
        1.0, float, "how strongly, 0 to 1", low=0.0, high=1.0, per_cent=True, parameter="strength", metavar="S"
    )
    by: str = setting("", str, "column whose groups it looks at", parameter="rerank_by", metavar="COLUMN")

    def __post_init__(self) -> None:
        _Part.__post_init__(self)
        if not self.name and (self.by or self.strength != 1.0):
            raise SettingError("setting.unused", name="strength, rerank_by", use="rerank")

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
                helped = about.help + (f": {_listed(about.choices)}" if about.choices else "")
                metavar = about.metavar or name[0].upper()
                parser.add_argument(
                    about.flag, type=about.kind, help=helped, dest=f"{part.__name__}.{name}", metavar=metavar
                )

    @classmethod
    def from_arguments(cls, args: argparse.Namespace) -> ModelVariant:
        """The variant that a command's arguments say. Raises ``SettingError``."""
        said = vars(args)

        def part(kind: type[Part]) -> Part:
            given = {name: said[f"{kind.__name__}.{name}"] for name, _ in settings_of(kind)}
            return kind(**{name: value for name, value in given.items() if value is not None})

        return cls(args.model, part(Compression), part(Reranking))


def _listed(choices: tuple[Any, ...]) -> str:
    return ", ".join(map(str, choices))


def _is_value(make: Callable[[Mapping[str, str]], object], query: Mapping[str, str]) -> bool:
    try:
        make(query)
    except SettingError:
        return False
    return True


RERANKING = tuple(about.parameter for _, about in settings_of(Reranking))
PARAMETERS = ("model", *(about.parameter for _, about in settings_of(Compression)), *RERANKING)
DENSE = ModelVariant()
