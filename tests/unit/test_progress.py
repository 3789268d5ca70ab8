"""What a learner has done: kept, merged, put aside, forgotten, and shown."""

import json
import os
import re
import shutil
from contextlib import contextmanager
from pathlib import Path

import ipywidgets
import pytest
from filelock import FileLock
from lesson_notebooks import FOLDER, NOTEBOOKS, exercises_of, read
from panels import find, find_only, press, shown

from lessons.exercises import EXERCISES, check, hint, reset, solution
from lessons.exercises.runner import examine
from lessons.panels import CheckYourself, CurvePrediction, NumberPrediction, Progress
from lessons.panels.next_steps import lesson_after, parts
from lessons.progress import record, store
from lessons.progress.course import lesson_that_asks, lessons
from lessons.progress.store import ALL, Record, nothing
from lessons.questions import lessons as all_lessons
from lessons.questions import questions

ID = "05-steps"
RIGHT = EXERCISES[ID].solution


def wrong(stories, batch_size, epochs):
    return stories


def passed(name):
    """A change: this exercise is passed."""

    def edit(done):
        done.passed[name] = True

    return edit


@pytest.fixture
def here(tmp_path, monkeypatch):
    """From the folder itself: who is nobody has no way to it."""
    tmp_path.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    return Record(Path())


def again(one):
    """The record of another kernel in the same folder."""
    return Record(one.folder)


@contextmanager
def read_only(folder):
    """Nobody may write into a folder, not even root, who is nobody for a moment."""
    folder.chmod(0o555)
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(user)
        folder.chmod(0o755)


# --------------------------------------------------------------------------------- the file


def test_what_is_done_is_there_for_the_next_kernel(here):
    here.change(passed("05-a"))
    assert again(here).read().passed == {"05-a": True}
    assert json.loads(here.path.read_text())["passed"] == {"05-a": True}
    assert here.trouble == []


def test_nothing_is_made_by_looking(here):
    assert here.read() == nothing()
    assert list(here.folder.iterdir()) == []


def test_two_kernels_add_to_each_other(here):
    other = again(here)
    assert here.read() == other.read() == nothing()
    here.change(passed("05-a"))
    other.change(passed("05-b"))
    here.change(passed("05-c"))
    for one in (here, other, again(here)):
        assert sorted(one.read().passed) == ["05-a", "05-b", "05-c"]


def test_a_change_is_told_to_who_listens(here):
    seen = []
    here.listen(lambda: seen.append(here.read().passed))
    here.change(passed("05-a"))
    assert seen == [{"05-a": True}]


def test_in_memory_alone_nothing_is_written_and_nothing_is_wrong(tmp_path):
    one = Record(tmp_path, kept=False)
    one.change(passed("05-a"))
    assert one.read().passed == {"05-a": True}
    assert list(tmp_path.iterdir()) == [] and one.trouble == []


# ------------------------------------------------------------------------ what goes wrong


def test_in_a_read_only_folder_it_is_kept_in_memory_and_said_once(here):
    with read_only(here.folder):
        here.change(passed("05-a"))
        here.change(passed("05-b"))
        (said,) = here.news()
        assert "cannot be kept" in said and "Permission denied" in said
        assert here.news() == []
        assert sorted(here.read().passed) == ["05-a", "05-b"]
    assert list(here.folder.iterdir()) == []


def test_a_file_in_a_folder_that_became_read_only_is_still_read(here):
    here.change(passed("05-a"))
    other = again(here)
    with read_only(here.path.parent):
        other.change(passed("05-b"))
        assert sorted(other.read().passed) == ["05-a", "05-b"]
        assert "cannot be kept" in other.trouble[0]
    assert again(here).read().passed == {"05-a": True}


def test_what_waited_is_written_with_the_next_change(here):
    in_the_way = here.path.parent
    in_the_way.touch()  # a file: that stops root too
    here.change(passed("05-a"))
    assert "File exists" in here.trouble[0]
    in_the_way.unlink()
    here.change(passed("05-b"))
    assert here.trouble == []
    assert sorted(again(here).read().passed) == ["05-a", "05-b"]


def test_a_full_disk_loses_nothing(here, monkeypatch):
    here.change(passed("05-a"))
    with monkeypatch.context() as patched:
        patched.setattr("os.fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left")))
        here.change(passed("05-b"))
    assert "(No space left)" in here.trouble[0] and "that has room" in here.trouble[0]
    assert again(here).read().passed == {"05-a": True}
    assert sorted(here.read().passed) == ["05-a", "05-b"]
    assert {path.name for path in here.path.parent.iterdir()} == {"progress.json", "progress.lock"}


def test_a_kernel_that_hangs_with_the_lock_holds_nobody_up_for_long(here, monkeypatch):
    here.change(passed("05-a"))
    monkeypatch.setattr(store, "WAIT", 0.05)
    with FileLock(here.path.with_suffix(".lock")):
        here.change(passed("05-b"))
    assert "another program holds it" in here.trouble[0]
    here.change(passed("05-c"))
    assert sorted(again(here).read().passed) == ["05-a", "05-b", "05-c"]


def test_a_folder_without_locks_is_told_as_it_is(here, monkeypatch):
    def none(*_, **__):
        raise NotImplementedError("There are no locks")

    monkeypatch.setattr(FileLock, "acquire", none)
    here.change(passed("05-a"))
    assert "(There are no locks)" in here.trouble[0]
    assert here.read().passed == {"05-a": True}


GOOD = nothing()._asdict()
DAMAGED = {
    "empty": b"",
    "half": json.dumps(GOOD).encode()[:20],
    "zeros": bytes(40),
    "another encoding": "{'ü'".encode("utf-16"),
    "nested": b"[" * 100_000,
    "a list": b"[]",
    "of another program": b'{"settings": [1], "history": []}',
    "a kind is missing": json.dumps({k: v for k, v in GOOD.items() if k != "hints"}).encode(),
    "a kind for another": json.dumps(
        {{"hints": "marks"}.get(k, k): v for k, v in GOOD.items()}
    ).encode(),
    "a list of names": json.dumps({**GOOD, "passed": ["05-a"]}).encode(),
    "a word for a number": json.dumps({**GOOD, "hints": {"05-a": "two"}}).encode(),
    "below zero": json.dumps({**GOOD, "hints": {"05-a": -1}}).encode(),
    "far too long": json.dumps({**GOOD, "passed": {"05-a" * 250_000: True}}).encode(),
    "true for a number": json.dumps({**GOOD, "attempts": {"05-a": True}}).encode(),
}


@pytest.mark.parametrize("by", ["read", "change"])
@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_or_foreign_file_is_kept_aside_and_said_once(here, content, by):
    here.change(passed("05-a"))  # what this kernel knows is not lost
    here.path.write_bytes(content)
    here.read() if by == "read" else here.change(passed("05-b"))
    (said,) = here.news()
    assert "is kept beside it as progress.damaged-1.json, and a new one has begun" in said
    assert here.news() == []
    assert here.path.with_name("progress.damaged-1.json").read_bytes() == content
    expected = {"05-a": True} if by == "read" else {"05-a": True, "05-b": True}
    assert again(here).read().passed == expected


def test_the_file_of_a_newer_version_stays_as_it_is(here):
    here.change(passed("05-a"))
    content = json.dumps({**GOOD, "marks": {"05-a": [1]}}).encode()
    here.path.write_bytes(content)
    here.read()
    (said,) = here.news()
    assert "(a newer version of this course has written it)" in said
    assert said.endswith("Install the newest version of this course.")
    assert sorted(here.change(passed("05-b")).passed) == ["05-a", "05-b"]
    assert here.path.read_bytes() == content
    assert {path.name for path in here.path.parent.iterdir()} == {"progress.json", "progress.lock"}


def test_each_damaged_file_is_kept(here):
    for number in (1, 2, 3):
        here.change(passed("05-a"))
        here.path.write_bytes(b"%d" % number)
        here.read()
    kept = {path.name: path.read_bytes() for path in here.path.parent.glob("*damaged*")}
    assert kept == {f"progress.damaged-{n}.json": b"%d" % n for n in (1, 2, 3)}


def test_a_damaged_file_that_cannot_be_put_aside_stays_as_it_is(here):
    here.change(passed("05-a"))
    here.path.write_bytes(b"half")
    other = again(here)
    with read_only(here.path.parent):
        other.change(passed("05-b"))
        assert other.read().passed == {"05-b": True}
        assert "cannot be kept" in other.trouble[0]
    assert here.path.read_bytes() == b"half"


def test_a_file_that_may_not_be_read_is_not_replaced(here):
    here.change(passed("05-a"))
    held = here.path.read_bytes()
    here.path.chmod(0)
    other, user = again(here), os.geteuid()
    here.path.parent.chmod(0o777)
    here.path.with_suffix(".lock").chmod(0o666)
    if user == 0:
        os.seteuid(65534)
    try:
        assert other.read() == nothing()
        assert "Permission denied" in other.trouble[0]  # also for who only looks
        other.change(passed("05-b"))
    finally:
        os.seteuid(user)
        here.path.chmod(0o644)
    assert here.path.read_bytes() == held


# ----------------------------------------------------------------------------- forgetting


@pytest.mark.parametrize(
    ("what", "left"),
    [("05-a", ["05-b", "05 Why?", "06-a"]), ("05", ["06-a"]), (ALL, []), ("--", None)],
)
def test_one_exercise_a_lesson_or_all_is_forgotten(here, what, left):
    names = ["05-a", "05-b", "05 Why?", "06-a"]
    for name in names:
        here.change(passed(name))
        here.change(lambda done, name=name: done.hints.update({name: 1}))
    assert here.forget(what) == (left is not None)
    done = again(here).read()
    assert list(done.passed) == list(done.hints) == (names if left is None else left)


# --------------------------------------------------------------------------- the exercises


def test_after_a_restart_an_attempt_is_known_and_hints_go_on(restart, capsys):
    check(ID, wrong)
    hint(ID)
    restart()
    capsys.readouterr()
    solution(ID)
    assert capsys.readouterr().out.startswith("def my_steps(")
    hint(ID)
    assert capsys.readouterr().out.startswith("Hint 2 of 2")


def test_without_an_attempt_nothing_is_kept(restart, tmp_path):
    check(ID, ...)
    solution(ID, force=True)
    examine(EXERCISES[ID], RIGHT)  # as a teacher tries answers: it leaves no trace
    assert list(tmp_path.iterdir()) == []


def test_other_ways_come_after_passing_and_are_still_there_after_a_restart(restart, capsys):
    (other,) = EXERCISES[ID].others
    offer = f'There are other ways to do it. To see them: solution("{ID}")'
    check(ID, wrong)
    assert "other ways" not in capsys.readouterr().out
    solution(ID)
    assert other.code not in capsys.readouterr().out
    check(ID, RIGHT)
    assert offer in capsys.readouterr().out
    restart()
    solution(ID)
    code, _, rest = capsys.readouterr().out.partition("\n\n# Another way. ")
    assert code == EXERCISES[ID].code
    comment, _, way = rest.partition("\ndef ")
    assert " ".join(comment.replace("\n#", "").split()) == other.trade_off
    assert f"def {way}" == f"{other.code}\n"


@pytest.mark.parametrize("id", [id for id, one in EXERCISES.items() if one.others])
def test_what_solution_prints_can_be_run_as_a_cell(restart, id, capsys):
    check(id, EXERCISES[id].solution)
    capsys.readouterr()
    solution(id)
    printed = capsys.readouterr().out
    compile(printed, id, "exec")
    assert all(len(line) <= 88 for line in printed.splitlines() if line.startswith("#"))
    assert printed.count("# Another way. ") == len(EXERCISES[id].others)


def test_where_there_are_none_nothing_is_said(restart, capsys):
    (id, *_) = (id for id, one in EXERCISES.items() if not one.others)
    check(id, EXERCISES[id].solution)
    assert "other ways" not in capsys.readouterr().out
    solution(id)
    assert capsys.readouterr().out == f"{EXERCISES[id].code}\n"


def test_trouble_is_said_once_below_the_verdict(restart, tmp_path, capsys):
    (tmp_path / ".lessons").touch()
    check(ID, RIGHT)
    verdict, *_, said = capsys.readouterr().out.splitlines()
    assert verdict.startswith("✓ Passed.")
    assert said.startswith("Your progress cannot be kept in ")
    hint(ID)
    solution(ID)
    assert "cannot be kept" not in capsys.readouterr().out


def test_what_the_file_says_is_not_passed_is_not(restart, tmp_path, capsys):
    """Somebody has changed it by hand."""
    record().change(lambda done: (done.attempts.update({ID: 1}), done.passed.update({ID: False})))
    solution(ID)
    assert "Another way" not in capsys.readouterr().out
    assert "0 of 4 exercises passed" in shown(Progress("05"))
    assert "not yet</td><td>1</td>" in shown(Progress("05"))
    assert f"Next: <b>exercise {ID}</b>" in shown(Progress("05"))


def test_reset_says_what_it_forgot(restart, capsys):
    check(ID, RIGHT)
    capsys.readouterr()
    for what, words in ((ID, f"exercise {ID}"), ("06", "lesson 06"), ("all", "all lessons")):
        reset(what)
        said = capsys.readouterr().out
        begun = "Forgotten: what you did in " if what == ID else "There was nothing to forget of "
        assert said.startswith(f"{begun}{words}."), said
        assert ("until you run their cells again" in said) == (what == ID)
    solution(ID)
    assert "Try it first" in capsys.readouterr().out
    for what in ("05-stps", 5, "5", ""):
        reset(what)
        assert "There is no exercise" in capsys.readouterr().out


def test_a_wrong_switch_is_one_clear_error(monkeypatch):
    monkeypatch.setenv("LESSONS_PROGRESS", "0")
    record.cache_clear()
    try:
        with pytest.raises(ValueError, match='LESSONS_PROGRESS is "0". Set it to "off"'):
            record()
    finally:
        record.cache_clear()


# ------------------------------------------------------------------ questions and predictions


def test_questions_and_predictions_are_noted_by_their_lesson(restart, tmp_path):
    shutil.copy(FOLDER / "07_results.ipynb", tmp_path)
    asked = questions("05")
    panel = CheckYourself("05")
    choices = [w for w in panel.root.children if isinstance(w, ipywidgets.RadioButtons)]
    choices[0].index = (asked[0].right + 1) % len(asked[0].options)
    choices[1].index = asked[1].right
    NumberPrediction("How much of the exam will our model have right?", range(101)).commit(80)
    CurvePrediction("What?", {"falls": [3, 1], "rises": [1, 3]}, ylabel="loss").commit("rises")
    restart()
    done = record().read()
    assert done.questions == {f"05 {asked[0].text}": False, f"05 {asked[1].text}": True}
    assert done.predictions == {
        "07 How much of the exam will our model have right?": "80",
        "-- What?": "B, “rises”",  # no lesson here asks it
    }


def test_a_question_that_is_answered_anew_counts_as_it_is_now(restart):
    panel = CheckYourself("05")
    choice = next(w for w in panel.root.children if isinstance(w, ipywidgets.RadioButtons))
    for place in (questions("05")[0].right, (questions("05")[0].right + 1) % 2):
        choice.index = place
    assert list(record().read().questions.values()) == [False]


def test_an_open_prediction_is_not_noted(restart):
    NumberPrediction("How many?", range(9))
    assert record().read() == nothing()


# ----------------------------------------------------------------------------- the lessons


def test_the_lessons_are_read_from_their_notebooks():
    found = lessons(FOLDER)
    assert [one.file for one in found] == [path.name for path in NOTEBOOKS]
    assert [one.number for one in found] == all_lessons()
    for one, path in zip(found, NOTEBOOKS, strict=True):
        notebook = read(path)
        assert notebook.cells[0].source.startswith(f"# {one.title}")
        code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
        assert one.predictions == len(re.findall(r"(?:Number|Curve)Prediction\(", code))
    assert sum(one.predictions for one in found) > 5


def asked_by(source):
    """The questions of the predictions that a cell makes, when it runs."""
    made = []

    def note(question, *_, **__):
        made.append(question)

    names = {"NumberPrediction": note, "CurvePrediction": note}
    exec(re.sub(r"^from .*$", "", source, flags=re.M), names)
    return made


def test_each_prediction_is_known_by_its_question():
    """As the cell asks it, in words or by a name that it gives them."""
    for path in NOTEBOOKS:
        for cell in read(path).cells:
            if cell.cell_type == "code" and re.search(r"\w+Prediction\(", cell.source):
                (question,) = asked_by(cell.source)
                assert lesson_that_asks(question, FOLDER) == path.stem[:2]


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"cells": 3}', b'{"cells": [{}]}', bytes(30)]
)
def test_a_notebook_that_cannot_be_read_still_has_a_name(tmp_path, content):
    (tmp_path / "10_more_of_it.ipynb").write_bytes(content)
    (one,) = lessons(tmp_path)
    assert (one.number, one.title, one.predictions) == ("10", "more of it", 0)


def test_cells_that_are_no_python_are_passed_over(tmp_path):
    sources = ["%time x", "def (", "x = '\0'", 'NumberPrediction("How?")']
    cells = [{"cell_type": "code", "source": one} for one in sources]
    (tmp_path / "10_more.ipynb").write_text(json.dumps({"cells": cells}))
    assert lessons(tmp_path)[0].predictions == 1
    assert lesson_that_asks("How?", tmp_path) == "10"
    assert lesson_that_asks("Who?", tmp_path) == "--"


def test_of_copies_the_one_with_the_shortest_name_counts(tmp_path):
    for name in ("05_loop-Copy1", "05_loop", "05_my_copy_of_loop"):
        (tmp_path / f"{name}.ipynb").touch()
    assert [one.file for one in lessons(tmp_path)] == ["05_loop.ipynb"]


# ------------------------------------------------------------------------------- the panel


@pytest.fixture
def course(restart, tmp_path):
    """A folder with all lessons, in which nothing is done."""
    for path in NOTEBOOKS:
        shutil.copy(path, tmp_path)
    return restart


def lesson_done(lesson):
    """Do all that a lesson asks for."""

    def edit(done):
        done.passed.update({id: True for id in EXERCISES if id[:2] == lesson})
        done.questions.update({f"{lesson} {one.text}": True for one in questions(lesson)})

    record().change(edit)


def test_a_lesson_shows_its_exercises_in_words_and_what_comes_next(course, capsys):
    panel = Progress("05")
    assert "0 of 4 exercises passed" in shown(panel)
    assert "Next: <b>exercise 05-steps</b>" in shown(panel)
    check("05-steps", RIGHT)
    check("05-running", wrong)
    hint("05-running")
    row = r'<th scope="row">{}</th><td><span aria-hidden="true">{}</span> {}</td><td>{}</td><td>{}'
    for cells in (
        ("05-steps", "✓", "passed", 1, 0),
        ("05-running", "✗", "not yet", 1, 1),
        ("05-loop", "○", "not attempted", 0, 0),
    ):
        assert row.format(*cells) in shown(panel)
    assert "1 of 4 exercises passed" in shown(panel)
    assert "Next: <b>exercise 05-running</b>" in shown(panel)
    assert 'href="06_validation.ipynb"' in shown(panel)
    assert "Check yourself: 0 of 4 answered, 0 right. Predictions: 0 of 1 made." in shown(panel)


def test_after_the_exercises_come_the_questions_and_then_the_next_lesson(course):
    panel = Progress("05")
    lesson_done("05")
    name = f"05 {questions('05')[0].text}"
    record().change(lambda done: done.questions.update({name: False}))
    assert "Next: <b>the questions of Check yourself</b>" in shown(panel)
    assert "4 of 4 answered, 3 right" in shown(panel)
    lesson_done("05")
    assert "<p>Next: <a " in shown(panel) and "06 Validate and keep the best</a>." in shown(panel)


def test_the_whole_course_lesson_by_lesson(course):
    panel = Progress()
    for number in all_lessons():
        assert shown(panel).count(f">{number} ") >= 1  # the title that leads there
    assert "0 of 10 lessons done" in shown(panel) or len(all_lessons()) != 10
    assert "<td>0 of 4</td>" in shown(panel) and "none here" in shown(panel)
    for number in all_lessons():
        assert f"{all_lessons().index(number)} of" in panel.head.value
        lesson_done(number)
    assert "All lessons are done." in shown(panel)
    record().forget("06")
    assert re.search(r"Next: <b>exercise 06-\w+</b> in <a [^>]*06_validation", shown(panel))


def test_what_comes_after_a_lesson(course):
    numbers = all_lessons()
    course_of = {number: part for number, part in parts(nothing(), {}).items()}
    assert lesson_after("", course_of) == numbers[0]
    assert lesson_after(numbers[0], course_of) == numbers[1]
    assert lesson_after(numbers[-1], course_of) == numbers[0]
    lesson_done(numbers[1])
    assert lesson_after(numbers[0], parts(record().read(), {})) == numbers[2]


def test_where_no_notebooks_are_the_lessons_have_numbers(restart):
    panel = Progress()
    assert "<a " not in shown(panel) and "lesson 05" in shown(panel)
    assert "Next lesson: lesson 06." in shown(Progress("05"))


def test_another_kernels_work_is_shown_when_asked(course):
    panel = Progress("05")
    Record(record().folder).change(passed("05-loop"))
    assert "1 of 4" not in shown(panel)
    press(panel, "Refresh")
    assert "1 of 4 exercises passed" in shown(panel)


def test_reset_asks_before_it_forgets(course):
    lesson_done("05")
    lesson_done("06")
    panel = Progress("05")
    what, sure = find(panel, ipywidgets.Dropdown, "Forget"), find_only(panel, ipywidgets.Checkbox)
    ids = [id for id in EXERCISES if id[:2] == "05"]
    assert [value for _, value in what.options] == [*ids, "05", ALL]
    press(panel, "Reset")
    assert "Tick “Yes, forget it” first" in shown(panel)
    assert "4 of 4 exercises passed" in shown(panel)
    sure.value = True
    what.value = "05-loop"  # another choice is to be confirmed anew
    assert not sure.value
    sure.value = True
    press(panel, "Reset")
    assert "Forgotten: what you did in exercise 05-loop." in shown(panel)
    assert "3 of 4 exercises passed" in shown(panel) and not sure.value
    what.value, sure.value = "05", True
    press(panel, "Reset")
    assert "0 of 4 exercises passed" in shown(panel)
    assert Progress()._what.options[-1] == ("all lessons", ALL)
    whole = Progress()
    find(whole, ipywidgets.Dropdown, "Forget").value = ALL
    find_only(whole, ipywidgets.Checkbox).value = True
    press(whole, "Reset")
    assert record().read() == nothing()


def test_the_panel_says_what_is_wrong_with_the_file(restart, tmp_path):
    (tmp_path / ".lessons").touch()
    panel = Progress("05")
    record().change(passed("05-loop"))
    assert "cannot be kept" in shown(panel)
    assert "1 of 4 exercises passed" in shown(panel)


@pytest.mark.parametrize("lesson", ["", *all_lessons()])
def test_what_is_stored_is_the_empty_state_whatever_is_done(course, lesson):
    before = repr(Progress(lesson)), Progress(lesson).static()
    lesson_done(lesson or "01")
    assert (repr(Progress(lesson)), Progress(lesson).static()) == before
    assert "passed: " not in before[0] and "✓" not in before[1]


def test_there_is_no_such_lesson():
    with pytest.raises(ValueError, match='There is no lesson "77", only 00, 01'):
        Progress("77")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_lesson_ends_with_it(path):
    """Lesson 00 has all lessons, and any other one its own."""
    last = read(path).cells[-1]
    lesson = "" if path == NOTEBOOKS[0] else f'"{path.stem[:2]}"'
    assert last.source == f"from lessons.panels import Progress\n\nProgress({lesson})"
    assert last.id == "progress" and last.metadata["slideshow"]["slide_type"] == "skip"
    shows = Progress(lesson.strip('"'))
    (output,) = last.outputs
    assert output.data["text/plain"] == repr(shows)
    assert output.data["text/html"] == shows.static()
    assert all(id in repr(shows) for id in exercises_of(read(path))[1])
