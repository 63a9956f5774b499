"""Segments that are too small for figures of their own: name and size alone (k-anonymity, as groups of an audit)."""

from __future__ import annotations

import streamlit as st

from dashboard.cached import explain as cached_explain
from dashboard.presentation.sentences import segments as sentences
from dashboard.workspaces import WorkspaceRef
from recsys_core.data.segments import Segment
from recsys_core.fairness import DEFAULT_SETTINGS


def is_too_small(ref: WorkspaceRef, segment: Segment | None) -> bool:
    """Whether a segment has fewer users with test pairs than a group must have to be shown; says so where it has."""
    if segment is None:
        return False
    n, least = cached_explain.n_users_with_pairs(ref, segment), DEFAULT_SETTINGS.least_size
    if n < least:
        st.markdown(sentences.too_small(segment.name, n, least))
    return n < least
