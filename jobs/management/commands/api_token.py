"""`manage.py api_token`: keys of programs to the API."""

from argparse import ArgumentParser
from typing import Any

from django.core.management import BaseCommand, CommandError

from jobs.management.people import named
from jobs.models import ApiToken, Scope

DAYS = 90


class Command(BaseCommand):
    help = "Create, list or revoke tokens for the API."

    def add_arguments(self, parser: ArgumentParser) -> None:
        chosen = parser.add_subparsers(dest="verb", required=True, metavar="verb")
        create = chosen.add_parser("create", help="print a new token, this once")
        create.add_argument("user", metavar="USER")
        create.add_argument(
            "--scope",
            action="append",
            choices=Scope.values,
            help="what it may be used for, repeatable (default: all)",
        )
        create.add_argument("--days", type=int, default=DAYS, help=f"default: {DAYS}")
        create.add_argument("--name", default="", help="what it is for")
        listed = chosen.add_parser("list", help="all tokens, without what opens the door")
        listed.add_argument("user", metavar="USER", nargs="?")
        revoke = chosen.add_parser("revoke", help="close tokens for good, by their numbers")
        revoke.add_argument("ids", metavar="ID", nargs="+", type=int)

    def handle(self, *args: Any, verb: str, **options: Any) -> None:
        getattr(self, f"_{verb}")(**options)

    def _create(
        self, user: str, scope: list[str] | None, days: int, name: str, **rest: Any
    ) -> None:
        if not 0 < days <= 36_500:
            raise CommandError("--days is a number from 1 to 36500.")
        scopes = scope or list(Scope.values)
        row, text = ApiToken.objects.issue(named(user), scopes, name=name[:100], days=days)
        # The token alone goes to stdout, so that a script can keep it.
        self.stderr.write(
            f"Token {row.pk} of {user} ({', '.join(row.scopes)}) expires"
            f" {row.expires_at:%Y-%m-%d}. It is shown only now:"
        )
        self.stdout.write(text)

    def _list(self, user: str | None, **rest: Any) -> None:
        rows = ApiToken.objects.select_related("user")
        for row in rows.filter(user=named(user)) if user else rows:
            self.stdout.write(
                f"{row.pk}  {row.start}…  {row.user.get_username()}  {','.join(row.scopes)}"
                f"  {_ends(row)}  {_day('used', row.last_used_at)}  {row.name}".rstrip()
            )

    def _revoke(self, ids: list[int], **rest: Any) -> None:
        known = set(ApiToken.objects.filter(pk__in=ids).values_list("pk", flat=True))
        if missing := [str(each) for each in ids if each not in known]:
            raise CommandError(f"There is no token {missing[0]}. Nothing was done.")
        count = ApiToken.objects.filter(pk__in=ids).revoke()
        self.stdout.write(f"{count} revoked")


def _ends(row: ApiToken) -> str:
    if row.revoked_at:
        return _day("revoked", row.revoked_at)
    return _day("expires", row.expires_at)


def _day(what: str, moment: Any) -> str:
    return f"{what} {moment:%Y-%m-%d}" if moment else f"never {what}"
