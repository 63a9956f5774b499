"""What data, which model, how good: in two sentences, and the list of problems."""

from __future__ import annotations

from datetime import datetime

import pandas as pd

from dashboard.presentation.sentences import fairness
from dashboard.presentation.texts import core_message, has, numbers, plain, t, word
from dashboard.presentation.texts.markdown import Markdown, escape, opposing, supporting
from recsys_core.data.profile import Profile
from recsys_core.data.schema import Schema
from recsys_core.data.split import least_positive
from recsys_core.data.understood import ColumnUnderstood
from recsys_core.fairness import ScanResult
from recsys_core.models.anatomy import TERM, Stage
from recsys_core.models.trained_model import TrainedModel
from recsys_core.results import OneVsRestGap

TWICE = 2.0


def gap_verdict(scan: ScanResult, rest: OneVsRestGap | None) -> tuple[bool | None, Markdown]:
    """The largest real gap between groups of users, that none is more than noise, or that none could be measured."""
    if not scan.gaps:
        return None, t("overview.verdict.no_groups", n=len(scan.reports))
    if rest is None or scan.largest_real is None:
        return True, t("overview.verdict.no_gap", n=len(scan.reports))
    column, gap = scan.largest_real
    report = scan.reports[column]
    values = {
        "who": fairness.people((column,), gap.worst_group),
        "metric": escape(fairness.inside(fairness.measure_name(gap.metric))),
        "value": fairness.format_metric(rest.value),
        "rest": fairness.format_metric(rest.rest),
        "n": round(report.overall.n / rest.n),
    }
    key = "overview.verdict.gap" if 3 * rest.n < 2 * report.overall.n else "overview.verdict.gap.most"
    is_less = fairness.direction(gap.metric) == fairness.HIGHER_IS_BETTER and 0 < rest.value < rest.rest
    if is_less and rest.rest / rest.value >= TWICE:
        return False, t(f"{key}.times", times=numbers.number(rest.rest / rest.value, 2), **values)
    return False, t(key, **values)


def verdict_line(is_good: bool | None, said: Markdown) -> Markdown:
    """A line of the verdict with its sign: yes, no, or not proven."""
    sign = {True: supporting("✓"), False: opposing("✗"), None: Markdown("**?**")}[is_good]
    return Markdown(f"{sign} {said}")


def last_period(found: Profile, language: str) -> str:
    """That the last bar is of a period that is not over; empty where it is whole."""
    starts = found.periods["start"]
    if found.last_time is None or len(starts) < 2:
        return ""
    length = (starts.iloc[-1] - starts.iloc[-2]).total_seconds()
    left = starts.iloc[-1].timestamp() + length - found.last_time
    return t("overview.time.last", last=numbers.date(found.last_time, language)) if left > length / 7 else ""


def meaning(model: TrainedModel) -> list[Markdown]:
    """What the data are and what "taken" means in them: synthetic with a known truth, bought, shown, rated."""
    schema = model.dataset.schema
    truth = model.dataset.truth
    found = [t("overview.synthetic")] if truth else []
    if truth and has(f"overview.taken.{truth.get('domain')}"):
        return [*found, t(f"overview.taken.{truth['domain']}")]
    if schema.outcome == "rating":
        return [*found, taken_of_ratings(schema, model.task)]
    return [*found, t(f"overview.taken.{schema.outcome}")]


def taken_of_ratings(schema: Schema, task: str) -> Markdown:
    """From which rating on an item counts as taken; a scale that does not begin near 0 or 1 is said with both ends."""
    key = "overview.taken.rating.like" if task == "like" else "overview.taken.rating"
    if not 0 <= schema.low <= 1:
        key += ".scale"
    ends = {"least": least_positive(schema), "low": schema.low, "high": schema.high}
    return t(key, **{name: f"{value:g}".replace("-", numbers.MINUS) for name, value in ends.items()})


def made(model: TrainedModel, language: str) -> Markdown:
    """When the model was trained."""
    when = datetime.fromisoformat(model.made).timestamp()
    return t("overview.made", when=numbers.date(when, language))


def learned(model: TrainedModel) -> list[Markdown]:
    """By how much feedback the model was taught and what it was before; nothing for one that was trained alone."""
    about = model.config.get("learned")
    if about is None:
        return []
    return [
        t(
            "overview.learned",
            n=about["n_rows"],
            first=about["after"] + 1,
            upto=about["upto"],
            parent=about["parent"],
            version=about["parent_version"],
            rule=word("core.learning.step", about["rule"]),
            seed=about["seed"],
        )
    ]


def problems(model: TrainedModel) -> list[Markdown]:
    """Everything that was noticed when the data came in, as sentences."""
    return [core_message(key, values) for key, values in model.dataset.warnings]


def columns_table(found: tuple[ColumnUnderstood, ...]) -> pd.DataFrame:
    """What each column was taken for, in the reader's words; examples as the data have them."""
    rows = (
        (
            word("column", c.column),
            plain(f"overview.columns.{c.side}"),
            plain(f"overview.columns.kind.{c.kind}"),
            plain(f"overview.columns.{'reason' if c.is_reason else 'no_reason'}"),
            *(numbers.count(n) for n in (c.values, c.missing, c.unreadable)),
            ", ".join(c.examples),
        )
        for c in found
    )
    heads = ("column", "side", "kind", "use", "values", "missing", "unreadable", "examples")
    return pd.DataFrame(rows, columns=[plain(f"overview.columns.{head}") for head in heads])


def stat_cards(found: Profile) -> list[tuple[str, str, str]]:
    """Label, value and note of each figure card."""
    cards: list[tuple[str, str, str]] = [
        (t("overview.users"), numbers.count(found.n_users), ""),
        (t("overview.items"), numbers.count(found.n_items), ""),
        (
            t("overview.interactions"),
            numbers.count(found.n_interactions),
            t("overview.per_user", n=numbers.count(found.n_interactions / max(1, found.n_users))),
        ),
        (t("overview.seen"), numbers.percent(found.density, 1), t("overview.seen.note")),
    ]
    if found.first_time is not None and found.last_time is not None:
        first, last = numbers.day(found.first_time), numbers.day(found.last_time)
        cards.append((t("overview.period"), first, t("overview.period.to", last=last)))
    return cards


def stage_lines(stage: Stage, share: float | None = None) -> dict[str, str]:
    """What stands on a stage's card: its shapes, parameters and bytes; of the item-item term its ``share``, too."""
    if stage.name == TERM:
        return {
            "shapes": plain("anatomy.items_in", n=stage.n_inputs),
            "parameters": plain("anatomy.entries", n=numbers.short(stage.n_parameters)),
            "size": numbers.size(stage.size_bytes),
            "trained": plain("anatomy.solved"),
            "share": "" if share is None else plain("anatomy.share", share=numbers.percent(share)),
        }
    shapes = " → ".join(numbers.count(w) for w in stage.widths) or plain("anatomy.nothing")
    if stage.name == "encoder":
        shapes = plain("anatomy.text_in", width=stage.n_outputs) if stage.n_outputs else plain("anatomy.no_text")
    if stage.name == "adapter":
        shapes = plain("anatomy.reasons_in", n=stage.n_inputs, width=stage.n_outputs)
    return {
        "shapes": shapes,
        "parameters": plain("anatomy.parameters", n=numbers.short(stage.n_parameters)),
        "size": numbers.size(stage.size_bytes),
        "trained": plain("anatomy.trained" if stage.is_trained else "anatomy.frozen"),
    }
