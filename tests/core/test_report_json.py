"""A report of compression as JSON and back, whole or half measured."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys_core.compare import deltas, is_dead, report_from_json, report_to_json
from recsys_core.results import (
    AucIntervals,
    CompressionReport,
    Cost,
    GroupGap,
    Latency,
    ListOverlap,
    Measurement,
    WatchedGap,
)
from recsys_core.results.dataclass_json import from_json, to_json
from recsys_core.variant import DENSE, ModelVariant

HALF = ModelVariant.compressed(0.5, 8)
PLAIN = {
    float: st.floats(allow_nan=False, allow_infinity=False),
    int: st.integers(0, 10**9),
    str: st.text(max_size=5),
    bool: st.booleans(),
    ModelVariant: st.sampled_from([DENSE, HALF, ModelVariant.compressed(0.37, pruning="unstructured")]),
}


def values_of(kind: Any) -> st.SearchStrategy:
    """Any value of a field's type; what may be missing often is."""
    if kind in PLAIN:
        return PLAIN[kind]
    if is_dataclass(kind):
        types = get_type_hints(kind)
        return st.builds(kind, **{field.name: values_of(types[field.name]) for field in fields(kind)})
    parts = get_args(kind)
    if NoneType in parts:
        return st.none() | values_of(parts[0])
    if get_origin(kind) is tuple and parts[-1] is Ellipsis:
        return st.lists(values_of(parts[0]), max_size=3).map(tuple)
    if get_origin(kind) is tuple:
        return st.tuples(*map(values_of, parts))
    assert get_origin(kind) is Mapping, kind
    return st.dictionaries(st.text(max_size=3), values_of(parts[1]), max_size=2)


@settings(max_examples=40)
@given(values_of(CompressionReport))
def test_a_report_comes_back_from_json_as_it_was(report):
    written = json.dumps(report_to_json(report), allow_nan=False)
    assert report_from_json(json.loads(written)) == report


def test_nothing_measured_yet_is_a_report():
    empty = CompressionReport(HALF)
    assert {delta.verdict for delta in deltas(empty).values()} == {"pending"}
    assert not is_dead(empty)
    assert not empty.is_whole
    assert (empty.top_10_overlap, empty.size_bytes, empty.gap()) == (None, None, None)


def test_the_keys_of_the_command_line():
    """Those of the contract, each where a script looks for it."""
    latency = {batch: Latency(1.0, 2.0) for batch in ("batch_1", "batch_256")}
    gap = GroupGap("ndcg@10", "west", "east", 0.1, 0.2, 0.1, 0.0, 0.2, n_draws=300)
    report = CompressionReport(
        HALF,
        compressed=Measurement(Cost(1, 2, 3, 4, 5, 6, 7), latency, auc=0.8, ndcg=0.2, recall=float("nan")),
        auc_interval=AucIntervals((0.7, 0.9), (0.6, 0.8)),
        list_overlap=ListOverlap(0.9, 0.8, 1.0, ((7, 0.5),)),
        watched=WatchedGap("user.region", True, 0.01, 20, "ndcg@10"),
        group_gaps={"user.region": gap},
    )
    written = report_to_json(report)
    assert written["settings"] == {"sparsity": "50", "bits": "8", "key": "sparsity-50_bits-8"}
    assert written["variant"] == {
        "size_bytes": 1,
        "text_bytes": 2,
        "term_bytes": 3,
        "encoder_bytes": 4,
        "n_parameters": 5,
        "macs": 6,
        "neighbours": 7,
        "latency_ms": {batch: {"p50": 1.0, "p95": 2.0} for batch in latency},
        "auc": 0.8,
        "ndcg@10": 0.2,
        "recall@10": None,
    }
    assert written["top_10_overlap"] == 0.9
    assert written["auc_interval"] == {"dense": [0.7, 0.9], "variant": [0.6, 0.8]}
    assert written["list_overlap"]["most_changed"] == [[7, 0.5]]
    assert (written["group_gap"]["column"], written["group_gap"]["worst_group"]) == ("user.region", "west")
    assert {"explanation_drift", "noise", "ties", "measured_at", "machine", "lost_most"} <= set(written)


@pytest.mark.parametrize(
    "damage",
    [{"p50": "fast"}, {"p50": None}, {"p50": True}, {"p95": [1.0]}],
)
def test_a_value_of_another_type_is_refused(damage):
    with pytest.raises(TypeError):
        from_json(Latency, to_json(Latency(1.0, 2.0)) | damage)
    with pytest.raises(KeyError):
        from_json(Latency, {"p50": 1.0})
