"""When a schedule comes, as people are told it; and what of it surprises them."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import translation

from jobs.scheduling.sun import Sun
from jobs.scheduling.times import Every, Once, cron
from jobs.scheduling.words import hints, words

LINES = [
    ("* * * * *", "Every minute", "Cada minuto"),
    ("*/15 * * * *", "Every 15 minutes", "Cada 15 minutos"),
    ("0 * * * *", "Every hour", "Cada hora"),
    ("5,20 * * * *", "Every hour at minutes 5 and 20", "Cada hora en los minutos 5 y 20"),
    ("30 */2 * * *", "Every 2 hours from 00:30, every day", None),
    ("0 8-18 * * 1-5", "Every hour from 08:00 to 18:00, from Monday to Friday", None),
    ("0 2 * * *", "At 02:00, every day", "A las 02:00, todos los días"),
    ("0 9 * * 1", "At 09:00, every Monday", "A las 09:00, cada lunes"),
    (
        "0 15 * * 1,3,5",
        "At 15:00, every Monday, Wednesday and Friday",
        "A las 15:00, cada lunes, miércoles y viernes",
    ),
    ("0 0 * * 0,6", "At 00:00, every Saturday and Sunday", None),
    ("0 0 1 * *", "At 00:00, on day 1 of the month", "A las 00:00, el día 1 del mes"),
    (
        "*/15 1-2 * * *",
        "Every 15 minutes from 01:00 to 02:45, every day",
        "Cada 15 minutos de 01:00 a 02:45, todos los días",
    ),
    (
        "5-10/2 8-18 * jan-mar mon-fri",
        "At minutes 5, 7 and 9 of hours 8–18, from Monday to Friday, from January to March",
        None,
    ),
    (
        "0 6 1-7,15 1,7 *",
        "At 06:00, on days 1–7 and 15 of the month, in January and July",
        None,
    ),
    # Celery takes both; Unix's cron takes either.
    (
        "0 0 13 * fri",
        "At 00:00, on day 13 of the month, only when that is Friday",
        "A las 00:00, el día 13 del mes, solo si es viernes",
    ),
    ("0 0 1-7 * 1-5", "At 00:00, on days 1–7 of the month, only from Monday to Friday", None),
]


def line(text: str):
    return cron(*text.split(), zone=ZoneInfo("UTC"))


@pytest.mark.parametrize(("text", "english", "spanish"), LINES)
def test_a_cron_line_is_told(text, english, spanish):
    assert words(line(text)) == english
    if spanish:
        with translation.override("es"):
            assert words(line(text)) == spanish


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (1, "Every second"),
        (30, "Every 30 seconds"),
        (1.5, "Every 1.5 seconds"),
        (60, "Every minute"),
        (600, "Every 10 minutes"),
        (3600, "Every hour"),
        (90 * 60, "Every 90 minutes"),
        (86_400, "Every 24 hours"),
        (7 * 86_400, "Every 7 days"),
    ],
)
def test_an_interval_is_told_in_its_largest_unit(seconds, told):
    assert words(Every(timedelta(seconds=seconds), datetime(2026, 1, 1, tzinfo=UTC))) == told


def test_the_sun_and_one_moment_are_told():
    assert words(Sun("sunrise", 52.5, 13.4)) == "Sunrise at 52.50, 13.40"
    assert words(Once(datetime(2026, 1, 1, tzinfo=UTC))) == "Once"


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("0 0 13 * fri", "Both must be right"),
        ("0 0 31 * *", "no such day"),
        ("*/7 * * * *", "56, then 0"),
        ("0 */5 * * *", "20, then 0"),
    ],
)
def test_what_surprises_people_is_hinted_at(text, hint):
    [told] = hints(line(text))
    assert hint in told


@pytest.mark.parametrize("text", ["*/15 * * * *", "0 0 13 * *", "0 9 * * 1", "0 0,12 * * *"])
def test_what_is_plain_needs_no_hint(text):
    assert hints(line(text)) == []
