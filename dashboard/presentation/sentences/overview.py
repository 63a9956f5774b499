"""What data, which model, how good: in two sentences, and the list of problems."""

from __future__ import annotations

from datetime import datetime
from typing import TypeGuard

import pandas as pd

from dashboard.presentation.sentences import fairness
from dashboard.presentation.texts import core_message, has, joined, numbers, plain, t, word
from dashboard.presentation.texts.markdown import Markdown, escape, opposing, supporting
from recsys_core.data.profile import Profile
from recsys_core.data.schema import Schema
from recsys_core.data.split import least_positive
from recsys_core.data.understood import ColumnUnderstood
from recsys_core.fairness import ScanResult
from recsys_core.models.anatomy import Stage
from recsys_core.models.trained_model import TrainedModel
from recsys_core.results import OneVsRestGap, TrainingReport
from recsys_core.results.training import Difference

MOST_OF_IT = 0.9  # of what is possible above chance
TWICE = 2.0


def best_possible(model: TrainedModel) -> dict[str, float]:
    """What the planted truth itself reaches, on sample data; empty elsewhere."""
    return model.training.best_possible


def sentence(model: TrainedModel) -> Markdown:
    """Quality against the best possible, popularity and EASE, as far as there are figures."""
    report, best = model.training, best_possible(model)
    if not known(report.model["auc"]):
        return joined(t("overview.sentence.no_auc"), _ranking(report))
    auc = supporting(numbers.number(report.model["auc"]))
    of_best = t("overview.of_best", best=numbers.number(best["auc"])) if known(best.get("auc")) else Markdown("")
    values = {"auc": auc, "of_best": of_best, "percent": numbers.percent(report.model["auc"])}
    return joined(t(f"overview.sentence.auc.{_what(model)}", **values), _ranking(report))


def _what(model: TrainedModel) -> str:
    """What tells a positive from a negative: ``bought``, ``shown``, ``liked``, ``taken``, ``held`` or ``rated``."""
    if model.task == "implicit":  # a part drawn at random holds nothing that came next
        return "held" if model.training.split == "random" else "taken"
    if model.task == "rating":
        return "rated"
    if model.dataset.schema.outcome == "rating":
        return "liked"
    return "bought" if (model.dataset.truth or {}).get("domain") == "shop" else "shown"


def known(value: float | None) -> TypeGuard[float]:
    """Whether there is a figure."""
    return value is not None and value == value


def _ranking(report: TrainingReport) -> Markdown:
    ndcg, popularity = report.model["ndcg@10"], _of(report, "popularity")
    if not known(ndcg):
        return t("overview.sentence.no_ndcg")
    if is_below_popularity(report):
        return t("overview.sentence.ndcg_below", ndcg=numbers.number(ndcg), popularity=numbers.number(popularity))
    values, ease = {"ndcg": supporting(numbers.number(ndcg))}, _of(report, "ease")
    verdict = against(report, "ease")
    said = t(f"overview.ease.{verdict}", ease=numbers.number(ease)) if verdict else Markdown("")
    if against(report, "popularity") == "par":  # "1.5 times" of what chance may have made is no finding
        return t("overview.sentence.ndcg_par", **values, popularity=numbers.number(popularity), ease=said)
    times = {"times": numbers.number(ndcg / popularity, 2)} if popularity is not None and popularity > 0 else {}
    return t("overview.sentence.ndcg" if times else "overview.sentence.ndcg_alone", **values, **times, ease=said)


def _of(report: TrainingReport, name: str) -> float | None:
    """A baseline's NDCG@10; None where there is none."""
    return report.baselines[name]["ndcg@10"] if name in report.baselines else None


def against(report: TrainingReport, name: str) -> str:
    """``above``, ``below`` or ``par`` of a baseline's lists by the paired interval; empty where nothing is known."""
    found = difference(report, name)
    if found is None:
        return ""
    _, low, high = found
    return "above" if low > 0 else "below" if high < 0 else "par"


def difference(report: TrainingReport, name: str) -> Difference | None:
    """NDCG@10 minus a baseline's with its paired interval; None where one of them has none."""
    found = report.baselines[name].differences.get("ndcg@10") if name in report.baselines else None
    return found if found is not None and known(found[0]) else None


def is_below_popularity(report: TrainingReport) -> bool:
    """Whether the model's lists are worse than popularity's, beyond the interval of the difference."""
    return against(report, "popularity") == "below"


def of_possible(model: TrainedModel) -> float | None:
    """Share of what is possible above chance that the AUC reaches, on data with a known truth."""
    auc, best = model.training.model["auc"], best_possible(model).get("auc")
    return (auc - 0.5) / (best - 0.5) if known(auc) and known(best) and best > 0.5 else None


def verdicts(model: TrainedModel) -> list[tuple[bool | None, Markdown]]:
    """What can be trusted, line by line: yes, no, or None where it is not proven."""
    found: list[tuple[bool | None, Markdown]] = []
    for name in ("popularity", "ease"):
        verdict, interval = against(model.training, name), difference(model.training, name)
        if interval is not None:
            change, low, high = (numbers.signed(x, 3) for x in interval)
            said = t(f"overview.verdict.{name}.{verdict}", change=change, low=low, high=high)
            found.append(({"above": True, "below": False, "par": None}[verdict], said))
    share = of_possible(model)
    if share is not None:
        found.append((share >= MOST_OF_IT, t("overview.verdict.possible", share=numbers.percent(share))))
    return found


def gap_verdict(scan: ScanResult, rest: OneVsRestGap | None) -> tuple[bool, Markdown]:
    """The largest real gap between groups of users, or that none is more than noise."""
    if rest is None or scan.largest_real is None:
        return True, t("overview.verdict.no_gap", n=len(scan.reports))
    column, gap = scan.largest_real
    report = scan.reports[column]
    values = {
        "who": fairness.people((column,), gap.worst_group),
        "metric": escape(fairness.measure_name(gap.metric)),
        "value": fairness.format_metric(rest.value),
        "rest": fairness.format_metric(rest.rest),
        "n": max(1, round(report.overall.n / rest.n)),
    }
    is_less = fairness.direction(gap.metric) == fairness.HIGHER_IS_BETTER and 0 < rest.value < rest.rest
    if is_less and rest.rest / rest.value >= TWICE:
        return False, t("overview.verdict.gap.times", times=numbers.number(rest.rest / rest.value, 2), **values)
    return False, t("overview.verdict.gap", **values)


def verdict_line(is_good: bool | None, said: Markdown) -> Markdown:
    """A line of the verdict with its sign: yes, no, or not proven."""
    sign = {True: supporting("✓"), False: opposing("✗"), None: Markdown("**?**")}[is_good]
    return Markdown(f"{sign} {said}")


def best_sentence(model: TrainedModel) -> Markdown:
    """The best that any model can reach, in figures; empty where the truth is not known."""
    best = {name: value for name, value in best_possible(model).items() if known(value)}
    shown = [f"{plain(f'measure.{name}')} {numbers.number(value)}" for name, value in best.items()]
    return t("overview.quality.best", figures=plain("list.join").join(shown)) if shown else Markdown("")


def last_period(found: Profile, language: str) -> str:
    """That the last bar is of a period that is not over; empty where it is whole."""
    starts = found.periods["start"]
    if found.last_time is None or len(starts) < 2:
        return ""
    length = (starts.iloc[-1] - starts.iloc[-2]).total_seconds()
    left = starts.iloc[-1].timestamp() + length - found.last_time
    return t("overview.time.last", last=numbers.date(found.last_time, language)) if left > length / 7 else ""


def caveats(model: TrainedModel) -> list[str]:
    """Task, split, users tested, seed and intervals."""
    quality, config = model.training.model, model.config
    return [
        t(f"task.{model.task}"),
        t(f"split.{config['split']}"),
        t("overview.caveat.users", n=quality.n_users),
        t("overview.caveat.pairs", n=quality.n_pairs),
        t("overview.caveat.catalogue", n=model.dataset.n_items),
        t("overview.caveat.seed", seed=config["seed"]),
        t("overview.caveat.interval"),
    ]


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


def lists_sentence(model: TrainedModel) -> list[Markdown]:
    """Why the lists of a model of ratings may be of no use; nothing where they are of use."""
    of_ratings = model.task != "implicit" and model.dataset.schema.outcome == "rating"
    return [t("overview.lists_poor")] if of_ratings and is_below_popularity(model.training) else []


def ids_sentence(model: TrainedModel) -> Markdown:
    """Whether user and item ids are reasons of this model, and what validation said of both ways."""
    key = "overview.ids.kept" if any(g.kind == "id" for g in model.features.groups) else "overview.ids.left_out"
    names = {"with ids": "with_ids", "without ids": "without_ids"}
    figures = [
        plain(f"overview.ids.{names[option.name]}", value=numbers.number(abs(option.figure), 4))
        for option in model.choice.tried
        if option.name in names
    ]
    measure = plain(f"overview.validation.{model.task}")
    shown = (
        t("overview.ids.tried", figures=plain("list.join").join(figures), measure=measure)
        if len(figures) > 1
        else Markdown("")
    )
    return joined(t(key), shown)


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


def stage_lines(stage: Stage) -> dict[str, str]:
    """What stands on a stage's card: its job, shapes, parameters and bytes."""
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


def quality_table(model: TrainedModel) -> pd.DataFrame:
    """Every measure of the model and the baselines with its interval, for the download."""
    return pd.DataFrame(
        [
            {"who": name, "measure": measure, "value": quality[measure], "low": low, "high": high}
            for name, quality in model.training.scorers.items()
            for measure, (low, high) in quality.intervals.items()
        ]
    )
