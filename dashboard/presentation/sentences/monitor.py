"""What the Monitor page says first, on its cards and under its pictures."""

from __future__ import annotations

from datetime import UTC, datetime

from dashboard.presentation.sentences.fairness import inside, name_of, people, short_name
from dashboard.presentation.texts import joined, language, numbers, plain, t
from dashboard.presentation.texts.markdown import Markdown, escape
from recsys_core.results.monitoring import FeedbackSummary, MonitorReport, QualityChange, ScoreDrift, ServedGap

LIVE_SECONDS = 20.0  # a server writes every 5 s
UNITS = ((86_400, "days"), (3_600, "hours"), (60, "minutes"), (1, "seconds"))
PLACES = 3


def is_live(last_seen: float | None, now: float) -> bool:
    """Whether a server writes into the log."""
    return last_seen is not None and now - last_seen < LIVE_SECONDS


def ago(seconds: float) -> str:
    """How long ago: "12 seconds", "3 days"."""
    size, unit = next(((size, unit) for size, unit in UNITS if seconds >= 2 * size), UNITS[-1])
    return plain(f"monitor.ago.{unit}", n=max(0, round(seconds / size)))


def moment(unix_seconds: float, now: float) -> str:
    """A time of day in UTC, with its date where that is not today's."""
    then, today = (datetime.fromtimestamp(at, UTC) for at in (unix_seconds, now))
    clock = f"{then:%H:%M}"
    if then.date() == today.date():
        return clock
    day = numbers.date(unix_seconds, language())
    if then.year == today.year:
        day = day.removesuffix(f" {then.year}").removeprefix(f"{then.year}年")
    return f"{day} {clock}"


def sentence(found: MonitorReport, measure: str, now: float, *, n_held: int) -> Markdown:
    """What answers and how fast, what changed for whom by more than chance, drift, and what waits for a person."""
    return joined(
        _serving(found, now),
        _quality(found, measure, now),
        t("monitor.sentence.drift") if found.drift.is_found else "",
        waiting(n_held),
    )


def waiting(n_held: int) -> Markdown:
    """How many candidates wait for a person; nothing where none does."""
    return t("monitor.sentence.held", n=n_held) if n_held else Markdown("")


def _serving(found: MonitorReport, now: float) -> Markdown:
    if found.last_seen is None or found.version is None:
        return t("monitor.sentence.unseen")
    if not is_live(found.last_seen, now):
        return t("monitor.sentence.stopped", ago=inside(ago(now - found.last_seen)), version=found.version)
    last = found.traffic_now
    if last is None or not last.requests or last.p95 is None:
        return t("monitor.sentence.idle", version=found.version)
    p95 = numbers.duration(last.p95)
    return t("monitor.sentence.now", version=found.version, rate=numbers.number(last.per_second, 2), p95=p95)


def _quality(found: MonitorReport, measure: str, now: float) -> Markdown:
    """The largest change of a group that is more than chance; that there is none, or that nobody can tell."""
    told = [change for change in found.changes if change.measure == measure and change.difference is not None]
    if not told:
        return _level(found, measure)
    real = [change for change in told if _is_real(change)]
    if not real:
        since = inside(moment(told[0].since, now))
        return t("monitor.sentence.steady", measure=_measure(measure), since=since)
    most = max(real, key=lambda change: (change.group.kind != "all", abs(change.difference or 0.0)))
    signed = {end: numbers.signed(value, PLACES) for end, value in (("low", most.low), ("high", most.high))}
    return t(
        f"monitor.sentence.{'fell' if (most.difference or 0.0) < 0 else 'rose'}",
        who=_who(found.by, most),
        measure=_measure(measure),
        before=numbers.fixed(most.before.value, PLACES),
        after=numbers.fixed(most.after.value, PLACES),
        since=inside(moment(most.since, now)),
        **signed,
    )


def _level(found: MonitorReport, measure: str) -> Markdown:
    """The measure of everyone where nothing can be compared yet; that there is none."""
    everyone = next((row.measures[measure] for row in found.quality if row.group.kind == "all"), None)
    if everyone is None or everyone.value is None:
        return t("monitor.sentence.few") if found.feedback.n_lists else Markdown("")
    ends = {"value": everyone.value, "low": everyone.low, "high": everyone.high}
    said = {name: numbers.fixed(value, PLACES) for name, value in ends.items()}
    return t("monitor.sentence.level", measure=_measure(measure), **said)


def _is_real(change: QualityChange) -> bool:
    return change.low is not None and change.high is not None and not change.low <= 0 <= change.high


def _who(by: str, change: QualityChange) -> Markdown:
    return escape(plain("group.all")) if change.group.kind == "all" else people((by,), change.group)


def _measure(measure: str) -> Markdown:
    return escape(inside(short_name(measure)))


def drift_note(found: ScoreDrift, now: float) -> tuple[str, bool | None]:
    """What the card of drift says under its figure, and whether that is good; None where nobody can tell."""
    if found.alarms:
        return plain("monitor.card.drift.adwin", time=moment(found.alarms[-1], now)), False
    if found.psi is None or found.threshold is None:
        return plain("monitor.card.drift.few", n=found.n) if found.n_reference else plain(
            "monitor.card.drift.none"
        ), None
    is_above = found.psi > found.threshold
    key = "monitor.card.drift.above" if is_above else "monitor.card.drift.within"
    return plain(key, threshold=numbers.number(found.threshold, 2)), not is_above


def gap(by: str, found: ServedGap) -> Markdown:
    """The gap over the whole window, with its interval."""
    return t(
        f"monitor.gap.{'noise' if found.low <= 0 else 'real'}",
        worst=people((by,), found.worst),
        best=escape(inside(name_of(found.best))),
        measure=_measure(found.measure),
        difference=numbers.fixed(abs(found.difference), PLACES),
        low=numbers.fixed(found.low, PLACES),
        high=numbers.fixed(found.high, PLACES),
    )


def since(unix_seconds: float, now: float) -> str:
    """Since when a version is one."""
    return plain("monitor.card.version.since", time=inside(moment(unix_seconds, now)))


def quality_caveats(found: MonitorReport, n_groups: int, most: int) -> list[Markdown]:
    """What the lines and bands of quality over time rest on."""
    return [
        t("monitor.caveat.everyone"),
        t("monitor.caveat.band"),
        t("monitor.caveat.least", n=found.least, rest=plain("group.rest")),
        t("monitor.caveat.some", n=most, n_all=n_groups) if n_groups > most else Markdown(""),
        t("monitor.caveat.served", horizon=inside(ago(found.horizon))),
        t("monitor.caveat.open", n=found.n_open) if found.n_open else Markdown(""),
        t("monitor.caveat.biased"),
    ]


def no_quality(found: MonitorReport) -> Markdown:
    """Why there is no figure of quality: nothing was served, or it is too early to judge."""
    if found.n_open:
        return t("monitor.quality.open", n=found.n_open, horizon=inside(ago(found.horizon)))
    return t("monitor.quality.none")


def feedback_caveat(found: FeedbackSummary) -> Markdown:
    """How many events there are, how many are positive, and how many lists have any."""
    share = numbers.percent(found.n_lists_with_feedback / found.n_lists if found.n_lists else None)
    of = {"n": found.n_in_window, "positive": found.n_positive_in_window, "lists": found.n_lists}
    return t("monitor.feedback.caveat", share=share, **of)


def read(found: MonitorReport) -> list[Markdown]:
    """How far the log was read, and in which time zone times are."""
    return [t("monitor.caveat.to", n=found.upto, time=clock(found.at)), t("monitor.caveat.utc")]


def clock(unix_seconds: float) -> str:
    """A time of day to the second, in UTC."""
    return inside(f"{datetime.fromtimestamp(unix_seconds, UTC):%H:%M:%S}")


def status(last_seen: float | None, now: float) -> Markdown:
    """Whether a server writes into the log."""
    if last_seen is None:
        return t("monitor.status.never")
    key = "monitor.status.live" if is_live(last_seen, now) else "monitor.status.stopped"
    return t(key, ago=inside(ago(now - last_seen)))
