"""Limits of `@task` that make no sense are refused as the code is read."""

import pytest

from jobs.registry.options import declare


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"max_running": 0}, "max_running is from 1"),
        ({"max_running": "3"}, "max_running is a whole number"),
        ({"max_running": True}, "max_running is a whole number"),
        ({"rate": "0/m"}, "a rate is like"),
        ({"rate": "10/w"}, "a rate is like"),
        ({"rate": "nan/s"}, "a rate is like"),
        ({"rate": "99999/s"}, "a rate is at most"),
        ({"burst": 3}, "burst needs a rate"),
        ({"rate_key": "{x}"}, "rate_key needs a rate"),
        ({"max_running_per_key": 3}, "needs a concurrency_key"),
        ({"concurrency_key": "{y}"}, "names the parameter 'y'"),
        ({"concurrency_key": "{x.__class__}"}, "names a parameter"),
        ({"concurrency_key": "{x}", "secrets": ["x"]}, "would tell the secret"),
        ({"concurrency_key": 5}, "concurrency_key is like"),
        ({"on_conflict": "explode"}, "on_conflict is one of"),
    ],
)
def test_a_limit_that_makes_no_sense_is_refused(options, words):
    with pytest.raises((TypeError, ValueError), match=words):
        declare(lambda x: None, options)
