"""Programs that talk to the API, each with the token of somebody."""

import json
from typing import Any

from django.contrib.auth.models import User
from django.test import Client

from jobs.models import ApiToken, Job, Scope


class Program:
    """Sends JSON; what comes back has `status_code` and, mostly, `json()`."""

    def __init__(self, user: User, *scopes: Scope) -> None:
        _row, text = ApiToken.objects.issue(user, list(scopes or Scope))
        self.user = user
        self._client = Client(headers={"Authorization": f"Bearer {text}"})

    def get(self, address: str, **query: Any) -> Any:
        return self._client.get(f"/api{address}", query)

    def post(self, address: str, body: Any = None, **headers: str) -> Any:
        return self._send("post", address, body, headers)

    def post_raw(self, address: str, text: str) -> Any:
        return self._client.post(f"/api{address}", text, content_type="application/json")

    def post_text(self, address: str, text: str | bytes, kind: str, **headers: str) -> Any:
        send = self._client.post
        return send(f"/api{address}", text, content_type=kind, headers=headers)

    def patch(self, address: str, body: Any) -> Any:
        return self._send("patch", address, body, {})

    def delete(self, address: str, body: Any = None) -> Any:
        return self._send("delete", address, body, {})

    def send_files(self, address: str, **parts: Any) -> Any:
        """A form with files, as browsers and curl send it."""
        return self._client.post(f"/api{address}", parts)

    def _send(self, method: str, address: str, body: Any, headers: dict[str, str]) -> Any:
        data = b"" if body is None else json.dumps(body)
        send = getattr(self._client, method)
        return send(f"/api{address}", data, content_type="application/json", headers=headers)


def fault(response: Any, status: int, code: str) -> dict[str, Any]:
    """The fields that a refusal names; it must be in our shape."""
    assert response.status_code == status, response.content
    said = response.json()
    assert set(said) == {"code", "detail", "fields"}
    assert said["code"] == code and said["detail"]
    return dict(said["fields"])


def job_of(answer: Any) -> Job:
    """The job that an answer is about."""
    assert answer.status_code in (200, 202), answer.content
    return Job.objects.get(pk=answer.json()["id"])
