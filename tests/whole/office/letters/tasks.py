from celery import Task, shared_task
from office.celery import app


class Counted(Task):
    """A base of the office's own."""

    def before_start(self, task_id, args, kwargs):
        self.count = getattr(self, "count", 0) + 1


@shared_task
def stamp(text: str, ledger: str = "") -> str:
    """Stamp a letter."""
    if ledger:
        with open(ledger, "a") as lines:
            lines.write(f"{text}\n")
    return text.upper()


@shared_task(base=Counted, bind=True)
def count(self) -> int:
    return self.count


class Archive(Task):
    name = "letters.Archive"

    def run(self, year: int) -> str:
        return f"archived {year}"


app.register_task(Archive())


@shared_task(name="legacy.sweep")
def sweep() -> str:
    return "swept"
