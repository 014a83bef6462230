"""Memory: processes that grow too large are replaced, and those that die are told of."""

from jobs.states import State
from tests.hostile_tasks import die_plainly
from tests.sample_tasks import give_back, plain_add
from tests.waiting import eventually


def test_a_process_over_its_limit_is_replaced_between_jobs_and_the_page_says_so(site):
    site.start_worker(name="small", slots=1, options=("--max-memory-per-child", "1024"))
    jobs = [plain_add.apply_async((1, number), queue="small") for number in range(3)]
    for job in map(site.ends, jobs):
        assert (job.attempt, job.lost) == (1, 0)
        event = eventually(job.events.filter(verb="replaced").first)
        assert event.subject == "small@tests" and "limit of 1 MB" in event.reason
    assert not site.ends(give_back.delay(1)).events.exists()


def test_a_process_that_was_killed_is_told_of_in_words(site, tmp_path):
    job = site.ends(die_plainly.delay(str(tmp_path / "ledger")), State.FAILED)
    assert job.reason.startswith("Its worker process died: signal 9 (SIGKILL).")
    told = ("Not for lack of memory", "that is not known", "for lack of memory just then")
    assert any(words in job.reason for words in told)
