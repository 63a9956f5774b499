"""What a level of compression costs, in a sentence, and what presets, a budget and the line of caveats say."""

from __future__ import annotations

from datetime import UTC, datetime

from dashboard.presentation.sentences.compress_cards import sample_size
from dashboard.presentation.sentences.fairness import GroupsOf, column_name, name_of
from dashboard.presentation.texts import joined, numbers, plain, t
from dashboard.presentation.texts.markdown import Markdown, escape, opposing, supporting
from dashboard.presentation.variants import plain_variant
from recsys_core.compare import RULES, Budget, Delta, deltas, has_ties, is_dead, machine_name
from recsys_core.compare.deltas import BETTER, WORSE
from recsys_core.results import CompressionReport, Recommendation, measured
from recsys_core.variant import ModelVariant

ALMOST = 0.005  # of AUC: a loss that nobody would notice; of a share: a change that rounds to nothing
MOST_IN_WORDS = 10


def sentence(report: CompressionReport) -> Markdown:
    """Size, AUC, and the worst of what becomes of NDCG, lists and reasons at this level."""
    known = deltas(report)
    if report.variant.is_dense:
        size, shown = numbers.size(measured(report.size_bytes)), numbers.number(report.compressed.auc)
        said = t("compress.sentence.dense", size=size, auc=shown)
        return joined(said, _dead(report, "compress.dead.dense") if is_dead(report) else "")
    name, smaller = plain_variant(report.variant), _smaller(known["size_bytes"])
    if is_dead(report):
        return joined(t("compress.sentence.size", name=name, smaller=smaller), _dead(report, "compress.dead.level"))
    auc = known["auc"]
    is_worse = auc.verdict == WORSE and abs(measured(auc.change)) >= ALMOST
    rest = _rest(known, report, is_worse=is_worse)
    said = t("compress.sentence", name=name, smaller=smaller, auc=_auc(auc), rest=rest)
    return joined(said, _ties(report) if has_ties(report) else "")


def _ties(report: CompressionReport) -> Markdown:
    return t("compress.sentence.ties", share=opposing(numbers.percent(measured(report.ties).compressed.across)))


def pending_sentence(variant: ModelVariant, *, waits: bool) -> Markdown:
    return t(f"compress.sentence.{'waiting' if waits else 'measuring'}", name=plain_variant(variant))


def _dead(report: CompressionReport, key: str) -> Markdown:
    low, high = (numbers.fixed(x, 3) for x in measured(report.auc_interval).compressed)
    return t(key, auc=opposing(numbers.fixed(report.compressed.auc, 3)), low=low, high=high)


def _smaller(size: Delta) -> Markdown:
    change = measured(size.change)
    if round(100 * change) == 0:
        return t("compress.same_size")
    key = "compress.smaller" if change < 0 else "compress.larger"
    said = plain(key, percent=numbers.percent(abs(change)))
    return supporting(said) if change < 0 else opposing(said)


def _auc(auc: Delta) -> Markdown:
    if auc.change is None:
        return t("compress.auc.unknown")
    if auc.verdict in (WORSE, BETTER) and abs(auc.change) < ALMOST:
        return t("compress.auc.almost", change=numbers.signed(auc.change, 3))
    if auc.verdict in (WORSE, BETTER):
        said = plain(f"compress.auc.{auc.verdict}", change=numbers.number(abs(auc.change)))
        return opposing(said) if auc.verdict == WORSE else supporting(said)
    return t("compress.auc.same")


def _rest(known: dict[str, Delta], report: CompressionReport, *, is_worse: bool) -> Markdown:
    """The worst of NDCG, lists and reasons: the one that loses the largest share of itself."""
    lists, reasons = report.top_10_overlap, report.top_3_overlap
    lost = {
        "ndcg": _lost(known["ndcg@10"]),
        "lists": 0.0 if lists is None else 1 - lists,
        "reasons": 0.0 if reasons is None else 1 - reasons,
    }
    worst = max(lost, key=lambda name: lost[name])
    if lost[worst] < ALMOST:
        return t("compress.rest.same" if lists is not None else "compress.rest.unknown")
    said = {"ndcg": _ndcg, "lists": _lists, "reasons": _reasons}[worst](lost[worst], report)
    return t(f"compress.rest.{'and' if is_worse else 'but'}", what=opposing(said))


def _lost(quality: Delta) -> float:
    """Which share of itself a figure loses beyond noise."""
    return -measured(quality.change) / quality.dense if quality.verdict == WORSE and quality.dense else 0.0


def _ndcg(share: float, report: CompressionReport) -> str:
    value = numbers.fixed(report.compressed.ndcg, 3)
    return plain("compress.worst.ndcg", percent=numbers.percent(share), value=value)


def _lists(share: float, report: CompressionReport) -> str:
    nobody = report.lost_most.kept_none if report.lost_most else 0
    key = "compress.worst.lists.none" if nobody else "compress.worst.lists"
    return plain(key, percent=numbers.percent(share), n=nobody)


def _reasons(share: float, report: CompressionReport) -> str:
    one_in = round(1 / share)
    if 2 <= one_in <= MOST_IN_WORDS:
        return plain("compress.worst.reasons.one_in", n=plain(f"number.{one_in}"))
    return plain("compress.worst.reasons", percent=numbers.percent(share))


def caveats(report: CompressionReport, language: str, watched: str | None) -> list[str]:
    """When and where it was measured, on whom, what gap is watched, and what it was before training."""
    when = datetime.fromisoformat(report.measured_at).astimezone()
    date = numbers.date(when.replace(tzinfo=UTC).timestamp(), language)
    shown = plain("compress.caveat.when", date=date, time=f"{when:%H:%M}")
    is_here = report.machine == machine_name()
    drift, before = measured(report.explanation_drift), report.before_training
    cost, sample = measured(report.compressed.cost), sample_size(report)
    said = [
        t("compress.caveat.measured" if is_here else "compress.caveat.elsewhere", when=shown, machine=report.machine),
        Markdown(sample) if sample else t("compress.caveat.users", n=report.n_users),
        t("compress.caveat.pairs", n=drift.n_pairs, background=drift.background),
        t("compress.caveat.seed", seed=report.seed),
    ]
    if cost.encoder_bytes:
        ranker, encoder = numbers.size(cost.size_bytes), numbers.size(cost.encoder_bytes)
        said.append(t("compress.caveat.encoder", ranker=ranker, encoder=encoder))
    if before and before.auc is not None:
        auc, ndcg = numbers.fixed(before.auc, 3), numbers.fixed(before.ndcg, 3)
        said.append(t("compress.caveat.before", auc=auc, ndcg=ndcg))
    if report.variant.compression.pruning == "unstructured":
        said.append(t("compress.caveat.sparse"))
    return [*said, _watched(report, watched)]


def _watched(report: CompressionReport, chosen: str | None) -> Markdown:
    """Why this column's gap is watched."""
    own = measured(report.watched)
    column = chosen or own.column
    if not column:
        return t("compress.watch.none")
    key = "chosen" if column != own.column else ("largest" if own.is_real else "noise")
    return t(f"compress.watch.{key}", column=column_name(column))


def lost_most(report: CompressionReport, groups_of: GroupsOf) -> Markdown:
    """Which group is over-represented among the users whose lists change most, where one clearly is."""
    lost = measured(report.lost_most)
    if lost.at_most is None:
        return Markdown("")
    kept, group = round(10 * lost.at_most), lost.group
    if group is None:
        return t("compress.lost_most.nobody", n=lost.n, kept=kept)
    return t(
        "compress.lost_most",
        n=lost.n,
        kept=kept,
        column=column_name(group.column),
        group=name_of(groups_of(group.column)[group.group]),
        share=opposing(numbers.percent(group.share)),
        share_of_all=numbers.percent(group.share_of_all),
    )


def ties(after: Recommendation) -> Markdown:
    """How many items of the list, and beyond it, have equal scores; empty where none do."""
    if not after.n_tied_listed:
        return Markdown("")
    return t("compress.ties", n=after.n_tied_listed, n_all=after.n_tied)


def preset_label(name: str, report: CompressionReport | None) -> Markdown:
    """A preset's name with what it costs and keeps: "Safe 67 KB · 95 % of lists"."""
    shown = t(f"compress.preset.{name}")
    if report is None:
        return t("compress.preset.label.none", name=shown)
    size, lists = numbers.size(measured(report.size_bytes)), numbers.percent(report.top_10_overlap)
    return t("compress.preset.label", name=shown, size=size, lists=lists)


def preset_help(name: str, variant: ModelVariant | None) -> Markdown:
    """The rule of a preset, and the level that it stands for."""
    rule = next(r for r in RULES if r.name == name)
    said = t(
        f"compress.preset.{name}.rule",
        lists=numbers.percent(rule.least_lists),
        reasons=numbers.percent(rule.least_reasons),
        loss=numbers.fixed(rule.most_loss),
    )
    if variant is None:
        return t("compress.preset.none", rule=said)
    return t("compress.preset.is", rule=said, name=escape(plain_variant(variant)))


def budget(budget: Budget, report: CompressionReport | None, best: CompressionReport | None) -> Markdown:
    """Yes or no for this level, and the smallest measured level that is within the budget."""
    answer = t("compress.budget.wait")
    if report is not None:
        answer = _budget_answer(budget, report)
    if best is None:
        return joined(answer, t("compress.budget.no_level"))
    size, lists = numbers.size(measured(best.size_bytes)), numbers.percent(best.top_10_overlap)
    return joined(answer, t("compress.budget.smallest", name=plain_variant(best.variant), size=size, lists=lists))


def _budget_answer(budget: Budget, report: CompressionReport) -> Markdown:
    size, lists = measured(report.size_bytes), report.top_10_overlap
    about = {"size": numbers.size(size), "lists": numbers.percent(lists, 1)}
    if budget.allows(report):
        return t("compress.budget.yes", answer=supporting(plain("compress.yes")), **about)
    reason = "ties" if has_ties(report) else "other"
    if is_dead(report):
        reason = "dead"
    elif size > budget.most_bytes:
        reason = "size"
    elif lists is None or lists < budget.least_lists:
        reason = "lists"
    return t(f"compress.budget.no.{reason}", answer=opposing(plain("compress.no")), **about)
