"""The cards of a level of compression in words: one a figure, whole or still being measured."""

from __future__ import annotations

from dataclasses import dataclass

from dashboard.presentation.sentences.fairness import GroupsOf, column_name, name_of
from dashboard.presentation.texts import numbers, plain, t
from recsys_core.compare import Figure, figures, is_dead
from recsys_core.compare.deltas import BETTER, NOISE, PENDING, UNCHANGED, WORSE

GOOD = {BETTER: True, WORSE: False}
SHOWN_HALF = 5e-4  # a smaller doubt would read "± 0.000"


@dataclass(frozen=True, slots=True)
class CardText:
    """One card in words; ``good`` is None where there is no change beyond noise."""

    label: str
    value: str
    note: str
    more: str = ""
    help: str | None = None
    good: bool | None = None


def cards(found: dict, groups_of: GroupsOf, watched: str | None = None) -> list[CardText]:
    """The eight cards of a report's JSON, whole or with parts still missing.

    ``groups_of`` gives the groups of a user column by label. ``watched``: the user column whose gap is
    shown, the report's own if None. Of a model that no longer tells items apart only cost and AUC have
    a meaning.
    """
    gap = gap_of(found, watched)
    figure = figures(found | {"group_gap": gap})
    about = {"n": found.get("n_users", 0)}
    cost = [
        _size_card(figure["size_bytes"], found),
        _speed_card(figure["speed_1"], "batch_1", found),
        _speed_card(figure["speed_256"], "batch_256", found),
    ]
    if is_dead(found):
        names = [plain(f"compress.card.{name}") for name in ("ndcg@10", "top_10_kept", "top_3_kept")]
        empty = [CardText(name, numbers.UNKNOWN, plain("compress.no_meaning")) for name in (*names, _gap_label(gap))]
        return [*cost, _dead_card(figure["auc"], found), *empty]
    return [
        *cost,
        _quality_card(figure["auc"], found, {"n": found.get("extra", {}).get("n_pairs") or 0}),
        _quality_card(figure["ndcg@10"], found, about | {"sample": sample_size(found)}),
        _kept_card(figure["top_10_kept"], found, about | {"sample": sample_size(found)}),
        _kept_card(figure["top_3_kept"], found, _drift_values(found.get("explanation_drift"))),
        _gap_card(groups_of, figure["group_gap"], found, gap),
    ]


def gap_of(found: dict, watched: str | None) -> dict:
    """The gap of one user column from a report's JSON; empty while it is not known."""
    gaps, own = found.get("group_gaps"), found.get("group_gap", {})
    if watched is None or watched == own.get("column"):
        return own
    return {"column": watched} | (gaps or {}).get(watched, {})


def sample_size(found: dict) -> str:
    """ "500 of 6,040 users" where not all test users were ranked, else nothing."""
    n, n_all = found.get("n_users"), found.get("n_test_users")
    return plain("compress.sample", n=n, n_all=n_all) if n and n_all and n < n_all else ""


def _missing(label: str, found: dict, help: str | None = None) -> CardText:
    """A figure that is not there yet, or that the finished report has not."""
    is_over = "measured_at" in found
    return CardText(label, numbers.UNKNOWN, plain("compress.no_figure" if is_over else "compress.pending"), help=help)


def _noted(*parts: str) -> str:
    return plain("doubt.join").join(p for p in parts if p)


def _verdict(figure: Figure) -> str:
    return plain("compress.noise") if figure.verdict == NOISE else ""


def _size_card(size: Figure, found: dict) -> CardText:
    label = plain("compress.card.size_bytes")
    if size.verdict == PENDING:
        return _missing(label, found)
    cost = found["variant"]
    encoder = numbers.size(cost["encoder_bytes"])
    parts = {"texts": numbers.size(cost["text_bytes"]), "rest": numbers.size(size.value - cost["text_bytes"])}
    value, dense = numbers.size(size.value), numbers.size(size.dense)
    help = t("compress.help.size_bytes", value=value, dense=dense, encoder=encoder, **parts)
    more = plain("compress.encoder", encoder=encoder) if cost["encoder_bytes"] else ""
    if size.verdict == UNCHANGED:
        return CardText(label, value, plain("compress.unchanged"), more, help)
    change = f"{numbers.signed(100 * size.change, 0)}{numbers.THIN}%"
    return CardText(label, value, change, more, help, GOOD.get(size.verdict))


def _speed_card(speed: Figure, batch: str, found: dict) -> CardText:
    label = plain(f"compress.card.{speed.name}")
    if speed.verdict == PENDING:
        return _missing(label, found)
    spent = {side: found[side]["latency_ms"][batch] for side in ("variant", "dense")}
    same = found.get("same_runtime_ms")
    value = plain("compress.times", factor=numbers.fixed(speed.value, 1))
    now = _ms(spent["variant"]["p50"])
    shown = {side: _milliseconds(x) for side, x in spent.items()}
    if not same:
        more = _verdict(speed) or plain("compress.from", dense=_ms(spent["dense"]["p50"]))
        return CardText(label, value, now, more, t("compress.help.speed", **shown), GOOD.get(speed.verdict))
    shown["same"] = _milliseconds(same[batch])
    help = t("compress.help.speed.split", **shown)
    return CardText(label, value, _split(spent, same[batch]), help=help, good=GOOD.get(speed.verdict))


def _split(spent: dict, same: dict[str, float]) -> str:
    """The gain as a product: what the runtime gives, and what the cut gives."""
    runtime, cut = spent["dense"]["p50"] / same["p50"], same["p50"] / spent["variant"]["p50"]
    return plain("compress.split", runtime=numbers.fixed(runtime, 2), cut=numbers.fixed(cut, 2))


def _ms(milliseconds: float) -> str:
    return f"{numbers.number(milliseconds, 2)} ms"


def _milliseconds(spent: dict[str, float]) -> str:
    return f"{numbers.number(spent['p50'])} ms ({numbers.number(spent['p95'])} ms)"


def _quality_card(quality: Figure, found: dict, about: dict) -> CardText:
    label = plain(f"compress.card.{quality.name}")
    if quality.verdict == PENDING:
        return _missing(label, found)
    ends = {name: numbers.signed(getattr(quality, name), 4) for name in ("change", "low", "high")}
    sample = about.pop("sample", "")
    key = "compress.help.ndcg@10.sample" if sample else f"compress.help.{quality.name}"
    help = t(key, dense=numbers.fixed(quality.dense, 4), **about, **ends)
    change, verdict = _change(quality)
    value = numbers.fixed(quality.value, 3)
    return CardText(label, value, change, _noted(verdict, sample), help, GOOD.get(quality.verdict))


def _dead_card(auc: Figure, found: dict) -> CardText:
    low, high = found["auc_interval"]["variant"]
    ends = {name: numbers.fixed(x, 3) for name, x in (("low", low), ("high", high), ("dense", auc.dense))}
    said = plain("compress.dead")
    return CardText(
        plain("compress.card.auc"), numbers.fixed(auc.value, 3), said, help=t("compress.help.dead", **ends), good=False
    )


def _change(figure: Figure) -> tuple[str, str]:
    """The change with its doubt, and whether that is all it is."""
    if figure.verdict == UNCHANGED:
        return plain("compress.unchanged"), ""
    half = (figure.high - figure.low) / 2
    change = numbers.signed(figure.change, 3)
    if half < SHOWN_HALF:
        return change, _verdict(figure)
    return plain("compress.plus_minus", change=change, half=numbers.fixed(half, 3)), _verdict(figure)


def _kept_card(kept: Figure, found: dict, about: dict) -> CardText:
    label = plain(f"compress.card.{kept.name}")
    if kept.verdict == PENDING:
        return _missing(label, found)
    sample = about.pop("sample", "")
    low, high = numbers.percent(kept.low), numbers.percent(kept.high)
    help = t(f"compress.help.{kept.name}", low=low, high=high, **about)
    value = numbers.percent(kept.value)
    if kept.verdict == UNCHANGED:
        return CardText(label, value, plain("compress.unchanged"), sample, help)
    note = plain("compress.range", low=numbers.fixed(100 * kept.low, 0), high=high)
    return CardText(label, value, note, _noted(plain("compress.interval"), sample), help, GOOD.get(kept.verdict))


def _drift_values(drift: dict | None) -> dict:
    if not drift:
        return {}
    rho = numbers.fixed(drift["rank_correlation"])
    return {"n": drift["n_pairs"], "background": drift["background"], "rho": rho}


def _gap_label(gap: dict) -> str:
    if not gap.get("column"):
        return plain("compress.card.group_gap.none")
    return plain("compress.card.group_gap", column=column_name(gap["column"]))


def _gap_card(groups_of: GroupsOf, gap: Figure, found: dict, about: dict) -> CardText:
    label = _gap_label(about)
    if gap.verdict == PENDING:
        return _missing(label, found, t("compress.help.group_gap.none"))
    column = about["column"]
    groups = groups_of(column)
    names = {end: name_of(groups[about[f"{end}_group"]]) for end in ("best", "worst")}
    ends = {name: numbers.signed(getattr(gap, name), 3) for name in ("change", "low", "high")}
    help = t("compress.help.group_gap", dense=numbers.fixed(gap.dense, 3), **names, **ends)
    change, verdict = _change(gap)
    return CardText(
        label, numbers.fixed(gap.value, 3), change, _noted(verdict, sample_size(found)), help, GOOD.get(gap.verdict)
    )
