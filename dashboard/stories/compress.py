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
MOST_IN_WORDS = 10
GOOD = {BETTER: True, WORSE: False}


@dataclass(frozen=True, slots=True)
class CardText:
    """One card in words; ``good`` is None where the change is nothing or noise."""

    label: str
    value: str
    note: str
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
        reasons=_reasons(found["top_3_kept"], is_worse=accuracy.verdict == WORSE),
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
    """The seven cards of a report's JSON, whole or with parts still missing."""
    figure = figures(found)
    return [
        _size_card(figure["size_bytes"], found),
        _speed_card(figure["speed_1"], figure["speed_256"], found),
        _quality_card(figure["auc"], found.get("extra", {}).get("n_pairs")),
        _quality_card(figure["ndcg@10"], found.get("n_users")),
        _kept_card(figure["top_10_kept"], found),
        _kept_card(figure["top_3_kept"], found),
        _gap_card(place, figure["group_gap"], found.get("group_gap", {})),
    ]


def _pending(label: str) -> CardText:
    return CardText(label, numbers.UNKNOWN, plain("compress.pending"))


def _note(figure: Figure, change: str) -> str:
    if figure.verdict == UNCHANGED:
        return plain("compress.unchanged")
    return f"{change}, {plain('compress.noise')}" if figure.verdict == NOISE else change


def _size_card(size: Figure, found: dict) -> CardText:
    label = plain("compress.card.size_bytes")
    if size.verdict == PENDING:
        return _pending(label)
    sizes = {"value": numbers.size(size.value), "dense": numbers.size(size.dense)}
    help = t("compress.help.size_bytes", encoder=numbers.size(found["variant"]["encoder_bytes"]), **sizes)
    change = numbers.signed(100 * size.change, 0) + f"{numbers.THIN}%"
    return CardText(label, sizes["value"], _note(size, change), help, GOOD.get(size.verdict))


def _speed_card(one: Figure, many: Figure, found: dict) -> CardText:
    label = plain("compress.card.speed")
    if one.verdict == PENDING:
        return _pending(label)
    times = {
        f"{name}{suffix}": _milliseconds(found[side]["latency_ms"][batch])
        for name, batch in (("one", "batch_1"), ("many", "batch_256"))
        for suffix, side in (("", "variant"), ("_dense", "dense"))
    }
    help = t(
        "compress.help.speed",
        one=times["one"],
        dense_one=times["one_dense"],
        many=times["many"],
        dense_many=times["many_dense"],
    )
    note = plain("compress.at_256", factor=numbers.fixed(many.value, 1))
    verdicts = {one.verdict, many.verdict}
    good = None if verdicts <= {NOISE, UNCHANGED} else WORSE not in verdicts
    return CardText(label, plain("compress.times", factor=numbers.fixed(one.value, 1)), note, help, good)


def _milliseconds(spent: dict[str, float]) -> str:
    return f"{numbers.number(spent['p50'])} ms ({numbers.number(spent['p95'])})"


def _quality_card(quality: Figure, n: int | None) -> CardText:
    label = plain(f"compress.card.{quality.name}")
    if quality.verdict == PENDING:
        return _pending(label)
    ends = {name: numbers.signed(getattr(quality, name), 4) for name in ("change", "low", "high")}
    help = t(f"compress.help.{quality.name}", n=n or 0, dense=numbers.fixed(quality.dense, 4), **ends)
    note = _note(quality, numbers.signed(quality.change, 3))
    return CardText(label, numbers.fixed(quality.value, 3), note, help, GOOD.get(quality.verdict))


def _kept_card(kept: Figure, found: dict) -> CardText:
    label = plain(f"compress.card.{kept.name}")
    if kept.verdict == PENDING:
        return _pending(label)
    drift = found.get("explanation_drift", {})
    low, high = numbers.percent(kept.low), numbers.percent(kept.high)
    more = {"n": found.get("n_users", 0)}
    if kept.name == "top_3_kept":
        rho = numbers.fixed(drift["rank_correlation"])
        more = {"n": drift["n_pairs"], "background": drift["background"], "rho": rho}
    help = t(f"compress.help.{kept.name}", low=low, high=high, **more)
    spread = f"{numbers.fixed(100 * kept.low, 0)} – {high}"
    note = plain("compress.unchanged") if kept.verdict == UNCHANGED else spread
    return CardText(label, numbers.percent(kept.value), note, help, None if kept.verdict == UNCHANGED else False)


def _gap_card(place: Place, gap: Figure, about: dict) -> CardText:
    if "column" not in about:
        return _pending(plain("compress.card.group_gap.none"))
    column = about["column"]
    label = plain("compress.card.group_gap", column=column_name(column))
    if gap.verdict == PENDING:
        return CardText(label, numbers.UNKNOWN, "", t("compress.help.group_gap.none"))
    names = {end: group_name(place, column, about[f"{end}_group"]) for end in ("best", "worst")}
    ends = {name: numbers.signed(getattr(gap, name), 3) for name in ("change", "low", "high")}
    help = t("compress.help.group_gap", dense=numbers.fixed(gap.dense, 3), **names, **ends)
    note = _note(gap, numbers.signed(gap.change, 3))
    return CardText(label, numbers.fixed(gap.value, 3), note, help, GOOD.get(gap.verdict))


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
        loss=numbers.fixed(rule.most_auc_loss),
    )
    if variant is None:
        return t("compress.preset.none", rule=said)
    return t("compress.preset.is", rule=said, name=escape(plain_variant(variant)))
