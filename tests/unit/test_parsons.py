"""Parsons problems: an order is right if, and only if, it computes the same."""

import ast
import html
import inspect
import random
import re
from itertools import permutations

import pytest
import torch
from torch import nn

from lessons.exercises.asserts import little_batches, little_model
from lessons.panels import ParsonsPanel
from lessons.panels.parsons import INDENT, RULES, depth, fault, head, lines_of, shuffled
from lessons.training import train_step
from lessons.validation import evaluate

of_each = pytest.mark.parametrize("function", RULES, ids=lambda one: one.__name__)


def made(function, lines):
    """The function with its lines in this order. Raises SyntaxError if Python cannot read it."""
    source = "\n".join([head(function), *(INDENT + line for line in lines)])
    space = dict(function.__globals__)
    exec(source, space)
    return space[function.__name__]


def with_dropout():
    """A model whose answers depend on chance in training mode."""

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner, self.dropout = little_model(), nn.Dropout(0.5)
            self.recorded = []

        def forward(self, token_ids, offsets):
            means = self.dropout(self.inner.embedding(token_ids, offsets))
            logits = self.inner.linear(means)
            self.recorded.append(logits.requires_grad)
            return logits

    return Model()


def steps_with(function):
    """Three steps, from fresh gradients: what it says, and the weights afterwards."""
    model = little_model()
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    scores = [function(model, batch, optimizer) for batch in little_batches()]
    weights = nn.utils.parameters_to_vector(model.parameters()).tolist()
    return [tuple(one) for one in scores], weights


def measured_with(function):
    """What it says of a model, and how it leaves the model."""
    torch.manual_seed(0)
    model = with_dropout()
    score = function(model, little_batches())
    return tuple(score), model.training, model.recorded


TRIED = {train_step: steps_with, evaluate: measured_with}


def computes_the_same(function, lines):
    try:
        return TRIED[function](made(function, lines)) == TRIED[function](function)
    except (
        ArithmeticError,
        AttributeError,
        NameError,
        RuntimeError,
        SyntaxError,
        TypeError,
        ValueError,
    ):
        return False


def test_every_order_of_a_training_step_is_judged_as_it_computes():
    lines = lines_of(train_step)
    orders = [list(one) for one in permutations(lines)]
    assert len(orders) == 720
    right = [order for order in orders if not fault(train_step, order)]
    assert right == [order for order in orders if computes_the_same(train_step, order)]
    # zero_grad in front of any line up to backward, or after the step
    assert len(right) == 4


def test_orders_of_evaluate_are_judged_as_they_compute():
    lines, draw = lines_of(evaluate), random.Random(0)
    orders = [draw.sample(lines, len(lines)) for _ in range(300)]
    for here in range(len(lines)):  # each line in each other place
        for there in range(len(lines)):
            order = [*lines]
            order.insert(there, order.pop(here))
            orders.append(order)
    inner = [line for line in lines if depth(line) == 2]
    begin = lines.index(inner[0])
    orders += [lines[:begin] + list(one) + lines[begin + 4 :] for one in permutations(inner)]
    for order in orders:
        assert (not fault(evaluate, order)) == computes_the_same(evaluate, order), order
    assert len({tuple(order) for order in orders if not fault(evaluate, order)}) == 4


@of_each
def test_the_lines_are_those_of_the_library(function):
    (node,) = ast.parse(inspect.getsource(function)).body
    body = ast.Module(node.body[1:], [])
    assert ast.dump(ast.parse("\n".join(lines_of(function)))) == ast.dump(body)
    assert fault(function, lines_of(function)) == ""


@of_each
def test_each_rule_names_one_line_and_another(function):
    lines = lines_of(function)
    assert len(set(lines)) == len(lines)
    for rule in RULES[function]:
        for part in (rule.first, rule.then, rule.or_after):
            assert sum(part in line for line in lines) == (1 if part else len(lines))


@of_each
def test_it_never_starts_solved_and_always_alike(function):
    assert shuffled(function) == shuffled(function)
    assert sorted(shuffled(function)) == sorted(lines_of(function))
    assert fault(function, shuffled(function))


STEP = lines_of(train_step)  # logits, loss, zero_grad, backward, step, return
MEASURE = lines_of(evaluate)  # lists, with, eval, for, logits, loss, scores, sizes, return


@pytest.mark.parametrize(
    ("function", "order", "words"),
    [
        (
            train_step,
            (0, 1, 3, 2, 4, 5),
            "Line 4 (`optimizer.zero_grad()`) must come before line 3 (`loss.backward()`). ",
        ),
        (train_step, (0, 1, 3, 2, 4, 5), "it wipes the gradients that `backward()` has just"),
        (
            train_step,
            (0, 1, 2, 4, 3, 5),
            "Line 5 (`loss.backward()`) must come before line 4 (`optimizer.step()`). ",
        ),
        (train_step, (0, 1, 2, 4, 3, 5), "follows old ones, or none"),
        (train_step, (1, 0, 2, 3, 4, 5), "The loss measures the guesses"),
        (train_step, (0, 3, 1, 2, 4, 5), "`backward()` starts from the loss"),
        (train_step, (0, 1, 2, 3, 5, 4), "Nothing is done after `return`"),
        (evaluate, (0, 1, 3, 4, 5, 6, 7, 2, 8), "in evaluation mode already"),
        (evaluate, (0, 1, 2, 4, 3, 5, 6, 7, 8), "is indented, so it belongs into a block"),
        (
            evaluate,
            (0, 1, 8, 2, 3, 4, 5, 6, 7),
            "Line 2 (`with keep_mode(model), torch.no_grad():`) needs a block",
        ),
        (evaluate, (0, 1, 2, 3, 4, 6, 5, 7, 8), "must be measured before it is noted"),
        (evaluate, (1, 2, 3, 4, 5, 6, 7, 0, 8), "The lists must be there"),
    ],
)
def test_a_slip_is_told_with_its_line_and_why(function, order, words):
    lines = lines_of(function)
    assert words in fault(function, [lines[place] for place in order])


# ------------------------------------------------------------------------------- the panel


def widgets_of(panel):
    _, first, lines, moves, status, _ = panel.root.children
    return first, lines, moves.children, status


def test_lines_are_moved_by_buttons_and_stay_chosen():
    panel = ParsonsPanel(train_step)
    _, lines, (up, down, _), status = widgets_of(panel)
    last = panel.lines[-1]
    lines.index = 5
    assert status.value == "Chosen: line 6 of 6."
    up.click()
    assert panel.lines[4] == last and lines.index == 4 and lines.value == last
    assert status.value == "Moved to line 5 of 6."
    down.click()
    down.click()  # it is at the end, and stays there
    assert panel.lines[5] == last and lines.index == 5


def solve(panel, function):
    """Sort the lines with the buttons alone."""
    _, lines, (up, _, check), _ = widgets_of(panel)
    for place, line in enumerate(lines_of(function)):
        lines.index = panel.lines.index(line)
        while lines.index > place:
            up.click()
    check.click()


@of_each
def test_it_is_solved_with_buttons_alone(function):
    panel = ParsonsPanel(function)
    _, _, (*_, check), status = widgets_of(panel)
    check.click()
    assert "Not yet." in status.value and "Line " in status.value
    solve(panel, function)
    assert "Right." in status.value and "as in the library." in status.value


@of_each
def test_it_works_in_a_script(function):
    panel = ParsonsPanel(function)
    assert panel.check().startswith("Line ")
    panel.arrange([panel.numbered.index(line) + 1 for line in lines_of(function)])
    assert panel.check() == "It runs in this order, as in the library."
    with pytest.raises(ValueError, match=r"^Give each number from 1 to \d once\.$"):
        panel.arrange([1, 1])
    assert panel.lines == lines_of(function)  # nothing is lost


def test_another_right_order_is_right_as_well():
    panel = ParsonsPanel(train_step)
    order = [STEP[place] for place in (2, 0, 1, 3, 4, 5)]
    panel.arrange([panel.numbered.index(line) + 1 for line in order])
    assert panel.check() == "It runs in this order, and computes the same as the library's."


def test_there_is_none_for_another_function():
    with pytest.raises(ValueError, match="for train_step, evaluate, and for no other function"):
        ParsonsPanel(len)


@of_each
def test_pages_without_a_kernel_hold_lines_and_answer(function):
    panel = ParsonsPanel(function)
    assert all(
        f"{number}. {INDENT}{line}" in repr(panel).splitlines()
        for number, line in enumerate(panel.numbered, 1)
    )
    page = html.unescape(panel.static())
    answer = re.search("<details>.*<pre>(.*)</pre></details>", page, re.DOTALL)[1]
    assert ast.dump(ast.parse(answer).body[0]) == ast.dump(
        ast.parse("\n".join([head(function), *(INDENT + one for one in lines_of(function))])).body[
            0
        ]
    )
    assert page.index(panel.numbered[0]) < page.index("<details>")


def test_blocks_are_seen_in_the_list():
    _, lines, _, _ = widgets_of(ParsonsPanel(evaluate))
    deep = [one for one in lines.options if one.endswith("model.eval()")]
    assert deep == [4 * "\N{NO-BREAK SPACE}" + "model.eval()"]
    assert lines.description == "Lines"
