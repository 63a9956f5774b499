"""Planted users: they look and take as the truth says, and whatever happens to the service nothing counts twice."""

from __future__ import annotations

import json
import shutil
import threading
import time
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest
import uvicorn

from recsys_core.__main__ import main
from recsys_core.errors import SettingError
from recsys_core.feedback import FeedbackReader
from recsys_core.models.workspace import Workspace
from recsys_core.seeds import random_stream
from recsys_core.simulation import Behaviour, PlantedUsers, ServiceClient, simulate
from recsys_core.simulation.planted_users import TREND_LOGITS
from recsys_core.simulation.run import SimulationSettings
from recsys_core.variant import ModelVariant


@pytest.fixture(scope="module")
def workspace(tiny_workspace, tmp_path_factory):
    return shutil.copytree(tiny_workspace, tmp_path_factory.mktemp("simulated") / "tiny")


@pytest.fixture(scope="module")
def dataset(workspace):
    return Workspace.open(workspace).dataset


def logit(p: np.ndarray) -> np.ndarray:
    return np.log(p / (1 - p))


def test_a_state_is_what_was_taken_last(dataset):
    """The chance is the planted one in the state after the newest items taken; taking one more changes the state."""
    people = PlantedUsers(dataset)
    log = dataset.interactions
    rows = log[(log["user_index"] == 7) & (log["value"] > 0)].sort_values("time", kind="stable")
    newest = rows["item_index"].tolist()[::-1]
    items = list(range(dataset.n_items))

    def expected(taken: list[int]) -> np.ndarray:
        state = np.repeat(people.truth.history_counts([taken]), len(items), axis=0)
        return people.truth.probabilities(np.full(len(items), 7), items, state)

    user, ids = dataset.users["user_id"][7], dataset.items["item_id"].tolist()
    np.testing.assert_allclose(people.probabilities(user, ids), expected(newest))
    people.took(user, [ids[5], ids[6]])
    np.testing.assert_allclose(people.probabilities(user, ids), expected([6, 5, *newest]))


def test_who_looks_where_and_what_a_trend_and_poison_change(dataset):
    people, user = PlantedUsers(dataset), dataset.users["user_id"][3]
    ids, n = dataset.items["item_id"].tolist()[:6], 2500
    chance = people.probabilities(user, ids)

    def shares(behaviour: Behaviour) -> tuple[np.ndarray, np.ndarray]:
        looked, taken, rng = np.zeros(6), np.zeros(6), random_stream(0, "test")
        for _ in range(n):
            for seen in people.look_at(user, ids, behaviour, rng):
                looked[seen.position - 1] += 1
                taken[seen.position - 1] += seen.outcome
        return looked / n, taken / looked

    looked, taken = shares(Behaviour())
    np.testing.assert_allclose(looked, 1 / np.log2(np.arange(2, 8)), atol=0.04)
    np.testing.assert_allclose(taken, chance, atol=0.06)
    np.testing.assert_allclose(shares(Behaviour(poison=0.3))[1], 0.7 * chance + 0.3 * (1 - chance), atol=0.06)
    category = people.categories[people.truth.item_category[2]]
    more = logit(people.probabilities(user, ids, category)) - logit(chance)
    is_in = people.truth.item_category[:6] == people.categories.index(category)
    np.testing.assert_allclose(more, TREND_LOGITS * is_in, atol=1e-9)


def test_what_cannot_be_simulated_is_said(dataset, workspace, capsys):
    for make, key in (
        (lambda: PlantedUsers(replace(dataset, truth=None)), "simulate.no_truth"),
        (lambda: PlantedUsers(dataset).check(Behaviour(trend="Nothing")), "simulate.trend"),
        (lambda: PlantedUsers(dataset).check(Behaviour(poison=1.5)), "setting.between"),
        (lambda: PlantedUsers(dataset).check(Behaviour(poison=float("nan"))), "setting.between"),
        *(
            (lambda url=url: ServiceClient(url), "simulate.url")
            for url in ("", "x", "ftp://a", "http://", "http://a:b")
        ),
    ):
        with pytest.raises(SettingError) as caught:
            make()
        assert caught.value.key == key
    words = ["simulate", "--workspace", str(workspace), "--url", "http://127.0.0.1:9", "--for", "1"]
    assert main(words) == 2
    assert "no service answers at http://127.0.0.1:9" in capsys.readouterr().err


@contextmanager
def answering(app, port: int = 0):
    server = uvicorn.Server(
        uvicorn.Config(app, port=port, log_config=None, lifespan="off", timeout_graceful_shutdown=5)
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    thread.join()


def test_a_service_that_goes_away_and_comes_back(workspace, dataset):
    """What was acknowledged is in the log once, and nobody is shown again what was just taken."""
    from recsys_core.serving.app import make_app
    from recsys_core.serving.running import open_service

    stop, found = threading.Event(), []
    with open_service(workspace, ModelVariant()) as service:
        app = make_app(service)
        people, settings = PlantedUsers(dataset), SimulationSettings(rate=60, behaviour=Behaviour(poison=0.1))
        with answering(app) as port:
            client = ServiceClient(f"http://127.0.0.1:{port}")
            run = threading.Thread(target=lambda: found.append(simulate(people, client, settings, stop=stop)))
            run.start()
            while FeedbackReader(workspace).last_seq < 25:
                time.sleep(0.05)
        time.sleep(0.3)
        before = FeedbackReader(workspace).last_seq
        with answering(app, port):
            while FeedbackReader(workspace).last_seq < before + 25:
                time.sleep(0.05)
            stop.set()
            run.join()
    report = found[0]
    rows, lists = FeedbackReader(workspace).events(), FeedbackReader(workspace).lists()
    assert report.n_unanswered > 0
    assert (report.n_unsure, report.n_lists) == (0, report.n_visits)
    assert len(rows) == report.n_events == rows["event_id"].nunique()
    assert rows["outcome"].sum() == report.n_taken
    assert report.n_duplicates > 0
    assert len(lists) >= report.n_lists  # an answer that was lost on the way is asked for again
    assert (rows["position"] >= 1).all()
    n_checked = 0
    for event in rows[rows["outcome"] == 1].itertuples():
        later = lists[(lists["user_id"] == event.user_id) & (lists["served"] > event.received + 0.1)]
        assert not any(event.item_id in items for items in later["items"])
        n_checked += len(later)
    assert n_checked > 0


def test_the_command_tells_what_came_of_it(workspace, capsys):
    from recsys_core.serving.app import make_app
    from recsys_core.serving.running import open_service

    with open_service(workspace, ModelVariant()) as service, answering(make_app(service)) as port:
        words = ["simulate", "--workspace", str(workspace), "--url", f"http://127.0.0.1:{port}", "--rate", "40"]
        before = FeedbackReader(workspace).last_seq
        assert main([*words, "--for", "0.5", "--json"]) == 0
        found = json.loads(capsys.readouterr().out)
        assert found["n_events"] == FeedbackReader(workspace).last_seq - before
        assert found["versions"] == [1]
