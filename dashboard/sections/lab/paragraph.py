"""The explanation as a paragraph, short or full, with a button that copies it."""

from __future__ import annotations

from dashboard import components
from dashboard.cached import explain as cached_explain
from dashboard.cached import workspace as cached_workspace
from dashboard.parameters import Parameter
from dashboard.presentation import wording
from dashboard.presentation.backgrounds import background_name
from dashboard.presentation.sentences.paragraph import FULL, LENGTHS, Circumstances, paragraph
from dashboard.presentation.texts import plain, t
from dashboard.sections.lab.card import Explained, LabCard
from recsys_core.explain.agreement import compare_explanations
from recsys_core.results import Explanation

LINES = dict(zip(LENGTHS, (3, 8), strict=True))


def draw(explained: Explained) -> dict:
    """The card: how long, and the text to be copied."""
    length = explained.page.pick("length", {x: plain(f"paragraph.length.{x}") for x in LENGTHS}, buttons=True)
    data, explanation = cached_workspace.dataset(explained.ref), explained.explanation
    second = _second(explained) if length == FULL else None
    about = Circumstances(
        user=explained.page.selection.user_name,
        item=explained.item,
        n_candidates=explained.top.n_candidates,
        background=background_name(data, explanation.compared_with),
        task=cached_workspace.workspace(explained.ref).split.task,
        agreement=None if second is None else compare_explanations(explanation, second),
        fit=None if second is None else second.fit,
    )
    text = paragraph(explanation, wording.reasons(data, explanation), about, length=length)
    components.copyable(text, label=plain("lab.paragraph"), key="paragraph_text", lines=LINES[length])
    components.caveats([t("paragraph.caveat")])
    return {"length": length, "text": text}


def _second(explained: Explained) -> Explanation:
    """LIME's answer, which the page has asked for already."""
    how = {"units": explained.explanation.units, "compared": explained.compared}
    return cached_explain.explanation(*explained.where, method="lime", **how)


CARD = LabCard("paragraph", draw, (Parameter("length", "paragraph.length"),))
