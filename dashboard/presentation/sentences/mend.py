"""What a mending does and what it costs, in one or two sentences."""

from __future__ import annotations

from collections.abc import Sequence

from dashboard.presentation.sentences.fairness import bold, column_name, inside, name_of, short_name
from dashboard.presentation.texts import joined, listed, numbers, plain, t
from dashboard.presentation.texts.markdown import Markdown, escape
from recsys_core.rerankers import Favoured
from recsys_core.results.mended_lists import MendedLists
from recsys_core.results.mending import Mending, Price

AS_IT_WAS = 0.02  # of a difference: less is no change


def method_name(method: str) -> str:
    """A method, or several, in words."""
    return listed([plain(f"mend.method.{name}") for name in method.split(",")])


def said(mendings: Sequence[Mending]) -> str:
    """What was done, one after the other: "Reweighing by gender, strength 50 %"."""
    return plain("list.join").join(
        plain(
            "mend.one",
            method=plain(f"mend.method.{m.method}"),
            column=column_name(m.by),
            strength=numbers.percent(m.strength),
        )
        for m in mendings
    )


def answer(found: MendedLists, method: str, strength: float) -> Markdown:
    """How much nearer the two groups are that were furthest apart, and the price."""
    start = {"method": escape(inside(method_name(method))), "strength": numbers.percent(strength)}
    if strength == 0:
        return t("mend.sentence.zero", **start)
    key, values = _gain(found)
    return joined(t(f"mend.sentence.{key}", **start, **values), price(found.price))


def of_model(found: MendedLists, mendings: Sequence[Mending], name: str) -> Markdown:
    """The same of a mended model, with what was done to it."""
    key, values = _gain(found)
    done = t("mend.sentence.model", name=name, mendings=said(mendings))
    return joined(done, t(f"mend.sentence.model.{key}", **values), price(found.price))


def _gain(found: MendedLists) -> tuple[str, dict[str, object]]:
    """Whether the two groups that were furthest apart are nearer, and the figures."""
    if found.extremes is None:
        return "no_groups", {}
    low, high = found.extremes
    values = [of.value for of in (low.before, high.before, low.after, high.after) if of]
    gap, left = values[1] - values[0], abs(values[3] - values[2])
    share = 1 - left / gap if gap > 0 else 0.0
    key = "same" if abs(share) < AS_IT_WAS else "nearer" if share > 0 else "further"
    return key, {
        "metric": escape(inside(short_name(found.metric))),
        "low": bold(name_of(low.group)),
        "high": bold(name_of(high.group)),
        "before": numbers.fixed(gap, 3),
        "after": numbers.fixed(left, 3),
        "share": numbers.percent(abs(share)),
    }


def price(found: Price) -> Markdown:
    """What it costs everyone together, and whether that is more than noise."""
    values = {
        "metric": escape(inside(metric_name(found.metric))),
        "before": numbers.fixed(found.before, 3),
        "after": numbers.fixed(found.after, 3),
        "low": numbers.signed(found.low, 4),
        "high": numbers.signed(found.high, 4),
        "share": numbers.percent(abs(found.relative), 1) if found.relative is not None else numbers.UNKNOWN,
    }
    if found.change == 0 and found.low == found.high:
        return t("mend.price.none", **values)
    if not (found.low > 0 or found.high < 0):
        return t("mend.price.noise", **values)
    return t("mend.price.gain" if found.change > 0 else "mend.price.loss", **values)


def metric_name(metric: str) -> str:
    """The measure of a price."""
    return plain("mend.accuracy") if metric == "accuracy" else short_name(metric)


def at_the_end(name: str) -> str:
    """A name as it stands at the end of a title, where a space would break the bold letters."""
    return inside(name).rstrip()


def favoured(groups: Sequence[Favoured]) -> Markdown:
    """Which groups are guaranteed places, and how many."""
    parts = [
        t(
            "mend.favoured",
            method=plain(f"mend.method.{one.method}"),
            groups=listed([name_of(group) for group in one.groups]),
            column=column_name(one.by),
            share=numbers.percent(one.share, 1),
        )
        for one in groups
    ]
    return joined(*parts)


def caveats(found: MendedLists, *, live: bool) -> list[Markdown]:
    """What the figures rest on."""
    return [
        t("mend.caveat.users", n=numbers.count(found.n_users)),
        t("mend.caveat.paired"),
        *([t("mend.caveat.learned"), t("mend.caveat.places")] if live else []),
    ]


def duration(seconds: float) -> Markdown:
    """How long a training will take, said before it starts."""
    return t("mend.duration", time=numbers.duration(seconds)) if seconds else t("mend.duration.none")
