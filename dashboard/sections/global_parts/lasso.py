"""Part of the Global page: draw around dots of the beeswarm, and keep the users behind them as a segment."""

from __future__ import annotations

import numpy as np
import streamlit as st

from dashboard import components
from dashboard.cached import workspace as cached_workspace
from dashboard.presentation.charts import lasso as charts
from dashboard.presentation.sentences import global_parts as sentences
from dashboard.presentation.texts import t
from dashboard.sections.global_parts.part import GlobalPart, Overall
from dashboard.sections.segments import save_box
from recsys_core.data.segments import Segment


def lasso(shown: Overall) -> dict | None:
    """The dots, how many pairs and users are inside what was drawn, and their name."""
    chart, rows = charts.swarm_to_mark(shown.data, shown.found, shown.names, shown.reason)
    st.markdown(t("global.lasso.how"))
    dots = components.draw_to_mark(chart, key="lasso_chart")
    components.caveats(sentences.lasso_caveats(shown.found, rows))
    pairs = np.unique(rows[dots])
    if not len(pairs):
        return None
    users = np.unique(shown.found.pairs.users[pairs])
    ids = cached_workspace.dataset(shown.ref).users["user_id"].iloc[users].tolist()
    st.markdown(t("global.lasso.marked", pairs=len(pairs), users=len(users)))
    save_box(shown.ref, lambda name: Segment(name, users=tuple(ids)), key="lasso")
    return {"users": ids, "n_pairs": len(pairs)}


LASSO = GlobalPart("lasso", lasso)
