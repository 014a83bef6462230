"""Tasks of which there is one job at a time."""

from jobs import Secret, task


@task(unique=True)
def index(page: int, depth: int = 1) -> int:
    """Told apart by all that it is given."""
    return page * depth


@task(unique={"by": "customer", "states": "any", "period": 3600, "on_conflict": "refuse"})
def bill(customer: int, note: str = "") -> None:
    """At most one an hour for each customer."""


@task(unique={"by": "{customer}-{day}", "on_conflict": "replace"})
def greet(customer: int, day: str = "today", words: str = "hello") -> str:
    """What nobody has heard yet may be said otherwise."""
    return words


@task(unique={"states": "successful"})
def upgrade(version: str) -> None:
    """Once is enough, where it went well."""


@task(debounce={"seconds": 30, "longest": 60, "by": "page"})
def render(page: int, words: str = "") -> str:
    """The last words count."""
    return words


@task(
    unique={"by": "page", "on_conflict": "replace"},
    concurrency_key="{shop}",
    max_running_per_key=1,
)
def restock(page: int, shop: str) -> None:
    """Of one page at a time, and of each shop."""


@task(throttle={"seconds": 60, "by": lambda page, **others: page % 10})
def poll(page: int) -> None:
    """One a minute of each ten."""


@task(unique=True, secrets=["pin"])
def open_door(pin: str, token: Secret | None = None) -> None:
    """Told apart by what nobody sees."""


@task(unique={"by": lambda page: 1 / page})
def brittle(page: int) -> None:
    """Its key cannot always be told."""
