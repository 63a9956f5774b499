"""What is said of candidates learned from feedback: how they were made, what became of them and why."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from dashboard.presentation.sentences.fairness import column_name, name_of
from dashboard.presentation.sentences.monitor import moment
from dashboard.presentation.texts import core_message, joined, numbers, plain, t, word
from dashboard.presentation.texts.markdown import Markdown
from recsys_core.results.fairness import Group
from recsys_core.results.learning import Decision, Gain, Reason

PLACES = 4  # gains in log loss are small
Named = Callable[[str, str], str]


def rule(name: str | None) -> str:
    """A step of the ladder in words."""
    if name == "histories":  # no step of the learner: they are fresh in every answer
        return plain("candidates.histories")
    return numbers.UNKNOWN if name is None else word("core.learning.step", name)


def decided(decision: Decision) -> str:
    """What became of it, and by whom: "held by the guard"."""
    said = plain(f"candidates.decision.{decision.decision}")
    return plain(f"candidates.by.{'person' if decision.by == 'person' else 'guard'}", decision=said)


def reason(found: Reason, named: Named) -> Markdown:
    """Why it was decided so, or what speaks against it; ``named`` gives the words of a column's group."""
    values = found.values
    if "column" in values and "group" in values:  # as the data name them
        column, group = values["column"], named(values["column"], values["group"])
        values = values | {"column": column_name(column), "group": group}
    return core_message(found.key, values)


def group_name(label: str, groups: Mapping[str, Group]) -> str:
    """A group of the guard's in words: one of a column's ``groups`` by its label; pooled ones have none."""
    return name_of(groups.get(label) or (Group("value", label) if label else Group("rest")))


def gain(found: Gain) -> str:
    """A gain with its interval: "+0.0009 (+0.0003 to +0.0015)"; a dash where there is none."""
    if found.gain is None:
        return numbers.UNKNOWN
    value = numbers.signed(found.gain, PLACES)
    if found.low is None or found.high is None:
        return value
    low, high = numbers.signed(found.low, PLACES), numbers.signed(found.high, PLACES)
    return plain("monitor.interval", value=value, low=low, high=high)


def tried(decision: Decision, named: Named) -> list[Markdown]:
    """A line a step of the ladder that was tried: its gains, and what speaks against it."""
    return [
        t(
            "candidates.step",
            rule=rule(step.rule),
            rolling=gain(step.rolling),
            anchor=numbers.UNKNOWN if step.anchor is None else gain(step.anchor),
            against=t("candidates.against.none") if step.against is None else reason(step.against, named),
        )
        for step in decision.tried
    ]


def made_at(decision: Decision, now: float) -> str:
    """When the decision fell."""
    return moment(datetime.fromisoformat(decision.at).timestamp(), now)


def made(decision: Decision, parent: str, now: float) -> Markdown:
    """From what, when and by how much feedback it was made."""
    said = t(
        "candidates.made",
        time=made_at(decision, now),
        parent=decision.parent_version,
        name=parent,
        rows=decision.n_rows,
        users=decision.n_users,
        first=decision.after + 1,
        upto=decision.upto,
        seed=decision.seed,
    )
    capped = t("candidates.capped", n=decision.n_capped) if decision.n_capped else ""
    unknown = t("candidates.unknown", n=decision.n_unknown) if decision.n_unknown else ""
    return joined(said, capped, unknown, t("candidates.nothing") if decision.candidate is None else "")


def caveats(decision: Decision) -> list[Markdown]:
    """How many looks there were, what alpha was left, and what else the candidate changes."""
    found = [t("candidates.look", look=decision.look, alpha=numbers.number(decision.alpha))] if decision.alpha else []
    if decision.surprise is not None:
        found.append(t("candidates.surprise", surprise=numbers.signed(decision.surprise, 3)))
    if decision.overlap is not None:
        found.append(t("candidates.overlap", share=numbers.percent(decision.overlap)))
    if decision.drift is not None:
        found.append(t("candidates.moved", drift=numbers.number(decision.drift)))
    return found
