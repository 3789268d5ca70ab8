"""The note about the test set, in a real kernel."""

from pathlib import Path

import pytest
from jupyter_client.manager import start_new_kernel

from lessons import exam
from lessons.data import ExamStories, Stories, load_split
from lessons.loaders import EncodedStories
from lessons.text import Vocabulary

SETUP = """
from lessons import exam
from lessons.data import Stories, load_split
from lessons.loaders import EncodedStories, make_loader
from lessons.model import TextClassifier
from lessons.text import Vocabulary
from lessons.training import evaluate, predict
def get_ready():
    global test, vocabulary, model, parts, validation
    parts = load_split()
    vocabulary = Vocabulary.build(parts.train.texts)
    model = TextClassifier(len(vocabulary), 4)
    test, validation = (
        make_loader(EncodedStories(part, vocabulary), 64) for part in (parts.test, parts.validation)
    )
get_ready()
"""


@pytest.fixture(scope="module")
def kernel():
    manager, client = start_new_kernel()
    yield client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


@pytest.fixture
def run(kernel):
    """Run a cell and return what it printed; a front end may say the cell's id."""

    def run(code, cell=None):
        printed = []

        def hear(message):
            assert message["msg_type"] != "error", message["content"]
            printed.append(message["content"].get("text", ""))

        metadata = {"cellId": cell} if cell else {}
        message = kernel.session.msg(
            "execute_request",
            {"code": code, "silent": False, "store_history": True, "allow_stdin": False},
            metadata=metadata,
        )
        kernel.shell_channel.send(message)
        while True:
            heard = kernel.get_iopub_msg(timeout=60)
            if heard["parent_header"].get("msg_id") == message["header"]["msg_id"]:
                hear(heard)
                if heard["content"].get("execution_state") == "idle":
                    return "".join(printed)

    run("from lessons import exam\nexam.guard.__init__()")
    run(SETUP)
    return run


def test_one_cell_may_score_it_as_often_as_it_likes(run):
    assert run("a = evaluate(model, test)\nb = predict(model, test)", "one") == ""
    assert run("a = evaluate(model, test)\nb = predict(model, test)", "one") == ""


def test_the_same_cell_may_be_changed(run):
    assert run("evaluate(model, test)", "one") == ""
    assert run("evaluate(model, test).loss", "one") == ""


def test_a_second_cell_is_told_once_a_run(run):
    assert run("evaluate(model, test)", "one") == ""
    for _ in range(2):
        said = run("a = evaluate(model, test)\nb = predict(model, test)", "two")
        assert said == exam.NOTE + "\n"
    assert run("evaluate(model, test)", "one") == ""


def test_without_ids_a_cell_is_known_by_its_code(run):
    assert run("evaluate(model, test)") == ""
    assert run("evaluate(model, test)") == ""
    assert run("x = predict(model, test)") == exam.NOTE + "\n"


def test_to_load_it_again_makes_no_new_exam(run):
    run("evaluate(model, test)", "one")
    run("get_ready()", "setup")
    assert run("x = evaluate(model, test)", "two") == exam.NOTE + "\n"


def test_another_split_is_another_exam(run):
    run("evaluate(model, test)", "one")
    run("other = EncodedStories(load_split(seed=1).test, vocabulary)", "setup")
    assert run("x = evaluate(model, make_loader(other, 64))", "two") == ""


def test_quizzes_may_be_taken_again_and_again(run):
    assert run("x = evaluate(model, validation)", "one") == ""
    assert run("y = evaluate(model, validation)", "two") == ""


def test_to_look_at_the_stories_is_no_use(run):
    run("evaluate(model, test)", "one")
    assert run("n = len(test.dataset), parts.test.texts[0], test.dataset.labels.sum()", "two") == ""


ADVICE = exam.NOTE.partition("To be without the note:\n")[2]  # code, as it is printed


def test_it_can_be_switched_off_as_the_note_says(run):
    run("evaluate(model, test)", "one")
    assert run(f"{ADVICE}\nx = evaluate(model, test)", "two") == ""


def test_the_advice_of_the_note_needs_nothing_that_was_imported_before(monkeypatch):
    monkeypatch.setattr(exam.guard, "watching", True)
    exec(ADVICE, {})
    assert exam.guard.watching is False


def test_the_readme_gives_the_same_advice():
    readme = (Path(__file__).parents[1] / "README.md").read_text()
    assert all(f"`{line}`" in readme for line in ADVICE.splitlines())


def test_the_plain_stories_carry_no_note(run):
    plain = "test = make_loader(EncodedStories(Stories(*parts.test), vocabulary), 64)"
    assert run(f"{plain}\nx = evaluate(model, test)", "one") == ""
    assert run("x = evaluate(model, test)", "two") == ""


def test_outside_of_a_notebook_nothing_is_said(capsys):
    parts = load_split()
    assert isinstance(parts.test, ExamStories) and not isinstance(parts.validation, ExamStories)
    assert Stories(*parts.test) == parts.test
    stories = EncodedStories(parts.test, Vocabulary.build(parts.train.texts))
    for _ in range(2):
        assert len(stories[0].labels) == 1
    assert capsys.readouterr().out == ""
