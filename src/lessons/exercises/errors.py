"""What beginners have most likely done when Python or torch says this."""

import re
from typing import NamedTuple


class Slip(NamedTuple):
    """A likely slip behind an error."""

    error: str  # a pattern: the kind of the error, a colon and what it says
    sentence: str  # {0}, {1} ... are what the groups of the pattern have found
    line: str = ""  # a pattern that the learner's line must hold as well


# The first one that fits is told, so what is special comes before what is general.
SLIPS = (
    # ---- gradients
    Slip(
        r"'NoneType'",
        "A gradient is None until `backward()` has been called, and again after `zero_grad()`. Is "
        "`loss.backward()` above this line, and `zero_grad()` above that?",
        line=r"\.grad\b",
    ),
    Slip(
        r"leaf Variable that requires grad is being used in an in-place",
        "torch keeps a record of what is done to weights. A step by hand belongs into a block "
        "`with torch.no_grad():`.",
    ),
    Slip(
        r"does not require grad and does not have a grad_fn",
        "There is no record to go back through. Was this made inside `torch.no_grad()`, or taken "
        "out with `.item()`, `.detach()` or `argmax`?",
    ),
    Slip(
        r"backward through the graph a second time",
        "`backward()` uses up the record. Do the forward step again before the next `backward()`.",
    ),
    Slip(
        r"grad can be implicitly created only for scalar",
        "`backward()` starts from a single number. Take the mean of these losses first.",
    ),
    Slip(
        r"'(?:float|int)' object has no attribute 'backward'",
        "This is a plain number, without a way back to the weights. Call `backward()` on the loss "
        "itself, before `.item()`.",
    ),
    Slip(
        r"Can't call numpy\(\) on Tensor that requires grad",
        "This tensor still has its record. `.detach()` or `.item()` leaves it behind.",
    ),
    # ---- tensors
    Slip(
        r"mat1 and mat2 shapes cannot be multiplied \((\d+)x(\d+) and (\d+)x(\d+)\)",
        "Rows of {1} numbers came to a layer made for rows of {2}. The number of columns must be "
        "the first number of `nn.Linear(...)`.",
    ),
    Slip(
        r"(?:log_softmax|nll_loss|cross_entropy).*'Long'|[Ee]xpected floating point.*Long",
        "The loss wants the logits, numbers with a point, and got whole numbers. Are these the "
        "guesses of an `argmax`, or do labels and logits stand the wrong way round?",
    ),
    Slip(
        r"Expected input batch_size|0D or 1D target"
        r"|expected (?:scalar type|target dtype to be) Long",
        "The second input of the loss must be the labels: one whole number for each story.",
    ),
    Slip(
        r"Boolean value of Tensor with more than one value",
        "Python wants one yes or no, and a tensor has many. Compare a single number, or pick rows "
        "with `tensor[yes_or_no]`.",
    ),
    Slip(
        r"Tensor with \d+ elements cannot be converted|only one element tensors",
        "Only a single number can be taken out. Is a `.sum()` or a `.mean()` missing?",
    ),
    Slip(
        r"IndexError: index (\d+) is out of bounds for dimension \d+ with size (\d+)",
        "Places count from 0, so the last of {1} is at place {1} - 1. Place {0} is beyond it.",
    ),
    Slip(
        r"mean\(\): could not infer output dtype|mean\(\).*(?:Long|Bool)",
        "A mean of whole numbers, or of yes and no, wants `.float()` before `.mean()`.",
    ),
    Slip(
        r"must match the size of tensor|size mismatch|must match the existing size",
        "Two tensors do not have the same number of rows or columns. Print the `.shape` of both.",
    ),
    # ---- models and batches
    Slip(
        r"cannot assign module before Module\.__init__",
        "The first line of `__init__` must be `super().__init__()`.",
    ),
    Slip(
        r"AttributeError: '(\w+)' object has no attribute '(embedding|linear|layer\w*)'",
        "The model has no `self.{1}`. Was it made in `__init__`, with `self.` in front?",
    ),
    Slip(
        r"NameError: name '(embedding|linear|layer\w*|token_ids|offsets)' is not defined",
        "Is `self.` missing in front of a layer, or the name of the batch in front of its part? "
        "Write `self.{0}` or `batch.{0}`.",
    ),
    Slip(
        r"'Batch' object has no attribute '(\w+)'",
        "A batch has `token_ids`, `offsets` and `labels`, and no `{0}`.",
    ),
    Slip(
        r"forward\(\) missing \d+ required positional argument|embedding_bag\(\): argument 'input'",
        "A model is called with both parts of a batch: `model(batch.token_ids, batch.offsets)`.",
    ),
    Slip(
        r"'Step' object has no attribute '(?:validation|train|seconds)'",
        "`fit` hands out steps as well as epochs. Only an epoch has these scores: ask "
        "`isinstance(event, Epoch)` first.",
    ),
    Slip(
        r"'Epoch' object has no attribute '(loss|accuracy)'",
        "An epoch has two scores: write `epoch.train.{0}` or `epoch.validation.{0}`.",
    ),
    Slip(
        r"DataLoader' object is not subscriptable|'DataLoader' object has no attribute 'labels'",
        "A loader hands out its batches in a loop: `for batch in loader:`.",
    ),
    # ---- Python
    Slip(
        r"IndexError: list index out of range",
        "There is no such place in the list. If the line asks for the next one, such as `[i + 1]`: "
        "the last one has no next one.",
    ),
    Slip(
        r"'NoneType' object|'NoneType' and|and 'NoneType'",
        "Something here is None. A function without `return` gives None, and so do `.sort()` and "
        "`.append()`, which change the list itself.",
    ),
    Slip(
        r"(?:UnboundLocalError|cannot access local variable).*'(\w+)'",
        "`{0}` gets its value in a line that was not run. Give it a value before the loop or the "
        "`if`.",
    ),
    Slip(
        r"NameError: name '(\w+)' is not defined",
        "Nothing is called `{0}` here. Is it misspelled, or was the cell that imports it not run?",
    ),
    Slip(
        r"ZeroDivisionError",
        "The divisor was 0. Which example makes it 0, and what should come out then?",
    ),
    Slip(
        r"'(?:method|function|builtin_function_or_method)' object is not (?:subscriptable|iterable)"
        r"|bad operand type .*'(?:method|builtin_function_or_method)'"
        r"|'(?:method|builtin_function_or_method)' and|and '(?:method|builtin_function_or_method)'",
        "A method is only called with brackets after its name: `()`.",
    ),
    Slip(
        r"'(?:list|Tensor|int|float|dict)' object is not callable",
        "Round brackets call a function, and this is none. A place is asked for in square ones: "
        "`[...]`. Or is a `*` missing?",
    ),
    Slip(
        r"'(int|float)' object is not (?:iterable|subscriptable)",
        "A single number has no parts. A loop over so many turns is `for turn in range(...)`.",
    ),
    Slip(
        r"'float' object cannot be interpreted as an integer|slice indices must be integers",
        "A whole number is wanted here. `/` gives one with a point, `//` or `ceil` a whole one.",
    ),
    Slip(
        r"unhashable type: '(\w+)'",
        "A {0} cannot be put into a set or be the key of a dictionary. Put its items in, one by "
        "one.",
    ),
    Slip(
        r"can only concatenate|can't multiply sequence by non-int|unsupported operand .*'list'",
        "Python calculates with numbers, not with a whole list. Go through the list in a loop.",
    ),
)


def likely_slip(error: str, line: str) -> str:
    """What is behind an error, such as "IndexError: ...", in this line; nothing if unknown."""
    for slip in SLIPS:
        found = re.search(slip.error, error)
        if found and re.search(slip.line, line):
            return slip.sentence.format(*found.groups())
    return ""
