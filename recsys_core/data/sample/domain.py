"""Domain: everything that tells a shop from a news site, as data (words, columns, effects).

The generator knows roles, not names: an item has a *category*, an *amount* (price, length),
a *maker* (brand, publisher), a *quality* (rating), a *decoy* (a column without any effect) and
a title that holds one planted word. A domain names the columns and fills in the words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from recsys_core.data.sample.effects import Bell, Effect, Levels


@dataclass(frozen=True, slots=True)
class ProductLine:
    """Things of one category that share their fitting words: ``nouns`` are (phrase, typical amount)."""

    words: tuple[str, ...]
    nouns: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Category:
    """A category: who makes its items and what there is."""

    name: str
    makers: tuple[str, ...]
    lines: tuple[ProductLine, ...]


@dataclass(frozen=True, slots=True)
class ItemColumn:
    """What a role is called in this domain, how it is printed, and its unit."""

    name: str
    unit: str = ""
    says: str = ""


@dataclass(frozen=True, slots=True)
class Recording:
    """A fault of the records: what one group of users took was partly recorded as not taken.

    ``share`` of what users with ``value`` in ``column`` took of ``categories`` stands in the log as not
    taken in training; each user's validation and test part, the last fifth, is recorded rightly. ``cause``
    says why. Nobody's preference depends on it: what is shown and taken next follows what was truly taken.
    """

    column: str
    value: str
    categories: tuple[str, ...]
    share: float
    cause: str


@dataclass(frozen=True, slots=True, eq=False)
class Domain:
    """One kind of recommender's sample data.

    Attributes
    ----------
    name, title
        ``shop`` and what a person reads: ``shop demo``.
    outcome
        What taking an item means: an outcome of ``schema.OUTCOMES``. ``taken`` is the word for it.
    title_form
        How a word and a noun make a title: ``{word} {noun}``. ``word_says`` is what the word is called.
    amount_spread, amount_endings
        Spread of the log amount round the noun's typical one; fractions a printed amount may
        end in (``0.9`` and ``0.95`` for a shop's prices).
    effects
        The planted preference before ``steepness``; see ``effects``.
    slopes
        By region: how closely outcomes follow the effects (1 is fully). ``slope_cause`` says why
        where it is less.
    recording
        Whose outcomes were recorded wrongly, if anyone's.
    suitable
        Share of user-item pairs with a planted probability of at least one half before any
        history; the intercept is set to give it.
    policy
        Steepness of the logging policy: impressions are a softmax of ``policy * logit``.
    """

    name: str
    title: str
    outcome: str
    categories: tuple[Category, ...]
    amount: ItemColumn
    maker: ItemColumn
    quality: ItemColumn
    decoy: ItemColumn
    decoy_levels: tuple[str, ...]
    effects: tuple[Effect, ...]
    slopes: Mapping[str, float]
    slope_cause: str = ""
    recording: Recording | None = None
    taken: str = "taken"
    word_says: str = "quality word"
    title_form: str = "{word} {noun}"
    amount_spread: float = 0.3
    amount_endings: tuple[float, ...] = (0.0,)
    steepness: float = 1.6
    suitable: float = 0.018
    policy: float = 0.6
    history_length: int = 20
    levels: Mapping[str, tuple[str, ...]] = field(init=False)

    def __post_init__(self) -> None:
        names = tuple(c.name for c in self.categories)
        words = sorted({w for c in self.categories for line in c.lines for w in line.words})
        makers = sorted({m for c in self.categories for m in c.makers})
        levels = {
            "user.region": tuple(self.slopes),
            "user.interest": names,
            "item.category": names,
            f"item.{self.maker.name}": tuple(makers),
            "item.title": tuple(words),
        }
        object.__setattr__(self, "levels", levels)
        for effect in self.effects:
            for column, numbers in _tables(effect):
                if tuple(numbers) != levels[column]:
                    raise ValueError(f"{self.name}: the numbers for {column} must name {levels[column]} in this order")

    @property
    def players(self) -> tuple[str, ...]:
        """The feature groups, in the order of the tables' columns, the history last."""
        users = ("age", "gender", "income", "region", "device", "interest")
        items = ("category", self.amount.name, self.maker.name, self.quality.name, self.decoy.name, "title")
        return (*(f"user.{u}" for u in users), *(f"item.{i}" for i in items), "history")


def _tables(effect: Effect) -> list[tuple[str, Mapping[str, float]]]:
    """The columns that an effect has a number for each level of."""
    if isinstance(effect, Bell):
        return [(effect.category, effect.centres)]
    return [(effect.column, effect.numbers)] if isinstance(effect, Levels) else []


def product_category(name: str, makers: str, *lines: tuple[str, str]) -> Category:
    """A category written as text: makers with commas between, ``(words, nouns)`` a line (see `nouns`)."""
    return Category(name, tuple(makers.split(", ")), tuple(ProductLine(tuple(w.split()), nouns(n)) for w, n in lines))


def nouns(text: str) -> tuple[tuple[str, float], ...]:
    """Read ``"phrase amount, phrase amount"``.

    >>> nouns("rain jacket 89, scarf 25")
    (('rain jacket', 89.0), ('scarf', 25.0))
    """
    pairs = (part.strip().rsplit(" ", 1) for part in text.split(","))
    return tuple((phrase, float(amount)) for phrase, amount in pairs)
