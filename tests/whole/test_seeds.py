"""What the documents that the project grew from say of errors, retries and limits."""

import pytest
from celery import chord
from celery.exceptions import TimeLimitExceeded
from celery.exceptions import TimeoutError as NotYet

from jobs.states import State
from project.tasks.payments import procesar_pago, tarea_no_urgente, tarea_urgente
from tests import seed_tasks as seed
from tests.waiting import eventually


def logged(job) -> str:
    chunks = job.log_chunks.order_by("first")
    return "\n".join(text for chunk in chunks for _at, _level, text in chunk.lines)


def test_a_campaign_reports_what_was_sent_after_its_retries(site, tmp_path):
    people = [f"usuario{n}@ejemplo.com" for n in range(4)]
    parts = [seed.enviar_email.s(one, str(tmp_path / one)) for one in people]
    result = chord(parts)(seed.generar_reporte_envios.s())
    assert result.get(timeout=30) == {"total": 4, "exitosos": 4}


def test_a_download_is_tried_again_by_itself_with_its_attempts_in_the_log(site):
    result = seed.descargar_archivo_externo.delay("http://x/", 2)
    assert result.get(timeout=30)["status"] == "success"
    job = site.ends(result)
    assert (job.attempt, job.retries, job.max_retries) == (3, 2, 5)
    assert [chunk.attempt for chunk in job.log_chunks.order_by("first")] == [1, 2, 3]
    for number in (1, 2, 3):
        assert f"Intento {number} de descargar" in logged(job)


def test_some_errors_are_tried_again_and_others_are_not(site):
    empty = site.ends(seed.procesar_con_validacion.delay({}), State.FAILED)
    assert (empty.attempt, empty.error) == (1, "Datos inválidos")
    wrong = seed.procesar_con_validacion.delay({"campo_requerido": "malo"})
    wrong = site.ends(wrong, State.FAILED)
    assert (wrong.attempt, wrong.error) == (1, "Error de validación: malo")
    well = seed.procesar_con_validacion.delay({"campo_requerido": "bueno"})
    assert well.get(timeout=30) == {"processed": True}
    assert site.ends(well).attempt == 2


def test_after_all_retries_the_fallback_is_used(site):
    result = seed.tarea_con_fallback.delay([1])
    assert result.get(timeout=30) == {"method": "fallback", "datos": [1]}
    assert (site.ends(result).attempt, site.ends(result).retries) == (4, 3)


def test_a_soft_limit_leaves_time_to_clean_up(site, tmp_path):
    job = site.ends(seed.tarea_con_timeout.delay(str(tmp_path / "libro")), State.FAILED)
    assert (tmp_path / "libro").read_text() == "cleanup\n"
    assert job.error_type == "SoftTimeLimitExceeded"


def test_results_tell_of_failure_as_celery_does(site):
    arguments = {"vm_db_id": 1, "vcpu_count": 2, "memory_mb": 2048, "host": None}
    broken = seed.create_vm_task.delay(**arguments, kernel="broken")
    site.ends(broken, State.FAILED)
    assert broken.ready() and broken.failed() and not broken.successful()
    assert "no such kernel" in broken.traceback and "no such kernel" in str(broken.result)
    policy = {"max_retries": 3, "interval_start": 0, "interval_step": 0.2, "interval_max": 0.2}
    sent = seed.create_vm_task.apply_async(
        args=[1, 2, 2048, None, None], retry=True, retry_policy=policy, priority=9
    )
    assert sent.get(timeout=20) == 1 and sent.successful()
    waiting = seed.create_vm_task.apply_async((1, 2, 3, None, None), queue="nobody")
    assert waiting.status == "PENDING" and not waiting.ready()
    with pytest.raises(NotYet):
        waiting.get(timeout=0.5)


def test_limits_of_a_workers_command_line_hold_for_tasks_without_their_own(site):
    options = ("--time-limit", "2", "--soft-time-limit", "1", "--max-tasks-per-child", "1000")
    site.start_worker(name="mikrom", slots=1, options=options)
    slow = seed.create_vm_task.apply_async((1, 2, 2048, "slow", None), queue="mikrom")
    job = site.ends(slow, State.FAILED)
    assert (job.error_type, job.attempt) == ("SoftTimeLimitExceeded", 1)
    assert job.reason.startswith("Its soft time limit struck; it left after")
    site.start_worker(name="hard", slots=1, options=("--time-limit", "1"))
    slow = seed.create_vm_task.apply_async((1, 2, 2048, "slow", None), queue="hard")
    job = site.ends(slow, State.FAILED)
    assert job.reason == "It was ended by force after 1 s, its hard time limit."
    with pytest.raises(TimeLimitExceeded):
        eventually(lambda: slow.get(timeout=5))


def test_two_queues_are_served_by_their_own_workers(site):
    for name, queue in (("urgent", "alta_prioridad"), ("rest", "baja_prioridad")):
        site.start_worker(name=name, queue=queue, slots=1)
    jobs = [site.ends(each.delay()) for each in (tarea_urgente, tarea_no_urgente)]
    # The worker that was told no queue serves both as well.
    assert {job.worker for job in jobs} <= {"urgent@tests", "rest@tests", "main@tests"}
    assert jobs[0].worker != "rest@tests" and jobs[1].worker != "urgent@tests"


def test_of_two_payments_one_waits_until_the_rate_lets_it_begin(site):
    first, second = (procesar_pago.delay(usuario_id=1, monto=each) for each in ("1.00", "2.00"))
    assert first.get(timeout=30) == {"status": "approved", "usuario": 1}
    waits = site.job(second)
    assert (waits.state, waits.waiting_for) == (State.PENDING, "rate")
