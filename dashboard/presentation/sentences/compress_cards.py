"""The cards of a level of compression in words: one a figure, whole or still being measured."""

from __future__ import annotations

from dataclasses import dataclass

from dashboard.presentation.sentences.fairness import GroupsOf, column_name, name_of
from dashboard.presentation.texts import joined, numbers, plain, t
from recsys_core.compare import Delta, deltas, is_dead
from recsys_core.compare.deltas import BETTER, NOISE, PENDING, UNCHANGED, WORSE
from recsys_core.results import CompressionReport, ExplanationDrift, Latency, measured

GOOD = {BETTER: True, WORSE: False}
SHOWN_HALF = 5e-4  # a smaller one would read "± 0.000"


@dataclass(frozen=True, slots=True)
class CardText:
    """One card in words; ``good`` is None where there is no change beyond noise."""

    label: str
    value: str
    note: str
    more: str = ""
    help: str | None = None
    good: bool | None = None


def cards(report: CompressionReport, groups_of: GroupsOf, watched: str | None = None) -> list[CardText]:
    """The eight cards of a report, whole or with parts still missing.

    ``groups_of`` gives the groups of a user column by label. ``watched``: the user column whose gap is
    shown, the report's own if None. Of a model that no longer tells items apart only cost and AUC have
    a meaning.
    """
    column = watched or (report.watched.column if report.watched else None)
    known, sample = deltas(report, column=column), sample_size(report)
    cost = [
        _size_card(known["size_bytes"], report),
        _speed_card(known["speed_1"], "batch_1", report),
        _speed_card(known["speed_256"], "batch_256", report),
    ]
    if is_dead(report):
        names = [plain(f"compress.card.{name}") for name in ("ndcg@10", "top_10_overlap", "top_3_overlap")]
        empty = [CardText(name, numbers.UNKNOWN, plain("compress.no_meaning")) for name in (*names, _gap_label(column))]
        return [*cost, _dead_card(known["auc"], report), *empty]
    return [
        *cost,
        _quality_card(known["auc"], report, n=report.n_pairs or 0),
        _quality_card(known["ndcg@10"], report, n=report.n_users or 0, sample=sample),
        _overlap_card(known["top_10_overlap"], report, {"n": report.n_users or 0}, sample=sample),
        _overlap_card(known["top_3_overlap"], report, _drift_values(report.explanation_drift)),
        _gap_card(groups_of, known["group_gap"], report, column),
    ]


def sample_size(report: CompressionReport) -> str:
    """ "500 of 6,040 users, seed 0" where not all test users were ranked, else nothing."""
    n, n_all = report.n_users, report.n_test_users
    return plain("compress.sample", n=n, n_all=n_all, seed=report.users_seed) if n and n_all and n < n_all else ""


def _missing(label: str, report: CompressionReport, help: str | None = None) -> CardText:
    """A figure that is not there yet, or that the finished report has not."""
    return CardText(
        label, numbers.UNKNOWN, plain("compress.no_figure" if report.is_whole else "compress.pending"), help=help
    )


def _noted(*parts: str) -> str:
    return plain("caveat.join").join(p for p in parts if p)


def _verdict(delta: Delta) -> str:
    return plain("compress.noise") if delta.verdict == NOISE else ""


def _size_card(size: Delta, report: CompressionReport) -> CardText:
    label, cost = plain("compress.card.size_bytes"), report.compressed.cost
    if cost is None or size.dense is None or size.change is None:
        return _missing(label, report)
    encoder = numbers.size(cost.encoder_bytes)
    rest = cost.size_bytes - cost.text_bytes - cost.term_bytes
    parts = {"texts": numbers.size(cost.text_bytes), "rest": numbers.size(rest), "encoder": encoder}
    term = numbers.size(cost.term_bytes) if cost.term_bytes else ""
    value, dense = numbers.size(cost.size_bytes), numbers.size(size.dense)
    help = t("compress.help.size_bytes", value=value, dense=dense, **parts)
    if term:
        help = joined(help, t("compress.help.size_bytes.term", term=term, n=cost.neighbours))
    apart = plain("compress.encoder", encoder=encoder) if cost.encoder_bytes else ""
    more = _noted(plain("compress.term", term=term) if term else "", apart)
    if size.verdict == UNCHANGED:
        return CardText(label, value, plain("compress.unchanged"), more, help)
    change = f"{numbers.signed(100 * size.change, 0)}{numbers.THIN}%"
    return CardText(label, value, change, more, help, GOOD.get(size.verdict))


def _speed_card(speed: Delta, batch: str, report: CompressionReport) -> CardText:
    label = plain(f"compress.card.{speed.name}")
    if speed.verdict == PENDING:
        return _missing(label, report)
    dense, variant = (measured(side.latency)[batch] for side in (report.dense, report.compressed))
    value = plain("compress.times", factor=numbers.fixed(speed.value, 1))
    shown = {"dense": _milliseconds(dense), "variant": _milliseconds(variant)}
    if not report.same_runtime:
        more = _verdict(speed) or plain("compress.from", dense=_ms(dense.p50))
        help = t("compress.help.speed", **shown)
        return CardText(label, value, _ms(variant.p50), more, help, GOOD.get(speed.verdict))
    same = report.same_runtime[batch]
    help = t("compress.help.speed.split", **shown, same=_milliseconds(same))
    return CardText(label, value, _split(dense, same, variant), help=help, good=GOOD.get(speed.verdict))


def _split(dense: Latency, same: Latency, variant: Latency) -> str:
    """The gain as a product: what the runtime gives, and what the cut gives."""
    runtime, cut = dense.p50 / same.p50, same.p50 / variant.p50
    return plain("compress.split", runtime=numbers.fixed(runtime, 2), cut=numbers.fixed(cut, 2))


def _ms(milliseconds: float) -> str:
    return f"{numbers.number(milliseconds, 2)} ms"


def _milliseconds(spent: Latency) -> str:
    return f"{numbers.number(spent.p50)} ms ({numbers.number(spent.p95)} ms)"


def _quality_card(quality: Delta, report: CompressionReport, *, n: int, sample: str = "") -> CardText:
    label = plain(f"compress.card.{quality.name}")
    if quality.verdict == PENDING:
        return _missing(label, report)
    ends = {name: numbers.signed(getattr(quality, name), 4) for name in ("change", "low", "high")}
    key = "compress.help.ndcg@10.sample" if sample else f"compress.help.{quality.name}"
    help = t(key, dense=numbers.fixed(quality.dense, 4), n=n, **ends)
    change, verdict = _change(quality)
    value = numbers.fixed(quality.value, 3)
    return CardText(label, value, change, _noted(verdict, sample), help, GOOD.get(quality.verdict))


def _dead_card(auc: Delta, report: CompressionReport) -> CardText:
    low, high = measured(report.auc_interval).compressed
    ends = {name: numbers.fixed(x, 3) for name, x in (("low", low), ("high", high), ("dense", auc.dense))}
    said = plain("compress.dead")
    return CardText(
        plain("compress.card.auc"), numbers.fixed(auc.value, 3), said, help=t("compress.help.dead", **ends), good=False
    )


def _change(delta: Delta) -> tuple[str, str]:
    """The change with its interval, and whether that is all it is."""
    if delta.verdict == UNCHANGED:
        return plain("compress.unchanged"), ""
    half = (measured(delta.high) - measured(delta.low)) / 2
    change = numbers.signed(delta.change, 3)
    if half < SHOWN_HALF:
        return change, _verdict(delta)
    return plain("compress.plus_minus", change=change, half=numbers.fixed(half, 3)), _verdict(delta)


def _overlap_card(overlap: Delta, report: CompressionReport, about: dict[str, object], *, sample: str = "") -> CardText:
    label = plain(f"compress.card.{overlap.name}")
    if overlap.low is None:
        return _missing(label, report)
    low, high = numbers.percent(overlap.low), numbers.percent(overlap.high)
    help = t(f"compress.help.{overlap.name}", low=low, high=high, **about)
    value = numbers.percent(overlap.value)
    if overlap.verdict == UNCHANGED:
        return CardText(label, value, plain("compress.unchanged"), sample, help)
    note = plain("compress.range", low=numbers.fixed(100 * overlap.low, 0), high=high)
    return CardText(label, value, note, _noted(plain("compress.interval"), sample), help, GOOD.get(overlap.verdict))


def _drift_values(drift: ExplanationDrift | None) -> dict[str, object]:
    if not drift:
        return {}
    return {"n": drift.n_pairs, "background": drift.background, "rho": numbers.fixed(drift.rank_correlation)}


def _gap_label(column: str | None) -> str:
    if not column:
        return plain("compress.card.group_gap.none")
    return plain("compress.card.group_gap", column=column_name(column))


def _gap_card(groups_of: GroupsOf, delta: Delta, report: CompressionReport, column: str | None) -> CardText:
    label, gap = _gap_label(column), report.gap(column)
    if gap is None or column is None:
        return _missing(label, report, t("compress.help.group_gap.none"))
    groups = groups_of(column)
    names = {"best": name_of(groups[gap.best_group]), "worst": name_of(groups[gap.worst_group])}
    ends = {name: numbers.signed(getattr(delta, name), 3) for name in ("change", "low", "high")}
    help = t("compress.help.group_gap", dense=numbers.fixed(gap.dense, 3), **names, **ends)
    change, verdict = _change(delta)
    more = _noted(verdict, sample_size(report))
    return CardText(label, numbers.fixed(gap.compressed, 3), change, more, help, GOOD.get(delta.verdict))
