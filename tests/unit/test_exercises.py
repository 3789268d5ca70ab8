"""Every exercise: its solution passes, each wrong answer fails with its own words."""

import ast
import functools
import inspect
import linecache
import math
import re
import threading
import time
from contextlib import suppress

import numpy as np
import pytest
import torch
from lesson_notebooks import NOTEBOOKS, answer_cell, exercises_of, read

import lessons.exercises as desk
from lessons.exercises import EXERCISES, check, hint, solution
from lessons.exercises.asserts import Exercise, NotYet, call, little_batches
from lessons.exercises.runner import (
    NOT_ATTEMPTED,
    NOT_YET,
    OUR_FAULT,
    PASSED,
    examine,
    handed_in,
    name_of,
)
from lessons.model import TextClassifier

WRONG = [(id, wrong) for id, exercise in EXERCISES.items() for wrong in exercise.wrong_answers]

of_each = pytest.mark.parametrize("exercise", EXERCISES.values(), ids=EXERCISES)


# ------------------------------------------------------------------------------- all of them


@of_each
def test_its_solution_passes(exercise):
    verdict = examine(exercise, handed_in(exercise.solution))
    assert verdict == (PASSED, exercise.moral)


@pytest.mark.parametrize(("id", "wrong"), WRONG, ids=[f"{id}: {w.message[:40]}" for id, w in WRONG])
def test_a_wrong_answer_fails_with_its_own_words(id, wrong):
    verdict = examine(EXERCISES[id], handed_in(wrong.code))
    assert verdict.state == NOT_YET
    assert wrong.message in verdict.text


@of_each
def test_its_wrong_answers_differ(exercise):
    assert len(exercise.wrong_answers) >= 3
    codes = [exercise.solution, *(wrong.code for wrong in exercise.wrong_answers)]
    assert len({ast.dump(ast.parse(code)) for code in codes}) == len(codes)
    assert len({wrong.message for wrong in exercise.wrong_answers}) == len(codes) - 1


@of_each
def test_its_starter_is_not_an_attempt(exercise):
    assert examine(exercise, handed_in(exercise.starter)).state == NOT_ATTEMPTED
    assert name_of(exercise.starter) == name_of(exercise.solution)


@of_each
def test_nonsense_is_never_our_fault(exercise):
    def silent(*_):
        _ = _[:1]

    def word(*_):
        return "word"

    def pair(*_):
        return 1, "two"

    def fails(*_):
        raise KeyError("mine")

    for answer in (silent, word, pair, fails, 42, "word", [], {}, object(), int, print, len):
        verdict = examine(exercise, answer)
        assert verdict.state == NOT_YET, f"{answer}: {verdict}"


@of_each
def test_its_texts(exercise):
    assert re.fullmatch(r"0[1-7]-[a-z]+", exercise.id)
    assert len(exercise.hints) >= 2
    assert all(text.strip()[-1] in ".?:" for text in (*exercise.hints, exercise.moral))
    code = ast.dump(ast.parse(exercise.solution).body[-1])
    assert all(code not in hint for hint in exercise.hints)


# --------------------------------------------------------------------------- in the notebooks


def test_the_notebooks_hold_the_prompts_and_starters_of_all_exercises():
    prompts, codes = {}, {}
    for path in NOTEBOOKS:
        shown, begun = exercises_of(read(path))
        assert all(path.stem.startswith(id[:2]) for id in shown)
        prompts |= shown
        codes |= begun
    assert prompts == {id: one.prompt for id, one in EXERCISES.items()}
    assert codes == {id: answer_cell(one, one.starter) for id, one in EXERCISES.items()}
    assert list(prompts) == list(EXERCISES)  # in the same order


def test_no_notebook_holds_a_solution():
    shown = [
        ast.dump(node)
        for path in NOTEBOOKS
        for code in read(path).cells
        if code.cell_type == "code"
        for node in ast.parse(code.source).body
    ]
    for exercise in EXERCISES.values():
        assert ast.dump(ast.parse(exercise.solution).body[-1]) not in shown


# --------------------------------------------------------------------------------- the desk


def double(answer):
    """The check of a little exercise."""
    for number in (1, 3):
        if (seen := call(answer, [number])) != 2 * number:
            raise NotYet(f"twice {number}: expected {2 * number}, saw {seen}")


TWICE = Exercise(
    "00-twice",
    "Double it.",
    "def my_twice(numbers):\n    ...",
    double,
    ("Add.", "Add it to itself."),
    "def my_twice(numbers):\n    return 2 * numbers[0]",
    "Well doubled.",
    (),
)


@pytest.fixture
def twice(monkeypatch):
    monkeypatch.setitem(EXERCISES, "00-twice", TWICE)
    monkeypatch.setattr(desk, "_attempted", set())
    monkeypatch.setattr(desk, "_hints", desk.Counter())


def test_the_four_verdicts(twice, capsys):
    def said(answer):
        check("00-twice", answer)
        return capsys.readouterr().out

    assert said(lambda numbers: 2 * numbers[0]) == "✓ Passed. Well doubled.\n"
    assert "✗ Not yet. twice 1: expected 2, saw 3\nFor a hint: hint(" in said(lambda numbers: 3)
    assert said(...).startswith("○ Not attempted yet. Put your answer")
    EXERCISES["00-twice"] = TWICE._replace(check=lambda answer: math.sqrt("our mistake"))
    answer = handed_in(TWICE.solution)  # its code is in another file than that of the check
    assert said(answer) == (
        "! Our fault. Our checker failed (TypeError: must be real number, not str), not you. Your "
        "answer may be right. Please report it.\n"
    )


def test_hints_come_one_at_a_time(twice, capsys):
    for number in (1, 2, 2):
        hint("00-twice")
        assert f"Hint {number} of 2: {TWICE.hints[number - 1]}" in capsys.readouterr().out


def test_the_solution_comes_after_an_attempt(twice, capsys):
    solution("00-twice")
    assert "Try it first" in capsys.readouterr().out
    check("00-twice", ...)  # no attempt
    solution("00-twice")
    assert "Try it first" in capsys.readouterr().out
    solution("00-twice", force=True)
    assert "return 2 * numbers[0]" in capsys.readouterr().out
    check("00-twice", lambda numbers: 0)
    capsys.readouterr()
    solution("00-twice")
    assert capsys.readouterr().out == TWICE.solution + "\n"


def test_a_mistyped_exercise(capsys):
    check("05-lop", 1)
    hint("05-lop")
    solution("05-lop")
    assert capsys.readouterr().out.count('Did you mean "05-loop"?') == 3


def raises(numbers):
    wanted = numbers[0]
    return wanted / 0


def test_an_error_in_an_answer_is_shown_with_its_line():
    state, text = examine(TWICE, raises)
    assert state == NOT_YET
    line = inspect.getsourcelines(raises)[1] + 2
    assert text == (
        "Your code raised ZeroDivisionError: division by zero\n"
        f"in line {line} of your cell: return wanted / 0"
    )


# ------------------------------------------------- where the error is, whatever stands around it


def noted(function):
    """A learner's own decorator."""

    @functools.wraps(function)
    def inner(*arguments):
        return function(*arguments)

    return inner


@torch.no_grad()
def without_record(numbers):
    return numbers[0] / 0  # here


@noted
@torch.no_grad()
@noted
def thrice(numbers):
    return numbers[0] / 0  # here


def asks(numbers):
    @torch.no_grad()
    def helper(number):
        return number / 0  # here

    return helper(numbers[0])


@pytest.mark.parametrize(
    "answer",
    [without_record, thrice, asks, torch.no_grad()(lambda numbers: numbers[0] / 0)],  # here
    ids=["torch's", "several", "of a helper", "of a lambda"],
)
def test_an_error_inside_a_decorator_is_shown_with_the_learners_line(answer):
    state, text = examine(TWICE, answer)
    assert state == NOT_YET
    number = int(re.search(r"\nin line (\d+) of your cell: .*/ 0", text)[1])
    assert linecache.getline(__file__, number).endswith("# here\n")


class Decorated(TextClassifier):
    """A right answer but for its last line."""

    def __init__(self, words, classes, width):
        super().__init__(words, classes, width)

    @torch.enable_grad()
    def forward(self, tokens, offsets):
        return super().forward(tokens, offsets)[len(self.nothing)]  # here


def test_an_error_inside_a_decorated_method_is_shown_with_its_line():
    state, text = examine(CLASS, Decorated)
    assert state == NOT_YET and "no attribute 'nothing'" in text
    number = int(re.search(r"in line (\d+) of your cell", text)[1])
    assert linecache.getline(__file__, number).endswith("# here\n")


CLASS = Exercise(
    "00-class",
    "A class.",
    "class MyModel(nn.Module):\n"
    "    def __init__(self, words, classes, width): ...\n"
    "    def forward(self, tokens, offsets): ...",
    lambda answer: answer(12, 3, 8)(*little_batches((2,))[0][:2]),
    (),
    "",
    "Well made.",
    (),
)


def test_what_is_wrong_before_the_decorator_has_called_the_answer_is_not_our_fault():
    def refuses(function):
        @functools.wraps(function)
        def inner(*arguments):
            raise TypeError("not today")

        return inner

    decorated = refuses(handed_in(TWICE.solution))  # its code is in another file
    assert examine(TWICE, decorated) == (NOT_YET, "Your decorator raised TypeError: not today")
    cached = functools.lru_cache(handed_in(TWICE.solution))  # has no line of Python
    assert examine(TWICE, cached).text == "Your decorator raised TypeError: unhashable type: 'list'"


def test_a_decorated_answer_is_judged_like_one_without():
    for decorate in (torch.no_grad(), noted):
        assert examine(TWICE, decorate(handed_in(TWICE.solution))).state == PASSED
        assert examine(TWICE, decorate(handed_in(TWICE.starter))).state == NOT_ATTEMPTED
        text = examine(TWICE, decorate(two)).text
        assert text.startswith("Your `two` takes (a, b), and it will be called with (numbers).")


def leaves(numbers):
    raise SystemExit


def test_an_answer_cannot_end_the_kernel():
    assert examine(TWICE, leaves).text.startswith("Your code raised SystemExit\nin line")


def test_an_interrupt_by_the_learner_passes_through():
    def interrupted(numbers):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        examine(TWICE, interrupted)


def for_ever(numbers):
    while True:
        pass


def catches_all(numbers):
    while True:
        with suppress(Exception):
            for_ever(numbers)


def catches_one(numbers):
    try:
        for_ever(numbers)
    except:  # noqa: E722
        for_ever(numbers)


@pytest.mark.parametrize("answer", [for_ever, catches_all, catches_one])
def test_an_endless_loop_is_ended(answer, monkeypatch):
    monkeypatch.setattr("lessons.exercises.runner.SECONDS", 0.2)
    state, text = examine(TWICE, answer)
    assert (state, text[:41]) == (NOT_YET, "Your code was stopped after 0.2 seconds. ")
    assert examine(TWICE, lambda numbers: 2 * numbers[0]).state == PASSED


def test_the_time_limit_leaves_no_thread_behind():
    examine(TWICE, lambda numbers: 2)
    waiting = [one for one in threading.enumerate() if one.name == "lessons-time-limit"]
    for one in waiting:
        one.join(10)
        assert not one.is_alive()


def test_the_end_of_the_time_is_never_late(monkeypatch):
    """It strikes within the answer or not at all, however close the race."""
    monkeypatch.setattr("lessons.exercises.runner.SECONDS", 0.002)
    states = set()
    for turn in range(300):

        def slow(numbers, seconds=0.0018 + turn * 1e-6):
            begun = time.perf_counter()
            while time.perf_counter() < begun + seconds:
                pass
            return 2 * numbers[0]

        states.add(examine(TWICE, slow).state)
    assert states <= {PASSED, NOT_YET}
    assert OUR_FAULT not in states


def pops(numbers):
    return 2 * numbers.pop()


def test_a_changed_input_is_told():
    text = examine(TWICE, pops).text
    assert "input number 1 is not what it was before. It was [1], and afterwards it is []" in text


def puts(numbers):
    numbers[0] = np.int64(7)
    return 2


def test_a_number_of_numpy_put_into_an_input_is_told_as_well():
    assert "It was [1], and afterwards it is [np.int64(7)]" in examine(TWICE, puts).text


def test_a_check_leaves_the_random_numbers_of_the_kernel_as_they_were(monkeypatch):
    seeded = []
    monkeypatch.setattr(torch.cuda, "manual_seed_all", seeded.append)
    before = torch.get_rng_state()
    examine(TWICE, lambda numbers: torch.rand(1).item())
    assert torch.equal(torch.get_rng_state(), before)
    assert seeded == []  # nor those of a GPU


def test_an_input_that_is_no_number_is_not_taken_for_a_changed_one():
    assert call(len, [1.0, math.nan]) == 2


def two(a, b):
    return a


def test_another_first_line_is_told():
    text = examine(TWICE, two).text
    assert text.startswith("Your `two` takes (a, b), and it will be called with (numbers).")


def test_the_same_verdict_every_time(exercise=EXERCISES["05-loop"]):
    wrong = handed_in(exercise.wrong_answers[1].code)
    assert examine(exercise, wrong) == examine(exercise, wrong)
