"""Lesson 09: silent bugs. A broken run differs from its healthy twin in one step."""

import inspect
from collections.abc import Callable
from difflib import ndiff
from functools import partial
from textwrap import dedent
from typing import Any, NamedTuple

from lessons.silent_bugs import steps
from lessons.silent_bugs.recipe import Recipe


class Bug(NamedTuple):
    """A silent bug: no error message, only curves."""

    name: str
    see: str
    why: str
    find: str
    mend: str
    healthy: Recipe
    broken: Recipe  # differs in one step


def versions(bug: Bug) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """The step that differs, as it is in the healthy and in the broken run.

    Raises ValueError if none differs, or more than one.
    """
    pairs: Any = zip(bug.healthy, bug.broken, strict=True)
    ((healthy, broken),) = ((one, other) for one, other in pairs if one != other)
    return healthy, broken


def compare(bug: Bug) -> list[tuple[str, str]]:
    """The code of both versions, line by line: ("healthy", line) is in the healthy one alone.

    ("broken", line) is in the broken one alone, and ("", line) in both.
    """
    healthy, broken = map(code_of, versions(bug))
    only_in = {"- ": "healthy", "+ ": "broken", "  ": ""}
    lines = ndiff(healthy, broken)
    return [(only_in[line[:2]], line[2:]) for line in lines if line[:2] in only_in]


def code_of(step: Callable[..., Any]) -> list[str]:
    """What a step does: its source, from after the docstring. Of a model, that of `forward`."""
    function = getattr(step, "forward", step)
    _, _, body = inspect.getsource(function).split('"""')
    return dedent(body).strip("\n").splitlines()


_USUAL = Recipe()
_SGD = Recipe(batch_size=16, make_optimizer=steps.sgd)
_SORTED = _SGD._replace(make_train_set=steps.train_part_by_class)
_DROPOUT = Recipe(make_model=steps.DropoutClassifier)
_THIN = Recipe(batch_size=16, max_stories=200)
_JUMPY = Recipe(
    batch_size=16, epochs=30, max_stories=100, make_optimizer=partial(steps.adamw, lr=0.3)
)

BUGS = {
    "sorted": Bug(
        name="No shuffling",
        see="The training scores look good. The validation accuracy stays where one and the same "
        "answer to every question would be, and the validation loss is many times that of the "
        "healthy run.",
        why="The file is sorted by class. At the end of each epoch the model has long seen nothing "
        "but the last class, so it gives this answer to every question.",
        find="Print the labels of the first batch: are they all the same?",
        mend="`shuffle=True` for the training loader. AdamW hides this bug: it needs some epochs "
        "more, and then recovers.",
        healthy=_SORTED,
        broken=_SORTED._replace(make_loader=steps.unshuffled_loader),
    ),
    "zero_grad": Bug(
        name="Forgotten zero_grad",
        see="The validation loss climbs to many times that of the healthy run. The accuracy hardly "
        "tells: most answers are still right.",
        why="`backward()` adds to the old gradients. Each step repeats all the steps before it, so "
        "the weights run away. The highest logit is often still the right one, but all are huge.",
        find="Call `backward()` twice on the same batch: has the gradient doubled?",
        mend="`optimizer.zero_grad()` before each `loss.backward()`.",
        healthy=_USUAL,
        broken=_USUAL._replace(take_step=steps.train_step_without_zero_grad),
    ),
    "eval": Bug(
        name="Forgotten eval()",
        see="The validation loss ends above that of the healthy run, and the accuracy below it. "
        "The training scores are about as in the healthy run.",
        why="Dropout stays on during the quiz: the model answers with most of its notes covered.",
        find="Measure the same model twice. Without learning in between, the scores must be the "
        "same.",
        mend="`model.eval()` before measuring, `model.train()` before learning. With a dropout of "
        "0.5 you would hardly notice; here it is 0.9.",
        healthy=_DROPOUT,
        broken=_DROPOUT._replace(measure=steps.evaluate_without_eval),
    ),
    "high": Bug(
        name="Learning rate far too high",
        see="The loss is NaN, not a number, so nothing of it is drawn. The accuracy is that of one "
        "and the same answer to every question.",
        why="Each step jumps over the valley and lands higher on the other side, until the weights "
        "are too large for the computer.",
        find="Look at the losses of the first ten steps, not at those of the epochs.",
        mend="Divide the rate by ten until the loss falls from the start.",
        healthy=_SGD,
        broken=_SGD._replace(make_optimizer=steps.sgd_far_too_high),
    ),
    "low": Bug(
        name="Learning rate far too low",
        see="All losses stay about where they begin, at chance level, in training too.",
        why="The steps lead the right way, but they are so short that ten epochs lead nowhere.",
        find="Does the training loss fall at all? And can the model learn a single batch by heart?",
        mend="Multiply the rate by ten until the loss falls.",
        healthy=_SGD,
        broken=_SGD._replace(make_optimizer=steps.sgd_far_too_low),
    ),
    "softmax": Bug(
        name="Softmax before cross-entropy",
        see="The accuracy is about as good as ever. The loss stops high above 0, even in training, "
        "where nearly every answer is right.",
        why="`cross_entropy` takes the softmax itself. Of probabilities it takes it once more. "
        "Even a perfect answer then costs something: 0.31 with two classes, 0.74 with four, and "
        "the more classes, the more.",
        find="Add up a row of what the model gives back. Logits need not add up to 1.",
        mend="Let the model end with its linear layer, and give `cross_entropy` the logits.",
        healthy=_USUAL,
        broken=_USUAL._replace(make_model=steps.SoftmaxClassifier),
    ),
    "leak": Bug(
        name="The exam is in the textbook",
        see="Every answer in the test set is right. On new stories, and in the validation set, the "
        "model does far worse.",
        why="The stories of the test set are among those that the model has learned from. It knows "
        "the answers by heart.",
        find="Look for texts that are in both sets: `set(train.texts) & set(test.texts)`.",
        mend="Split first, and let nothing of the test set near the training.",
        healthy=_THIN,
        broken=_THIN._replace(make_train_set=steps.train_and_test_parts),
    ),
    "choice": Bug(
        name="The best epoch is chosen by the exam",
        see="The curves are the same to the last digit. Only the star may stand elsewhere: on the "
        "peak of the test accuracy.",
        why="Of many scores in a small test set the highest is partly luck. Other questions would "
        "have made another epoch the winner.",
        find="No curve shows it. Read the code: which scores decide which epoch is kept?",
        mend="Choose by the validation set. The test set comes after the choice, once.",
        healthy=_JUMPY,
        broken=_JUMPY._replace(choose_epoch=steps.best_on_test),
    ),
}
