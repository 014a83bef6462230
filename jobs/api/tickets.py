"""Tickets for the socket, where browsers can send no header."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Router

from jobs.models import ApiToken, SocketTicket
from jobs.models.ticket import LASTS_SECONDS

from . import shapes
from .answers import answer
from .errors import may_answer

router = Router(tags=["socket"])


@router.post("/ws-tickets", response=may_answer(shapes.Ticket, 201), summary="Ask for a ticket")
def ticket(request: HttpRequest) -> HttpResponse:
    """It opens the socket once, as `/ws?ticket=…`, within a minute. The socket sees what
    you see, as long as your token or your session lasts."""
    token: ApiToken | None = getattr(request, "token", None)
    holder: dict[str, Any] = {"session_key": request.session.session_key or ""}
    text = SocketTicket.objects.issue(**{"token": token} if token else holder)
    return answer({"ticket": text, "expires_in": LASTS_SECONDS}, 201)
