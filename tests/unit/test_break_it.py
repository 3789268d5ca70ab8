"""The panel of the break-it lab without a browser, and its drawing read back from the axes."""

import html
import math
import re
from itertools import pairwise

import ipywidgets
import pytest
from matplotlib.figure import Figure
from panels import LONG, find, press, put, shown, workers

from lessons.panels import BreakPanel, break_it
from lessons.panels.break_it import as_html
from lessons.silent_bugs.bugs import BUGS, compare
from lessons.silent_bugs.plots import draw_comparison
from lessons.silent_bugs.recipe import Recipe, run
from lessons.silent_bugs.steps import EpochScores, best_on_test, best_on_validation
from lessons.training import Scores

SHORT = Recipe(epochs=2, max_stories=100)


@pytest.fixture
def quick(monkeypatch):
    """Bugs whose runs take no time."""
    bugs = {
        key: bug._replace(
            healthy=bug.healthy._replace(epochs=2, max_stories=100),
            broken=bug.broken._replace(epochs=2, max_stories=100),
        )
        for key, bug in BUGS.items()
    }
    monkeypatch.setattr(break_it, "BUGS", bugs)
    sound = break_it.NOTHING._replace(healthy=SHORT, broken=SHORT)
    monkeypatch.setattr(break_it, "ALL", {**bugs, break_it.SOUND: sound})


@pytest.fixture
def panel(parts, quick):
    panel = BreakPanel(parts)
    yield panel
    panel.stop()
    assert panel.wait(LONG)


def status(panel):
    return re.sub("<.*?>", "", panel._status.value)


def enabled(panel):
    names = ("Run", "Stop", "Mystery", "Diagnose", "Tell me")
    return [name for name in names if not find(panel, ipywidgets.Button, name).disabled]


def choose(panel, name, value):
    find(panel, ipywidgets.Dropdown, name).value = value


def begin(panel, name="Mystery"):
    press(panel, name)
    assert panel.wait(LONG)


# ---------------------------------------------------------------------------- run and stop


@pytest.mark.parametrize("key", BUGS)
def test_the_code_of_both_versions_is_shown_and_their_difference_marked(key):
    (listing,) = re.findall('<pre tabindex="0">(.*?)</pre>', as_html(BUGS[key]), re.S)
    lines = [f"{only_in:8} {line}" for only_in, line in compare(BUGS[key])]
    assert html.unescape(re.sub("</?mark>", "", listing)).split("\n") == lines
    marked = [html.unescape(line) for line in re.findall("<mark>(.*?)</mark>", listing)]
    assert marked == [line for line in lines if not line.startswith(" ")]


def test_before_the_run_the_code_is_shown_and_nothing_said_of_the_effect(panel):
    choose(panel, "bug", "softmax")
    assert as_html(BUGS["softmax"], facts=False) in shown(panel)
    assert BUGS["softmax"].see not in status(panel)
    assert "<dl>" not in shown(panel)
    assert enabled(panel) == ["Run", "Mystery"]


@pytest.mark.parametrize("key", BUGS)
def test_run_trains_both_versions_and_tells_all(panel, parts, key):
    choose(panel, "bug", key)
    put(panel, "seed", 3)
    begin(panel, "Run")
    bug = break_it.BUGS[key]
    assert panel.healthy == run(parts, bug.healthy, 3)
    assert repr(panel.broken) == repr(run(parts, bug.broken, 3))  # NaN is not equal to itself
    text = re.sub("<.*?>", "", shown(panel))
    for title, _ in break_it.SENTENCES:
        assert title in text
    assert bug.see in status(panel).replace("&#x27;", "'")
    assert enabled(panel) == ["Run", "Mystery"]


def test_the_drawing_says_its_numbers(panel):
    choose(panel, "bug", "leak")
    begin(panel, "Run")
    (described,) = re.findall(r'aria-label="(Validation[^"]+)"', shown(panel))
    assert (
        f"The broken run after epoch 2: validation loss {panel.broken[-1].validation.loss:.2f}"
        in described
    )
    assert f"{panel.broken[-1].test.accuracy:.0%} in the test" in described
    assert f"{panel.healthy[-1].new.accuracy:.0%} on new stories." in described


def test_the_table_is_about_the_epochs_that_are_kept(panel):
    choose(panel, "bug", "choice")
    begin(panel, "Run")
    rows = re.findall(r"<tr>(<th scope=.row.*?)</tr>", shown(panel))
    kept = [best_on_validation(panel.healthy), best_on_test(panel.broken)]
    for row, epoch in zip(rows, kept, strict=True):
        cells = re.findall("<td>(.*?)</td>", row)
        assert cells[0] == str(epoch.number)
        assert cells[1] == f"{epoch.train.loss:.2f}"
        assert cells[-2:] == [f"{epoch.test.accuracy:.0%}", f"{epoch.new.accuracy:.0%}"]


def test_the_table_is_in_the_words_of_the_plots(panel):
    begin(panel, "Run")
    heads = re.findall('<th scope="col">(.*?)</th>', shown(panel))
    scores = ["training loss", "validation loss", "training", "validation", "test", "new stories"]
    assert heads == ["run", "epoch", *scores]


@pytest.mark.parametrize(("loss", "words"), [(math.nan, "NaN"), (0.123, "0.12")])
def test_a_loss_that_is_nan_is_called_so_in_the_table(loss, words):
    table = break_it._table(["broken"], [epoch(1, loss)])
    assert f"<td>{words}</td>" in table
    assert "nan" not in table


def test_stop_ends_both_runs_and_leaves_no_thread(panel, monkeypatch):
    bug = BUGS["zero_grad"]
    both = (recipe._replace(epochs=10_000) for recipe in (bug.healthy, bug.broken))
    endless = bug._replace(healthy=next(both), broken=next(both))
    monkeypatch.setitem(break_it.BUGS, "zero_grad", endless)
    monkeypatch.setitem(break_it.ALL, "zero_grad", endless)
    choose(panel, "bug", "zero_grad")
    press(panel, "Run")
    assert enabled(panel) == ["Stop"]
    press(panel, "Stop")
    assert panel.wait(LONG)
    assert not workers()
    assert status(panel) == "Stopped. Press Run or Mystery to begin anew."
    assert enabled(panel) == ["Run", "Mystery"]
    assert "★" not in shown(panel)  # nothing is kept of half a run


def test_an_error_is_shown_in_words_and_the_panel_stays_usable(panel, monkeypatch):
    def fails(*_):
        raise RuntimeError("out of ink")
        yield

    with monkeypatch.context() as broken:
        broken.setattr(break_it, "run_events", fails)
        begin(panel)
    assert status(panel) == "Training ended with an error. out of ink"
    assert enabled(panel) == ["Run", "Mystery"]  # there is nothing to diagnose
    begin(panel, "Run")
    assert status(panel).startswith("Finished.")


def test_another_bug_clears_the_plots(panel):
    begin(panel, "Run")
    choose(panel, "bug", "low")
    assert panel.healthy == panel.broken == []
    assert "Three empty plots." in shown(panel)


# ------------------------------------------------------------------------------ the mystery


def test_a_mystery_gives_nothing_away(panel):
    begin(panel)
    bug = break_it.ALL[panel._secret]
    text = shown(panel)
    assert not any(words in text for words in (bug.see, bug.why, "<pre"))
    assert "The mystery run after epoch 2" in text
    assert "broken" not in text
    assert "What is wrong with the mystery run?" in status(panel)
    assert enabled(panel) == ["Run", "Mystery", "Diagnose", "Tell me"]


@pytest.mark.parametrize("secret", [*BUGS, break_it.SOUND])
def test_a_wrong_diagnosis_says_what_it_would_look_like_and_a_right_one_explains(panel, secret):
    begin(panel)
    panel._secret = secret
    wrong = "low" if secret != "low" else "high"
    choose(panel, "diagnosis", wrong)
    press(panel, "Diagnose")
    assert status(panel).startswith(f"Not yet. {BUGS[wrong].name} would look like this:")
    assert "<dl>" not in shown(panel)
    choose(panel, "diagnosis", secret)
    press(panel, "Diagnose")
    assert status(panel).startswith(f"Right: {break_it.ALL[secret].name}.")
    assert "<dl>" in shown(panel)
    assert "1 of 1 mysteries solved" in shown(panel)
    assert enabled(panel) == ["Run", "Mystery"]  # it can be solved once


def test_what_is_revealed_does_not_count_as_solved(panel):
    begin(panel)
    name = break_it.ALL[panel._secret].name
    press(panel, "Tell me")
    assert status(panel).startswith(f"It was: {name}.")
    begin(panel)
    choose(panel, "diagnosis", panel._secret)
    press(panel, "Diagnose")
    assert "1 of 2 mysteries solved" in shown(panel)


def test_mysteries_differ_and_all_come(panel, monkeypatch):
    monkeypatch.setattr(break_it, "run_events", lambda *_: iter(()))
    monkeypatch.setattr(BreakPanel, "_show", lambda _: None)
    met = []
    for _ in range(300):
        begin(panel)
        met.append(panel._secret)
    assert set(met) == {*BUGS, break_it.SOUND}
    assert all(one != other for one, other in pairwise(met))


def test_where_nothing_is_wrong_only_the_seed_differs(panel, parts):
    sound = next(seed for seed in range(99) if secret(panel, seed) == break_it.SOUND)
    panel.run("mystery", seed=sound)
    recipe = panel._bug_now.healthy
    assert panel._bug_now.broken == recipe
    assert panel.healthy == run(parts, recipe, sound)
    assert panel.broken == run(parts, recipe, sound + 100)
    assert panel.healthy != panel.broken


def secret(panel, seed):
    """What `run("mystery", seed)` would hide."""
    panel._random.seed(seed)
    panel._secret = None
    return panel._random.choice(list(break_it.ALL))


# ------------------------------------------------------------------------------ in a script


def test_without_a_front_end_it_prints_the_same_each_time(panel, capsys):
    panel.run("zero_grad")
    first = capsys.readouterr().out
    panel.run("zero_grad", seed=1)
    assert capsys.readouterr().out == first
    assert first.startswith(
        "Forgotten zero_grad: 2 epochs healthy, 2 broken.\nWhat it usually looks like: "
    )
    assert BUGS["zero_grad"].mend in first


def test_the_mystery_in_a_script(panel, capsys):
    panel.run("mystery", seed=3)
    assert capsys.readouterr().out == "Mystery: 2 epochs healthy, 2 mystery.\n"
    hidden = panel._secret
    panel.run("mystery", seed=4)
    panel.run("mystery", seed=3)
    assert panel._secret == hidden
    capsys.readouterr()
    panel.diagnose(break_it.ALL[hidden].name)  # by its name, as it stands in the list
    assert capsys.readouterr().out.startswith("Right: ")


@pytest.mark.parametrize("name", ["Run", "Mystery"])
def test_a_press_that_waits_for_the_end_of_the_cell_finds_nobody(panel, name):
    queued = find(panel, ipywidgets.Button, name)  # as the page has it while the cell runs
    panel.run("leak")
    assert queued.comm is None  # so the press has no effect
    assert enabled(panel) == ["Run", "Mystery"]
    begin(panel, name)  # the new button works
    assert status(panel).startswith("Finished.")


def test_after_a_run_from_code_the_controls_say_which_it_was(panel):
    panel.run("leak", seed=2)
    assert find(panel, ipywidgets.Dropdown, "bug").value == "leak"
    assert panel._seed.value == 2 and status(panel).startswith("Finished.")
    panel.run("mystery", seed=12)  # no seed of the slider, and no telling which bug
    assert find(panel, ipywidgets.Dropdown, "bug").value == "leak" and panel._seed.value == 2


def test_stop_while_a_cell_trains(panel, capsys):
    panel._show = lambda: find(panel, ipywidgets.Button, "Stop").disabled or press(panel, "Stop")
    panel.run("leak")
    del panel._show
    assert panel.broken == []
    assert status(panel) == "Stopped. Press Run or Mystery to begin anew."


def test_what_cannot_be_is_said(panel):
    with pytest.raises(ValueError, match="There is no mystery. Begin one"):
        panel.diagnose("zero_grad")
    with pytest.raises(ValueError, match="no bug 'typo'. Use one of: sorted, zero_grad"):
        panel.run("typo")
    panel.run("mystery")
    with pytest.raises(ValueError, match="no diagnosis 'typo'. Use one of: No shuffling"):
        panel.diagnose("typo")


def test_on_a_page_without_a_kernel_it_is_named(panel):
    assert repr(panel).startswith("Break it: live in JupyterLab")


# ------------------------------------------------------------------------------ the drawing


def epoch(number, loss, test=0.5):
    train, validation = Scores(loss / 2, 0.9), Scores(loss, 0.7)
    return EpochScores(number, train, validation, Scores(loss, test), Scores(loss, 0.6))


def drawn(healthy, broken, **more):
    figure = Figure()
    draw_comparison(figure, healthy, broken, **more)
    return figure.axes


def test_each_line_shows_its_scores():
    healthy, broken = [epoch(1, 1.0), epoch(2, 0.5)], [epoch(1, 1.2, 0.9), epoch(2, 1.3, 1.0)]
    loss, accuracy, test = drawn(healthy, broken)
    heights = [[list(line.get_ydata()) for line in ax.lines] for ax in (loss, accuracy, test)]
    assert heights[0] == [[1.0, 0.5], [0.5, 0.25], [1.2, 1.3], [0.6, 0.65]]
    assert heights[1] == [[0.7, 0.7], [0.9, 0.9]] * 2
    assert heights[2] == [[0.5, 0.5], [0.6, 0.6], [0.9, 1.0], [0.6, 0.6]]
    assert loss.get_yscale() == "linear"


def test_the_runs_differ_in_marker_and_dash_and_training_is_dotted():
    lines = drawn([epoch(1, 1.0)], [epoch(1, 1.2)])[0].lines
    assert [line.get_marker() for line in lines] == ["o", "None", "s", "None"]
    assert [line.get_linestyle() for line in lines] == ["-", ":", "--", ":"]


def test_a_huge_loss_takes_another_scale():
    assert drawn([epoch(1, 1.0)], [epoch(1, 50.0)])[0].get_yscale() == "log"


@pytest.mark.parametrize("lost", [math.nan, math.inf])
def test_a_loss_that_is_not_finite_is_said(lost):
    loss = drawn([epoch(1, 1.0)], [epoch(1, lost)], name="mystery")[0]
    assert [text.get_text() for text in loss.texts] == ["mystery: NaN or infinite"]
    assert loss.get_yscale() == "linear"
    assert not drawn([epoch(1, 1.0)], [])[0].texts


def test_the_stars_stand_on_the_epochs_that_are_kept():
    epochs = [epoch(1, 1.0, 0.5), epoch(2, 0.9, 0.8)]
    test = drawn(epochs, epochs, stars=epochs)[2]
    stars = [line for line in test.lines if line.get_marker() == "*"]
    assert [(line.get_xdata()[0], line.get_ydata()[0]) for line in stars] == [(1, 0.5), (2, 0.8)]


def test_the_titles_say_validation_and_test():
    titles = [ax.get_title() for ax in drawn([epoch(1, 1.0)], [epoch(1, 1.2)])]
    assert titles == [
        "Validation loss (dotted: training)",
        "Validation accuracy (dotted: training)",
        "Test accuracy (dotted: new stories)",
    ]
