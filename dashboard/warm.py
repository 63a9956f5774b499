"""Once a server: load what is heavy, then take it out of the garbage collector's reach."""

from __future__ import annotations

import gc
import logging
import threading
from contextlib import suppress
from functools import partial

import streamlit as st

HEAVY = ("scipy.stats", "sklearn", "lime.lime_tabular", "captum.attr", "onnxruntime")


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
    """Import what explanations need, ``shap`` as the core wants it: imported by name, its first answer takes 13 s."""
    import importlib
    import warnings

    from recsys_core.explain.shap_method import library

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for load_one in (library, first_optimiser, *(partial(importlib.import_module, name) for name in HEAVY)):
            with suppress(ImportError):
                load_one()
    for name in ("uvicorn.access", "uvicorn.error"):  # one of these libraries turns their every line on
        logging.getLogger(name).setLevel(logging.WARNING)
    gc.collect()
    gc.freeze()
