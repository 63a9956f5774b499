"""Compress: how small the model can get before it changes its mind, and who pays."""

from __future__ import annotations

from dashboard import components, frame, units
from dashboard.cached import compress as cached_compress
from dashboard.parameters import Parameter, number, opened, users_parameter
from dashboard.presentation.sentences import compress as sentences
from dashboard.presentation.texts import t
from dashboard.sections import compress as cards
from dashboard.sections import measuring, segment_figures, tried, variant_space
from dashboard.sections.ranked_users import is_enough, said_anew, users_picker
from dashboard.state import Selection
from recsys_core.compare import report_to_json


def below(chosen: Selection) -> None:
    """What no slider draws again: charts over everything measured."""
    variant_space.side_by_side(chosen)
    tried.card(chosen)
    variant_space.bytes_of(chosen)


@frame.page(
    "compress",
    order=40,
    parameters=(
        Parameter("watch", "compress.watch", problem="frame.setting_unknown"),
        users_parameter(),
        number("kb", "compress.kb"),
        number("lists_kept", "compress.lists_kept"),
        opened("of_segment", "segment.kept"),
        *(Parameter(key) for key in ("both", "within", "bytes_of")),
        units.UNITS_PARAMETER,
        tried.PARAMETER,
    ),
    large_controls=True,
    below=below,
)
def show(page: frame.Frame) -> None:
    page.title(t("compress.title"))
    chosen = page.selection
    report = cached_compress.reports(chosen.ref, chosen.variant.model).get(chosen.variant)
    with page.slots["controls"]:
        cards.presets(chosen)
        with components.grid(3, min_width=240):
            watched, limits = cards.watch_picker(page, report), cards.budget(page)
            users = users_picker(page, chosen.variant)
        report = report if report is not None and is_enough(report, users) else None
        cards.budget_answer(chosen, report, limits)
    variant_space.notices(page)
    tried.note_watched(page)
    table = variant_space.narrowed_table(page)
    if report is None:
        job = cached_compress.measurement(chosen.ref, chosen.variant, users)
        if job.error:
            components.failed(job.error)
            return
        cards.measuring(page, job, watched, users)
        known = cards.so_far(job, chosen)
    else:
        page.sentence(sentences.sentence(report))
        cards.stat_cards(chosen.ref, report, watched)
        known = report
    of_segment = segment_figures.kept(page, users) if chosen.segment else None
    page.download("compression", table, report_to_json(known) | {"segment": of_segment})
    with components.grid(2):
        cards.survival(chosen)
        cards.sizes(chosen)
    said_anew(chosen)
    measuring.measure_all(chosen)
    if report is None:
        return
    components.caveats(sentences.caveats(report, chosen.language, watched))
    with components.grid(5, min_width=150) as grid:
        with grid.cell(column_span=3):
            cards.lists(chosen)
        with grid.cell(column_span=2):
            cards.most_changed(chosen, report)
    cards.both_models(page)
