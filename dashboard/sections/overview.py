"""Cards of the Overview: quality, verdict, problems, the data in pictures, the stages of the model."""

from __future__ import annotations

import streamlit as st

from dashboard import components, state
from dashboard.cached import fairness as cached_fairness
from dashboard.cached import workspace as cached_workspace
from dashboard.presentation.charts import overview as charts
from dashboard.presentation.sentences import model_choice
from dashboard.presentation.sentences import overview as sentences
from dashboard.presentation.sentences import quality as quality_sentences
from dashboard.presentation.sentences.fairness import anew
from dashboard.presentation.tables import options
from dashboard.presentation.texts import joined, plain, t, word
from dashboard.presentation.texts.markdown import escape
from recsys_core.models.anatomy import SEED, SHARE_ITEMS, SHARE_ROWS, anatomy


def quality(model) -> None:
    chart = charts.quality(model.training)
    if chart is None:
        st.markdown(t("overview.quality.none"))
    else:
        components.draw(chart, key="quality")
    components.caveats([quality_sentences.best_sentence(model), *quality_sentences.caveats(model)])
    components.caveats(quality_sentences.baselines_fitted(model))


def verdict(model) -> None:
    for is_good, said in quality_sentences.verdicts(model):
        st.markdown(sentences.verdict_line(is_good, said))
    for said in quality_sentences.lists_sentence(model):
        st.markdown(sentences.verdict_line(False, said))


def gap(page, sentence) -> None:
    """The largest real gap between groups, as soon as every column was audited; it ends the sentence, too."""
    ref = page.selection.ref
    job = cached_fairness.fairness_scan(ref, page.selection.variant.dense)
    if not components.finished(job, t("overview.verdict.working"), key="scanning", patience=0):
        return
    components.caveats(anew(cached_fairness.evaluation(ref, page.selection.variant.dense).outcome()))
    rest = cached_fairness.largest_rest_gap(ref, page.selection.variant.dense)
    is_good, said = sentences.gap_verdict(job.result, rest)
    st.markdown(sentences.verdict_line(is_good, said))
    if is_good is False:
        page.sentence(joined(sentence, said))
        state.page_link("fairness", t("overview.verdict.look"))


def problems(model) -> None:
    found = sentences.problems(model)
    st.markdown(t("overview.problems.n", n=len(found)) if found else t("overview.problems.none"))
    for said in found:
        st.markdown(f"- {said}")


def columns(page) -> None:
    """How every column was understood, worked out when opened; open in the link as here."""
    opened = page.details("columns_read")
    if opened.open:
        with opened:
            rows = sentences.columns_table(cached_workspace.columns_read(page.selection.ref))
            components.table(rows, key="columns_table", alt=plain("overview.columns.alt"))


def over_time(profile, language: str) -> None:
    if profile.first_time is None:
        st.markdown(t("overview.time.none"))
    else:
        components.draw(charts.over_time(profile), key="time")
        components.caveats([sentences.last_period(profile, language)])


def groups(page) -> None:
    data = cached_workspace.dataset(page.selection.ref)
    columns = [c.name for c in data.schema.users if c.kind in ("category", "ordered", "number")]
    if not columns:
        st.markdown(t("overview.groups.none"))
        return
    column = page.pick("groups", {c: word("column", c) for c in columns})
    sizes = cached_fairness.group_sizes(page.selection.ref, column)
    components.draw(charts.groups(sizes, word("column", column)), key="groups_chart")


def chosen(ref, model) -> None:
    """The item-item term, which options validation compared, how sure it was, and where training ended."""
    st.markdown(model_choice.term(model, cached_workspace.term_share(ref, model.variant.model)))
    st.markdown(model_choice.sentence(model))
    if model.choice.tried:
        components.table(options.tried_options(model.choice), key="options", alt=plain("overview.options.alt"))
    components.caveats(model_choice.caveats(model))


def stages(ref, model) -> None:
    found = anatomy(model.ranker, model.config["encoder"], model.term)
    st.markdown(f"**{t('overview.anatomy' if model.term is None else 'overview.anatomy.term')}**")
    share = cached_workspace.term_share(ref, model.variant.model)
    if share is not None:
        components.caveats([t("anatomy.share.how", rows=SHARE_ROWS, items=SHARE_ITEMS, seed=SEED)])
    with components.grid(len(found), min_width=150):
        for stage in found:
            lines = sentences.stage_lines(stage, share)
            with components.card(t(f"stage.{stage.name}"), stretch=True):
                st.markdown(t(f"stage.{stage.name}.job"))
                st.markdown(f":blue[**{escape(lines['shapes'])}**]")
                components.caveats([escape(lines[key]) for key in lines if key != "shapes"])
