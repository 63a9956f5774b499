"""Stored parts: what a variant's size on disk consists of, by stage of the network and by feature group."""

from __future__ import annotations

from dataclasses import dataclass

from recsys_core.compress.storage import TERM, size_bytes, stored_arrays
from recsys_core.models.ranker import module_name
from recsys_core.models.scorer import Scorer

STAGES = ("tables", "texts", "adapter", "body", "head", TERM, "file")
LAYERS = ("first", "second")
PLACES = ("start", "known")  # of the arrays of an item-item term
ENDINGS = ("", ".scales", ".codes", ".kept", ".values")  # of one matrix's parts, see `stored_arrays`


@dataclass(frozen=True, slots=True)
class StoredPart:
    """Bytes on disk of one part of a variant.

    ``stage`` is ``tables`` (embeddings) or ``texts`` (cached vectors of texts), then ``name`` is the key of a feature
    group; or ``adapter`` (``history``: attention over it), ``body`` (``first`` and ``second`` layer), ``head``,
    ``item_item`` (``entries`` of the term, and ``places``: between which items they stand), or ``file`` (``header``:
    names and shapes of the arrays).
    """

    stage: str
    name: str
    n_bytes: int


def stored_parts(scorer: Scorer) -> tuple[StoredPart, ...]:
    """Every part that takes bytes, by stage and largest first: their sum is the variant's size on disk."""
    groups = {
        name + ending: (stage, group.key)
        for group in scorer.ranker.groups
        for stage, name in (("tables", f"adapter.{module_name(group.key)}"), ("texts", f"texts.{group.key}"))
        for ending in ENDINGS
    }
    spent: dict[tuple[str, str], int] = {}
    arrays = stored_arrays(scorer)
    for name, array in arrays.items():
        where = groups.get(name) or _layer(name)
        spent[where] = spent.get(where, 0) + array.nbytes
    header = size_bytes(scorer) - sum(array.nbytes for array in arrays.values())
    spent["file", "header"] = header
    parts = (StoredPart(stage, name, n) for (stage, name), n in spent.items() if n)
    return tuple(sorted(parts, key=lambda part: (STAGES.index(part.stage), -part.n_bytes, part.name)))


def _layer(array: str) -> tuple[str, str]:
    """Stage and layer of an array of the network or the term, by the name that it has in `stored_arrays`."""
    if array.startswith(f"{TERM}."):
        return TERM, "places" if array.removeprefix(f"{TERM}.") in PLACES else "entries"
    bare = array.removeprefix("body.").removeprefix("adapter.")
    layer = next((layer for layer in LAYERS if bare.startswith(layer)), None)
    if layer:
        return "body", layer
    return ("head", "head") if bare.startswith("head") else ("adapter", "history")
