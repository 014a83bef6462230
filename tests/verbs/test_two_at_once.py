"""Two do something to one job at the same moment, on connections of their own, and their
statements come in one order after the other."""

import random
import threading
from types import SimpleNamespace

import pytest
from django.db import connection, connections
from django.db.models.functions import Now

from jobs.execution import control, parting
from jobs.execution.claim import claim
from jobs.execution.control import Order
from jobs.execution.finish import finish, held, retry_later
from jobs.execution.mark import new_lease
from jobs.execution.outcome import Ending, RetryOrder
from jobs.execution.rescue import expire_due, reap_lost
from jobs.models import Job, lease_end
from jobs.states import Requested, State
from tests.sample_tasks import plain_add
from tests.verbs.crashing import ask, message, take
from tests.verbs.going_on import PAST, forget_all, go_on
from tests.verbs.test_crashes import problems, running

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif("connection.vendor != 'postgresql'", reason="a file has one writer"),
]
# So long one waits for its turn: the other may be waiting for a lock that it holds.
TURN_SECONDS = 0.1
FAILURE = Ending.failure(ValueError("no"))


class Conductor:
    """Lets two threads do their statements in the order of a score of their names."""

    def __init__(self, score):
        self.score, self.place = score, 0
        self.moved = threading.Condition()

    def wait_for_turn(self, name):
        with self.moved:
            self.moved.wait_for(lambda: self._is_turn_of(name), TURN_SECONDS)
            self.place += 1
            self.moved.notify_all()

    def _is_turn_of(self, name):
        return self.place >= len(self.score) or self.score[self.place] == name

    def play(self, **parts):
        """Do the parts side by side; what each of them gave."""
        given = {}
        threads = [
            threading.Thread(target=self._do, args=(name, part, given))
            for name, part in parts.items()
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        return given

    def _do(self, name, part, given):
        def wait(execute, *args):
            self.wait_for_turn(name)
            return execute(*args)

        try:
            with connection.execute_wrapper(wait):
                given[name] = part()
        except Exception as error:  # told by the test, not by the thread
            given[name] = error
        finally:
            connections.close_all()


class Scene:
    """A chord, its second part done or running, its first one queued or running."""

    def __init__(self):
        self.first, self.second = ask()
        self.chosen = Job.objects.filter(pk=self.first)

    def run(self, **columns):
        self.lease = running(self.first)
        self.chosen.update(**columns)
        return self

    def finish_second(self):
        finish(held(self.second, running(self.second)), Ending.success(4))
        return self

    # What may be done to the first part.

    def claim(self):
        return claim(self.first, plain_add.name, message(new_lease()))

    def succeed(self):
        return finish(held(self.first, self.lease), Ending.success(7))

    def retry(self):
        return retry_later(held(self.first, self.lease), RetryOrder(1), FAILURE)

    def pause_itself(self):
        return parting.pause(SimpleNamespace(mine=held(self.first, self.lease)))

    def renew(self):
        return held(self.first, self.lease).update(lease_expires_at=lease_end())

    def verb(self, name):
        return lambda: getattr(control, name)(self.chosen, Order())

    def succeed_second(self):
        return finish(held(self.second, self.other), Ending.success(4))


def waiting():
    return Scene().finish_second()


def both_running():
    scene = Scene().run()
    scene.other = running(scene.second)
    return scene


def asked_to_pause():
    return waiting().run(requested=Requested.PAUSE, requested_at=Now())


def overdue():
    scene = waiting()
    scene.chosen.update(expires_at=Now() - PAST)
    return scene


def silent():
    scene = waiting().run(lease_expires_at=Now() - PAST)
    scene.chosen.update(on_lost="retry")
    return scene


PAIRS = {
    "two claims": (waiting, lambda s: (s.claim, s.claim)),
    "cancel and claim": (waiting, lambda s: (s.verb("cancel"), s.claim)),
    "pause and claim": (waiting, lambda s: (s.verb("pause"), s.claim)),
    "expiry and claim": (overdue, lambda s: (expire_due, s.claim)),
    "cancel and end": (lambda: waiting().run(), lambda s: (s.verb("cancel"), s.succeed)),
    "cancel and retry": (lambda: waiting().run(), lambda s: (s.verb("cancel"), s.retry)),
    "pause and retry": (lambda: waiting().run(), lambda s: (s.verb("pause"), s.retry)),
    "resume and obeyed pause": (asked_to_pause, lambda s: (s.verb("resume"), s.pause_itself)),
    "cancel and obeyed pause": (asked_to_pause, lambda s: (s.verb("cancel"), s.pause_itself)),
    "resume and retry": (asked_to_pause, lambda s: (s.verb("resume"), s.retry)),
    "reaper and end": (silent, lambda s: (reap_lost, s.succeed)),
    "reaper and renewal": (silent, lambda s: (reap_lost, s.renew)),
    "two reapers": (silent, lambda s: (reap_lost, reap_lost)),
    "cancel and reaper": (silent, lambda s: (s.verb("cancel"), reap_lost)),
    "pause and reaper": (silent, lambda s: (s.verb("pause"), reap_lost)),
    "two cancels": (waiting, lambda s: (s.verb("cancel"), s.verb("cancel"))),
    "two ends of a chord": (both_running, lambda s: (s.succeed, s.succeed_second)),
}


def settled(scene, name, given):
    """What was asked for and answered with yes is not forgotten."""
    job = scene.chosen.get()
    verb = name.split()[0]
    if given["one"] != 1 or verb not in ("cancel", "pause", "resume"):
        return True
    if verb == "resume":
        return job.state != State.PAUSED and job.requested == ""
    stopped = {"cancel": State.CANCELLED, "pause": State.PAUSED}[verb]
    return job.state in (stopped, State.COMPLETED) or job.requested == verb


def both_orders(name, times):
    dice = random.Random(name)
    for turn in range(times):
        score = ["one"] * 12 + ["two"] * 12
        dice.shuffle(score)
        # At first one after the other, and the other way round.
        yield sorted(score, reverse=bool(turn)) if turn < 2 else score


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize("times", [6, pytest.param(60, marks=pytest.mark.long)])
def test_two_at_once_lose_double_and_forget_nothing(broker, name, times):
    make, parts = PAIRS[name]
    for score in both_orders(name, times):
        scene = make()
        one, two = parts(scene)
        given = Conductor(score).play(one=one, two=two)
        assert not [each for each in given.values() if isinstance(each, Exception)], score
        assert settled(scene, name, given), (score, given, scene.chosen.get().facts())
        go_on()
        found = problems()
        if "obeyed pause" in name:  # an attempt that was paused did not end badly
            found.pop(f"attempts of {scene.first}", None)
        assert found == {}, score
        forget_all()


@pytest.mark.parametrize("times", [6, pytest.param(60, marks=pytest.mark.long)])
def test_a_zombie_and_its_heir_end_the_job_once(broker, times):
    for score in both_orders("zombie", times):
        scene = waiting()
        scene.chosen.update(on_lost="retry")
        zombie = running(scene.first)
        scene.chosen.update(lease_expires_at=Now() - PAST)
        assert reap_lost() == 1
        heir = new_lease()
        assert take(scene.first, heir)
        given = Conductor(score).play(
            one=lambda of=scene.first, by=zombie: finish(held(of, by), Ending.success(1)),
            two=lambda of=scene.first, by=heir: finish(held(of, by), Ending.success(2)),
        )
        assert (len(given["one"]), len(given["two"])) == (0, 1), given
        assert scene.chosen.get().attempt == 2
        go_on()
        assert problems() == {}, score
        forget_all()
