"""Settings of a variant's parts: declared once as fields, with how each is said and which values it takes."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import quote

from recsys_core.errors import SettingError

Part = TypeVar("Part", bound="SettingsPart")


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
        Which of `recsys_core.variant.LEVERS` read it.
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
            raise SettingError("setting.choice", name=self.parameter, choices=listed(self.choices), value=value)
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
                    "setting.choice", name=self.parameter, choices=listed(self.choices), value=text
                ) from None
            raise SettingError("setting.number", name=self.parameter, value=text) from None
        return value / 100 if self.per_cent else value


def setting(default: Any, kind: type, help: str, **about: Any) -> Any:
    """A field of a part with its `Setting`."""
    return field(default=default, metadata={"setting": Setting(kind, help, **about)})


class SettingsPart:
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


def listed(choices: tuple[Any, ...]) -> str:
    """Choices as a message and the command line's help name them."""
    return ", ".join(map(str, choices))
