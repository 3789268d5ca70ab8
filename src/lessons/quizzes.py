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

QUIZZES: dict[str, tuple[Question, ...]] = {
    "00": LESSON_00,
}
