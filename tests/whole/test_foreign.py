"""Programs and workers without our code on the same broker."""

import json
import sys
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from celery import current_app
from django_celery_results.models import TaskResult

from jobs import enqueue
from jobs.dispatch.message import HEADER, SERIALIZER, ring
from jobs.execution.control import Order, edit
from jobs.execution.rollcall import BEGAN, ENDED
from jobs.execution.senseless import REFUSED
from jobs.models import Event, Job
from jobs.states import State
from project.places import for_kombu
from tests.hostile_tasks import leave_by
from tests.sample_tasks import leave_line, plain_add
from tests.waiting import eventually

PROGRAM = """
import datetime, decimal, json, uuid
from celery import Celery, chain
app = Celery("foreign", broker={url!r})
def say(*results): print(json.dumps([result.id for result in results]))
"""
TYPED = (datetime(2026, 2, 28, tzinfo=UTC), UUID(int=7), Decimal("1.10"))


def lines_of(path):
    return path.read_text().splitlines() if path.exists() else []


@pytest.fixture
def foreign(site):
    """Runs code in a program that has Celery and nothing of us; the ids that it says."""

    def run(code):
        program = PROGRAM.format(url=for_kombu(site.broker.url))
        return json.loads(site.run(program + code, ours=False))

    return run


def test_a_message_of_a_foreign_program_becomes_a_job(site, foreign):
    when, ident, amount = TYPED
    (job_id,) = foreign(
        "say(app.send_task('tests.sample_tasks.typed', args=["
        f"datetime.datetime.fromisoformat({when.isoformat()!r}), uuid.UUID({str(ident)!r})],"
        f" kwargs={{'amount': decimal.Decimal({str(amount)!r})}}, priority=3))"
    )
    job = site.ends(eventually(lambda: Job.objects.filter(pk=job_id).first()))
    assert job.result == ["datetime", "UUID", "Decimal"]
    assert (job.attempt, job.queue, job.owner) == (1, "celery", None)
    assert set(job.params) == {"when", "ident", "amount"}
    assert TaskResult.objects.get(task_id=job_id).status == "SUCCESS"


def test_a_foreign_message_that_comes_twice_runs_once(site, foreign, tmp_path):
    ledger = tmp_path / "ledger"
    task = "'tests.sample_tasks.leave_line'"
    send = f"app.send_task({task}, args=[{str(ledger)!r}], task_id='twice')"
    foreign(f"say({send}, {send}, {send})")
    eventually(lambda: Job.objects.filter(pk="twice").exists())
    site.ends("twice")
    assert plain_add.delay(1, 1).get(timeout=20) == 2  # what came before it is dealt with
    assert lines_of(ledger) == ["x"]
    foreign(f"say({send})")
    assert plain_add.delay(1, 1).get(timeout=20) == 2
    assert lines_of(ledger) == ["x"]


def test_a_foreign_chain_with_links_and_retries_runs_to_its_end(site, foreign, tmp_path):
    ledger = tmp_path / "ledger"
    ids = foreign(
        "result = chain(app.signature('tests.sample_tasks.plain_add', (1, 2)),"
        " app.signature('tests.sample_tasks.plain_add', (3,))).apply_async("
        f" link=app.signature('tests.sample_tasks.leave_line', ({str(ledger)!r},),"
        " immutable=True))\n"
        "say(result.parent, result)"
    )
    last = eventually(lambda: Job.objects.filter(pk=ids[1]).first())
    assert site.ends(last).result == 6
    assert site.job(ids[0]).result == 3
    eventually(ledger.exists)
    (again,) = foreign(
        f"say(app.send_task('tests.sample_tasks.succeed_after', (2, {str(ledger)!r})))"
    )
    assert site.ends(eventually(lambda: Job.objects.filter(pk=again).first())).attempt >= 2


def test_a_foreign_eta_and_expiry_are_kept(site, foreign):
    (late, overdue) = foreign(
        "say(app.send_task('tests.sample_tasks.plain_add', (1, 2), countdown=2),"
        " app.send_task('tests.sample_tasks.plain_add', (1, 2), queue='slow', expires=1))"
    )
    job = site.ends(eventually(lambda: Job.objects.filter(pk=late).first()))
    assert job.result == 3
    site.start_worker(name="slow", slots=1)
    fresh = plain_add.apply_async((1, 1), queue="slow")
    assert fresh.get(timeout=20) == 2
    assert not Job.objects.filter(pk=overdue, attempt__gt=0).exists()


def test_foreign_messages_are_refused_and_told_of_where_the_site_says_so(
    site, foreign, tmp_path
):
    site.start_worker(name="refuse", slots=1, JOBS_FOREIGN_MESSAGES="refuse")
    ledger = tmp_path / "ledger"
    ids = foreign(
        "say(*[app.send_task('tests.sample_tasks.leave_line',"
        f" ({str(ledger)!r},), queue='refuse') for _ in range(3)])"
    )
    assert plain_add.apply_async((1, 1), queue="refuse").get(timeout=20) == 2
    assert not ledger.exists()
    assert not Job.objects.filter(pk__in=ids).exists()
    assert not TaskResult.objects.filter(task_id__in=ids).exists()
    told = Event.objects.get(verb=REFUSED)  # one a minute, so that nobody can fill the table
    assert "leave_line" in told.reason and ids[0] in told.reason


def test_foreign_messages_are_left_to_plain_celery_where_the_site_says_so(
    site, foreign, tmp_path
):
    site.start_worker(name="ignore", slots=1, JOBS_FOREIGN_MESSAGES="ignore")
    ledger = tmp_path / "ledger"
    ids = foreign(
        f"say(app.send_task('tests.sample_tasks.leave_line', ({str(ledger)!r},),"
        " queue='ignore'), app.send_task('tests.hostile_tasks.die_plainly',"
        f" ({str(tmp_path / 'dies')!r},), queue='ignore'))"
    )
    assert plain_add.apply_async((1, 1), queue="ignore").get(timeout=30) == 2
    assert lines_of(ledger) == lines_of(tmp_path / "dies") == ["x"]
    assert not Job.objects.filter(pk__in=ids).exists()
    assert not Event.objects.exclude(verb__in=[BEGAN, ENDED]).exists()
    results = TaskResult.objects.filter(task_id__in=ids)
    eventually(lambda: results.count() == 2)
    assert {row.status for row in results} == {"SUCCESS", "FAILURE"}


@pytest.mark.parametrize("word", ["adopt", "refuse", "ignore"])
def test_a_known_id_runs_only_what_its_row_says(site, foreign, tmp_path, word):
    site.start_worker(name=word, slots=1, JOBS_FOREIGN_MESSAGES=word)
    ledger, forged = tmp_path / "ledger", tmp_path / "forged"
    job = leave_line.apply_async((str(ledger),), queue=word)
    held = enqueue(
        "tests.sample_tasks.leave_line", {"ledger": str(forged)}, hold=True, queue=word
    )
    foreign(
        f"say(*[app.send_task('tests.sample_tasks.leave_line', ({str(forged)!r},),"
        f" task_id=name, queue={word!r}) for name in ({job.id!r}, {held.id!r})])"
    )
    assert plain_add.apply_async((1, 1), queue=word).get(timeout=20) == 2
    assert site.ends(job).result == 1
    assert lines_of(ledger) == ["x"]
    assert not forged.exists()
    assert site.job(held).state == State.PENDING


def ring_falsely(job, **forged):
    """A message that looks like ours and lies."""
    told = {"task": job.task_id, "id": job.id, "args": (), "limits": (None, None)} | forged
    app, (hard, soft) = current_app._get_current_object(), told["limits"]
    message = app.amqp.create_task_message(
        told["id"], told["task"], told["args"], time_limit=hard, soft_time_limit=soft
    )
    with app.producer_or_acquire() as producer:
        app.amqp.send_task_message(
            producer,
            told["task"],
            message,
            queue=app.amqp.queues[told.get("queue", "celery")],
            headers={HEADER: 1},
            serializer=told.get("serializer", SERIALIZER),
        )


@pytest.mark.parametrize(
    "forged",
    [
        {"task": "tests.sample_tasks.leave_line"},
        {"limits": (3600, None)},
        {"limits": (None, 3600)},
        {"id": "of nobody"},
        {"id": "of nobody", "serializer": "json"},
    ],
    ids=str,
)
def test_a_forged_doorbell_opens_no_door(site, tmp_path, forged):
    ledger = tmp_path / "ledger"
    job = leave_by.apply_async(("ignore", str(ledger)), queue="nobody")
    ring_falsely(site.job(job), args=(str(ledger),), **forged)
    assert plain_add.delay(1, 1).get(timeout=20) == 2
    assert not ledger.exists()
    assert site.job(job).attempt == 0
    assert Job.objects.count() == 2


def test_what_a_doorbell_carries_beside_the_id_is_not_believed(site, tmp_path):
    ledger, forged = tmp_path / "ledger", tmp_path / "forged"
    job = leave_line.apply_async((str(ledger),), queue="forged")
    eventually(lambda: site.broker.messages("forged"))
    site.broker.lose_everything()
    ring_falsely(site.job(job), args=(str(forged),), queue="forged")
    site.start_worker(name="forged", slots=1)
    assert site.ends(job).result == 1
    assert not forged.exists()


def test_a_doorbell_in_another_queue_than_the_row_says_opens_no_door(site, tmp_path):
    ledger = tmp_path / "ledger"
    job = leave_line.apply_async((str(ledger),), queue="nobody")
    ring_falsely(site.job(job))
    assert plain_add.delay(1, 1).get(timeout=20) == 2
    assert (site.job(job).attempt, ledger.exists()) == (0, False)
    edit(Job.objects.filter(pk=job.id), Order(), queue="celery")
    assert site.ends(job).result == 1


STOCK = """
from celery import Celery
app = Celery("stock", broker={url!r})
app.conf.update(accept_content=["json"], worker_hijack_root_logger=True)

@app.task(name="tests.sample_tasks.leave_line")
def leave_line(*args, **kwargs):
    open({ledger!r}, "a").write("stock\\n")
"""


def test_a_worker_without_our_code_never_runs_a_doorbell(site, tmp_path):
    ledger = tmp_path / "ledger"
    code = STOCK.format(url=for_kombu(site.broker.url), ledger=str(ledger))
    (tmp_path / "stock_app.py").write_text(code)
    stock = site.process(
        "stock",
        [
            *(sys.executable, "-m", "celery", "-A", "stock_app", "worker"),
            *("-P", "solo", "-Q", "shared", "-l", "INFO", "-n", "stock@tests"),
        ],
        PYTHONPATH=str(tmp_path),
        DJANGO_SETTINGS_MODULE="",
    ).start()
    stock.wait_for("ready.")
    job = leave_line.apply_async((str(ledger),), queue="shared")
    stock.wait_for("ContentDisallowed")
    ring(site.job(job))
    eventually(lambda: not site.broker.messages("shared"))
    assert not ledger.exists()
    site.stop("stock")
    site.start_worker(name="ours", queue="shared", slots=1)
    assert site.ends(job).result == 1
    assert lines_of(ledger) == ["x"]
