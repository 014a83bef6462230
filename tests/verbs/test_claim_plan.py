"""PostgreSQL finds the job of a claim by its key, however little it knows of the table."""

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from jobs.execution.claim import claim
from jobs.models import Job, Task
from jobs.states import State

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif("connection.vendor != 'postgresql'", reason="its planner's choice"),
]
MANY = 2_000


def test_a_claim_reads_one_row_of_a_table_without_statistics():
    Task.objects.create(name="tests.add", title="Add")
    jobs = [Job(task_id="tests.add", state=State.QUEUED) for _ in range(MANY)]
    Job.objects.bulk_create(jobs)
    said = {"lease": "mine", "timelimit": [None, None], "hostname": "w@here"}
    message = {**said, "queues": ("celery", "far")}
    with CaptureQueriesContext(connection) as asked:
        assert claim(jobs[MANY // 2].pk, "tests.add", message)
    [update] = [query["sql"] for query in asked if query["sql"].startswith("UPDATE")]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {update}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert f"Index Cond: ((id)::text = '{jobs[MANY // 2].pk}'::text)" in plan
