"""One core inside the blocks, as many as before after the last of them, whatever their order."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from recsys_core.compress.threads import one_core


@pytest.fixture(autouse=True)
def three_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    yield
    torch.set_num_threads(before)


class Person:
    """A thread of its own that does one thing after another when asked."""

    def __init__(self) -> None:
        self.thread, self.block = ThreadPoolExecutor(max_workers=1), None
        self.ask(torch.get_num_threads)  # a thread reads the process's number when it first asks

    def ask(self, work: Callable):
        return self.thread.submit(work).result()

    def enter(self) -> None:
        self.block = one_core()
        self.ask(self.block.__enter__)

    def leave(self) -> None:
        self.ask(lambda: self.block.__exit__(None, None, None))

    @property
    def n_threads(self) -> int:
        return self.ask(torch.get_num_threads)


def of_new_thread() -> int:
    found: list[int] = []
    thread = threading.Thread(target=lambda: found.append(torch.get_num_threads()))
    thread.start()
    thread.join()
    return found[0]


@pytest.mark.parametrize("order", ["a+ b+ a- b-", "a+ b+ b- a-", "a+ b+ a- c+ b- c-"])
def test_overlapping_blocks_of_several_threads(order):
    people = {name: Person() for name in "abc"}
    inside: set[str] = set()
    for name, way in order.split():
        (people[name].enter if way == "+" else people[name].leave)()
        inside = inside | {name} if way == "+" else inside - {name}
        for other, person in people.items():
            assert person.n_threads == (1 if other in inside else 3), (name, way, other)
        assert of_new_thread() == (1 if inside else 3)


def test_a_thread_that_starts_inside_a_block_leaves_with_the_number_of_before():
    with one_core():
        late = Person()
        assert late.n_threads == 1
        late.enter()
    late.leave()
    assert (late.n_threads, torch.get_num_threads(), of_new_thread()) == (3, 3, 3)


def test_nested_blocks_and_errors():
    with one_core():
        with one_core():
            assert torch.get_num_threads() == 1
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == of_new_thread() == 3
    with pytest.raises(KeyError), one_core():
        raise KeyError
    assert torch.get_num_threads() == of_new_thread() == 3


def test_as_a_decorator():
    assert one_core()(torch.get_num_threads)() == 1
    assert torch.get_num_threads() == 3
