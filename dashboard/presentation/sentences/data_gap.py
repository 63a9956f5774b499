"""Whether a model widens what the data hold, in words."""

from __future__ import annotations

from dashboard.presentation.sentences.fairness import bold, columns_name, inside, name_of, short_name
from dashboard.presentation.texts import core_message, numbers, plain, t
from dashboard.presentation.texts.markdown import Markdown
from recsys_core.fairness.data_gap import verdicts as said_by_the_core
from recsys_core.results.data_gap import DataGap


def ranking_name(scorer: str) -> str:
    """``model``, ``best`` or a baseline, as it is called everywhere."""
    return plain(f"data_gap.scorer.{scorer}") if scorer in ("model", "best") else plain(f"baseline.{scorer}")


def verdicts(found: DataGap) -> list[Markdown]:
    """The core's own verdicts with the groups in the session's language, and what is known of the cause."""
    if found.worst is None or found.best is None:
        values = {"column": columns_name(found.by), "least": found.least_size}
        return [core_message("data_gap.no_groups", values)]
    worst, best = (inside(name_of(group)) for group in (found.worst, found.best))
    groups = {"worst": worst, "best": best}
    said = []
    for phrase in said_by_the_core(found):
        own = {"group": worst} if phrase.key == "data_gap.bound" else groups
        said.append(core_message(phrase.key, dict(phrase.values) | own))
    planted = found.kind and found.worst.kind == "value" and found.worst.value == found.planted
    return [*said, *([t(f"data_gap.planted.{found.kind}", group=bold(name_of(found.worst)))] if planted else [])]


def bound(found: DataGap) -> Markdown | None:
    """That no mending can lift the worst group above the best possible; None where the core does not say it."""
    phrase = next((said for said in said_by_the_core(found) if said.key == "data_gap.bound"), None)
    if phrase is None or found.worst is None:
        return None
    return core_message(phrase.key, dict(phrase.values) | {"group": inside(name_of(found.worst))})


def caveats(found: DataGap, asked: str) -> list[Markdown]:
    """Users, draws, seed, how the references were made, and how the two groups were picked."""
    known = "best" in found.rows
    other = [] if asked == found.measure else [t("data_gap.caveat.measure", measure=short_name(found.measure))]
    return [
        *other,
        t("fairness.caveat.users", n=found.n_users),
        t("fairness.caveat.draws", n=found.n_bootstrap),
        t("fairness.caveat.seed", seed=found.seed),
        t("fairness.caveat.least", least=found.least_size),
        t("data_gap.caveat.references"),
        t(f"data_gap.caveat.{'best' if known else 'unknown'}"),
        t("data_gap.caveat.picked"),
        t("data_gap.caveat.level"),
        t("explain.caveat.seconds", time=numbers.duration(found.seconds)),
    ]
