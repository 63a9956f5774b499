"""What the parts of the Global page say: interactions, partial dependence, permutation importance, two segments."""

from __future__ import annotations

import numpy as np

from dashboard.presentation.sentences.fairness import bold, inside, short_name
from dashboard.presentation.texts import capital, joined, listed, numbers, t
from dashboard.presentation.texts.markdown import Markdown, escape, strong
from dashboard.presentation.units import decimals_for, on_axis, score
from dashboard.presentation.wording import in_words, shorten
from recsys_core.data.dataset import Dataset
from recsys_core.explain.global_explanation import GlobalExplanation
from recsys_core.player import Player
from recsys_core.results.global_parts import (
    Disagreement,
    Interaction,
    PartialDependence,
    PermutationImportance,
    SizeDifference,
)
from recsys_core.results.units import Units

WEAK = 0.05  # a share of the spread that nobody should read anything into
FLAT = 1e-4


def interaction(found: tuple[Interaction, ...], own: str, chosen: Player, names: dict[Player, str]) -> Markdown:
    """How much the colour decides, and whether another would decide more."""
    share = next((i.share for i in found if i.player == chosen), 0.0)
    values = {"own": inside(own), "other": strong(names[chosen]), "share": numbers.percent(share)}
    if share < WEAK:
        said = t("global.dependence.weak", **values)
    else:
        said = t("global.dependence.share", **values)
    best = found[0]
    if best.player == chosen or best.share < share + WEAK:
        return capital(said)
    more = t("global.dependence.more", best=strong(names[best.player]), share=numbers.percent(best.share))
    return joined(capital(said), more)


def partial(data: Dataset, found: PartialDependence, name: str, units: Units) -> Markdown:
    """Where the mean score is highest and lowest, and how many pairs run the other way."""
    mean, curves = found.mean(units), found.curves(units)
    best, worst = int(np.argmax(mean)), int(np.argmin(mean))
    if len(found.values) < 2 or mean[best] - mean[worst] < FLAT:
        return capital(t("global.partial.flat", reason=escape(name)))
    against = float((curves[:, best] < curves[:, worst]).mean())
    said = t(
        "global.partial.says",
        reason=escape(inside(name)),
        best=strong(shorten(in_words(data, found.player, found.values[best]))),
        high=score(float(mean[best]), units),
        worst=strong(shorten(in_words(data, found.player, found.values[worst]))),
        low=score(float(mean[worst]), units),
    )
    return joined(said, t("global.partial.against", share=numbers.percent(against)))


def partial_caveats(found: PartialDependence, n_lines: int, *, is_set: bool) -> list[str]:
    """Pairs, lines, seed, what is set, time."""
    return [
        t("global.partial.pairs", n=found.n_pairs, of=found.n_candidates),
        t("global.partial.lines", n=n_lines),
        t("global.caveat.seed", seed=found.seed),
        t("global.partial.sets") if is_set else "",
        t("global.partial.caveat"),
        t("explain.caveat.seconds", time=numbers.duration(found.seconds)),
    ]


def disagreements(found: tuple[Disagreement, ...], names: dict[Player, str]) -> Markdown:
    """Reasons that the model leans on without gain, and the reverse; or that contributions and quality agree."""
    said = []
    for kind in ("leans", "brings", "same"):
        shown = [f"{names[d.player]} ({numbers.percent(d.share)})" for d in found if d.kind == kind]
        if shown:
            said.append(t(f"global.permutation.{kind}", names=strong(listed(shown)), n=len(shown)))
    return joined(*said) if said else t("global.permutation.agree")


def permutation_caveats(found: PermutationImportance) -> list[str]:
    """On how many pairs and users, how often shuffled, seed, time."""
    users = {metric: drops.n_users for metric, drops in found.metrics.items()}
    return [
        t("global.permutation.pairs", n=found.n_pairs) if "auc" in users else "",
        *(t("global.permutation.users", metric=short_name(metric), n=n) for metric, n in users.items()),
        t("global.permutation.repeats", n=found.n_repeats),
        t("global.caveat.seed", seed=found.seed),
        t("global.permutation.interval"),
        t("explain.caveat.seconds", time=numbers.duration(found.seconds)),
    ]


def differences(
    found: tuple[SizeDifference, ...], names: dict[Player, str], segments: tuple[str, str], units: Units
) -> Markdown:
    """The reason whose size differs most, where it does beyond noise."""
    clear = [d for d in found if d.is_clear]
    if not clear:
        return t("global.beside.alike", first=bold(segments[0]), second=bold(segments[1]))
    largest, decimals = clear[0], decimals_for([clear[0].first, clear[0].second], units)
    more, less = (0, 1) if largest.difference > 0 else (1, 0)
    sizes = [numbers.fixed(on_axis(x, units), decimals) for x in (largest.first, largest.second)]
    said = t(
        "global.beside.says",
        reason=strong(names[largest.player]),
        more=bold(segments[more]),
        high=sizes[more],
        less=bold(segments[less]),
        low=sizes[less],
        unit=t(f"units.{units}"),
    )
    others = [names[d.player] for d in clear[1:]]
    return joined(said, t("global.beside.also", names=listed(others)) if others else "")


def lasso_caveats(found: GlobalExplanation, rows: np.ndarray) -> list[str]:
    """Of how many of the pairs there are dots, and what their colour says."""
    return [t("global.lasso.dots", n=len(np.unique(rows)), of=found.n_pairs), t("global.lasso.colour")]
