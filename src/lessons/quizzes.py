"""The quiz at the end of each lesson: questions, options, and why each is right or not.

To write one, add a constant and its line in `QUIZZES`. A question and an option are one plain
sentence each, without markup; `why` is one or two, and speaks to somebody who has chosen it.
"""

from typing import NamedTuple


class Option(NamedTuple):
    """Something to choose, and what to say to those who do."""

    text: str
    why: str
    right: bool = False


class Question(NamedTuple):
    """A question with its options, in the order in which they stand on the page."""

    text: str
    options: tuple[Option, ...]

    @property
    def right(self) -> int:
        """The place of the right option, counted from 0."""
        return [option.right for option in self.options].index(True)


LESSON_00 = (
    Question(
        "What does training change?",
        (
            Option(
                "The stories in the training set",
                "The stories stay as they are. A student does not rewrite the textbook.",
            ),
            Option(
                "The weights of the model",
                "Each step corrects these numbers a little, so that the next guess is less wrong.",
                right=True,
            ),
            Option(
                "The right answers of the stories",
                "They are what each guess is compared with. To change them would be to cheat.",
            ),
        ),
    ),
    Question(
        "Before training, the model had about a quarter of the answers right. Why?",
        (
            Option(
                "With four topics, one blind guess in four is right",
                "It had not read a single story. So it guessed, and a guess is right one time in "
                "four.",
                right=True,
            ),
            Option(
                "It had already read a quarter of the stories",
                "It had read none. Its weights were small random numbers.",
            ),
            Option(
                "A quarter of the stories are easy enough for a model that knows nothing",
                "Without training no story is easy. Another random start gives about the same "
                "share, but other stories are right.",
            ),
        ),
    ),
    Question(
        "Ten epochs are done. Which weights do we keep?",
        (
            Option(
                "Those after the last epoch, because by then the model has read the most",
                "It may by then know its textbook by heart and do worse on new stories. The quiz "
                "after each epoch shows it.",
            ),
            Option(
                "Those that were best in the final exam",
                "The exam is taken once, at the very end. If we choose by it, it is no exam any "
                "more.",
            ),
            Option(
                "Those with the lowest loss in the practice quiz",
                "The validation set is there to choose with. Whenever its loss was lower than ever "
                "before, the weights were saved.",
                right=True,
            ),
        ),
    ),
    Question(
        "You tell a friend how good your model is. Which score is the honest one?",
        (
            Option(
                "The accuracy on the training set",
                "The model has seen these stories with their answers. It is like an exam made of "
                "the exercises in the textbook.",
            ),
            Option(
                "The accuracy on the test set",
                "These stories were never used to learn or to choose. So the score tells how it "
                "will do on new ones.",
                right=True,
            ),
            Option(
                "The accuracy of the best epoch on the validation set",
                "It is a little too good: we chose the epoch because it did well on these very "
                "stories.",
            ),
        ),
    ),
)

LESSON_01 = (
    Question(
        "Why do we shuffle the pile before we cut it?",
        (
            Option(
                "A sorted file would put whole classes into one part",
                "Many files hold one class after the other. Cut like a loaf, the exam would ask "
                "about one topic only.",
                right=True,
            ),
            Option(
                "The model learns faster from mixed stories",
                "That is a reason to shuffle in each epoch, which comes in the next lesson. Here "
                "it is about who gets into which part.",
            ),
            Option(
                "So that nobody can tell which stories are in the exam",
                "Anybody with the seed can make the same split again, and that is a good thing. "
                "It is luck that must be fair, not secret.",
            ),
        ),
    ),
    Question(
        "You split, train, and look at the score in the validation set. You change a setting and "
        "look again. What is that score now?",
        (
            Option(
                "As honest as an exam",
                "You have begun to choose by it. Among many tries the best one is partly luck.",
            ),
            Option(
                "Worthless",
                "It is still a good guide for choosing. Only as the final word it is a little too"
                " good.",
            ),
            Option(
                "A good guide, but a little too good",
                "That is what quizzes are for: you choose by them, so they flatter a little. The "
                "test set has no part in any choice.",
                right=True,
            ),
        ),
    ),
    Question(
        "Someone shows you a model with 100 % in the exam and 90 % on fresh stories. What do you "
        "suspect first?",
        (
            Option(
                "The fresh stories are unusually hard",
                "Possible, but a perfect exam is the stranger of the two numbers.",
            ),
            Option(
                "Exam stories were in the textbook",
                "This is leakage: the model knew the answers by heart. Look for texts that stand "
                "in both parts.",
                right=True,
            ),
            Option(
                "The model is too small",
                "A small model does badly in both. This one does too well in one of them.",
            ),
        ),
    ),
)

LESSON_02 = (
    Question(
        "Which stories may the vocabulary be built from?",
        (
            Option(
                "From all stories, so that no word is unknown",
                "Words of tomorrow's news are unknown too. If the exam has none, it is easier "
                "than the real thing.",
            ),
            Option(
                "From the training set only",
                "Words that stand only in the other parts stay unknown, as new words will be when"
                " the model is used.",
                right=True,
            ),
            Option(
                "From the test set, since that is what counts",
                "Then the exam would have a say in the training. That is leakage.",
            ),
        ),
    ),
    Question(
        "A batch holds three stories with 5, 2 and 4 tokens. What are its offsets?",
        (
            Option(
                "5, 7, 11",
                "These are the places where the stories end. An offset says where a story begins.",
            ),
            Option(
                "5, 2, 4", "These are the lengths. Each story begins where those before it end."
            ),
            Option(
                "0, 5, 7",
                "The first begins at 0, the second after 5 tokens, the third after 5 + 2.",
                right=True,
            ),
        ),
    ),
    Question(
        "1,000 stories in batches of 64: what about the last batch?",
        (
            Option(
                "It holds the 40 stories that are left",
                "15 full batches take 960 stories. The 16th is short, and nothing is lost.",
                right=True,
            ),
            Option(
                "There is none: the 40 stories are left out",
                "Then some stories would never be learned from. The loader hands them out in a "
                "short batch.",
            ),
            Option(
                "It is filled up with 24 stories from the start",
                "Then these would count twice. A short batch does no harm.",
            ),
        ),
    ),
    Question(
        "One loader is for training, one for validation. Which should shuffle?",
        (
            Option(
                "Only the one for training",
                "Each epoch brings the stories in a new order. For validation the order makes no "
                "difference to the score, and a fixed one is easier to follow.",
                right=True,
            ),
            Option(
                "Both, to be fair",
                "A score over all stories is the same in any order. Shuffling would only make the"
                " answers harder to match with their stories.",
            ),
            Option(
                "None: the split has shuffled already",
                "That was once. In each epoch the model should meet the stories in another order.",
            ),
        ),
    ),
)

LESSON_03 = (
    Question(
        "What does the model know about the order of the words in a story?",
        (
            Option(
                "Everything: the tokens are in order",
                "They come in order, but the model takes the mean of their vectors. A mean is the"
                " same in any order.",
            ),
            Option(
                "Nothing",
                "It is a bag of words: the mean of the word vectors is the same, however the "
                "words are ordered.",
                right=True,
            ),
            Option(
                "Only which word comes first",
                "The first word has the same share in the mean as every other.",
            ),
        ),
    ),
    Question(
        "A batch of 32 stories goes through the whole model with four classes. What shape has the"
        " result?",
        (
            Option("(32, 4)", "One row for each story, with one logit for each class.", right=True),
            Option("(4, 32)", "Stories come first, one row each. The classes are the columns."),
            Option(
                "(32,)", "That would be one number for each story. There is one for each class."
            ),
        ),
    ),
    Question(
        "Why does training start from small random weights?",
        (
            Option(
                "Because zeros would be the right answer already",
                "With zeros all classes look alike. And if both layers are zero, their weights "
                "never move.",
            ),
            Option(
                "Because large ones drown what is learned, and equal ones stay equal",
                "Training moves each number only a little, so from a large start the model still "
                "reads mostly random numbers. Equal numbers get equal corrections and never "
                "differ.",
                right=True,
            ),
            Option(
                "Because the computer needs less memory for small numbers",
                "A small number takes as much room as a large one.",
            ),
        ),
    ),
)

LESSON_04 = (
    Question(
        "The model gives the right class a probability of 1. What is the cross-entropy?",
        (
            Option(
                "0",
                "The loss is minus the logarithm of that probability, and the logarithm of 1 is "
                "nothing. There is no better one.",
                right=True,
            ),
            Option("1", "The loss is not the probability but minus its logarithm."),
            Option(
                "100",
                "The loss is not a percentage. It can be anything from 0 upwards, and lower is "
                "better.",
            ),
        ),
    ),
    Question(
        "A weight has the gradient +2. Where does a step of SGD move it?",
        (
            Option(
                "Up, because the gradient is positive",
                "Uphill is where the loss rises. We want the other way.",
            ),
            Option(
                "Down",
                "The gradient points uphill, so the step goes against it: the weight gets smaller.",
                right=True,
            ),
            Option(
                "To the place where the loss is lowest",
                "The gradient only says what is uphill right here. A step is short, and many are "
                "needed.",
            ),
        ),
    ),
    Question(
        "The loss jumps up and down and then becomes nan. What do you try first?",
        (
            Option("More epochs", "The steps are too long. More of them lead even further away."),
            Option(
                "A smaller learning rate",
                "Each step jumps across the valley. Divide the rate by ten until the loss falls "
                "from the start.",
                right=True,
            ),
            Option(
                "A larger batch",
                "It makes the steps a little calmer, but not shorter. The learning rate is the "
                "length of the stride.",
            ),
        ),
    ),
    Question(
        "What should go into F.cross_entropy?",
        (
            Option(
                "The logits",
                "It takes the softmax itself. It wants the plain points for each class.",
                right=True,
            ),
            Option(
                "The probabilities, after softmax",
                "Then the softmax is taken twice. There is no error message, only a loss that "
                "stops far above 0.",
            ),
            Option(
                "The class with the highest logit",
                "A choice has no slope: nothing could be learned from it. The loss needs all the "
                "logits.",
            ),
        ),
    ),
)

LESSON_05 = (
    Question(
        "What happens if optimizer.zero_grad() is left out?",
        (
            Option(
                "An error message", "Nothing complains. That is what makes this bug hard to find."
            ),
            Option(
                "Each step also follows all earlier gradients once more",
                "Backward() adds to the old gradients, so they pile up, and the weights run away.",
                right=True,
            ),
            Option(
                "Nothing: the gradients are overwritten anyway",
                "They are added to what is there. Only zero_grad() wipes them.",
            ),
        ),
    ),
    Question(
        "1,600 stories in batches of 100, read five times. How many steps are that?",
        (
            Option("5", "That is the number of epochs. A step learns from one batch."),
            Option("16", "That is one epoch. The textbook is read five times."),
            Option(
                "80",
                "16 batches make one epoch, and there are five of them. Each batch moves the "
                "weights once.",
                right=True,
            ),
        ),
    ),
    Question(
        "The last batch is short. How do you work out the loss of the epoch?",
        (
            Option(
                "The mean of the batch losses",
                "Then a story in the short batch counts more than the others.",
            ),
            Option(
                "The loss of the last batch",
                "That is how it did on a few stories at the end, not over the epoch.",
            ),
            Option(
                "A mean in which each batch counts by its stories",
                "So every story counts the same, in whatever batch it was.",
                right=True,
            ),
        ),
    ),
    Question(
        "You stop asking fit for the next event after 20 steps. What is lost?",
        (
            Option(
                "Nothing: ask again, and it goes on",
                "It waits between two events. Model and history are whole, and the next question "
                "is the next step.",
                right=True,
            ),
            Option(
                "The epoch that is not complete",
                "Its steps have been made, and they stay made. The generator knows which batch "
                "comes next.",
            ),
            Option(
                "The model goes back to its first weights",
                "No step is ever taken back. The model is all yours in the break.",
            ),
        ),
    ),
)

LESSON_06 = (
    Question(
        "The training loss falls and the validation loss rises. What is going on?",
        (
            Option(
                "The model learns its textbook by heart",
                "This is overfitting: what it learns now holds for these stories only.",
                right=True,
            ),
            Option("The learning rate is too low", "Then both of them would hardly move at all."),
            Option(
                "The validation set is too easy",
                "If it were easy, its loss would be low. It is rising.",
            ),
        ),
    ),
    Question(
        "What does model.eval() do?",
        (
            Option(
                "It measures the model",
                "That is what our function evaluate does. eval() only switches the mode.",
            ),
            Option(
                "It keeps the weights from changing",
                "Weights change when an optimizer makes a step. Leave that out, and they stay.",
            ),
            Option(
                "It switches layers such as dropout to testing",
                "In this mode nothing is left out at random, so the same story gets the same "
                "answer every time.",
                right=True,
            ),
        ),
    ),
    Question(
        "Which epoch do we keep?",
        (
            Option(
                "The one with the lowest training loss",
                "That is nearly always the last one, by then known by heart.",
            ),
            Option(
                "The one with the lowest validation loss",
                "The quizzes are there to choose by. The loss sees more than the accuracy does.",
                right=True,
            ),
            Option(
                "The one with the best score in the test set",
                "Then the exam has a part in the choice, and there is no honest score left.",
            ),
        ),
    ),
)

LESSON_07 = (
    Question(
        "Your model has 190 of 200 right in the exam. A friend's has 188. Which one is better?",
        (
            Option(
                "Yours, by two stories",
                "In another exam of 200 questions it could easily be the other way round. The "
                "margin is several points wide.",
            ),
            Option(
                "This exam can't tell",
                "Two stories are far inside the margin. It takes a larger exam, or a larger "
                "difference.",
                right=True,
            ),
            Option(
                "They are equally good",
                "That can't be told either. Only that this exam is too small to tell them apart.",
            ),
        ),
    ),
    Question(
        "In a confusion matrix the row is the right answer. What does a large number off the "
        "diagonal say?",
        (
            Option(
                "The row's class is often taken for the column's",
                "Read the row first: this is what they were. Then the column: this is what was "
                "guessed.",
                right=True,
            ),
            Option(
                "The model is very sure when it guesses that class",
                "The matrix counts guesses. How sure they were is told by the confidence.",
            ),
            Option(
                "There are many stories of that class", "That would be the sum of the whole row."
            ),
        ),
    ),
    Question(
        "You have seen the exam's result, changed the learning rate and taken the exam again. The"
        " score is higher. What now?",
        (
            Option(
                "Report the higher score",
                "It was chosen by the exam. A part of it is luck with these very questions.",
            ),
            Option(
                "Report the mean of both scores",
                "The mean holds the chosen one too. No sum makes it honest again.",
            ),
            Option(
                "Say that the exam was used twice",
                "The exam is used up as an honest judge. Get new stories if you can, and next "
                "time choose by the validation set.",
                right=True,
            ),
        ),
    ),
)

LESSON_08 = (
    Question(
        "You double the batch size and keep the number of epochs. How many steps does the "
        "training make?",
        (
            Option(
                "Twice as many",
                "An epoch is still one reading of the book. Larger piles make fewer of them.",
            ),
            Option(
                "Half as many",
                "Each step takes twice as many stories, so one reading needs half the steps.",
                right=True,
            ),
            Option(
                "As many as before",
                "The number of epochs is as before. The number of batches in each is not.",
            ),
        ),
    ),
    Question(
        "You press Stop in the middle of an epoch. What is in the file of the best model?",
        (
            Option(
                "The weights of the moment",
                "The file is written at the end of an epoch, and only if that epoch was better "
                "than all others.",
            ),
            Option(
                "Nothing",
                "It keeps what was written at the end of the best epoch. If none was complete, "
                "there is no file yet.",
            ),
            Option(
                "The weights of the best complete epoch",
                "Stop only means that nobody asks for the next step. What was saved stays saved.",
                right=True,
            ),
        ),
    ),
    Question(
        "Two runs with the same settings and the same seed: how do their curves differ?",
        (
            Option(
                "Not at all",
                "All luck comes from the seed: the first weights and the order of the stories. "
                "Same seed, same curve.",
                right=True,
            ),
            Option(
                "A little, because each run starts from other random weights",
                "They are random, but the seed decides which ones come.",
            ),
            Option(
                "The second is better, since the model has learned already",
                "A new run begins with a new model. Only Continue goes on with the old one.",
            ),
        ),
    ),
)

LESSON_09 = (
    Question(
        "The accuracy is good, but the loss climbs from epoch to epoch. Which bug would you look "
        "for first?",
        (
            Option("A learning rate that is far too low", "Then neither of them would move."),
            Option(
                "A forgotten zero_grad",
                "The weights run away: the order of the logits stays about right, and their size "
                "does not.",
                right=True,
            ),
            Option(
                "A softmax at the end of the model",
                "Then the loss falls and stops too high. It does not climb.",
            ),
        ),
    ),
    Question(
        "You grade the same model twice on the same stories, and the scores differ. Why?",
        (
            Option(
                "The loader shuffles", "The order makes no difference to a score over all stories."
            ),
            Option(
                "Grading is never exact",
                "Without chance in it, the same weights and the same stories give the same score.",
            ),
            Option(
                "The model is still in training mode",
                "Dropout leaves other numbers out each time. Call eval() before grading.",
                right=True,
            ),
        ),
    ),
    Question(
        "Which of the bugs can't be seen in any curve?",
        (
            Option(
                "No shuffling on sorted data",
                "It shows: the validation accuracy stays at a die roll.",
            ),
            Option(
                "Choosing the best epoch by the exam",
                "The curves are the same. Only the reported score is too good, so the code must "
                "be read.",
                right=True,
            ),
            Option(
                "A learning rate that is far too high",
                "It shows at once: the loss leaps up and is soon no number any more.",
            ),
        ),
    ),
)

QUIZZES: dict[str, tuple[Question, ...]] = {
    "00": LESSON_00,
    "01": LESSON_01,
    "02": LESSON_02,
    "03": LESSON_03,
    "04": LESSON_04,
    "05": LESSON_05,
    "06": LESSON_06,
    "07": LESSON_07,
    "08": LESSON_08,
    "09": LESSON_09,
}
