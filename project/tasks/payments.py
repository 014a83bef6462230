"""Payments, held back to what the bank takes, and two queues of different haste."""

from decimal import Decimal
from typing import Annotated, Any

from pydantic import Field

from jobs import current_job, task

Amount = Annotated[Decimal, Field(gt=0, max_digits=12, decimal_places=2)]
BANK_SECONDS = 2.0


@task(title="Process a payment", tags=["payments"], rate="100/h", on_lost="hold")
def procesar_pago(usuario_id: int, monto: Amount) -> dict[str, Any]:
    """Pretend to process a payment; a hundred begin in an hour, on all workers together.

    Args:
        usuario_id: Who pays.
        monto: How much.
    """
    current_job().sleep(BANK_SECONDS)
    return {"status": "approved", "usuario": usuario_id}


@task(title="Urgent", tags=["payments"], queue="alta_prioridad")
def tarea_urgente() -> None:
    """Nothing, in a queue of its own that a worker with many slots serves."""


@task(title="Not urgent", tags=["payments"], queue="baja_prioridad")
def tarea_no_urgente() -> None:
    """Nothing, in a queue of its own that a worker with few slots serves."""
