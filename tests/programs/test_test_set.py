"""The note about the test set, in a real kernel."""

import pytest
from jupyter_client.manager import start_new_kernel

from lessons.loaders import EncodedStories, make_loader
from lessons.sources import load_split
from lessons.support.test_set import NOTE, OneUse
from lessons.text import Vocabulary

SETUP = """
from lessons.loaders import EncodedStories, make_loader
from lessons.model import TextClassifier
from lessons.sources import load_split
from lessons.support.test_set import OneUse
from lessons.text import Vocabulary
from lessons.validation import evaluate, predict
def get_ready():
    global test, vocabulary, model, parts, validation
    parts = load_split()
    vocabulary = Vocabulary.build(parts.train.texts)
    model = TextClassifier(len(vocabulary), 4)
    test, validation = (
        make_loader(EncodedStories(part, vocabulary), 64) for part in (parts.test, parts.validation)
    )
    test = OneUse(test)
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

    run(SETUP)
    run("OneUse._first.clear()")
    return run


def test_one_cell_may_score_it_as_often_as_it_likes(run):
    assert run("a = evaluate(model, test)\nb = predict(model, test)", "one") == ""
    assert run("a = evaluate(model, test)\nb = predict(model, test)", "one") == ""


def test_the_same_cell_may_be_changed(run):
    assert run("evaluate(model, test)", "one") == ""
    assert run("evaluate(model, test).loss", "one") == ""


def test_a_second_cell_has_the_note_once_a_run(run):
    assert run("evaluate(model, test)", "one") == ""
    for _ in range(2):
        said = run("a = evaluate(model, test)\nb = predict(model, test)", "two")
        assert said == NOTE + "\n"
    assert run("evaluate(model, test)", "one") == ""


def test_without_ids_a_cell_is_known_by_its_code(run):
    assert run("evaluate(model, test)") == ""
    assert run("evaluate(model, test)") == ""
    assert run("x = predict(model, test)") == NOTE + "\n"


def test_to_load_it_again_makes_no_new_test_set(run):
    run("evaluate(model, test)", "one")
    run("get_ready()", "setup")
    assert run("x = evaluate(model, test)", "two") == NOTE + "\n"


def test_another_split_is_another_test_set(run):
    run("evaluate(model, test)", "one")
    run("other = EncodedStories(load_split(seed=1).test, vocabulary)", "setup")
    assert run("x = evaluate(model, OneUse(make_loader(other, 64)))", "two") == ""


def test_a_validation_set_may_be_scored_again_and_again(run):
    assert run("x = evaluate(model, validation)", "one") == ""
    assert run("y = evaluate(model, validation)", "two") == ""


def test_to_look_at_the_stories_is_no_use(run):
    run("evaluate(model, test)", "one")
    assert run("n = len(test.dataset), parts.test.texts[0], test.dataset.labels.sum()", "two") == ""


def test_another_vocabulary_makes_no_new_test_set(run):
    run("evaluate(model, test)", "one")
    run("other = EncodedStories(parts.test, Vocabulary.of(['<unk>']))", "setup")
    assert run("x = predict(model, OneUse(make_loader(other, 64)))", "two") == NOTE + "\n"


def test_without_the_wrapper_there_is_no_note_as_the_note_says(run):
    run("evaluate(model, test)", "one")
    assert "without `OneUse` gives no note" in NOTE
    assert run("x = evaluate(model, test.loader)", "two") == ""


def test_outside_of_a_notebook_nothing_is_said(capsys):
    parts = load_split()
    stories = EncodedStories(parts.test, Vocabulary.build(parts.train.texts))
    loader = make_loader(stories, 64)
    for _ in range(2):
        assert [len(batch.labels) for batch in OneUse(loader)] == [len(b.labels) for b in loader]
    assert len(OneUse(loader)) == len(loader)
    assert capsys.readouterr().out == ""
