"""The smaller panels without a browser: the split, batches, the learning rate, a headline."""

import ast
import inspect
import re

import ipywidgets
import pytest
from panels import find, press, put, shown

import lessons.panels
from lessons.model import Classifier, TextClassifier, classify
from lessons.panels import BatchPanel, HeadlinePanel, RatePanel, SplitPanel, TrainingLab
from lessons.split import Stories, split
from lessons.text import Vocabulary


def test_batches(parts):
    panel = BatchPanel(1030, 100)
    assert "1,030 stories in batches of 100: 11 iterations make one epoch" in shown(panel)
    assert "The last batch holds 30." in shown(panel)
    put(panel, "stories", 1000)
    assert "10 iterations" in shown(panel) and "All are full." in shown(panel)
    put(panel, "iteration", 10)
    assert "Iteration 10: 1,000 stories are read. That was one epoch." in shown(panel)
    put(panel, "batch size", 64)
    assert panel.iterations == 16
    assert find(panel, ipywidgets.BoundedIntText, "iteration, as a number").value == 0
    play = find(panel, ipywidgets.Play, "")
    assert play.max == 16
    put(panel, "batch size", 1000)
    assert "1 iteration makes one epoch" in shown(panel)
    put(panel, "batch size", 64)
    play.value = 3  # as in the third moment of playing
    assert "Iteration 3: 192 stories are read." in shown(panel)


@pytest.mark.parametrize(("stories", "size"), [(5000, 100), (1030, 2000), (30, 10)])
def test_batches_of_numbers_beyond_the_usual_ones(stories, size):
    panel = BatchPanel(stories, size)
    assert f"{stories:,} stories in batches of {size:,}:" in shown(panel)
    put(panel, "stories", 1000)
    put(panel, "batch size", 100)
    assert "1,000 stories in batches of 100: 10 iterations" in shown(panel)


@pytest.mark.parametrize("numbers", [(0, 100), (-5, 100), (1030, 0), (1030, 2.5)])
def test_batches_that_cannot_be(numbers):
    with pytest.raises(ValueError, match="must be a whole number of at least 1"):
        BatchPanel(*numbers)


def test_split(stories):
    panel = SplitPanel(stories)
    assert "Training 1,600, validation 200 and test 200 stories." in shown(panel)
    put(panel, "training", 50)
    put(panel, "validation", 20)
    assert "Training 1,000, validation 400 and test 600 stories." in shown(panel)
    assert "150 World, 150 Sports, 150 Business, 150 Sci/Tech" in shown(panel)
    box = find(panel, ipywidgets.Checkbox, "stratified: cut each class on its own")
    box.value = False
    by_luck = split(stories, (0.5, 0.2, 0.3), 0, stratified=False).test
    assert f"In the test set: {by_luck.labels.count(0)} World" in shown(panel)
    assert by_luck.labels.count(0) != 150


def test_split_without_a_test_set_or_with_too_few_stories(stories):
    panel = SplitPanel(stories)
    put(panel, "validation", 20)
    assert "Nothing is left for the test set" in shown(panel)
    put(panel, "validation", 10)
    assert "Nothing is left" not in shown(panel)
    put(panel, "stories", 50)
    put(panel, "validation", 5)
    assert "test set" in shown(panel)


def test_learning_rate_small_right_and_too_large():
    def path(rate, steps):
        panel = RatePanel()
        put(panel, "learning rate", rate)
        for _ in range(steps):
            press(panel, "Step")
        return panel, [loss for _, loss in panel.path]

    panel, small = path(0.1, 5)
    assert small == sorted(small, reverse=True) and small[0] - small[-1] < 0.1
    assert "The loss fell." in shown(panel)
    _, right = path(3.0, 5)
    assert right[-1] < 1.4  # near the valley's floor
    panel, large = path(100.0, 1)
    assert large[1] > large[0]
    assert "The loss rose: too far." in shown(panel)
    press(panel, "Back to the start")
    assert len(panel.path) == 1 and panel.path[0][0] == 2.0


@pytest.fixture(scope="module")
def classifier(parts, tmp_path_factory):
    lab = TrainingLab("words", folder=tmp_path_factory.mktemp("lab"))
    lab.run()
    return lab.classifier


def test_headline(classifier):
    panel = HeadlinePanel(classifier, "Striker scores twice in cup final")
    probabilities = classify(classifier, "Striker scores twice in cup final")
    page = shown(panel)
    assert f"Sports, with a probability of {probabilities['Sports']:.0%}." in page
    assert re.findall(r'lessons-(?:for|against)" style=.*?>(\w+) <small>', page) == [
        *("striker", "scores", "twice", "in", "cup", "final")
    ]
    text = find(panel, ipywidgets.Text, "headline")
    text.value = "Shares zzzz"
    assert "zzzz <small>" in shown(panel) and "unknown word" in shown(panel)
    text.value = "<script>bank</script>"
    assert "<script>bank" not in shown(panel)


@pytest.mark.parametrize("headline", ["", "   ", "zzzz qqqq"])
def test_a_headline_without_a_known_word_is_reported(classifier, headline):
    panel = HeadlinePanel(classifier, headline)
    assert "knows none of the words" in shown(panel)
    assert "lessons-word" not in shown(panel)


def test_without_a_headline_it_asks_about_words_that_the_model_knows(classifier):
    assert find(HeadlinePanel(classifier), ipywidgets.Text, "headline").value == (
        "Striker sells his robot bank"
    )
    vocabulary = Vocabulary.of(["<unk>", "天", "地", "人"])
    other = HeadlinePanel(Classifier(TextClassifier(4, 2), vocabulary, ("国际", "体育")))
    assert find(other, ipywidgets.Text, "headline").value == "天 地 人"
    assert "with a probability of" in shown(other)


def test_of_many_classes_the_most_probable_are_shown():
    vocabulary, names = Vocabulary.of(["<unk>", "good"]), tuple(f"topic {i:03}" for i in range(150))
    classifier = Classifier(TextClassifier(2, 150), vocabulary, names)
    probabilities = classify(classifier, "good")
    page = shown(HeadlinePanel(classifier, "good"))
    listed = re.findall(r"<th scope='row'>(topic \d+)</th>", page)
    assert listed == sorted(sorted(names, key=probabilities.get)[-12:])
    rest = sum(p for name, p in probabilities.items() if name not in listed)
    assert f"all the others</th><td>{rest:.0%}" in page


def test_of_many_classes_the_split_panel_counts_the_first_ones():
    names = tuple(f"topic {i}" for i in range(150))
    page = shown(SplitPanel(Stories(["x"] * 1500, [*range(150)] * 10, names)))
    assert "1 topic 11 ..." in page and "1 topic 12" not in page


def test_a_model_of_other_classes():
    vocabulary = Vocabulary.of(["<unk>", "good", "bad"])
    model = Classifier(TextClassifier(3, 2), vocabulary, ("yes & no", "<b>"))
    page = shown(HeadlinePanel(model, "good bad"))
    assert "yes &amp; no" in page and "&lt;b&gt;" in page


PANELS = {n: one for n, one in vars(lessons.panels).items() if hasattr(one, "instead")}


@pytest.mark.parametrize("panel", PANELS.values(), ids=PANELS)
def test_the_words_for_a_script_name_a_method_and_no_variable(panel):
    """A notebook may give a panel any name."""
    assert not re.search(r"\w\.\w", panel.instead)
    for method, arguments in re.findall(r"(\w+)\((.*?)\)", panel.instead):
        written = ast.parse(f"f({arguments})", mode="eval").body
        named = {one.arg: one.value for one in written.keywords}
        inspect.signature(getattr(panel, method)).bind("self", *written.args, **named)


@pytest.mark.parametrize("make", [BatchPanel, SplitPanel, RatePanel])
def test_every_drawing_has_words_with_numbers(make):
    (alt,) = re.findall(r'role="img" aria-label="([^"]+)"', shown(make()))
    assert len(alt) > 30 and re.search(r"\d", alt)
