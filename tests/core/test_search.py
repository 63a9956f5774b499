"""The search: NSGA-II over settings, its front and hypervolume, the grid beside it, and what an ended run leaves."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys_core.__main__ import main
from recsys_core.compare import default_grid, stored_reports
from recsys_core.compare.groups import UserGroups, group_gaps
from recsys_core.errors import SettingError
from recsys_core.mend import Tried as TriedMending
from recsys_core.models.workspace import Workspace
from recsys_core.results.search import Tried
from recsys_core.search import SearchSettings, everything_tried, hypervolume, load_search, non_dominated, search
from recsys_core.search.everything import GRID, HAND, MENDING, SEARCH, TriedPoint, origin_of
from recsys_core.search.genes import SPARSITIES, STRENGTHS, Space, by_hand, informed
from recsys_core.search.hypervolume import coordinates
from recsys_core.search.nsga2 import Evolution
from recsys_core.search.stored import load, search_file
from recsys_core.variant import BITS, DENSE, PRUNINGS, Compression, ModelVariant, Reranking

FULL = Tried(DENSE, 0.4, 0.1, 1000, 1.0)
SPACE = Space(
    ("", "mended"),
    SPARSITIES,
    BITS,
    PRUNINGS,
    (None, 20),
    ("", "fair", "exposure"),
    STRENGTHS,
    ("item.kind", "item.age"),
)


def at(ndcg: float, gap: float, size: int, kept: float) -> Tried:
    return Tried(DENSE, ndcg, gap, size, kept)


def test_hypervolume_worked_by_hand():
    """The full model is half as wide, a ten elevenths as large and no worse in the rest; halves multiply."""
    assert coordinates(FULL, FULL) == pytest.approx((0, 0.5, 1 / 1.1, 0))
    assert hypervolume([FULL], FULL) == pytest.approx(0.5 * (1 - 1 / 1.1))
    half = at(0.35, 0.1, 550, 0.75)  # (0.5, 0.5, 0.5, 0.5)
    assert hypervolume([half], FULL) == pytest.approx(1 / 16)
    assert hypervolume([half, at(0.35, 0.1, 550, 0.7)], FULL) == pytest.approx(1 / 16)  # beaten: adds nothing
    assert hypervolume([at(0.2, 0.0, 1, 1.0), at(0.4, 0.3, 1, 1.0)], FULL) == 0  # each is beyond the reference in one
    assert hypervolume([], FULL) == 0


points = st.builds(at, st.floats(0.3, 0.4), st.floats(0, 0.2), st.integers(1, 1100), st.floats(0.5, 1))


@given(st.lists(points, max_size=6), st.integers(0, 99))
def test_hypervolume_is_the_share_of_draws_that_something_beats(found, seed):
    places = np.array([coordinates(p, FULL) for p in found]).reshape(-1, 4)
    draws = np.random.default_rng(seed).random((4000, 4))
    beaten = (places[None] <= draws[:, None]).all(axis=2).any(axis=1).mean()
    assert hypervolume(found, FULL) == pytest.approx(beaten, abs=0.04)


@given(st.lists(points, max_size=8))
def test_the_front_is_what_nothing_beats(found):
    places = [coordinates(p, FULL) for p in found]
    kept = [
        p for i, (p, own) in enumerate(zip(found, places, strict=True))
        if own not in places[:i] and not any(other != own and all(np.array(other) <= own) for other in places)
    ]  # fmt: skip
    assert list(non_dominated(found, FULL)) == kept


@given(st.tuples(*(st.integers(0, len(choices) - 1) for choices in SPACE.choices.values())))
def test_genes_say_a_variant_and_a_variant_its_genes(genes):
    variant = SPACE.variant(genes)
    assert SPACE.variant(SPACE.genes(variant)) == variant


def made_up(variant: ModelVariant) -> Tried:
    """Figures that pull four ways: fewer bits and units cost quality and reasons, re-ranking quality for the gap."""
    lists, compression = variant.reranking, variant.compression
    strength = 0 if lists.is_identity else lists.strength * (1.0 if lists.name == "fair" else 0.6)
    lost = 0.3 * compression.sparsity**3 + {32: 0, 16: 0, 8: 0.004, 4: 0.02}[compression.bits]
    mended = variant.model == "mended"
    size = 1000 * (1 - 0.6 * compression.sparsity) * compression.bits / 32 * (0.9 if compression.neighbours else 1)
    ndcg = 0.4 * (1 - lost - 0.05 * strength - 0.02 * mended)
    return Tried(variant, ndcg, 0.1 * (1 - 0.7 * strength) * (0.8 if mended else 1), round(size), 1 - 2 * lost)


def test_a_run_is_its_seeds_and_a_longer_one_begins_alike():
    short, again = (Evolution(SPACE, FULL, made_up, seed=1).run(24) for _ in range(2))
    assert short == again
    assert len({t.variant for t in short}) == 24
    assert Evolution(SPACE, FULL, made_up, seed=1).run(40)[:24] == short
    assert Evolution(SPACE, FULL, made_up, seed=2).run(24) != short


@pytest.mark.parametrize("seed", range(3))
def test_the_search_beats_the_grid_at_equal_evaluations(seed):
    for n in (24, 40):
        grid = [made_up(v) for v in by_hand(SPACE, None)][:n]
        assert hypervolume(Evolution(SPACE, FULL, made_up, seed=seed).run(n), FULL) > hypervolume(grid, FULL)


def test_what_cannot_be_measured_is_left_out_and_a_small_space_ends():
    def refused(v):
        return None if v.reranking.name == "fair" else made_up(v)

    found = Evolution(SPACE, FULL, refused, seed=0).run(30)
    assert len(found) == 30
    assert not [t for t in found if t.variant.reranking.name == "fair"]
    small = Space(("",), (0.0, 0.5), (32, 8), ("structured",), (None,), ("",), (1.0,), ("",))
    assert len(informed(small)) == 2, "levels that the space lacks are passed over"
    assert {t.variant for t in Evolution(small, FULL, made_up, seed=0).run(9)} == {
        ModelVariant(compression=Compression(s, b)) for s, b in product((0.0, 0.5), (32, 8))
    }


def test_the_grid_is_levels_in_their_order_with_a_mending_after_every_two():
    grid = by_hand(SPACE, None)
    assert grid[:6:3] == list(default_grid()[:4:2])
    assert [grid[2], grid[5]] == [ModelVariant("mended"), ModelVariant(reranking=Reranking("fair", 0.5, "item.kind"))]
    assert len(set(grid)) == len(grid)


def test_a_gap_is_that_of_the_variants_own_extreme_groups():
    """The two groups that are extreme for the full model are alike under the variant, but a third is far off."""
    groups = (UserGroups("user.team", ("a", "b", "c"), np.array([0, 0, 1, 1, 2, 2])),)
    dense, own = np.array([0.1, 0.1, 0.5, 0.5, 0.3, 0.3]), np.array([0.4, 0.4, 0.4, 0.4, 0.1, 0.1])
    gap = group_gaps(groups, dense, own, metric="ndcg@10", draws=np.ones((3, 6)))["user.team"]
    assert (gap.worst_group, gap.best_group, gap.compressed) == ("a", "b", pytest.approx(0))
    assert gap.own == pytest.approx(0.3)


class Ended(BaseException):
    """As a signal ends a run."""


def ending_at(n: int):
    """Progress that ends the run when its nth variant begins."""

    def tell(stage, share):
        if dict(stage.values).get("at") == n:
            raise Ended

    return tell


@pytest.fixture(scope="module")
def searched(grouped_workspace: Path, tmp_path_factory) -> tuple[Path, list]:
    """A workspace in which a search of four variants was ended at the third and gone on with; and its first part."""
    folder = Path(shutil.copytree(grouped_workspace, tmp_path_factory.mktemp("search") / "grouped"))
    workspace = Workspace.open(folder)
    with pytest.raises(Ended):
        search(workspace, "gender", SearchSettings(4), progress=ending_at(3))
    part = load_search(workspace.model(), "user.gender")
    search(workspace, "gender", SearchSettings(4, resume=True))
    return folder, part


def test_an_ended_search_keeps_what_it_measured_and_goes_on_as_if_undisturbed(searched):
    folder, part = searched
    assert (len(part.tried), part.asked, part.is_whole, part.grid_hypervolume) == (2, 4, False, None)
    model = Workspace.open(folder).model()
    whole = load_search(model, "user.gender")
    assert (len(whole.tried), len(whole.grid), whole.is_whole) == (4, 4, True)
    assert whole.tried[:2] == part.tried
    search_file(model, "user.gender").rename(folder / "kept.json")
    straight = search(Workspace.open(folder), "user.gender", SearchSettings(4)).result
    assert [t.variant for t in straight.tried] == [t.variant for t in whole.tried]
    assert straight.hypervolume == pytest.approx(whole.hypervolume, abs=1e-12)
    assert straight.front == non_dominated(straight.tried, straight.full)


def test_every_evaluation_is_a_report_that_compress_reads(searched):
    model = Workspace.open(searched[0]).model()
    reports = {r.variant: r for r in stored_reports(model)}
    for tried in load_search(model, "user.gender").tried:
        report = reports[tried.variant]
        figures = (report.compressed.ndcg, report.group_gaps["user.gender"].own, report.size_bytes)
        assert (tried.ndcg, tried.gap, tried.size_bytes) == figures
        assert tried.reasons_kept == report.top_3_overlap


def _a_mending() -> TriedMending:
    figures = {"ndcg": 0.3, "base_ndcg": 0.31, "gap": 0.02, "base_gap": 0.05, "reasons_kept": 0.9, "lists_kept": 0.8}
    about = {"base": "first", "mendings": (), "by": "", "size_bytes": 9, "made": ""}
    return TriedMending(query={"model": "mended"}, **about, **figures)


def test_everything_tried_says_whose_idea_it_was(searched):
    model = Workspace.open(searched[0]).model()
    found, reports = load_search(model, "user.gender"), stored_reports(model)
    points = everything_tried(reports, "user.gender", base=DENSE, searched=found)
    assert {p.variant for p in points} == {r.variant for r in reports}
    assert {p.variant for p in points if p.origin == SEARCH} == {t.variant for t in found.tried}
    plain = {p.variant: p.origin for p in everything_tried(reports, "user.gender", base=DENSE)}
    assert plain == {v: GRID if v.reranking.is_identity else MENDING for v in plain}
    assert set(plain.values()) == {GRID, MENDING}
    assert {p.origin for p in everything_tried(reports, "user.gender", base=ModelVariant("other"))} == {MENDING}
    assert everything_tried(reports, "user.nothing", base=DENSE) == []
    mended = replace(_a_mending(), by="user.gender")
    more = everything_tried(reports, "user.gender", base=DENSE, mended=[mended, replace(mended, by="user.age")])
    assert [p for p in more if p.variant == mended.variant] == [
        TriedPoint(mended.variant, MENDING, mended.ndcg, mended.gap, mended.size_bytes, mended.reasons_kept)
    ]
    assert origin_of(ModelVariant.compressed(0.37), DENSE) == HAND


def test_a_search_begins_anew_where_it_cannot_go_on_and_says_why(searched):
    folder = searched[0]

    def anew(by: str, **how) -> str | None:
        return search(Workspace.open(folder), by, SearchSettings(1, resume=True, **how)).anew

    assert anew("gender", seed=7) == "seed"
    assert anew("gender", seed=7) is None
    assert anew("age") == "column"
    model = Workspace.open(folder).model()
    file = search_file(model, "user.age")
    said = json.loads(file.read_text())
    file.write_text(json.dumps(said | {"stamp": "of other models"}))
    assert anew("age") == "settings"
    file.write_text(json.dumps(said | {"model": "another"}))
    assert load_search(model, "user.age") is None
    assert anew("age") == "model"
    file.write_text("{")
    assert load(model, "user.age") is None
    assert anew("age") is None or anew("age") is None


def test_bad_requests_are_one_sentence(grouped_workspace, tiny_workspace, capsys):
    for argument, said in (
        (("--by", "item.category"), "a column of items"),
        (("--by", "age=30/50"), "Take user.age."),
        (("--by", "height"), "height"),
        (("--by", "gender", "--evaluations", "0"), "0"),
        (("--by", "gender", "--model", "nobody"), "nobody"),
    ):
        assert main(["search", "--workspace", str(grouped_workspace), *argument, "--json"]) == 2
        assert said in capsys.readouterr().err
    workspace = Workspace.open(tiny_workspace)
    with pytest.raises(SettingError, match="has no two groups"):
        search(workspace, "gender", SearchSettings(1))


def test_an_interrupted_command_says_what_is_kept(searched, capsys, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("recsys_core.search.search", interrupted)
    kept = load_search(Workspace.open(searched[0]).model(), "user.gender")
    assert main(["search", "--workspace", str(searched[0]), "--by", "gender"]) == 2
    said = capsys.readouterr().err
    assert f"interrupted; {len(kept.tried) + len(kept.grid)} evaluations are kept" in said
    assert main(["search", "--workspace", str(searched[0]), "--by", "region"]) == 2
    assert "nothing was written" in capsys.readouterr().err


def test_the_command_prints_the_front(searched, capsys):
    words = ["search", "--workspace", str(searched[0]), "--by", "gender", "--evaluations", "2", "--json"]
    assert main(words) == 0
    found = json.loads(capsys.readouterr().out)
    assert {"front", "hypervolume", "grid_hypervolume", "n_evaluations", "reference", "seed"} <= set(found)
    assert found["n_evaluations"] == found["n_grid"] == 2
    assert {"variant", "ndcg@10", "gap", "size_bytes", "drift"} == set(found["front"][0])
    assert (found["anew"], found["resumed"]) == (None, False)
