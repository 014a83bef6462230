"""Who tells does not wait; who listens hears everything, in order."""

import threading
from collections.abc import Iterator

import pytest

from jobs.live.courier import Courier, Told
from tests.waiting import eventually


class Road:
    """Carries what it is given once it is open, and remembers it."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.carried: list[tuple[str, list[int], bool]] = []
        self.begun = threading.Event()
        self.courier = Courier(self.carry)
        self.courier.start()

    def carry(self, told: Told) -> None:
        self.begun.set()
        self.open.wait(10)
        numbers = [frame["n"] for frame in told.frames]
        self.carried.append((told.group, numbers, told.must_arrive))

    def give(self, group: str, n: int, *, must_arrive: bool = False) -> None:
        self.courier.give(Told(group, [{"n": n}], must_arrive))


@pytest.fixture
def road() -> Iterator[Road]:
    road = Road()
    yield road
    road.open.set()


def test_the_first_goes_at_once_and_the_rest_together(road):
    road.give("a", 1)
    assert road.begun.wait(10)
    for n in (2, 3, 4):
        road.give("a", n)
    road.open.set()
    road.courier.drain()
    assert road.carried == [("a", [1], False), ("a", [2, 3, 4], False)]


def test_each_group_has_a_message_of_its_own_in_the_order_of_telling(road):
    road.give("a", 1)
    assert road.begun.wait(10)
    for group, n in (("b", 1), ("a", 2), ("b", 2), ("c", 1)):
        road.give(group, n)
    road.open.set()
    road.courier.drain()
    assert [(group, numbers) for group, numbers, _ in road.carried[1:]] == [
        ("b", [1, 2]),
        ("a", [2]),
        ("c", [1]),
    ]


def test_a_message_must_arrive_when_a_part_of_it_must(road):
    road.give("a", 1)
    assert road.begun.wait(10)
    road.give("a", 2, must_arrive=True)
    road.give("a", 3)
    road.open.set()
    road.courier.drain()
    assert road.carried[-1] == ("a", [2, 3], True)


def test_it_is_idle_only_when_all_has_arrived(road):
    assert road.courier.is_idle
    road.give("a", 1)
    assert road.begun.wait(10)
    assert not road.courier.is_idle
    road.open.set()
    eventually(lambda: road.courier.is_idle)
    assert road.carried
