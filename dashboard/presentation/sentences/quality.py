"""How good the model is: its sentence, the verdicts against each baseline, and what the figures rest on."""

from __future__ import annotations

from typing import TypeGuard

import pandas as pd

from dashboard.presentation.sentences import users
from dashboard.presentation.sentences.fairness import inside
from dashboard.presentation.texts import has, joined, listed, numbers, plain, t, word
from dashboard.presentation.texts.markdown import Markdown, supporting
from recsys_core.models.trained_model import TrainedModel
from recsys_core.results import ScorerQuality, TrainingReport
from recsys_core.results.training import Difference

MOST_OF_IT = 0.9  # of what is possible above chance
FLOOR = "popularity"  # the baseline that lists must beat to be of any use
VERDICTS = {"above": True, "par": None, "below": False}
WORD_OF_SAMPLE = {"shop": "bought", "news": "read"}  # what taking an item is called in a sample


def best_possible(model: TrainedModel) -> dict[str, float]:
    """What the planted truth itself reaches, on sample data; empty elsewhere."""
    return model.training.best_possible


def sentence(model: TrainedModel) -> Markdown:
    """Quality against the best possible and every baseline, as far as there are figures."""
    report, best = model.training, best_possible(model)
    if not known(report.model["auc"]):
        return joined(t("overview.sentence.no_auc"), _ranking(report))
    auc = supporting(numbers.number(report.model["auc"]))
    of_best = t("overview.of_best", best=numbers.number(best["auc"])) if known(best.get("auc")) else Markdown("")
    values = {"auc": auc, "of_best": of_best, "percent": numbers.percent(report.model["auc"])}
    return joined(t(f"overview.sentence.auc.{_what(model)}", **values), _ranking(report))


def _what(model: TrainedModel) -> str:
    """What tells a positive from a negative: a sample's, ``shown``, ``liked``, ``taken``, ``held`` or ``rated``."""
    if model.task == "implicit":  # a part drawn at random holds nothing that came next
        return "held" if model.training.split == "random" else "taken"
    if model.task == "rating":
        return "rated"
    if model.dataset.schema.outcome == "rating":
        return "liked"
    return WORD_OF_SAMPLE.get(str((model.dataset.truth or {}).get("domain")), "shown")


def known(value: float | None) -> TypeGuard[float]:
    """Whether there is a figure."""
    return value is not None and value == value


def _ranking(report: TrainingReport) -> Markdown:
    ndcg, popularity = report.model["ndcg@10"], _of(report, FLOOR)
    if not known(ndcg):
        return t("overview.sentence.no_ndcg")
    if is_below_popularity(report):
        return t("overview.sentence.ndcg_below", ndcg=numbers.number(ndcg), popularity=numbers.number(popularity))
    values = {"ndcg": supporting(numbers.number(ndcg)), "others": _others(report)}
    if against(report, FLOOR) == "par":  # "1.5 times" of what chance may have made is no finding
        return t("overview.sentence.ndcg_par", **values, popularity=numbers.number(popularity))
    times = {"times": numbers.number(ndcg / popularity, 2)} if popularity is not None and popularity > 0 else {}
    return t("overview.sentence.ndcg" if times else "overview.sentence.ndcg_alone", **values, **times)


def _others(report: TrainingReport) -> Markdown:
    """Which of the other baselines the lists are better than, on a par with and worse than, one part of a sentence."""
    parts = []
    for verdict in VERDICTS:
        names = [name for name in weakest_first(report) if name != FLOOR and against(report, name) == verdict]
        if names:
            shown = [
                plain("overview.than.name", name=baseline_name(n), value=numbers.number(_of(report, n))) for n in names
            ]
            parts.append(t(f"overview.than.{verdict}", names=inside(listed(shown))))
    return Markdown("".join(parts))


def _of(report: TrainingReport, name: str) -> float | None:
    """A baseline's NDCG@10; None where there is none."""
    return report.baselines[name]["ndcg@10"] if name in report.baselines else None


def baseline_name(name: str) -> str:
    """A baseline as it stands inside a sentence."""
    return word("baseline", name)


def weakest_first(report: TrainingReport) -> list[str]:
    """Names of the baselines by their NDCG@10, those without one first."""
    ndcg = {name: quality["ndcg@10"] for name, quality in report.baselines.items()}
    return sorted(ndcg, key=lambda name: (known(ndcg[name]), ndcg[name] if known(ndcg[name]) else 0))


def against(report: TrainingReport, name: str) -> str:
    """``above``, ``below`` or ``par`` of a baseline's lists by the paired interval; empty where nothing is known."""
    found = difference(report, name)
    if found is None:
        return ""
    _, low, high = found  # both unknown where too few users were ranked: nothing is proven
    return "above" if low > 0 else "below" if high < 0 else "par"


def difference(report: TrainingReport, name: str) -> Difference | None:
    """NDCG@10 minus a baseline's with its paired interval; None where one of them has none."""
    found = report.baselines[name].differences.get("ndcg@10") if name in report.baselines else None
    return found if found is not None and known(found[0]) else None


def is_below_popularity(report: TrainingReport) -> bool:
    """Whether the model's lists are worse than popularity's, beyond the interval of the difference."""
    return against(report, FLOOR) == "below"


def of_possible(model: TrainedModel) -> float | None:
    """Share of what is possible above chance that the AUC reaches, on data with a known truth."""
    auc, best = model.training.model["auc"], best_possible(model).get("auc")
    return (auc - 0.5) / (best - 0.5) if known(auc) and known(best) and best > 0.5 else None


def verdicts(model: TrainedModel) -> list[tuple[bool | None, Markdown]]:
    """What can be trusted, line by line: yes, no, or None where it is not proven."""
    found: list[tuple[bool | None, Markdown]] = []
    for name in weakest_first(model.training):
        interval = difference(model.training, name)
        if interval is not None:
            verdict = against(model.training, name)
            change, low, high = (numbers.signed(x, 3) for x in interval)
            values = {"name": inside(baseline_name(name)), "change": change, "low": low, "high": high}
            key = verdict if known(interval[1]) else "few"
            said = t(f"overview.verdict.{key}", n=model.training.model.n_users, **values)
            found.append((VERDICTS[verdict], said))
    share = of_possible(model)
    if share is not None:
        found.append((share >= MOST_OF_IT, t("overview.verdict.possible", share=numbers.percent(share))))
    return found


def best_sentence(model: TrainedModel) -> Markdown:
    """The best that any model can reach, in figures; empty where the truth is not known."""
    best = {name: value for name, value in best_possible(model).items() if known(value)}
    shown = [f"{plain(f'measure.{name}')} {numbers.number(value)}" for name, value in best.items()]
    return t("overview.quality.best", figures=plain("list.join").join(shown)) if shown else Markdown("")


def caveats(model: TrainedModel) -> list[Markdown]:
    """Task, split, users tested, seed and intervals."""
    quality, config = model.training.model, model.config
    return [
        t(f"task.{model.task}"),
        t(f"split.{config['split']}"),
        *(users.sample(model.training.sample) or [t("overview.caveat.users", n=quality.n_users)]),
        t("overview.caveat.pairs", n=quality.n_pairs),
        t("overview.caveat.catalogue", n=model.dataset.n_items),
        t("overview.caveat.seed", seed=config["seed"]),
        t("overview.caveat.interval"),
    ]


def baselines_fitted(model: TrainedModel) -> list[Markdown]:
    """What each baseline was fitted with and on, as training noted it: a part of a grey line each."""
    return [said for name, quality in model.training.baselines.items() for said in _fitted(name, quality, model)]


def _fitted(name: str, quality: ScorerQuality, model: TrainedModel) -> list[Markdown]:
    settings = quality.settings
    is_cut = settings.get("n_items", model.dataset.n_items) < model.dataset.n_items and settings.get("n_least", 0) > 1
    key = f"baseline.{name}.fitted.some" if is_cut else f"baseline.{name}.fitted"
    if not has(key):
        return []
    most = {"neighbours": model.dataset.n_items - 1}  # in a small catalogue an item has no more
    values = {k: numbers.setting(min(v, most.get(k, v))) for k, v in settings.items()}
    said = [t(key, n_catalogue=model.dataset.n_items, **values)]
    if settings.get("longest"):
        said.append(t("baseline.longest", name=inside(baseline_name(name)), n=int(settings["longest"])))
    return said


def lists_sentence(model: TrainedModel) -> list[Markdown]:
    """Why the lists of a model of ratings may be of no use; nothing where they are of use."""
    of_ratings = model.task != "implicit" and model.dataset.schema.outcome == "rating"
    return [t("overview.lists_poor")] if of_ratings and is_below_popularity(model.training) else []


def quality_table(model: TrainedModel) -> pd.DataFrame:
    """Every measure of the model and the baselines with its interval, for the download."""
    return pd.DataFrame(
        [
            {"who": name, "measure": measure, "value": quality[measure], "low": low, "high": high}
            for name, quality in model.training.scorers.items()
            for measure, (low, high) in quality.intervals.items()
        ]
    )
