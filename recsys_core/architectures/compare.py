"""Compare architectures: every design with every seed, and what follows about their gaps."""

from __future__ import annotations

import contextlib
import statistics
from itertools import product

import numpy as np

from recsys_core.architectures.settings import DesignSettings
from recsys_core.architectures.stored import load_runs, save_runs
from recsys_core.architectures.train import all_features, evaluated_users, features_of, train_design
from recsys_core.compare.groups import UserGroups, user_groups
from recsys_core.data.features import Features
from recsys_core.errors import SettingError, phrase, require
from recsys_core.fairness import find_column, holm
from recsys_core.models.trained_model import TrainedModel
from recsys_core.progress import Progress, silent
from recsys_core.results.architectures import (
    KINDS,
    ArchitectureReport,
    Design,
    DesignFigures,
    DesignRun,
    OverSeeds,
)

SURE = 0.05


def designs_of(features: Features) -> tuple[tuple[Design, ...], tuple[Design, ...]]:
    """The designs that can be made of these features, the app's own last, and those with nothing to read of items.

    Where the features hold no text (or no ids) there is no design with and without.
    """
    kinds = {group.kind for group in features.groups}
    ids, texts = ((False, True) if kind in kinds else (False,) for kind in ("id", "text"))
    every = [Design(*said) for said in product(KINDS, ids, texts)]
    made = tuple(d for d in every if features_of(d, features) is not None)
    return made, tuple(d for d in every if d not in made)


def compare_architectures(
    model: TrainedModel, by: str, settings: DesignSettings, *, progress: Progress = silent
) -> ArchitectureReport:
    """Quality and gap of every design over seeds, at one budget on one split.

    Runs that are kept from before, with as many epochs, are not trained again; each is kept as soon as it is done.

    Raises
    ------
    SettingError
        ``search.items`` for a column of items; ``search.parts`` for one with parts (``age=30/50``);
        ``search.nobody`` without test users; ``search.groups`` where fewer than two groups are large enough.
    RecLensError
        ``column.unknown``.
    """
    asked = find_column(model.dataset, by)
    require(asked.side == "user", SettingError, "search.items", column=asked.key)
    require(asked.whole == asked.key, SettingError, "search.parts", column=asked.key, whole=asked.whole)
    groups = groups_of(model)
    if asked.key not in {g.column for g in groups}:
        known = ", ".join(g.column for g in groups) or "-"
        raise SettingError("search.groups", column=asked.key, known=known)
    available = all_features(model)
    made, left_out = designs_of(available)
    epochs, runs = load_runs(model)
    kept = {(run.design, run.seed): run for run in (runs if epochs == settings.epochs else [])}
    wanted = [(design, seed) for seed in range(settings.seeds) for design in made]
    for at, (design, seed) in enumerate(wanted):
        if (design, seed) not in kept:
            progress(phrase("stage.designs", at=at + 1, n=len(wanted)), at / len(wanted))
            kept[design, seed] = train_design(model, design, seed, settings, groups, available=available)
            with contextlib.suppress(OSError):  # a folder that cannot be written to is slower, not broken
                save_runs(model, settings.epochs, list(kept.values()))
    return report_of([kept[key] for key in wanted], asked.key, model, settings, left_out=left_out)


def groups_of(model: TrainedModel) -> tuple[UserGroups, ...]:
    """The groups of the measured users by every column that has two large enough."""
    users = evaluated_users(model)
    require(len(users) > 0, SettingError, "search.nobody")
    return user_groups(model.dataset, users, train=model.split_dataset.sequences())


def report_of(
    runs: list[DesignRun],
    by: str,
    model: TrainedModel,
    settings: DesignSettings,
    *,
    left_out: tuple[Design, ...] = (),
) -> ArchitectureReport:
    """What runs of all designs and seeds say of a column's gap."""
    by_design: dict[Design, list[DesignRun]] = {}
    for run in sorted(runs, key=lambda run: run.seed):
        by_design.setdefault(run.design, []).append(run)
    app = list(by_design)[-1]
    figures = figures_of(by_design, app, by)
    smaller = [f for f in figures if f.p_gap is not None and f.p_gap <= SURE and f.gap_change < 0]
    poorer = [f for f in smaller if f.p_ndcg is not None and f.p_ndcg <= SURE and f.ndcg_change < 0]
    return ArchitectureReport(
        by=by,
        task=model.task,
        designs=figures,
        fairer=tuple(f.design for f in smaller if f not in poorer),
        poorer=tuple(f.design for f in poorer),
        left_out=left_out,
        app=app,
        seeds=tuple(run.seed for run in by_design[app]),
        epochs=settings.epochs,
        n_users=len(evaluated_users(model)),
        n_groups=next(len(g.labels) for g in groups_of(model) if g.column == by),
        seconds=sum(run.seconds for run in runs),
    )


def figures_of(by_design: dict[Design, list[DesignRun]], app: Design, by: str) -> tuple[DesignFigures, ...]:
    """Each design over its seeds; changes against the app's are paired by seed, p-values by Holm over the others."""
    base, others = by_design[app], [design for design in by_design if design != app]
    p_gap = _corrected([paired_p([r.gaps[by] for r in by_design[d]], [r.gaps[by] for r in base]) for d in others])
    p_ndcg = _corrected([paired_p([r.ndcg for r in by_design[d]], [r.ndcg for r in base]) for d in others])
    p = dict(zip(others, zip(p_gap, p_ndcg, strict=True), strict=True))
    return tuple(
        DesignFigures(
            design=design,
            ndcg=OverSeeds.of(tuple(r.ndcg for r in runs)),
            auc=_auc(runs),
            gap=OverSeeds.of(tuple(r.gaps[by] for r in runs)),
            gap_change=statistics.fmean(r.gaps[by] - b.gaps[by] for r, b in zip(runs, base, strict=True)),
            ndcg_change=statistics.fmean(r.ndcg - b.ndcg for r, b in zip(runs, base, strict=True)),
            p_gap=p.get(design, (None, None))[0],
            p_ndcg=p.get(design, (None, None))[1],
            n_parameters=runs[0].n_parameters,
            worst=tuple(r.worst[by] for r in runs),
        )
        for design, runs in by_design.items()
    )


def _auc(runs: list[DesignRun]) -> OverSeeds | None:
    values = tuple(run.auc for run in runs if run.auc is not None)
    return OverSeeds.of(values) if len(values) == len(runs) else None


def paired_p(values: list[float], base: list[float]) -> float | None:
    """Two-sided p-value of the paired t-test (Student 1908); None with one pair, 1 where nothing differs.

    >>> round(paired_p([1.0, 2.0, 4.0], [0.0, 0.0, 1.0]), 4)
    0.0742
    """
    from scipy.stats import ttest_rel

    if len(values) < 2:
        return None
    differences = [a - b for a, b in zip(values, base, strict=True)]
    if max(differences) == min(differences):
        return 1.0 if differences[0] == 0 else 0.0
    return float(ttest_rel(values, base).pvalue)


def _corrected(p: list[float | None]) -> list[float | None]:
    known = [x for x in p if x is not None]
    return p if len(known) < len(p) or not p else [float(x) for x in holm(np.array(known))]
