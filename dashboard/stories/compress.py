"""What a level of compression costs, in a sentence and in the words of its cards."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from dashboard.cached import Place
from dashboard.controls import plain_variant
from dashboard.stories.fairness import column_name, group_name
from dashboard.texts import numbers, plain, t
from dashboard.texts.markdown import Markdown, escape, opposing, supporting
from recsys_core.compare import RULES, Figure, figures, machine_name, report_to_json
from recsys_core.compare.figures import BETTER, NOISE, PENDING, UNCHANGED, WORSE
from recsys_core.results import CompressionReport
from recsys_core.variant import Variant

ALL_KEPT = 0.995
ALMOST = 0.005  # of AUC: a loss that nobody would notice
MOST_IN_WORDS = 10
GOOD = {BETTER: True, WORSE: False}


@dataclass(frozen=True, slots=True)
class CardText:
    """One card in words; ``good`` is None where there is no change beyond noise."""

    label: str
    value: str
    note: str
    more: str = ""
    help: str | None = None
    good: bool | None = None


def sentence(report: CompressionReport) -> Markdown:
    """Size, accuracy and reasons at this level."""
    found = figures(report_to_json(report))
    if report.variant.is_dense:
        size = numbers.size(report.compressed.size_bytes)
        return t("compress.sentence.dense", size=size, auc=numbers.number(report.compressed.auc))
    accuracy = found["auc"]
    return t(
        "compress.sentence",
        name=plain_variant(report.variant),
        smaller=_smaller(found["size_bytes"]),
        accuracy=_accuracy(accuracy),
        reasons=_reasons(found["top_3_kept"], is_worse=accuracy.verdict == WORSE and abs(accuracy.change) >= ALMOST),
    )


def pending_sentence(variant: Variant, *, waits: bool) -> Markdown:
    return t(f"compress.sentence.{'waiting' if waits else 'measuring'}", name=plain_variant(variant))


def _smaller(size: Figure) -> Markdown:
    if round(100 * size.change) == 0:
        return t("compress.same_size")
    key = "compress.smaller" if size.change < 0 else "compress.larger"
    said = plain(key, percent=numbers.percent(abs(size.change)))
    return supporting(said) if size.change < 0 else opposing(said)


def _accuracy(auc: Figure) -> Markdown:
    if auc.verdict in (WORSE, BETTER) and abs(auc.change) < ALMOST:
        return t("compress.accuracy.almost", change=numbers.signed(auc.change, 3))
    if auc.verdict in (WORSE, BETTER):
        said = plain(f"compress.accuracy.{auc.verdict}", change=numbers.number(abs(auc.change)))
        return opposing(said) if auc.verdict == WORSE else supporting(said)
    return t("compress.accuracy.same")


def _reasons(kept: Figure, *, is_worse: bool) -> Markdown:
    if kept.value is None or kept.value >= ALL_KEPT:
        return t("compress.reasons.same")
    one_in = round(1 / (1 - kept.value))
    if 2 <= one_in <= MOST_IN_WORDS:
        said = plain("compress.reasons.one_in", n=plain(f"number.{one_in}"))
    else:
        said = plain("compress.reasons.share", percent=numbers.percent(1 - kept.value))
    return t(f"compress.reasons.{'and' if is_worse else 'but'}", how_many=opposing(said))


def cards(place: Place, found: dict) -> list[CardText]:
    """The eight cards of a report's JSON, whole or with parts still missing."""
    figure = figures(found)
    return [
        _size_card(figure["size_bytes"], found),
        _speed_card(figure["speed_1"], "batch_1", found),
        _speed_card(figure["speed_256"], "batch_256", found),
        _quality_card(figure["auc"], found.get("extra", {}).get("n_pairs")),
        _quality_card(figure["ndcg@10"], found.get("n_users")),
        _kept_card(figure["top_10_kept"], {"n": found.get("n_users", 0)}),
        _kept_card(figure["top_3_kept"], _drift_values(found.get("explanation_drift"))),
        _gap_card(place, figure["group_gap"], found.get("group_gap", {})),
    ]


def _pending(label: str) -> CardText:
    return CardText(label, numbers.UNKNOWN, plain("compress.pending"))


def _verdict(figure: Figure) -> str:
    return plain("compress.noise") if figure.verdict == NOISE else ""


def _size_card(size: Figure, found: dict) -> CardText:
    label = plain("compress.card.size_bytes")
    if size.verdict == PENDING:
        return _pending(label)
    value, dense = numbers.size(size.value), numbers.size(size.dense)
    encoder = numbers.size(found["variant"]["encoder_bytes"])
    help = t("compress.help.size_bytes", value=value, dense=dense, encoder=encoder)
    if size.verdict == UNCHANGED:
        return CardText(label, value, plain("compress.unchanged"), help=help)
    change = f"{numbers.signed(100 * size.change, 0)}{numbers.THIN}%"
    return CardText(label, value, change, plain("compress.from", dense=dense), help, GOOD.get(size.verdict))


def _speed_card(speed: Figure, batch: str, found: dict) -> CardText:
    label = plain(f"compress.card.{speed.name}")
    if speed.verdict == PENDING:
        return _pending(label)
    spent = {side: found[side]["latency_ms"][batch] for side in ("variant", "dense")}
    help = t("compress.help.speed", **{side: _milliseconds(x) for side, x in spent.items()})
    value = plain("compress.times", factor=numbers.fixed(speed.value, 1))
    note = f"{numbers.number(spent['variant']['p50'])} ms"
    more = _verdict(speed) or plain("compress.from", dense=f"{numbers.number(spent['dense']['p50'])} ms")
    return CardText(label, value, note, more, help, GOOD.get(speed.verdict))


def _milliseconds(spent: dict[str, float]) -> str:
    return f"{numbers.number(spent['p50'])} ms ({numbers.number(spent['p95'])} ms)"


def _quality_card(quality: Figure, n: int | None) -> CardText:
    label = plain(f"compress.card.{quality.name}")
    if quality.verdict == PENDING:
        return _pending(label)
    ends = {name: numbers.signed(getattr(quality, name), 4) for name in ("change", "low", "high")}
    help = t(f"compress.help.{quality.name}", n=n or 0, dense=numbers.fixed(quality.dense, 4), **ends)
    return CardText(label, numbers.fixed(quality.value, 3), *_change(quality), help, GOOD.get(quality.verdict))


def _change(figure: Figure) -> tuple[str, str]:
    """The change with its doubt, and whether that is all it is."""
    if figure.verdict == UNCHANGED:
        return plain("compress.unchanged"), ""
    half = numbers.fixed((figure.high - figure.low) / 2, 3)
    return plain("compress.plus_minus", change=numbers.signed(figure.change, 3), half=half), _verdict(figure)


def _kept_card(kept: Figure, about: dict) -> CardText:
    label = plain(f"compress.card.{kept.name}")
    if kept.verdict == PENDING:
        return _pending(label)
    low, high = numbers.percent(kept.low), numbers.percent(kept.high)
    help = t(f"compress.help.{kept.name}", low=low, high=high, **about)
    value = numbers.percent(kept.value)
    if kept.verdict == UNCHANGED:
        return CardText(label, value, plain("compress.unchanged"), help=help)
    note = f"{numbers.fixed(100 * kept.low, 0)} – {high}"
    return CardText(label, value, note, plain("compress.interval"), help, GOOD.get(kept.verdict))


def _drift_values(drift: dict | None) -> dict:
    if not drift:
        return {}
    rho = numbers.fixed(drift["rank_correlation"])
    return {"n": drift["n_pairs"], "background": drift["background"], "rho": rho}


def _gap_card(place: Place, gap: Figure, about: dict) -> CardText:
    if "column" not in about:
        return _pending(plain("compress.card.group_gap.none"))
    column = about["column"]
    label = plain("compress.card.group_gap", column=column_name(column))
    if gap.verdict == PENDING:
        return CardText(label, numbers.UNKNOWN, "", help=t("compress.help.group_gap.none"))
    names = {end: group_name(place, column, about[f"{end}_group"]) for end in ("best", "worst")}
    ends = {name: numbers.signed(getattr(gap, name), 3) for name in ("change", "low", "high")}
    help = t("compress.help.group_gap", dense=numbers.fixed(gap.dense, 3), **names, **ends)
    return CardText(label, numbers.fixed(gap.value, 3), *_change(gap), help, GOOD.get(gap.verdict))


def doubts(report: CompressionReport, language: str) -> list[str]:
    """When and where it was measured, on whom, and what it was before training."""
    when = datetime.fromisoformat(report.measured_at).astimezone()
    shown = f"{numbers.date(when.replace(tzinfo=UTC).timestamp(), language)}, {when:%H:%M}"
    is_here = report.machine == machine_name()
    drift, before = report.explanation_drift, report.before_training
    found = [
        t("compress.doubt.measured" if is_here else "compress.doubt.elsewhere", when=shown, machine=report.machine),
        t("compress.doubt.users", n=report.n_users),
        t("compress.doubt.pairs", n=drift["n_pairs"], background=drift["background"]),
        t("compress.doubt.seed", seed=report.seed),
    ]
    if before:
        auc, ndcg = numbers.fixed(before["auc"], 3), numbers.fixed(before["ndcg@10"], 3)
        found.append(t("compress.doubt.before", auc=auc, ndcg=ndcg))
    if report.variant.pruning == "unstructured":
        found.append(t("compress.doubt.sparse"))
    return found


def preset_help(name: str, variant: Variant | None) -> Markdown:
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
