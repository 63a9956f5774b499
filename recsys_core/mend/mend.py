"""Mend: carry out one mending or several, trained ones before live ones, and report what it did."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from recsys_core.compress.storage import size_bytes
from recsys_core.data.dataset import Dataset
from recsys_core.errors import Phrase, SettingError, phrase
from recsys_core.fairness import dense_scan
from recsys_core.mend.groups import spelled, split_columns
from recsys_core.mend.report import MendedVariant, mending_report
from recsys_core.mend.train import changes_of, train_mended
from recsys_core.mend.tried import Tried, TriedStore, now
from recsys_core.models.model_store import ModelStore
from recsys_core.models.trained_model import TrainedModel
from recsys_core.models.user_sample import QUICK, UserLimit
from recsys_core.models.workspace import Workspace
from recsys_core.progress import Progress, silent
from recsys_core.rerank import RERANKERS
from recsys_core.rerankers import check_reranker, make_reranker
from recsys_core.results import FairnessReport
from recsys_core.results.mending import LIVE, TRAINED, Mending, MendingReport
from recsys_core.variant import ModelVariant, Reranking

OF_USERS = ("threshold",)  # live methods that look at groups of users; the others look at groups of items
MOST_AUDITED = 20_000  # users whose columns are all audited at once after a training


@dataclass(frozen=True, slots=True, eq=False)
class Mended:
    """What a mending made: the variant that serves now (the id of its model said), and its report.

    ``is_new``: whether that model was made by it. ``notes``: what was decided on the way.
    """

    model_id: str
    is_new: bool
    variant: ModelVariant
    report: MendingReport
    notes: tuple[Phrase, ...]


def read_mendings(workspace: Workspace, methods: str, by: str, strength: float) -> tuple[Mending, ...]:
    """The mendings that ``--method METHOD[,METHOD] --by COLUMN[,COLUMN] --strength S`` asks for, in the order said.

    Of the columns, trained methods and thresholds look at those of users, the others at those of items.

    Raises
    ------
    SettingError
        ``setting.choice`` for an unknown method, ``mend.twice`` for one said twice, ``setting.between`` for a
        strength outside 0 to 1, ``mend.user_column`` or ``mend.item_column`` where a method finds none of its kind.
    RecLensError
        ``column.unknown``.
    """
    names, known = [name.strip() for name in methods.split(",")], (*RERANKERS, *TRAINED)
    for name in names:
        if name not in known:
            raise SettingError("setting.choice", name="method", choices=", ".join(known), value=name)
        if names.count(name) > 1:
            raise SettingError("mend.twice", method=name)
    if not 0 <= strength <= 1:
        raise SettingError("setting.between", name="strength", low=0, high=1, value=strength)
    users, items = split_columns(workspace.dataset, by)
    found = []
    for name in names:
        of_users = name in TRAINED or name in OF_USERS
        if not (users if of_users else items):
            raise SettingError("mend.user_column" if of_users else "mend.item_column", method=name, column=by)
        found.append(Mending(name, spelled(users if of_users else items), float(strength)))
    return tuple(found)


def mend(
    workspace: Workspace,
    mendings: Sequence[Mending],
    *,
    base: str = "",
    name: str = "",
    limit: UserLimit = QUICK,
    progress: Progress = silent,
) -> Mended:
    """Mend the model ``base`` (the current one if empty), and measure what that did.

    Trained mendings make a new model of the workspace called ``name``, as a whole or not at all; the base is never
    touched. What the base was mended by already is kept. Live ones re-rank that model. Strength 0 changes nothing: no
    model is made. What was measured is kept in `TriedStore`.

    Raises
    ------
    SettingError
        ``mend.nothing`` without a mending, ``retrain.name`` for a name that is taken, ``mend.strengths`` for live
        mendings of several strengths, and what the methods say of their columns, all before any training.
    """
    began = time.perf_counter()
    if not mendings:
        raise SettingError("mend.nothing")
    model = workspace.model(base)
    reranking = _reranking(mendings)
    if reranking.name:
        check_reranker(reranking, model.split_dataset)
    served, notes, is_new = _trained(workspace, model, mendings, name=name, progress=progress)
    reranker = make_reranker(reranking, model.split_dataset, served.dense)
    users, items = _columns(model.dataset, mendings)
    variant = MendedVariant(model, served, tuple(mendings), reranker)
    report = mending_report(variant, spelled([*users, *items]), limit=limit, progress=progress)
    report = replace(report, seconds=time.perf_counter() - began)
    found = Mended(served.id, is_new, ModelVariant(served.variant.model, reranking=reranking), report, notes)
    TriedStore(workspace.path).add(_tried(found, model, served, spelled(users or items)))
    return found


def _columns(dataset: Dataset, mendings: Sequence[Mending]) -> tuple[list[str], list[str]]:
    """The columns of users and of items that the mendings look at, each once."""
    both = [split_columns(dataset, mending.by) for mending in mendings]
    users, items = (list(dict.fromkeys(name for parts in both for name in parts[side])) for side in (0, 1))
    return users, items


def _reranking(mendings: Sequence[Mending]) -> Reranking:
    """The live mendings together: one re-ranking of one strength."""
    live = [mending for mending in mendings if mending.method in LIVE]
    if not live:
        return Reranking()
    if len({mending.strength for mending in live}) > 1:
        raise SettingError("mend.strengths", strengths=", ".join(f"{mending.strength:g}" for mending in live))
    by = live[0].by if len({m.by for m in live}) == 1 else ",".join(mending.by for mending in live)
    return Reranking(",".join(mending.method for mending in live), live[0].strength, by)


def _trained(
    workspace: Workspace, model: TrainedModel, mendings: Sequence[Mending], *, name: str, progress: Progress
) -> tuple[TrainedModel, tuple[Phrase, ...], bool]:
    """The model that serves now, what was decided on the way, and whether it is a new one."""
    asked = [mending for mending in mendings if mending.method in TRAINED]
    wanted = [mending for mending in asked if mending.strength > 0]
    if not wanted:
        return model, (phrase("mend.unchanged"),) if asked else (), False
    name = _free_name(workspace.models, name, wanted)
    again = {(mending.method, mending.by) for mending in wanted}
    inherited = [mending for mending in model.mendings if (mending.method, mending.by) not in again]
    changes = changes_of(model, wanted)
    if any(change.trains for change in changes):  # the base reads what it leaves out no more already
        changes = changes_of(model, [m for m in inherited if m.method != "leave-out"]) + changes
    made = train_mended(model, [*inherited, *wanted], changes, progress=progress)
    new = workspace.model(workspace.models.add(name, made.fitted.write))
    if model.dataset.n_users <= MOST_AUDITED:
        dense_scan(new, progress=progress)
    return new, made.notes, True


def _free_name(models: ModelStore, name: str, mendings: Sequence[Mending]) -> str:
    """The name asked for, or one made of the mendings that is not taken."""
    taken = {said for entry in models.list() for said in (entry.name, entry.id)} | {*models.ids()}
    if name:
        if not name.strip() or name.strip() in taken:
            raise SettingError("retrain.name", name=name, taken=", ".join(sorted(taken)))
        return name.strip()
    methods = "+".join(mending.method for mending in mendings)
    made = f"{methods} {mendings[0].by} {100 * mendings[0].strength:g}"
    return next(n for i in range(1, len(taken) + 2) if (n := made if i == 1 else f"{made} ({i})") not in taken)


def _tried(found: Mended, base: TrainedModel, served: TrainedModel, by: str) -> Tried:
    report = found.report
    return Tried(
        query=found.variant.to_query() | {"model": found.model_id},
        base=base.id,
        mendings=report.mendings,
        by=by,
        ndcg=report.price.after,
        base_ndcg=report.price.before,
        gap=_gap(report.after, report.price.metric),
        base_gap=_gap(report.before, report.price.metric),
        reasons_kept=report.reasons_kept,
        lists_kept=report.lists_kept,
        size_bytes=size_bytes(served.dense),
        made=now(),
    )


def _gap(report: FairnessReport, metric: str) -> float | None:
    gap = report.gap(metric)
    return None if gap is None else gap.difference
