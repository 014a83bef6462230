"""Errors, retries and limits of the documents that the project grew from, as written there:
`@app.task`, Celery's names, Spanish. What cannot be had in a test (the net, a mail server) has
a stand-in that does what it is told; the waits are shortened by the options of each call."""

import time
from typing import Any

from celery.exceptions import Reject, SoftTimeLimitExceeded

from project.celery import app
from tests.hostile_tasks import told


class RequestException(Exception):
    """Stands in for `requests.RequestException`."""


# 002, example 2


@app.task(bind=True, max_retries=3, default_retry_delay=0)
def enviar_email(self: Any, destinatario: str, libro: str) -> dict[str, Any]:
    try:
        if told(libro, destinatario) % 2:
            raise Exception("Error temporal de red")
        return {"destinatario": destinatario, "status": "enviado"}
    except Exception as exc:
        raise self.retry(exc=exc)  # noqa: B904 (as it is written there)


@app.task
def generar_reporte_envios(resultados: list[dict[str, Any]]) -> dict[str, int]:
    exitosos = sum(1 for r in resultados if r.get("status") == "enviado")
    return {"total": len(resultados), "exitosos": exitosos}


# 002, example 5


@app.task(
    bind=True,
    autoretry_for=(RequestException,),
    retry_kwargs={"max_retries": 5},
    retry_backoff=True,
    retry_backoff_max=600,
    retry_jitter=True,
)
def descargar_archivo_externo(self: Any, url: str, falla: int) -> dict[str, Any]:
    try:
        print(f"Intento {self.request.retries + 1} de descargar {url}")
        if self.request.retries < falla:
            raise RequestException("timeout")
        return {"url": url, "status": "success"}
    except RequestException as exc:
        # Celery reintentará automáticamente
        print(f"Error descargando {url}: {exc}")
        raise


@app.task(bind=True, max_retries=3)
def procesar_con_validacion(self: Any, datos: Any) -> dict[str, Any]:
    """Tarea con validación: algunos errores se reintentan, otros no"""
    try:
        if not datos or "campo_requerido" not in datos:
            # Error no recuperable, no reintentar
            raise Reject("Datos inválidos", requeue=False)
        return procesar_datos(datos, self.request.retries)
    except ValueError as exc:
        # Error de validación: no reintentar
        raise Reject(f"Error de validación: {exc}", requeue=False)  # noqa: B904
    except Exception as exc:
        # Error temporal: reintentar con backoff
        countdown = 2**self.request.retries
        raise self.retry(exc=exc, countdown=countdown)  # noqa: B904


def procesar_datos(datos: Any, vuelta: int) -> dict[str, Any]:
    if datos["campo_requerido"] == "malo":
        raise ValueError("malo")
    if vuelta < 1:
        raise ConnectionError("todavía no")
    return {"processed": True}


@app.task(bind=True, default_retry_delay=0)
def tarea_con_fallback(self: Any, datos: Any) -> dict[str, Any]:
    """Tarea que ejecuta plan B si falla el plan A"""
    try:
        raise ConnectionError("método principal")
    except Exception as exc:
        if self.request.retries < self.max_retries:
            raise self.retry(exc=exc)  # noqa: B904
        print("Método principal falló, usando fallback")
        return {"method": "fallback", "datos": datos}


# 002, good practice 2


@app.task(time_limit=20, soft_time_limit=1)
def tarea_con_timeout(libro: str) -> None:
    try:
        time.sleep(600)
    except SoftTimeLimitExceeded:
        told(libro, "cleanup")
        raise


# 003


@app.task
def create_vm_task(
    vm_db_id: int, vcpu_count: int, memory_mb: int, kernel: Any, host: Any
) -> int:
    if kernel == "broken":
        raise RuntimeError("no such kernel")
    time.sleep(600 if kernel == "slow" else 0)
    return vm_db_id
