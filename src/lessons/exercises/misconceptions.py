"""What an answer that is not right shows: the misconception behind what was said about it."""

# A name of a misconception (see `questions/misconceptions.md`), the ids of exercises, and words:
# a verdict on this exercise that holds them shows it. "*" stands for every exercise. The wrong
# answers in `tests/wrong_answers` hold the table to what the checks say.
SIGNS: dict[str, dict[str, tuple[str, ...]]] = {
    "builds the vocabulary by other rules": {
        "02-list": (
            "`<unk>` has the number",
            "makes no such token",
            "The commonest comes first",
        ),
        "10-leak": ("`a b` and `ab` are the same.",),
    },
    "chooses by the test set, or opens it twice": {
        "07-exam": (
            "models sat the exam. Expected: one, chosen before",
            "And the one that did best there was chosen",
            "questions, and the exam has 18.",
        ),
    },
    "chooses or reports by the training score": {
        "06-best": ("Look at the quiz.",),
        "06-memory": ("That epoch did best in the textbook",),
        "07-curve": (
            "That is training. Take validation.",
            " lines on `ax`. Expected: one",
        ),
    },
    "compares with or counts from the wrong epoch": {
        "06-best": (
            "Several epochs share the highest accuracy.",
            "epoch 3: loss 0.8, accuracy 0.7; epoch 4: loss 1, accuracy 0.6: expected 3, saw 2.",
        ),
        "06-memory": (
            "That epoch was only better than the one before it",
            "The training has 6 epochs, and it was heard up to epoch",
            "That is the first epoch.",
        ),
        "06-stop": (
            "min_delta 0.5: expected 4, saw 2.",
            "starts the count of the patience",
            "not with the epoch before.",
            "small gains add up",
        ),
        "07-curve": ("Epochs count from 1: give `ax.plot` their numbers too.",),
    },
    "counts one too many or too few": {
        "01-copies": ("no row is left of",),
        "01-even": ("is in neither of the two lists",),
        "01-events": ("the exam is about the events [5].",),
        "02-lengths": (
            "The last story is missing.",
            "The last story goes on to the end of the row",
        ),
        "02-list": ("numbers, with `<unk>`, saw",),
        "03-largest": (
            "one row is missing. Where does the last story stop?",
            "row 2 should be [7.0, 6.0]",
        ),
        "06-best": ("Python counts from 0",),
        "06-stop": (
            "one epoch too late",
            "One too few.",
        ),
        "07-curve": (". Epochs count from 1.",),
        "07-stories": (
            "There are no parts of stories.",
            "With that few the margin is a little too big.",
        ),
        "10-pad": ("one column too many",),
        "10-errors": (
            "is out of bounds",
            "the labels still count from 1",
            "That is one taken off twice.",
        ),
        "11-rest": (
            "Nobody reads the first batch after",
            "The last batch before the interruption",
        ),
    },
    "divides by the number of batches": {
        "05-loop": ("That is the mean of the batches. The last one is short.",),
        "05-pieces": ("The short piece counts as much as a long one.",),
        "05-running": (
            "That is the mean of the batches.",
            "batch 3: expected 1.33333, saw 2.5.",
        ),
        "06-classes": ("That is the mean of the batches. Count stories.",),
        "11-together": ("That is a mean of means",),
    },
    "divides by the wrong total": {
        "05-loop": (
            "The loss of epoch 2: expected",
            "That counts tokens",
        ),
        "05-pieces": ("That counts tokens",),
        "05-running": ("Divide by the stories read so far",),
        "06-classes": ("Divide by the stories of this class, not by all of them.",),
        "07-precisions": ("Divide by the sum of the column, not by all stories.",),
        "07-unsure": (
            "Divide by the stories that are answered, not by all of them.",
            "That is the accuracy over all stories",
        ),
        "10-weights": ("by the number of classes that occur",),
        "11-together": ("That counts tokens",),
    },
    "forgets that classes differ": {
        "01-even": ("stories of the classes 0, 1 and 2. Expected: 3 of each.",),
        "01-lazy": (
            "right only if all classes are equally common",
            "That is the share of the largest label.",
            "the share of label 0",
        ),
        "06-classes": (
            "That is the accuracy over all classes.",
            "The model was never asked.",
        ),
        "07-precisions": (
            "The precisions for the table [[8, 1, 1], [3, 4, 3], [0, 2, 6]]: expected a list of 3",
        ),
        "10-weights": ("expected a list of 3, saw [0.66",),
    },
    "forgets the empty case": {
        "03-largest": ("all numbers below 0 have become 0",),
        "06-best": ("loss 3e+09, accuracy 0.0: expected 2, saw 0.",),
        "06-memory": ("UnboundLocalError",),
        "06-stop": ("The number of epochs is None.",),
        "07-precisions": (
            "column 1: expected 0, saw 1.",
            "expected 0, saw nan.",
            "Your code raised ZeroDivisionError",
        ),
        "07-unsure": (
            "expected 0 and 0, saw nan.",
            "Your code raised ZeroDivisionError",
        ),
        "10-weights": (
            "ZeroDivisionError",
            "so its weight must be 0.",
        ),
    },
    "gets the short last batch wrong": {
        "02-epochs": ("the last batch may be short",),
        "02-last": (
            "The last batch is never empty",
            "Are there so many stories left?",
            "how many stories are missing",
            "1000 stories in batches of 100: expected 100, saw 10.",
        ),
        "05-steps": (
            "The short last batch is a step as well.",
            "A step takes a whole batch",
            "1 epoch of 101 stories in batches of 100: expected 2, saw 1.",
        ),
        "11-share": (
            "The shares are not equally long",
            "Nobody reads the last stories.",
        ),
        "11-rest": ("The last batch may be short.",),
    },
    "gives back something else than was asked": {
        "01-even": ("came first",),
        "02-epochs": ("Your code calls `",),
        "03-class": ("What the model gives back is None.",),
        "05-loop": (
            "`.item()` takes it out of the tensor",
            "Your code calls `",
        ),
        "05-running": ("expected a list of 2, saw 1.5.",),
        "05-steps": ("The number of steps is None.",),
        "06-best": ("A whole epoch was given back",),
        "06-memory": ("so epoch 3 was the best: expected 3, saw 0.5",),
        "07-curve": (
            "There is no line on `ax`.",
            "there are 0 single points",
            'Expected at the side: "accuracy", saw: ""',
        ),
        "07-unsure": ("two shares: expected a list of 2",),
        "10-leak": ("These are the texts that are new.",),
        "10-pad": (
            "their ends are lost",
            "expected sequence of length",
            "one row for all texts",
            "expected two tensors",
            "expected the labels of its texts",
        ),
        "11-share": ("None was given back.",),
        "11-order": ("the stories come in the order 0, 1, 2, ...",),
        "11-together": ("Your code calls `",),
        "11-rest": (
            "Those were read before",
            "with a list for each batch",
        ),
    },
    "lets the validation or test set into training": {
        "01-copies": ("were kept, and all of them hold",),
        "01-even": ("is in the textbook and in the exam",),
        "01-events": (
            "is in both. Expected: each event is in one of them.",
            "is in the textbook and in the exam",
        ),
        "02-list": ("It stands nowhere in the textbook.",),
        "06-classes": ("The weights have moved.",),
        "10-leak": (
            "nor do extra ones between two words.",
            "Capitals make no difference",
            "There may be extra spaces between words",
        ),
    },
    "loses track of some of the weights": {
        "03-class": (
            "The linear layer has a bias.",
            "1 of the 2 groups of weights get",
            "cannot assign module before Module.__init__()",
        ),
        "03-count": (
            "Each judge also adds a fixed amount",
            "The cards of the words",
        ),
        "04-sign": ("1 of 3 groups of weights has not moved",),
        "06-memory": ("some weights of the model are",),
    },
    "misjudges how honest a validation score is": {
        "07-exam": (
            "No model answered the questions of the exam.",
            "That is its accuracy in the quizzes.",
        ),
    },
    "misjudges how large a difference must be": {
        "06-stop": (
            "A gain of exactly `min_delta` is",
            "A gain as small as that does not count.",
        ),
        "07-stories": (
            "The rule of thumb begins with 2 times",
            "to undo it, take the square",
            "A share of 0.94, a margin of 3 points: expected 251, saw 27.42",
            "no further story is needed",
        ),
        "07-unsure": ("is *at least* the threshold",),
    },
    "misjudges the first weights of a model": {
        "03-class": ("The first weights of the words go from",),
    },
    "misreads rows and columns": {
        "03-count": ("There is a bias for each class",),
        "03-largest": ("the result has shape (6,)",),
        "07-precisions": ("That is the recall, by rows.",),
        "10-pad": (
            "The zeros stand in front.",
            "stand the wrong way round",
        ),
        "10-errors": (
            "0D or 1D target",
            "All texts got the label of the first.",
        ),
    },
    "misreads what a slope says": {
        "04-sign": (
            "Every weight moved uphill.",
            "Only the sign of the slope counts",
            "Does the rate decide how far?",
        ),
        "04-slope": (
            "Divide the rise of the function by the rise of x.",
            "Twice too steep",
            "The sign is the wrong way round.",
            "So far from x the ground bends.",
            "That is the height divided by x.",
            "is still x.",
            "x * x - 2 * x at 0: expected -2, saw 0",
            "at -1: expected -2, saw 1.9999.",
        ),
    },
    "misreads what eval() and train() do": {
        "05-loop": ("still in it while it learned",),
        "06-classes": (
            "asked in training mode",
            "in evaluation mode.",
            "The model came in evaluation mode and went back in training mode.",
            "PyTorch kept a record of the model's calculations",
        ),
        "07-exam": ("A model was asked in training mode.",),
    },
    "mixes up an index and the value there": {
        "01-copies": (
            "expected rows, whole numbers",
            "times. Expected: once at most.",
        ),
        "01-even": ("times. Expected: once at most.",),
        "01-events": (
            "about the events []. Expected:",
            "The rows go from 0 to 12.",
        ),
        "07-curve": ("First come the numbers to the right",),
        "10-leak": ("expected rows, whole numbers",),
        "10-pad": ("numbers with a point",),
        "10-errors": ("expected target dtype",),
        "11-share": ("Take the first stories once more.",),
        "11-order": ("times. Expected: once at most.",),
    },
    "mixes up counts, sums, means and shares": {
        "01-lazy": (
            "how many it gets right",
            "That is in percent.",
        ),
        "03-class": ("or is it still their mean?",),
        "03-count": ("so add them up",),
        "03-largest": ("these are the means",),
        "04-price": ("That is the sum of the stories.",),
        "05-pieces": ("The gradients add up.",),
        "07-curve": ("a share from 0 to 1",),
        "07-precisions": ("leaves out the part after the point",),
        "07-stories": ("A point is a hundredth.",),
        "07-unsure": ("That is how many are answered.",),
        "10-weights": (
            "a common class would weigh most",
            "The fraction stands upside down",
        ),
        "10-errors": ("That is the sum over the texts.",),
        "11-together": ("are added up, and not averaged",),
    },
    "mixes up guesses, confidence and right answers": {
        "04-price": (
            "That is the price of the highest probability.",
            "not all classes",
        ),
        "06-classes": ("not by those that were guessed",),
        "07-unsure": (
            "the share of those that are *not* answered",
            "The confidence is the *highest* probability of a story.",
        ),
    },
    "mixes up logits and probabilities": {
        "03-class": ("these are probabilities. Logits were expected.",),
        "04-price": ("these are probabilities already",),
    },
    "mixes up loss and accuracy": {
        "04-price": ("below 1 is above 0",),
        "06-best": ("Here the accuracy comes first.",),
        "07-curve": (
            "That is the loss.",
            "That epoch has the highest accuracy.",
            "that is its loss.",
        ),
        "07-exam": (
            "That one has the highest accuracy.",
            "That one has the highest loss.",
        ),
    },
    "mixes up steps, batches and epochs": {
        "02-epochs": ("expected a list with one list for each epoch",),
        "02-last": ("how many batches there are",),
        "05-pieces": ("That is a step after each piece.",),
        "05-running": ("That is the loss of this batch alone.",),
        "05-steps": ("Each epoch ends with a short batch of its own",),
        "06-memory": ("'Step' object has no attribute",),
        "11-share": ("Each has a block in one piece.",),
        "11-rest": (
            "the first stories would be read twice",
            "A step is a batch, not a story.",
        ),
    },
    "mixes up what one worker does and what all do together": {
        "11-share": ("All workers read the same stories",),
        "11-order": ("the order must follow from seed and epoch alone",),
        "11-together": (
            "the models drift apart",
            "All have the gradient of the first worker.",
            "All have the gradient of the last worker.",
        ),
    },
    "mixes up what shuffling is for": {
        "01-even": ("the exam holds the first 3 stories of each class",),
        "01-events": ("All seeds from 0 to 9 gave the same exams",),
        "02-epochs": (
            "the stories come in the order 0, 1, 2, ...",
            "epoch 2 has the same order as an epoch before",
            "times. Expected: once at most.",
        ),
        "05-loop": ("the loader was opened once",),
        "11-order": ("has the same order as epoch",),
    },
    "mixes up what zero_grad(), backward() and step() do": {
        "04-sign": ("still on the board",),
        "05-loop": (
            "gradients pile up",
            "the same as before",
        ),
        "05-pieces": (
            "stories were in memory at once",
            "Only the last piece was learned from.",
            "Old gradients",
            "The weights have not moved.",
        ),
        "11-together": (
            "Let the optimizers take the step.",
            "Old gradients are still there.",
            "The weights have not moved.",
        ),
    },
    "takes another name for a copy": {
        "*": ("is not what it was before. It was ",),
        "04-sign": ("No weight has moved.",),
        "06-classes": ("The model came with gradients, and they are not what they were.",),
        "06-memory": ("a name for a tensor is no copy",),
    },
    "takes offsets for ends or lengths": {
        "02-epochs": ("[], []]. Expected: each epoch holds every story once",),
        "02-lengths": (
            "An offset is the place where a story begins",
            "Where does the next story begin?",
        ),
        "03-largest": ("row 0 should be [3.0, -1.0]",),
    },
    "thinks that a seed does not settle chance": {
        "01-even": (
            "two different exams",
            "All seeds from 0 to 9",
        ),
        "02-epochs": (
            "two different orders",
            "All seeds from 0 to 9",
        ),
        "11-order": ("All seeds from 0 to 9",),
    },
}


def shown_by(id: str, text: str) -> str:
    """The misconception that a verdict on an exercise shows; nothing if none is known.

    Where the words of several are in it, the longest count: they say most.
    """
    found = [
        (len(words), name)
        for name, of_exercises in SIGNS.items()
        for words in (*of_exercises.get("*", ()), *of_exercises.get(id, ()))
        if words in text
    ]
    return max(found)[1] if found else ""
