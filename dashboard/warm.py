"""Once a server: load what is heavy, then take it out of the garbage collector's reach."""

from __future__ import annotations

import gc
import logging
import threading
from contextlib import suppress
from functools import partial

import streamlit as st

HEAVY = ("scipy.stats", "sklearn", "onnxruntime", "plotly.graph_objects")


@st.cache_resource(show_spinner=False)
def warm_up() -> threading.Thread:
    """Import the explanation libraries in the background (seconds), so that no click has to wait for them.

    A full collection of garbage takes 0.3 s with these libraries loaded, and next to nothing after they are frozen.
    """
    import torch  # noqa: F401 - every page needs it: before the first picture, not in the background

    thread = threading.Thread(target=load, name="reclens-warm-up", daemon=True)
    thread.start()
    return thread


def first_optimiser() -> None:
    """The first one made in a process imports PyTorch's compiler: one to two seconds that no slider should wait for."""
    import torch

    torch.optim.Adam([torch.zeros(1, requires_grad=True)])


def load() -> None:
    """Import what explanations need, each method's library as its file wants it."""
    import importlib
    import warnings

    from recsys_core.explain.methods import METHODS

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        of_methods = [method.load for method in METHODS.values() if method.load is not None]
        heavy = [partial(importlib.import_module, name) for name in HEAVY]
        for load_one in (*of_methods, first_optimiser, *heavy):
            with suppress(ImportError):
                load_one()
    for name in ("uvicorn.access", "uvicorn.error"):  # one of these libraries turns their every line on
        logging.getLogger(name).setLevel(logging.WARNING)
    gc.collect()
    gc.freeze()
