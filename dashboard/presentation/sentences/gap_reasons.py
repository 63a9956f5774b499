"""Reasons between groups in words: what makes a gap, whether reasons differ, what an adversarial audit found."""

from __future__ import annotations

from dashboard.presentation.sentences.fairness import CROSS, bold, chance, column_name, columns_name, inside, name_of
from dashboard.presentation.texts import core_message, listed, numbers, plain, t
from dashboard.presentation.texts.markdown import Markdown, escape, strong
from recsys_core.player import Player
from recsys_core.results.adversarial_audit import AdversarialAudit, AuditQuestion
from recsys_core.results.gap_reasons import GapReasons
from recsys_core.results.group_reasons import GroupFigure, GroupReasons

MOST_NAMED = 4


def gap_sentence(found: GapReasons, names: dict[Player, str]) -> list[Markdown]:
    """What of the gap comes through which reasons; first, where so, that the gap itself may be nothing here."""
    values = {
        "gap": numbers.fixed(found.gap, 3),
        "measure": plain(f"gap_reasons.measure.{found.measure}"),
        "higher": bold(name_of(found.higher_group)),
        "lower": bold(name_of(found.lower_group)),
    }
    clear = [r for r in found.ordered if r.is_clear]
    said = []
    if found.low <= 0 <= found.high:
        said.append(t("gap_reasons.noise", low=numbers.signed(found.low, 3), high=numbers.signed(found.high, 3)))
    if found.base_low > 0 or found.base_high < 0:
        said.append(t("gap_reasons.base.said", value=numbers.signed(found.base, 3), **values))
    if not clear:
        return [*said, t("gap_reasons.none", **values)]
    parts = [
        t("gap_reasons.part", value=numbers.signed(r.contribution, 3), name=bold(names[r.player]))
        for r in clear[:MOST_NAMED]
    ]
    said.append(t("gap_reasons.sentence", **values, parts=_joined(parts)))
    return said


def gap_caveats(found: GapReasons) -> list[Markdown]:
    """On whom, how, and how far the sum is from the gap."""
    drawn = t("gap_reasons.exact") if found.exact else t("gap_reasons.sampled", n=found.n_orderings)
    rows = [] if found.n_pairs is None else [t("gap_reasons.pairs", n=found.n_pairs)]
    return [
        t("gap_reasons.users", n=found.n_users, all=found.n_all_users),
        *rows,
        t("gap_reasons.whole", gap=numbers.fixed(found.gap_of_all, 3)),
        drawn,
        t("gap_reasons.background", n=found.background),
        t("gap_reasons.completeness", gap=f"{found.completeness_gap:.1e}"),
        t("gap_reasons.interval", n=found.n_bootstrap),
        t("fairness.caveat.seed", seed=found.seed),
        t("gap_reasons.seconds", seconds=numbers.fixed(found.seconds, 1)),
    ]


def groups_sentence(found: GroupReasons, names: dict[Player, str]) -> list[Markdown]:
    """Which reasons differ between groups, whether explanations are less faithful for some, what a mending changed."""
    column = columns_name(found.by)
    differ = sorted((f for f in found.reasons if f.differs), key=lambda f: -f.difference)
    if differ:
        parts = [_differing(found, f, names) for f in differ[:MOST_NAMED]]
        said = [t("group_reasons.differ", column=column, n=len(differ), all=len(found.reasons), parts=_joined(parts))]
    else:
        said = [t("group_reasons.same", column=column, n=len(found.reasons))]
    said += [_faithful(found, figure, column) for figure in found.faithfulness]
    if found.base is not None:
        said.append(_changed(found, names))
    return said


def _differing(found: GroupReasons, figure: GroupFigure, names: dict[Player, str]) -> Markdown:
    values = [share.value for share in figure.of_groups]
    most, least = (found.groups[values.index(end(values))] for end in (max, min))
    return t(
        "group_reasons.part",
        name=bold(_name(figure, names)),
        most=inside(name_of(most)),
        least=inside(name_of(least)),
        high=numbers.fixed(max(values), 2),
        low=numbers.fixed(min(values), 2),
    )


def _faithful(found: GroupReasons, figure: GroupFigure, column: str) -> Markdown:
    values = [share.value for share in figure.of_groups]
    worst = found.groups[values.index(min(values))]
    key = "less" if figure.differs else "alike"
    return t(
        f"group_reasons.{figure.name}.{key}",
        column=column,
        group=bold(name_of(worst)),
        low=numbers.percent(min(values)),
        high=numbers.percent(max(values)),
        p=chance(figure.p_corrected),
    )


def _changed(found: GroupReasons, names: dict[Player, str]) -> Markdown:
    clear = [
        (abs(share.value), figure, found.groups[g], share)
        for figure in found.reasons
        for g, share in enumerate(figure.change or ())
        if share.low > 0 or share.high < 0
    ]
    if not clear:
        return t("group_reasons.unchanged")
    largest = sorted(clear, key=lambda row: -row[0])[:MOST_NAMED]
    parts = [
        t(
            "group_reasons.changed.part",
            name=bold(_name(figure, names)),
            group=inside(name_of(group)),
            change=numbers.signed(share.value, 2),
            low=numbers.signed(share.low, 2),
            high=numbers.signed(share.high, 2),
        )
        for _, figure, group, share in largest
    ]
    return t("group_reasons.changed", n=len(clear), parts=_joined(parts))


def groups_caveats(found: GroupReasons) -> list[Markdown]:
    return [
        t("group_reasons.users", n=sum(found.n), all=found.n_all_users),
        *([t("group_reasons.small", n=found.n_small)] if found.n_small else []),
        t("gap_reasons.background", n=found.background),
        t("gap_reasons.exact") if found.exact else t("group_reasons.sampled"),
        t("group_reasons.tests", n=found.n_shuffles),
        t("fairness.caveat.seed", seed=found.seed),
        t("gap_reasons.seconds", seconds=numbers.fixed(found.seconds, 1)),
    ]


def verdict(found: AdversarialAudit) -> Markdown:
    """The verdict in one sentence."""
    failing = [plain(f"adversarial.{q.key}") for q in found.questions if q.status == "fail"]
    held = [plain(f"adversarial.{q.key}") for q in found.questions if q.status == "hold"]
    names = failing if found.verdict == "fail" else held
    key = f"adversarial.verdict.{found.verdict}"
    return t(key, column=columns_name(found.by), questions=Markdown(listed([strong(escape(n)) for n in names])))


def answer(question: AuditQuestion) -> Markdown:
    """What was found of one question, in one sentence."""
    if question.figure is None:
        reason = question.reason
        why = Markdown() if reason is None else core_message(reason.key, dict(reason.values))
        name = plain(f"adversarial.{question.key}")
        return t("adversarial.unasked", question=name[:1].upper() + name[1:], why=why)
    said = t(
        f"adversarial.answer.{question.key}",
        figure=figure(question, question.figure),
        low=figure(question, question.low),
        high=figure(question, question.high),
        margin=figure(question, question.margin + (0.5 if question.key == "leakage" else 0)),
        n=question.n,
        subject=CROSS.join(f"{column_name(c.column)} {name_of(c.group)}" for c in question.conditions),
        status=plain(f"adversarial.status.{question.status}"),
    )
    if question.key != "leakage" or question.reason is None:
        return said
    return Markdown(f"{said} {core_message(question.reason.key, dict(question.reason.values))}")


def figure(question: AuditQuestion, value: float | None) -> str:
    """A question's figure in its unit."""
    return numbers.percent(value) if question.key == "flips" and value is not None else numbers.fixed(value, 3)


def verdict_caveats(found: AdversarialAudit) -> list[Markdown]:
    return [
        t("adversarial.holm"),
        t("adversarial.margin"),
        t("adversarial.probe"),
        t("fairness.caveat.seed", seed=found.seed),
        t("gap_reasons.seconds", seconds=numbers.fixed(found.seconds, 1)),
    ]


def _name(figure: GroupFigure, names: dict[Player, str]) -> str:
    return figure.name if figure.player is None else names[figure.player]


def _joined(parts: list[Markdown]) -> Markdown:
    return Markdown(listed([str(part) for part in parts]))
