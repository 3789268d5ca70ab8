"""Every exercise: its solution passes, each wrong answer fails with its own words."""

import ast
import builtins
import functools
import inspect
import linecache
import math
import re
import sys
import threading
import time
from contextlib import suppress
from functools import cache
from types import FunctionType

import numpy as np
import pytest
import torch
from lesson_notebooks import NOTEBOOKS, exercises_of, read
from torch import nn
from wrong_answers import WRONG_ANSWERS

import lessons.exercises as desk
from conftest import ROOT
from lessons.exercises import EXERCISES, check, hint, solution
from lessons.exercises.asserts import (
    Exercise,
    NotYet,
    Other,
    Try,
    call,
    counted,
    judge,
    little_batches,
    times,
    without,
)
from lessons.exercises.runner import (
    NOT_ATTEMPTED,
    NOT_YET,
    OUR_FAULT,
    PASSED,
    examine,
    methods,
)
from lessons.model import TextClassifier

of_each = pytest.mark.parametrize("exercise", EXERCISES.values(), ids=EXERCISES)


# ------------------------------------------------------------------------------- all of them


@of_each
def test_its_solution_passes(exercise):
    assert examine(exercise, exercise.solution) == (PASSED, exercise.moral)


@of_each
def test_its_solution_is_written_as_a_learner_would(exercise):
    check_plain(exercise.code, exercise.solution)


def check_plain(code, written):
    """It begins with its name, and has no types and no docstrings."""
    assert code.startswith((f"def {written.__name__}(", f"class {written.__name__}("))
    nodes = list(ast.walk(ast.parse(code)))
    functions = [node for node in nodes if isinstance(node, ast.FunctionDef)]
    for node in [*functions, *(one for one in nodes if isinstance(one, ast.ClassDef))]:
        assert ast.get_docstring(node) is None
    assert all(node.returns is None for node in functions)
    assert all(node.annotation is None for node in nodes if isinstance(node, ast.arg))


@of_each
def test_its_other_ways_are_written_as_it_is_and_have_two_sides(exercise):
    """That each is right, and differs, is tried with the right answers."""
    for other in exercise.others:
        check_plain(other.code, other.way)
        ours, theirs = methods(exercise.solution), methods(other.way)
        assert theirs.keys() == ours.keys()
        for name, way in theirs.items():
            assert inspect.signature(way) == inspect.signature(ours[name])
        assert not other.way.__name__.lower().startswith("my")  # it is nobody's answer
        assert re.search(r"\b[Bb]ut\b", other.trade_off) and other.trade_off.endswith(".")
        assert 80 < len(other.trade_off) < 240


def test_most_exercises_have_another_way():
    assert sum(bool(one.others) for one in EXERCISES.values()) > len(EXERCISES) / 2


LESSONS = {
    path.stem: ast.parse(path.read_text(encoding="utf-8"))
    for path in sorted((ROOT / "src" / "lessons" / "exercises").glob("lesson_*.py"))
}


def test_every_exercise_has_an_id_and_a_solution_of_its_own():
    made = [call for page in LESSONS.values() for call in calls_of("Exercise", page)]
    assert len(made) == len(EXERCISES)  # of equal ids, only the last one would be found
    assert len({one.solution for one in EXERCISES.values()}) == len(EXERCISES)


def calls_of(name, page):
    """The places in a page of code where it calls something by this name."""
    calls = (node for node in ast.walk(page) if isinstance(node, ast.Call))
    return [node for node in calls if isinstance(node.func, ast.Name) and node.func.id == name]


def test_nothing_but_solutions_goes_without_types_and_docstrings():
    """Neither mypy nor ruff asks for them where the solutions are."""
    solutions = {exercise.solution.__name__ for exercise in EXERCISES.values()}
    solutions |= {one.way.__name__ for exercise in EXERCISES.values() for one in exercise.others}
    for lesson, page in LESSONS.items():
        for node in page.body:
            if isinstance(node, ast.FunctionDef) and node.name not in solutions:
                given = [one.annotation for one in node.args.args]
                assert all([*given, node.returns]), f"{lesson}: {node.name} has no types"
                assert node.name.startswith("_") or ast.get_docstring(node), node.name


@pytest.mark.parametrize("wrong", WRONG_ANSWERS, ids=lambda w: f"{w.id}: {w.answer.__name__}")
def test_a_wrong_answer_fails_with_its_own_words(wrong):
    state, text = examine(EXERCISES[wrong.id], wrong.answer)
    assert state == NOT_YET
    assert wrong.words in text


@of_each
def test_it_has_wrong_answers_which_differ_and_are_reported_apart(exercise):
    answers = [wrong for wrong in WRONG_ANSWERS if wrong.id == exercise.id]
    assert len(answers) >= 3
    bodies = [body_of(exercise.solution), *(body_of(wrong.answer) for wrong in answers)]
    assert len(set(bodies)) == len(bodies)
    assert len({wrong.words for wrong in answers}) == len(answers)
    texts = {examine(exercise, wrong.answer).text for wrong in answers}
    assert len(texts) == len(answers)


def body_of(answer):
    """What a function or class does, whatever its name is."""
    (node,) = ast.parse(inspect.getsource(answer)).body
    return ast.dump(ast.Module(node.body, []))


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
    lesson, _, word = exercise.id.partition("-")
    assert exercise.solution.__module__ == f"lessons.exercises.lesson_{lesson}"
    assert re.fullmatch("[a-z]+", word)
    assert len(exercise.hints) >= 2
    assert all(text.strip()[-1] in ".?:" for text in (*exercise.hints, exercise.moral))
    (written,) = ast.parse(exercise.code).body
    body = "; ".join(map(ast.unparse, written.body)).removeprefix("return ")
    assert all(body not in hint for hint in exercise.hints)


def test_a_lesson_is_found_by_its_name(tmp_path, monkeypatch):
    """Without an edit of any list."""
    lesson = tmp_path / "lesson_97.py"
    lesson.write_text(
        "from lessons.exercises.lesson_05 import STEPS\nONE = STEPS._replace(id='97-one')"
    )
    monkeypatch.setattr(desk, "__path__", [*desk.__path__, str(tmp_path)])
    assert list(desk.collect()) == [*EXERCISES, "97-one"]
    del sys.modules["lessons.exercises.lesson_97"], desk.lesson_97


# --------------------------------------------------------------------------- in the notebooks


@cache
def in_the_notebooks():
    """Prompts and code to begin with, by id, in the order of the lessons."""
    prompts, codes = {}, {}
    for path in NOTEBOOKS:
        shown, begun = exercises_of(read(path))
        assert all(path.stem.startswith(id[:2]) for id in [*shown, *begun])
        prompts |= shown
        codes |= begun
    return prompts, codes


def test_the_notebooks_hold_all_exercises_and_no_others_in_order():
    prompts, codes = in_the_notebooks()
    assert list(prompts) == list(codes) == list(EXERCISES)


@of_each
def test_its_code_to_begin_with_has_the_first_lines_of_the_solution_and_does_nothing(exercise):
    prompts, codes = in_the_notebooks()
    handed_in = {}
    exec(codes[exercise.id], {"nn": nn, "check": handed_in.__setitem__})
    answer = handed_in[exercise.id]
    assert first_lines(answer) == first_lines(exercise.solution)
    assert f"`{answer.__name__}`" in prompts[exercise.id]
    assert examine(exercise, answer).state == NOT_ATTEMPTED


def first_lines(answer):
    """The name, and the signatures of a function or of the methods of a class."""
    signatures = {name: inspect.signature(one) for name, one in methods(answer).items()}
    return answer.__name__, signatures


@of_each
def test_its_hints_use_the_names_of_the_lesson_and_of_the_solution(exercise):
    known = {*dir(builtins), *names_in(exercise.code)}
    for path in NOTEBOOKS:
        if path.stem.startswith(exercise.id[:2]):
            codes = [cell.source for cell in read(path).cells if cell.cell_type == "code"]
            known.update(name for code in codes for name in names_in(code))
    for text in exercise.hints:
        words = re.findall(r"\w+", re.sub("`.*?`", "", text))
        for code in re.findall("`(.*?)`", text):
            with suppress(SyntaxError):  # a part of a line, or no code
                assert names_in(code) <= known.union(words), text


def names_in(code):
    """The names that a piece of code uses, those behind a point too."""
    found = set()
    for node in ast.walk(ast.parse(code)):
        parts = (getattr(node, part, None) for part in ("id", "attr", "name", "arg", "module"))
        found.update(part for part in parts if isinstance(part, str))
    return found


def test_no_notebook_holds_a_solution():
    shown = [
        ast.dump(ast.Module(node.body, []))
        for path in NOTEBOOKS
        for cell in read(path).cells
        if cell.cell_type == "code"
        for node in ast.walk(ast.parse(cell.source))
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
    ]
    assert shown
    for exercise in EXERCISES.values():
        for way in (exercise.solution, *(other.way for other in exercise.others)):
            assert body_of(way) not in shown, way


# --------------------------------------------------------------------------------- the desk


def double(answer):
    """The check of a little exercise."""
    for number in (1, 3):
        if (seen := call(answer, [number])) != 2 * number:
            raise NotYet(f"twice {number}: expected {2 * number}, saw {seen}")


def my_twice(numbers):
    return 2 * numbers[0]


def my_nothing(numbers): ...


TWICE = Exercise("00-twice", my_twice, double, ("Add.", "Add it to itself."), "Well doubled.")


def elsewhere(function):
    """The same function as if it stood in a cell: in another file than the check."""
    code = function.__code__.replace(co_filename="<cell>")
    return FunctionType(code, function.__globals__, function.__name__)


@pytest.fixture
def twice(monkeypatch):
    monkeypatch.setitem(EXERCISES, "00-twice", TWICE)
    desk.record.cache_clear()


def test_the_four_verdicts(twice, capsys):
    def said(answer):
        check("00-twice", answer)
        return capsys.readouterr().out

    assert said(lambda numbers: 2 * numbers[0]) == "✓ Passed. Well doubled.\n"
    assert "✗ Not yet. twice 1: expected 2, saw 3\nFor a hint: hint(" in said(lambda numbers: 3)
    assert said(...).startswith("○ Not attempted yet. Put your answer")
    EXERCISES["00-twice"] = TWICE._replace(check=lambda answer: math.sqrt("our mistake"))
    assert said(elsewhere(my_twice)) == (
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
    assert capsys.readouterr().out == inspect.getsource(my_twice)


def test_a_mistyped_exercise(capsys):
    check("05-lop", 1)
    hint("05-lop")
    solution("05-lop")
    assert capsys.readouterr().out.count('Did you mean "05-loop"?') == 3


def documented(numbers):
    """What it should do."""
    ...


def passes(numbers):
    # a thought
    pass
    ...


def returns_none(numbers):
    return None


class WithoutLayers(nn.Module):
    def __init__(self, vocab_size, num_classes, embedding_dim):
        super().__init__()
        ...

    def forward(self, token_ids, offsets):
        """What it should do."""
        ...


class WithoutInit(nn.Module):
    def __init__(self, vocab_size, num_classes, embedding_dim): ...

    @torch.no_grad()
    def forward(self, token_ids, offsets):
        pass


@pytest.mark.parametrize(
    "answer", [None, ..., my_nothing, documented, passes, returns_none, torch.no_grad()(my_nothing)]
)
def test_a_function_that_does_nothing_is_not_attempted(answer):
    assert examine(TWICE, answer).state == NOT_ATTEMPTED


@pytest.mark.parametrize("answer", [None, ..., WithoutLayers, WithoutInit])
def test_a_class_that_does_nothing_is_not_attempted(answer):
    assert examine(CLASS, answer).state == NOT_ATTEMPTED


def returns_dots(numbers):
    return ...


def has_a_thought(numbers):
    numbers = [*numbers]


def prints(numbers):
    print("numbers")


class Forgets(WithoutLayers):
    def __init__(self, vocab_size, num_classes, embedding_dim):
        super().__init__(vocab_size, num_classes, embedding_dim)


class Guesses(WithoutLayers):
    def forward(self, token_ids, offsets):
        return token_ids[offsets]


class Empty(nn.Module): ...


@pytest.mark.parametrize(
    ("exercise", "answer"),
    [
        *((name, one) for name in ("function", "class") for one in (0, "", [], False, "...")),
        *(("function", one) for one in (returns_dots, has_a_thought, prints, lambda _: ..., Empty)),
        *(("class", one) for one in (Forgets, Guesses, Empty, WithoutLayers(1, 2, 3), my_nothing)),
    ],
)
def test_whatever_does_something_is_an_attempt(exercise, answer):
    exercises = {"function": TWICE, "class": CLASS}
    assert examine(exercises[exercise], answer).state in (PASSED, NOT_YET)


def raises(numbers):
    wanted = numbers[0]
    return wanted / 0


def test_an_error_in_an_answer_is_shown_with_its_line():
    state, text = examine(TWICE, raises)
    assert state == NOT_YET
    line = inspect.getsourcelines(raises)[1] + 2
    assert text == (
        "Your code raised ZeroDivisionError: division by zero\n"
        f"in line {line} of your cell: return wanted / 0\n"
        "The divisor was 0. Which example makes it 0, and what should come out then?"
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

    def __init__(self, vocab_size, num_classes, embedding_dim):
        super().__init__(vocab_size, num_classes, embedding_dim)

    @torch.enable_grad()
    def forward(self, token_ids, offsets):
        return super().forward(token_ids, offsets)[len(self.nothing)]  # here


def test_an_error_inside_a_decorated_method_is_shown_with_its_line():
    state, text = examine(CLASS, Decorated)
    assert state == NOT_YET and "no attribute 'nothing'" in text
    number = int(re.search(r"in line (\d+) of your cell", text)[1])
    assert linecache.getline(__file__, number).endswith("# here\n")


class MyModel(nn.Module):
    def __init__(self, vocab_size, num_classes, embedding_dim):
        super().__init__()
        self.model = TextClassifier(vocab_size, num_classes, embedding_dim)

    def forward(self, token_ids, offsets):
        return self.model(token_ids, offsets)


CLASS = Exercise(
    "00-class",
    MyModel,
    lambda answer: answer(12, 3, 8)(*little_batches((2,))[0][:2]),
    (),
    "Well made.",
)


def test_what_is_wrong_before_the_decorator_has_called_the_answer_is_not_our_fault():
    def refuses(function):
        @functools.wraps(function)
        def inner(*arguments):
            raise TypeError("not today")

        return inner

    decorated = refuses(elsewhere(my_twice))
    assert examine(TWICE, decorated) == (NOT_YET, "Your decorator raised TypeError: not today")
    cached = functools.lru_cache(elsewhere(my_twice))  # has no line of Python
    assert examine(TWICE, cached).text == "Your decorator raised TypeError: unhashable type: 'list'"


def test_a_decorated_answer_is_judged_like_one_without():
    for decorate in (torch.no_grad(), noted):
        assert examine(TWICE, decorate(my_twice)).state == PASSED
        assert examine(TWICE, decorate(my_nothing)).state == NOT_ATTEMPTED
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


def slept(seconds):
    """An answer that is right, and takes so long without computing anything."""

    def sleeps(numbers):
        for _ in range(10):
            time.sleep(seconds / 10)
        return 2 * numbers[0]

    return sleeps


def test_a_right_answer_may_take_its_time_on_a_busy_computer(monkeypatch):
    """Others compute while it waits for the processor: that is no part of the limit."""
    monkeypatch.setattr("lessons.exercises.runner.SECONDS", 0.1)
    monkeypatch.setattr("lessons.exercises.runner.PATIENCE", 1000)
    assert examine(TWICE, slept(0.3)).state == PASSED


def test_an_answer_that_only_waits_is_ended_as_well(monkeypatch):
    monkeypatch.setattr("lessons.exercises.runner.SECONDS", 0.02)
    monkeypatch.setattr(time, "process_time", lambda: 0.0)
    assert examine(TWICE, slept(1)).text.startswith("Your code was stopped after")


def test_what_many_threads_compute_is_not_added_up(monkeypatch):
    monkeypatch.setattr("lessons.exercises.runner.SECONDS", 2)
    monkeypatch.setattr(time, "process_time", lambda: 100 * time.monotonic())
    assert examine(TWICE, slept(0.3)).state == PASSED


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


def test_what_an_answer_is_tried_on_stays_as_it_was():
    given = [1, [2, 3]]
    with pytest.raises(NotYet, match="side effect"):
        call(lambda numbers: numbers[1].pop(), given)
    assert given == [1, [2, 3]]  # the next answer gets all of it


def test_a_changed_input_is_reported():
    text = examine(TWICE, pops).text
    assert "input number 1 is not what it was before. It was [1], and afterwards it is []" in text


def puts(numbers):
    numbers[0] = np.int64(7)
    return 2


def test_a_number_of_numpy_put_into_an_input_is_reported_as_well():
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


def test_another_first_line_is_reported():
    text = examine(TWICE, two).text
    assert text.startswith("Your `two` takes (a, b), and it will be called with (numbers).")


def test_the_same_verdict_every_time():
    for wrong in WRONG_ANSWERS:
        if wrong.id == "05-loop":
            exercise = EXERCISES[wrong.id]
            assert examine(exercise, wrong.answer) == examine(exercise, wrong.answer)


# --------------------------------------------------------------------- what a mistake is called

DOUBLED, SQUARED = "That is twice.", "That is the square."


def tries(answer):
    """Three numbers are asked for as they are; 2 does not tell the two mistakes apart."""
    for x in (0, 2, 3):
        yield Try(f"For {x}", answer(x), x, [(2 * x, DOUBLED), (x * x, SQUARED)])


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda x: 2 * x, f"For 2: expected 2, saw 4. {DOUBLED}"),
        (lambda x: x * x, f"For 2: expected 2, saw 4. {SQUARED}"),
        (lambda x: 4, "For 0: expected 0, saw 4."),  # for 2 it is what either mistake gives
        (lambda x: x if x < 3 else 6, "For 3: expected 3, saw 6."),  # twice, but not for 2
        (lambda x: x + x // 2 * 2, "For 2: expected 2, saw 4."),
        (lambda x: 4 if x == 2 else x, "For 2: expected 2, saw 4."),
        (lambda x: {0: 0, 2: 4}[x], "For 2: expected 2, saw 4."),  # it breaks later, and fits both
    ],
)
def test_a_mistake_is_named_if_it_alone_explains_all_numbers(answer, words):
    with pytest.raises(NotYet) as told:
        judge(tries(answer))
    assert str(told.value) == words


def test_an_answer_that_breaks_before_it_is_wrong_is_told_so():
    with pytest.raises(KeyError):
        judge(tries(lambda x: {0: 0, 2: 2}[x]))
    judge(tries(lambda x: x))


def test_a_mistake_that_an_example_does_not_name_makes_no_difference_there():
    one = Try("One", 4.0, 2.0, [(4.0, DOUBLED), (5.0, SQUARED)])
    with pytest.raises(NotYet, match=f"^One: expected 2, saw 4. {DOUBLED}$"):
        judge([one, Try("Another", 7.0, 1.0)])


def test_a_call_of_a_function_that_is_forbidden_is_noticed():
    before = sys.getprofile()
    with pytest.raises(NotYet, match="Your code calls `little_batches`."), without(little_batches):
        little_batches((1,))
    with without(little_batches):
        call(len, [1])
    assert sys.getprofile() is before


def test_numbers_are_counted_in_words():
    assert [times(count) for count in (1, 2, 3)] == ["once", "twice", "3 times"]
    assert [counted(count, "epoch") for count in (0, 1, 2)] == ["0 epochs", "1 epoch", "2 epochs"]


def test_no_message_counts_one_thing_as_many():
    texts = [examine(EXERCISES[wrong.id], wrong.answer).text for wrong in WRONG_ANSWERS]
    many = r"(?<![\w.])(?<!and )1 (epochs|times|steps|stories|batches|models|questions)\b"
    assert [text for text in texts if re.search(many, text)] == []
