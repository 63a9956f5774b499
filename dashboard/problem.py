"""A value of the address that cannot be used, as a sentence."""

from __future__ import annotations

from dataclasses import dataclass

from dashboard.presentation import texts


@dataclass(frozen=True, slots=True)
class Problem:
    """A value of the address that cannot be used: a sentence's key and its values, to be shown as a notice."""

    key: str
    values: tuple[tuple[str, object], ...]

    @property
    def text(self) -> texts.Markdown:
        if self.key.startswith("core."):
            return texts.core_message(self.key.removeprefix("core."), dict(self.values))
        return texts.t(self.key, **dict(self.values))
