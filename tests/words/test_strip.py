"""The last runs of a task as a drawing."""

from django.utils.translation import override

from jobs.reading.runs import COUNT, Run, Runs
from jobs.templatetags.strips import strip


def test_a_strip_says_in_words_what_it_draws() -> None:
    runs = Runs([Run("completed", 2.0)] * 3 + [Run("failed", 9.0), Run("skipped", None)])
    drawn = strip(runs, tall=True)
    assert 'class="strip tall" role="img"' in drawn
    assert "Last 5 runs: 1 failed, 0 with errors, 1 skipped; usually 2.0 s" in drawn
    assert drawn.count("<rect") == 5 and drawn.count("<circle") == 1
    assert '<rect class="f-ok" x="83.8%" y="50.0%" width="2.4%" height="50.0%"' in drawn
    with override("es"):
        assert "Últimas 5 ejecuciones: 1 fallidas" in strip(runs)


def test_the_last_run_stands_at_the_right_end_however_many_there_are() -> None:
    places = [[bar.x for bar in Runs([Run("completed", 1.0)] * n).bars] for n in (1, 7, 99)]
    assert [len(of) for of in places] == [1, 7, COUNT]
    assert {of[-1] for of in places} == {97.14}
