"""What-if: another profile, another history, another item, and what the same model says then."""

from __future__ import annotations

from dashboard import components, frame
from dashboard.cached import what_if as cached
from dashboard.cached.what_if import Asked
from dashboard.parameters import Parameter, among, opened
from dashboard.presentation.sentences import what_if as sentences
from dashboard.presentation.tables import what_if as tables
from dashboard.presentation.texts import t
from dashboard.sections.may_change import MAY_CHANGE
from dashboard.sections.what_if import asking, columns, curve, held, history, outcome, smallest
from dashboard.units import UNITS_PARAMETER
from recsys_core.what_if.edit_texts import EditTexts


@frame.page(
    "what-if",
    order=25,
    parameters=(
        *(Parameter(key, f"what_if.{key}", live=True) for key in ("set", "add", "off", "pins", "curve")),
        UNITS_PARAMETER,
        MAY_CHANGE,
        opened(smallest.KEY, "what_if.smallest"),
        Parameter("new", "what_if.new", takes=among(asking.NEW), problem="frame.setting_unknown"),
    ),
)
def show(page: frame.Frame) -> None:
    asked = asking.asked(page)
    if asked is None:
        return
    names = asking.names(page, asked)
    page.title(sentences.title(names.item, names.user))
    dropped = held.follow(names.whose)
    texts = held.texts()
    asking.notices(page, asked, cached.read(asked, texts), dropped)
    said = asking.changed(page, asked, texts)
    page.sentence(sentences.sentence(asking.about(asked, names), said.explanation, asked.variant))
    pinned = [cached.changed(asked, pin) for pin in held.pins()]
    outcome.situation_cards(said, pinned)
    components.caveats(sentences.notes(said))
    outcome.actions(asked, names.whose, texts)
    controls(page, asked, said, texts)
    with components.grid(2):
        with components.card(t("what_if.contributions"), stretch=True):
            outcome.contributions(page, asked, said)
        with components.card(t("what_if.curve.title"), stretch=True):
            curve.response(page, asked, said, texts)
    found = smallest.smallest_change(page, asked, texts)
    everything = tables.everything(said, held.pins()) | ({"smallest_change": found.to_json()} if found else {})
    page.download("what-if", tables.contributions(said.explanation), everything)


def controls(page: frame.Frame, asked: Asked, said, texts: EditTexts) -> None:
    """What can be changed, with the list that follows beside it."""
    edits, language = cached.read(asked, texts).edits, page.selection.language
    with components.grid(2):
        with components.card(t("what_if.person"), stretch=True):
            columns.column_controls(asked, "user", edits)
            asking.start_from(page, "user")
        with components.card(t("what_if.top"), stretch=True):
            outcome.both_lists(asked, said, language)
        with components.card(t("what_if.history"), stretch=True):
            history.history_controls(asked, edits, language)
        with components.card(t("what_if.item_card"), stretch=True):
            columns.column_controls(asked, "item", edits)
            asking.start_from(page, "item")
