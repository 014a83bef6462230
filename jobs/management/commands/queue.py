"""`manage.py queue`: how queues stand, and what is done to them as a whole."""

from argparse import ArgumentParser
from typing import Any

from django.core.management import BaseCommand, CommandError
from django.http import Http404

from jobs import permissions
from jobs.execution import emptying, halt, routing
from jobs.execution.order import Order
from jobs.management.people import USAGE, add_user, person, signature
from jobs.management.words import table
from jobs.params import Invalid
from jobs.reading import queues, routes

_VERBS = {"pause": halt.pause, "drain": halt.drain, "resume": halt.resume}
_COLUMNS = ("queue", "state", "waiting", "halted", "broker", "in/min", "out/min", "slots")


class Command(BaseCommand):
    help = "List queues; pause, drain, resume, purge and move them; freeze everything."

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="verb")
        verbs.add_parser("list", help="all of them, those that are closed first")
        for verb, said in (
            ("pause", "let nothing of it start"),
            ("drain", "let it take in nothing new"),
            ("resume", "open it again"),
            ("purge", "cancel what is ready to run in it"),
            ("move", "let what has not started wait in another one"),
        ):
            verbs.add_parser(verb, help=said).add_argument("name", metavar="QUEUE")
        purge, move = verbs.choices["purge"], verbs.choices["move"]
        purge.add_argument("--expect", type=int, help="at most so many, else nothing is done")
        move.add_argument("to", metavar="TO")
        _add_routing(verbs)
        verbs.add_parser("freeze", help="let nothing start anywhere, and no schedule fire")
        verbs.add_parser("unfreeze", help="undo that")
        for name, each in verbs.choices.items():
            add_user(each)
            if name not in ("list", "routes"):
                each.add_argument("--reason", default="", help="kept with what is done")

    def handle(self, *args: Any, verb: str, user: str, **options: Any) -> None:
        who = person(user)
        if not permissions.may_control_queues(who):
            raise CommandError(f"{user} may not control queues.")
        order = Order(signature(who), options.get("reason", ""))
        if verb == "list":
            return self._list(who)
        if verb == "routes":
            return self._routes(who)
        try:
            self._do(who, verb, order, **options)
        except (Invalid, emptying.MoreThanExpected) as reason:
            raise CommandError(str(reason), returncode=USAGE) from None
        except routing.Outdated:
            raise CommandError(str(routing.OUTDATED)) from None

    def _do(self, user: permissions.Person, verb: str, order: Order, **options: Any) -> None:
        if verb in ("freeze", "unfreeze"):
            return self._said(getattr(halt, verb)(order))
        if verb in ("route", "unroute"):
            return self._write(verb, order, **options)
        name = _name(user, options.pop("name"))
        if verb in _VERBS:
            return self._said(_VERBS[verb](name, order))
        done = getattr(self, f"_{verb}")(name, order, **options)
        left = f", {done.left} left: do it again" if done.left else ""
        self.stdout.write(f"{done.done} done{left}.")

    def _write(
        self, verb: str, order: Order, *, pattern: str, move: bool, **options: Any
    ) -> None:
        if verb == "route":
            queue, first = options["queue"], options["first"]
            done = routing.put(pattern, queue, order, first=first, moves=move)
        else:
            done = routing.remove(pattern, order, moves=move)
        left = f", {done.left} left" if done.left else ""
        moved = f" {done.moved} moved{left}." if move else ""
        self.stdout.write(("Done." if done.changed else "It was so already.") + moved)
        for queue in routes.unserved():
            self.stderr.write(f"No worker takes from {queue!r}.")

    def _routes(self, user: permissions.Person) -> None:
        rows = [
            (rule.pattern, rule.queue, "yes" if rule.is_served else "no", str(len(rule.tasks)))
            for rule in routes.rules(user)
        ]
        for line in table(("pattern", "queue", "served", "tasks"), rows):
            self.stdout.write(line)

    def _list(self, user: permissions.Person) -> None:
        rows = [
            (
                each.queue.name, each.state, each.waiting, each.halted,
                "?" if each.queue.depth is None else each.queue.depth,
                f"{each.ins:.1f}", f"{each.outs:.1f}", each.slots,
            )
            for each in queues.standings(user)
        ]  # fmt: skip
        for line in table(_COLUMNS, [tuple(map(str, row)) for row in rows]):
            self.stdout.write(line)

    def _purge(
        self, name: str, order: Order, *, expect: int | None, **options: Any
    ) -> emptying.Emptied:
        most = emptying.ready(name).count() if expect is None else expect
        return emptying.purge(name, order, expect=most)

    def _move(self, name: str, order: Order, *, to: str, **options: Any) -> emptying.Emptied:
        return emptying.move(name, to, order)

    def _said(self, done: bool) -> None:
        self.stdout.write("Done." if done else "It was so already.")


def _add_routing(verbs: Any) -> None:
    verbs.add_parser("routes", help="the rules by which jobs of many tasks come to queues")
    route = verbs.add_parser("route", help="send jobs of the tasks of a pattern to a queue")
    route.add_argument("pattern", metavar="PATTERN", help="of tasks' names: 'billing.*'")
    route.add_argument("queue", metavar="QUEUE")
    route.add_argument("--first", action="store_true", help="before all other rules")
    unroute = verbs.add_parser("unroute", help="forget that rule")
    unroute.add_argument("pattern", metavar="PATTERN")
    for each in (route, unroute):
        each.add_argument("--move", action="store_true", help="and what waits moves along")


def _name(user: permissions.Person, name: str) -> str:
    try:
        return permissions.queue(user, name).name
    except Http404:
        raise CommandError(f"There is no queue {name!r}.", returncode=USAGE) from None
