"""Secrets: sealed in rows, plain for the function, masked everywhere else."""

import json
import pickle
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kombu.utils import json as typed_json
from pydantic import BaseModel, Field, SecretStr

from jobs import Invalid, Secret
from jobs.params import Parameters, Unreadable, seal, unseal


def no_file(_: Any) -> Any:
    raise AssertionError("there is no file in here")


class Login(BaseModel):
    user: str
    password: SecretStr
    tokens: list[Secret] = []


def log_in(login: Login, key: Secret, plain: str, number: int = 0) -> None: ...


GIVEN = {
    "login": {"user": "me", "password": "canary-1", "tokens": ["canary-2", "canary-3"]},
    "key": "canary-4",
    "plain": "canary-5",
    "number": 424242,
}


def test_secrets_are_sealed_in_the_row_and_plain_for_the_function():
    parameters = Parameters(log_in, secrets=("plain", "number"))
    values = parameters.validate(GIVEN)
    stored = parameters.store(values, no_file)
    row = json.dumps(stored)
    assert "canary" not in row and "424242" not in row and '"me"' in row
    assert set(stored["key"]) == set(stored["plain"]) == {"$secret"}
    loaded = parameters.load(json.loads(row), no_file)
    assert loaded["key"].reveal() == "canary-4"
    assert (loaded["plain"], loaded["number"]) == ("canary-5", 424242)
    assert loaded["login"].password.get_secret_value() == "canary-1"
    assert [token.reveal() for token in loaded["login"].tokens] == ["canary-2", "canary-3"]
    texts = sorted(parameters.secret_texts(loaded))
    assert texts == ["424242", *(f"canary-{n}" for n in range(1, 6))]


DEFAULT = Secret("canary-1")


def test_a_secret_that_the_code_itself_gives_is_masked_as_well():
    def function(key: Secret = DEFAULT, plain: str = "canary-2", other: str = "x"): ...

    parameters = Parameters(function, secrets=("plain",))
    assert sorted(parameters.secret_texts({})) == ["canary-1", "canary-2"]
    assert sorted(parameters.secret_texts({"key": Secret("given")})) == ["canary-2", "given"]
    stored = parameters.store(parameters.validate({}), no_file)
    for way in (json.dumps(stored), json.dumps(parameters.schema), str(parameters.form())):
        assert "canary" not in way


def test_a_secret_of_any_kind_is_masked():
    def function(pin: int, blob: bytes, price: Decimal): ...

    parameters = Parameters(function, secrets=("pin", "blob", "price"))
    values = {"pin": 424242, "blob": b"canary", "price": Decimal("1234.5")}
    assert sorted(parameters.secret_texts(values)) == ["1234.5", "424242", "canary"]


def test_no_way_of_looking_shows_a_secret(caplog):
    parameters = Parameters(log_in, secrets=("plain", "number"))
    values = parameters.validate(GIVEN)
    stored = parameters.store(values, no_file)
    ways = [
        repr(values),
        str(values),
        repr(parameters.load(stored, no_file)["key"]),
        f"{Secret('canary')} {Secret('canary')!r}",
        values.model_dump_json(include={"key", "login"}),
        json.dumps(parameters.shown(stored)),
        json.dumps(parameters.bind([values.login, Secret("canary")], {"plain": "canary"})),
        json.dumps(parameters.schema),
        str(parameters.form(initial=stored)),
        str(parameters.form(data=GIVEN | {"login": ""})),
        pickle.dumps(Secret("canary")).decode("latin-1"),
        caplog.text,
    ]
    for way in ways:
        assert "canary" not in way and "424242" not in way
    assert parameters.shown(stored)["login"] == {
        "user": "me",
        "password": "••••••••",
        "tokens": ["••••••••", "••••••••"],
    }


def test_an_error_never_repeats_the_secret():
    def function(key: Annotated[Secret, Field(min_length=50)], plain: int) -> None: ...

    parameters = Parameters(function, secrets=("plain",))
    with pytest.raises(Invalid) as caught:
        parameters.validate({"key": "canary", "plain": "canary"})
    assert set(caught.value.fields) == {"key", "plain"}
    error: BaseException | None = caught.value
    while error is not None:
        assert "canary" not in str(error) + repr(error)
        error = error.__cause__


def test_a_seal_is_read_with_an_old_key_and_not_with_another(settings):
    def function(key: Secret) -> None: ...

    parameters = Parameters(function)
    stored = parameters.store(parameters.validate({"key": "x"}), no_file)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another"
    assert parameters.load(stored, no_file)["key"].reveal() == "x"
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(Invalid) as caught:
        parameters.load(stored, no_file)
    assert caught.value.fields == {
        "key": ["This secret can no longer be read: SECRET_KEY has changed."]
    }


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_can_be_sealed(text):
    assert unseal(seal(text)) == text
    assert seal(text) != seal(text)


def test_what_was_not_sealed_here_is_unreadable():
    with pytest.raises(Unreadable):
        unseal("gAAAAAB" + "x" * 80)


def test_a_secret_travels_sealed_in_celery_s_messages():
    message = typed_json.dumps([[Secret("canary")], {"when": datetime(2026, 1, 1, tzinfo=UTC)}])
    assert "canary" not in message
    assert typed_json.loads(message)[0][0].reveal() == "canary"


def test_only_parameters_with_secrets_say_so():
    assert Parameters(log_in).has_secrets
    assert Parameters(lambda name="": None, secrets=("name",)).has_secrets
    assert not Parameters(lambda name="": None).has_secrets
