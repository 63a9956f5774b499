"""Plots of the library ``shap`` as PNG files: beeswarm, waterfall, dependence; drawn by Matplotlib without a screen.

The library draws on the one current figure that Matplotlib knows and shuffles dots by NumPy's global generator, so one
plot is drawn at a time. Both are imported when a file is asked for, which takes a second.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterable
from contextlib import contextmanager
from functools import cache
from typing import Any

import numpy as np

from dashboard.presentation.texts import plain
from dashboard.presentation.units import on_axis, titled
from dashboard.presentation.wording import in_words, reasons, shorten
from recsys_core.data.dataset import Dataset
from recsys_core.explain.global_explanation import GlobalExplanation
from recsys_core.player import Player
from recsys_core.results import Explanation

DPI = 160
MOST_SHOWN = 15
MOST_TICKS = 12
WIDTH = 10.0  # inches
CHINESE = ("Noto Sans CJK", "Noto Sans SC", "Source Han Sans", "WenQuanYi", "PingFang", "Microsoft YaHei", "SimHei")
_one_at_a_time = threading.Lock()


def beeswarm(data: Dataset, found: GlobalExplanation, names: dict[Player, str]) -> bytes:
    """One dot a pair and reason, coloured by the value's place from low to high, grey where values have no order."""
    import shap

    values = np.vectorize(lambda v: on_axis(v, found.units), otypes=[float])(found.contributions)
    labels = _labels([(names[p], p.key) for p in found.players])
    explained = shap.Explanation(values=values, data=found.rank, feature_names=labels)

    def draw() -> None:
        shap.plots.beeswarm(explained, max_display=MOST_SHOWN, show=False, color_bar_label=_text("global.legend"))

    return _png(draw, titled("global.swarm.axis", found.units))


def waterfall(data: Dataset, explanation: Explanation) -> bytes:
    """The reasons of one score, from the base value up."""
    import shap

    found = reasons(data, explanation)
    units = explanation.units
    values = np.array([on_axis(r.contribution, units) for r in found])
    labels = _labels([(r.label, r.feature) for r in found])
    base = on_axis(explanation.base_value, units)
    explained = shap.Explanation(values=values, base_values=base, feature_names=labels)

    def draw() -> None:
        shap.plots.waterfall(explained, max_display=MOST_SHOWN, show=False)

    return _png(draw, None)


def dependence(
    data: Dataset, found: GlobalExplanation, player: Player, colour: Player | None, names: dict[Player, str]
) -> bytes:
    """What a reason adds against its value, coloured by another's; of many values the most frequent have a name."""
    import shap

    own, ticks = _axis(data, found, player)
    x = np.array([on_axis(float(v), found.units) for v in found.contributions[:, found.players.index(player)]])
    label, other = _labels([(names[player], player.key), (names[colour], colour.key) if colour else ("", "")])
    explained = shap.Explanation(values=x, data=own, feature_names=label)
    second = None
    if colour is not None:
        values, words = _axis(data, found, colour)
        said = np.array([words[int(code)] for code in values], dtype=object) if words else None
        if np.isfinite(values).any():
            how = {"data": values, "display_data": said, "feature_names": other}
            second = shap.Explanation(values=np.zeros(len(x)), **how)

    def draw() -> None:
        import matplotlib.pyplot as plt

        shap.plots.scatter(explained, color=second, hist=False, show=False)
        axis = plt.gcf().axes[0]
        if ticks:
            axis.set_xticks(range(len(ticks)), ticks, rotation=30, ha="right")
        axis.set_ylabel(_readable(titled("global.swarm.axis", found.units), "SHAP value"))

    return _png(draw, None)


def _axis(data: Dataset, found: GlobalExplanation, player: Player) -> tuple[np.ndarray, list[str]]:
    """A reason's numbers, NaN where unknown; of other values codes by frequency, the rarer ones one, with names."""
    values = found.values[player]
    if all(v is None or isinstance(v, int | float) for v in values):
        return np.array([np.nan if v is None else float(v) for v in values]), []
    words = [shorten(in_words(data, player, v), 18) for v in values]
    often = sorted(set(words), key=lambda w: (-words.count(w), w))[:MOST_TICKS]
    code = {word: float(i) for i, word in enumerate(often)}
    rare = [plain("global.values.rest")] if len(set(words)) > len(often) else []
    ids = [(word, str(i)) for i, word in enumerate([*often, *rare])]
    return np.array([code.get(word, float(len(often))) for word in words]), _labels(ids)


def _png(draw: Callable[[], None], axis: str | None) -> bytes:
    import matplotlib as mpl

    mpl.use("Agg", force=False)
    import matplotlib.pyplot as plt

    with _one_at_a_time, _same_dots(), mpl.rc_context({"font.family": ["DejaVu Sans", *_chinese_fonts()]}):
        figure = plt.figure()
        try:
            draw()
            drawn = plt.gcf()
            if axis is not None:
                drawn.axes[0].set_xlabel(_readable(axis, "SHAP value"))
            out = io.BytesIO()
            drawn.savefig(out, format="png", dpi=DPI, bbox_inches="tight")
            return out.getvalue()
        finally:
            plt.close("all")
            plt.close(figure)


@contextmanager
def _same_dots() -> Any:
    """NumPy's global generator, which the library shuffles by, at one place for every plot; put back afterwards."""
    before = np.random.get_state()
    np.random.seed(0)
    try:
        yield
    finally:
        np.random.set_state(before)


def _labels(names: Iterable[tuple[str, str]]) -> list[str]:
    """Names that there are letters for, else the ids behind them; none of them read as a formula, none twice."""
    found: list[str] = []
    for name, key in names:
        label = _readable(shorten(name, 40), key)
        found.append(label if label not in found else f"{label} ({_readable(key, str(len(found)))})")
    return found


def _text(key: str) -> str:
    return _readable(plain(key), key)


def _readable(text: str, instead: str) -> str:
    """The text where the fonts at hand have all its letters, else what stands for it; dollars are no formula."""
    known = _letters()
    text = "".join(c for c in text if c.isprintable() and c not in "\u200b\u2060")
    shown = text if all(ord(c) in known or c.isspace() for c in text) else instead
    return shown.replace("$", r"\$")


@cache
def _chinese_fonts() -> tuple[str, ...]:
    """Names of the fonts with Chinese letters that Matplotlib finds on this machine, the first of each kind."""
    from matplotlib import font_manager

    names = sorted({font.name for font in font_manager.fontManager.ttflist})
    return tuple(name for kind in CHINESE for name in names if name.startswith(kind))[:1]


@cache
def _letters() -> frozenset[int]:
    """Code points that the plots' fonts have."""
    from matplotlib import font_manager

    fonts = ("DejaVu Sans", *_chinese_fonts())
    return frozenset(
        code for name in fonts for code in font_manager.get_font(font_manager.findfont(name)).get_charmap()
    )
