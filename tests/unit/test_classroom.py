"""What a class has handed in: found, read, taken apart and shown. Nothing of it is run here."""

import ast
import io
import json
import os
import zipfile
from collections import Counter

import nbformat
import pytest
from hand_ins import little_class
from wrong_answers import WRONG_ANSWERS

from lessons.classroom import answers, reading
from lessons.classroom.__main__ import main
from lessons.classroom.answers import answers_in
from lessons.classroom.judge import UNREADABLE, namespace
from lessons.classroom.page import as_html
from lessons.classroom.reading import File, cells_of, hand_ins, natural, students
from lessons.classroom.results import ClassResult, Student, Work, result
from lessons.classroom.suspect import Watch, reaches_for
from lessons.classroom.tables import as_csv, as_text
from lessons.classroom.trying import Outcome
from lessons.exercises import EXERCISES
from lessons.exercises.misconceptions import SIGNS, shown_by
from lessons.exercises.runner import NOT_ATTEMPTED, NOT_YET, PASSED, examine
from lessons.questions import misconceptions

NOTEBOOK = json.dumps({"nbformat": 4, "cells": [{"cell_type": "code", "source": ["x = ", "1"]}]})

# ------------------------------------------------------------------------- misconceptions


@pytest.mark.parametrize("wrong", WRONG_ANSWERS, ids=lambda w: f"{w.id}: {w.answer.__name__}")
def test_what_is_said_about_a_wrong_answer_shows_its_misconception(wrong):
    assert (
        shown_by(wrong.id, examine(EXERCISES[wrong.id], wrong.answer).text) == wrong.misconception
    )


def test_every_sign_is_of_a_known_misconception_and_of_use():
    said = [(one.id, examine(EXERCISES[one.id], one.answer).text) for one in WRONG_ANSWERS]
    assert set(SIGNS) <= set(misconceptions())
    for of_exercises in SIGNS.values():
        for id, signs in of_exercises.items():
            assert id == "*" or id in EXERCISES
            for words in signs:
                assert any(id in ("*", one) and words in text for one, text in said), words


def test_a_verdict_without_known_words_shows_nothing():
    assert shown_by("05-loop", "Your code was stopped after 10 seconds.") == ""
    assert shown_by("05-steps", "The gradients pile up.") == ""  # it is about 05-loop


# ------------------------------------------------------------------------- finding files


def write(path, content=NOTEBOOK):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def zip_of(**members):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return stream.getvalue()


def found(folder, output="results"):
    """Why each file could not be read, by its path; "" if it could."""
    return {one.path: one.why for one in hand_ins(folder, folder / output)}


def test_folders_and_zip_files_are_read_in_the_order_of_their_names(tmp_path):
    inner = zip_of(**{"deep/10.ipynb": NOTEBOOK, "deep/2.ipynb": NOTEBOOK})
    write(tmp_path / "b.zip", zip_of(**{"in.zip": inner, "empty/": ""}))
    write(tmp_path / "a" / "x (1).ipynb")
    write(tmp_path / "a" / "x.IPYNB")
    assert found(tmp_path) == {
        "a/x.IPYNB": "",
        "a/x (1).ipynb": "",
        "b.zip/in.zip/deep/2.ipynb": "",
        "b.zip/in.zip/deep/10.ipynb": "",
    }
    assert all(one.cells == ("x = 1",) for one in hand_ins(tmp_path, tmp_path / "results"))


def test_what_systems_leave_and_the_results_are_not_read(tmp_path):
    for name in (".hidden.ipynb", ".ipynb_checkpoints/a.ipynb", "results/a.ipynb", "~$a.ipynb"):
        write(tmp_path / name)
    write(tmp_path / "a.zip", zip_of(**{"__MACOSX/a.ipynb": "", "./../.git/a.ipynb": ""}))
    assert found(tmp_path) == {}


def test_no_link_is_followed(tmp_path):
    write(tmp_path / "away" / "secret.ipynb")
    folder = tmp_path / "class"
    folder.mkdir()
    (folder / "file.ipynb").symlink_to(tmp_path / "away" / "secret.ipynb")
    (folder / "folder").symlink_to(tmp_path / "away")
    (folder / "around").symlink_to(folder)
    why = "It is a link, and links are not followed."
    assert found(folder) == dict.fromkeys(("file.ipynb", "folder", "around"), why)


def test_a_pipe_does_not_make_it_wait(tmp_path):
    os.mkfifo(tmp_path / "a.ipynb")
    assert found(tmp_path) == {"a.ipynb": "It is no ordinary file."}


def test_an_error_of_the_disk_is_told(tmp_path, monkeypatch):
    write(tmp_path / "a.ipynb")

    def fails(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(reading.Path, "open", fails)
    assert found(tmp_path) == {"a.ipynb": "It cannot be opened (Permission denied)."}


def test_names_in_a_zip_file_lead_nowhere(tmp_path):
    names = ("../../up.ipynb", "/etc/root.ipynb", "C:\\x\\win.ipynb", "a/./b.ipynb")
    write(tmp_path / "class" / "a.zip", zip_of(**dict.fromkeys(names, NOTEBOOK)))
    assert set(found(tmp_path / "class")) == {
        *("a.zip/up.ipynb", "a.zip/etc/root.ipynb", "a.zip/C:/x/win.ipynb", "a.zip/a/b.ipynb")
    }
    assert [path.name for path in tmp_path.iterdir()] == ["class"]


def test_a_zip_file_that_holds_too_much_is_left(tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "LARGEST", 10_000)
    monkeypatch.setattr(reading, "LARGEST_ZIP", 15_000)
    large = b" " * 9_000
    write(tmp_path / "one.zip", zip_of(**{"bomb.ipynb": b" " * 10**6}))
    write(tmp_path / "many.zip", zip_of(**{f"{i}.ipynb": large for i in range(9)}))
    write(tmp_path / "two.zip", zip_of(**{"inner.zip": zip_of(a=os.urandom(16_000))}))
    why = found(tmp_path)
    assert "larger than" in why["one.zip/bomb.ipynb"]
    assert why["many.zip"] == "There is too much in it, so the rest was left out."
    assert len(why) == 5 and "larger than" in why["two.zip/inner.zip"]


def test_zip_files_within_each_other_end(tmp_path):
    content = zip_of(**{"a.ipynb": NOTEBOOK})
    for _ in range(4):
        content = zip_of(**{"z.zip": content})
    write(tmp_path / "z.zip", content)
    assert found(tmp_path) == {"/".join(["z.zip"] * 4): "It is a zip file in too many others."}


def test_broken_zip_files_are_told(tmp_path):
    whole = zip_of(**{"a.ipynb": NOTEBOOK * 100})
    write(tmp_path / "cut.zip", whole[:-30])
    place = whole.index(b"a.ipynb") + 20
    write(tmp_path / "bits.zip", whole[:place] + bytes([whole[place] ^ 255]) + whole[place + 1 :])
    write(tmp_path / "locked.zip", whole.replace(b"PK\1\2\x14\3\x14\0\0", b"PK\1\2\x14\3\x14\0\1"))
    why = found(tmp_path)
    assert "no zip file that can be read" in why["cut.zip"]
    assert "cannot be unzipped" in why["bits.zip/a.ipynb"]
    assert "encrypted" in why["locked.zip/a.ipynb"]


def test_names_that_steer_a_terminal_are_shown_as_they_are_not(tmp_path):
    write(tmp_path / "a\x1b[2J\n.ipynb")
    write(tmp_path / os.fsdecode(b"b\xff.ipynb"))
    assert all(one.isprintable() for one in found(tmp_path)) and len(found(tmp_path)) == 2


# --------------------------------------------------------------------- what is in a notebook


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "cp1252"]
)
def test_a_notebook_in_any_encoding(encoding):
    text = NOTEBOOK.replace("x = ", "# é\\nx = ")
    assert cells_of(File(("a",), text.encode(encoding))) == (("# é\nx = 1",), "")


def test_a_notebook_of_an_old_format():
    new = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("x = 1")])
    old = json.dumps(nbformat.convert(new, 3))
    assert '"worksheets"' in old
    assert cells_of(File(("a",), old.encode())) == (("x = 1",), "")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("", "It is empty."),
        (" \n", "It is empty."),
        ("Homework", "no notebook, or a broken one: Expecting value"),
        (NOTEBOOK[:-3], "no notebook, or a broken one"),
        ("[" * 100_000, "no notebook, or a broken one: maximum recursion depth"),
        ("[1, 2]", "no notebook as Jupyter writes them (TypeError"),
        ("{}", "no notebook as Jupyter writes them (KeyError: 'cells')"),
        ('{"cells": [{"cell_type": "code"}]}', "KeyError: 'source'"),
        ('{"cells": 3}', "TypeError"),
        ('{"nbformat": 2, "worksheets": 5}', "no notebook as Jupyter writes them"),
        (b"\0\1\2\3\xff" * 99, "no notebook, or a broken one"),
    ],
)
def test_what_is_no_notebook_is_told(content, why):
    content = content if isinstance(content, bytes) else content.encode()
    cells, told = cells_of(File(("a",), content))
    assert cells == () and why in told


def test_more_code_than_anybody_writes_is_not_read():
    book = json.dumps({"cells": [{"cell_type": "code", "source": "x=1\n" * 80_000}]})
    assert cells_of(File(("a",), book.encode())) == (
        (),
        "It holds more than 300000 characters of code.",
    )


def test_half_a_character_does_not_bring_the_page_down():
    book = NOTEBOOK.replace("1", "'\\ud800'")
    assert cells_of(File(("a",), book.encode())) == (("x = '?'",), "")


# ----------------------------------------------------------------------------- whose file it is


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        (["Ana Li_123_assignsubmission_file_/05.ipynb", "Bo_4_assignsubmission_file_x.ipynb"],
         ["Ana Li", "Bo"]),
        (["all.zip/Ana Li_123_assignsubmission_file/a/05.ipynb"], ["Ana Li"]),
        (["Li_1_assignsubmission_file_/a.ipynb", "Li_2_assignsubmission_file_/a.ipynb"],
         ["Li (1)", "Li (2)"]),
        (["liana_1_22_05.ipynb", "bo_LATE_3_44_05-1.ipynb", "liana_1_23_06.ipynb"],
         ["liana", "bo", "liana"]),
        (["ana/05.ipynb", "bo.zip/06.ipynb", "bo.zip/x/07.ipynb"], ["ana", "bo", "bo"]),
        (["ana/05.ipynb", "ana/06.ipynb"], ["ana", "ana"]),
        (["class/ana/05.ipynb", "class/bo/05.ipynb"], ["ana", "bo"]),
        (["class.zip/ana.ipynb", "class.zip/bo.ipynb"], ["ana", "bo"]),
        (["ana.ipynb", "ana (1).ipynb", "bo (2).ipynb", "bo_05_training_loop.ipynb"],
         ["ana", "ana", "bo (2)", "bo"]),
        (["05_training_loop.ipynb"], ["05_training_loop"]),
        (["group-1.ipynb", "group-2.ipynb"], ["group-1", "group-2"]),
        (["(1).ipynb", ".ipynb"], ["(1)", ".ipynb"]),
        ([], []),
    ],
)  # fmt: skip
def test_whose_a_file_is(paths, names):
    assert students([tuple(path.split("/")) for path in paths]) == names


def test_attempts_are_in_their_order():
    names = ["a.ipynb", "a (1).ipynb", "a (2).ipynb", "a (10).ipynb", "b.ipynb"]
    assert sorted(reversed(names), key=lambda name: natural((name,))) == names


# ------------------------------------------------------------------------ taking answers out


def steps(*cells, id="05-steps"):
    """For each answer: the code that is run before it, and the answer; or why it is unreadable."""
    return [
        (one.code, one.trial.answer) if one.trial else one.why
        for one in answers_in(cells, "a.ipynb", EXERCISES)
        if one.id == id
    ]


DEF = "def my_steps(stories, batch_size, epochs):\n    return {}"
CHECK = 'check("05-steps", my_steps)'


def test_an_answer_comes_with_what_it_needs_and_no_more():
    model = "model = fit(make_model())"
    assert steps(
        "from math import ceil, floor\nimport torch", model,
        "def helper(x):\n    return ceil(x) + ONE",
        "ONE = 1", "total = 5", DEF.format("helper(stories) + total"), "total = 0", CHECK,
    ) == [(
        "from math import ceil, floor\n\ndef helper(x):\n    return ceil(x) + ONE\n\nONE = 1\n\n"
        + DEF.format("helper(stories) + total") + "\n\ntotal = 0", "my_steps",
    )]  # fmt: skip


def test_local_names_are_not_taken_for_those_of_other_cells():
    body = "[batch for batch in range(epochs)] and (lambda model: model)(1)"
    ((shown, _),) = steps(
        "model = train()\nbatch = train()\nepochs = train()", DEF.format(body), CHECK
    )
    assert "train" not in shown


@pytest.mark.parametrize(
    "cells",
    [
        [DEF.format(1), DEF.format(2), CHECK, DEF.format(3)],  # the last one above
        [CHECK, DEF.format(2), DEF.format(3)],  # or else the first one below
        [f"{DEF.format(2)}\n{CHECK}"],
        [DEF.format(2), "import lessons.exercises as desk\ndesk." + CHECK],
        [DEF.format(2), 'check(id="05-steps", answer=my_steps)'],
        [DEF.format(2), "if True:\n    " + CHECK],
        [DEF.format(2)],  # no check: by its name
        [DEF.format(2), 'check("05-stops", my_steps)'],
    ],
)
def test_where_an_answer_is_found(cells):
    assert steps(*cells) == [(DEF.format(2), "my_steps")]


def test_a_value_that_is_made_of_itself():
    cells = ["import torch", DEF.format(2), "my_steps = torch.no_grad()(my_steps)", CHECK]
    assert steps(*cells) == [("\n\n".join(cells[:-1]), "my_steps")]


def test_what_is_needed_at_once_comes_first_wherever_it_stands():
    ((shown, _),) = steps(
        "SIZE = double(2)", DEF.format("SIZE"), CHECK, "def double(x):\n    return 2 * x"
    )
    assert shown.index("def double") < shown.index("SIZE =") < shown.index("def my_steps")


def test_names_that_need_each_other_end():
    assert len(steps("a = b", "b = a", DEF.format("a"), CHECK)) == 1
    assert len(steps(DEF.format("my_steps(1, 1, 1)"), CHECK)) == 1


def test_a_chain_that_is_too_long_is_told():
    chain = ["x5000 = 1", *(f"x{i} = x{i + 1}" for i in reversed(range(5000)))]
    (found,) = steps("\n".join(chain), "my_steps = x0", CHECK)
    assert found[1] == "my_steps"
    (why,) = steps("\n".join(reversed(chain)), "my_steps = x0", CHECK)
    assert why == "It needs a chain of values that is too long to follow."


@pytest.mark.parametrize(
    "code", ["-" * 100_000 + "1", "(" * 90_000, "x" + ".x" * 50_000, "x = 1\n" * 4_000]
)
def test_strange_code_is_read_or_told(code):
    assert steps(code, DEF.format(2), CHECK) == [(DEF.format(2), "my_steps")]


def test_an_expression_and_decorators_and_star_imports():
    assert steps('check("05-steps", lambda s, b, e: s)') == [("lambda s, b, e: s",) * 2]
    cells = ["from math import *", "import functools", "@functools.cache\n" + DEF.format("ceil(1)")]
    assert steps(*cells, CHECK) == [("\n\n".join(cells), "my_steps")]


def test_hints_are_no_answers():
    assert steps('hint("05-steps")\nsolution("05-steps", True)') == []


def test_magics_do_not_hide_a_cell():
    cell = f"%matplotlib inline\n!ls\n{DEF.format(2)}\nmy_steps?\n{CHECK}"
    assert steps(cell) == [(DEF.format(2), "my_steps")]
    assert steps("%%bash\nls", cell) == steps(cell)


def test_what_runs_python_is_python():
    for first in ("%%time", "\n%%capture out --no-stderr", "x = !ls", "files = %ls"):
        assert steps(f"{first}\n{DEF.format(2)}", CHECK) == [(DEF.format(2), "my_steps")]
    named = "%time check('05-steps', mine)"
    assert steps(f"mine = 2\n{named}") == [("mine = 2", "mine")]
    assert steps(f">>> {DEF.format(2)}".replace("\n", "\n... "), CHECK) != []


def test_an_operator_at_the_start_of_a_line_is_no_magic():
    cell = DEF.format("(stories\n            % batch_size)")
    assert steps(cell, CHECK) == [(cell, "my_steps")]


@pytest.mark.parametrize(
    "change",
    ["x.append(1)", "x[0] = 1", "del x[0]", "x += [1]", "for i in range(3):\n    x.append(i)"],
)
def test_what_changes_a_value_in_place_comes_with_it(change):
    cells = ["x = [0]", change, DEF.format("x"), CHECK]
    assert steps(*cells) == [("\n\n".join(cells[:-1]), "my_steps")]


def test_a_name_of_a_loop_needs_no_value_before():
    cells = ["for i in [1]:\n    train()", "for i in [2]:\n    x = i", DEF.format("x"), CHECK]
    assert steps(*cells) == [("\n\n".join(cells[1:-1]), "my_steps")]


def test_a_function_that_is_called_at_once_has_the_values_of_that_place():
    """And not only those that stand above the check."""
    cells = ["data = 1", "def run():\n    return data", "score = run()", "data = 2"]
    ((shown, _),) = steps(*cells, DEF.format("score"), CHECK)
    assert shown.index("data = 1") < shown.index("score = run()")


def test_dots_are_no_answer_where_there_is_another():
    begin = DEF.format("").replace("return ", "...")
    assert steps(begin, CHECK, DEF.format(2)) == [(DEF.format(2), "my_steps")]
    assert steps(begin, CHECK) == [(begin, "my_steps")]


def test_names_that_lead_to_ever_more_names_end(monkeypatch):
    monkeypatch.setattr(answers, "MOST_SEEN", 20)
    cells = [f"def f{i}():\n    return f{i + 1}()\nx{i} = f0()" for i in range(20)]
    every = ", ".join(f"x{i}" for i in range(20))
    why = "It needs a chain of values that is too long to follow."
    assert steps(*cells, DEF.format(every), CHECK) == [why]


@pytest.mark.parametrize(
    ("cells", "why"),
    [
        ([f"{DEF.format(2)}\nfor\n{CHECK}"], "Code cell 1 is no Python: invalid syntax (line 3)."),
        ([f"{DEF.format('(')}", CHECK],
         "`my_steps` is defined in a cell that cannot be read. Code cell 1 is no Python: "
         "'(' was never closed (line 2)."),
        ([DEF.format("(")], "Code cell 1 is no Python: '(' was never closed (line 2)."),
        ([CHECK], "`my_steps` is defined in no cell."),
        ([f"x = '\0'\n{CHECK}"], "Code cell 1 is no Python"),
        (["x = " + "(" * 5000 + f"\n{CHECK}"], "Code cell 1 is no Python"),
    ],
)  # fmt: skip
def test_an_answer_that_cannot_be_read_is_told(cells, why):
    told = steps(*cells)
    assert told and told[-1].startswith(why)


def test_a_lessons_imports_are_there_and_no_solution():
    space = namespace(EXERCISES["05-loop"])
    assert {"torch", "F", "nn", "ceil"} <= set(space)
    assert not {"my_train", "check_loop", "LOOP", "judge", "EXERCISES"} & set(space)


# ----------------------------------------------------------------------------- what is unusual


@pytest.mark.parametrize(
    "code",
    [
        "import os\nos.getpid()", "import os as p", "from sys import modules", "eval('1')",
        "x.__class__ = y", "import sys\nx = sys", "import timeit", "import random as r\nr._os",
        "from enum import _sys", "import lessons\nlessons.exercises", "from lessons import *",
        "getattr(torch, 's' + 'ys')", "getattr(torch, 'sys')", "locals()", "import codecs",
        "match f:\n    case object(__globals__=g):\n        pass", "import pkgutil",
        "from lessons.panels.progress import EXERCISES", "import torch.serialization.pickle",
        "import traceback", "torch.load(x, weights_only=False)", "operator.attrgetter(x)",
        "from lessons.exercises.lesson_05 import my_train", "import lessons.exercises as e",
        "from lessons import exercises", "class A:\n    def __eq__(self, other):\n        return 1",
        "try:\n    1 / 0\nexcept Exception as e:\n    e.__traceback__", "torch.os.getcwd()",
        "setattr(a, 'b', 1)", "sum.__self__", "getattr(a, '__class__')",
        "type('A', (float,), {'__eq__': max})", "type('A', (float,), dict(__eq__=max))",
    ],
)  # fmt: skip
def test_what_no_exercise_needs_is_found(code):
    assert reaches_for(ast.parse(code))


@pytest.mark.parametrize(
    "code",
    [
        "import torch\nmodel.eval()\nre.compile('a')", "signal = code = 3", "from math import ceil",
        "class A(nn.Module):\n    def __init__(self):\n        super().__init__()",
        "from lessons.validation import best", "from . import x", "print(1)", "getattr(a, 'b')",
        "import sys\nsys.maxsize - sys.float_info.max", "import os.path\nos.path.join('a', 'b')",
        "import os\nos.getcwd()", "from io import BytesIO", "x.__class__.__name__",
        "import torch.nn.functional as F", "torch.load(x, weights_only=True)",
        "from IPython.display import display", "import pandas",
    ],
)  # fmt: skip
def test_what_exercises_need_is_usual(code):
    assert reaches_for(ast.parse(code)) == ""


def test_a_changed_check_is_seen(monkeypatch):
    import builtins

    import torch

    from lessons.exercises import asserts
    from lessons.model import TextClassifier

    watch = Watch()
    assert watch.changed() == ""
    for owner, name, new in (
        (builtins, "abs", lambda _: 0),
        (torch, "allclose", lambda *_: True),
        (torch.Tensor, "item", lambda _: 1),
        (torch.nn.Module, "parameters", lambda _: []),
        (asserts, "close", lambda *_: True),
        (asserts, "abs", abs),  # hides that of Python
        (asserts.close, "__code__", asserts.same.__code__.replace()),
        (TextClassifier, "forward", lambda *_: None),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(owner, name, new, raising=False)
            changed = watch.changed()
        assert changed.endswith(name) or changed.endswith(f"{name}.__code__"), (owner, changed)
    assert watch.changed() == ""


# ------------------------------------------------------------------------------- what is shown


def test_misconceptions_are_counted_by_student_the_most_common_first():
    other = Outcome(NOT_YET, "x", "a rare one")
    found = little_class()
    found.students.append(Student("Di", {"05-running": other, "05-loop": other}, []))
    assert [(one.name, one.students, one.exercises) for one in found.misconceptions] == [
        ("divides by the number of batches", 2, {"05-loop": 1, "05-running": 2}),
        ("a rare one", 1, {"05-loop": 1, "05-running": 1}),
    ]
    assert [(student, id) for student, id, _ in found.others] == [("Cy", "05-running")]


def test_the_text_for_a_terminal():
    assert as_text(little_class()) == (
        "=Ana <i>  05 ✗✗  0 of 2\n"
        "Bo        05 ✗✓  1 of 2\n"
        "Cy        05 ✗?  0 of 2\n\n"
        "✓ passed, ✗ not yet, ○ not attempted, ? could not be read\n\n"
        "2 of 3: divides by the number of batches. 05-loop (1), 05-running (2)\n"
        "Not yet without one that is known, answers: 1.\n\n"
        "! Cy: -x: It is empty."
    )


def test_what_may_be_right_is_named():
    one = Outcome(NOT_YET, "It passes, but it uses `eval`. Look at it yourself.")
    found = ClassResult([Student("Ana", {"05-loop": one}, [])], ["05-loop"])
    assert as_text(found).endswith("Perhaps right, so look at these yourself: Ana 05-loop.")


def test_a_gradebook_has_one_row_a_student_and_no_formula():
    assert as_csv(little_class()).splitlines() == [
        "student,passed,of,05-running,05-loop,notes",
        "'=Ana <i>,0,2,not yet,not yet,",
        "Bo,1,2,not yet,passed,",
        "Cy,0,2,not yet,could not be read,'-x: It is empty.",
    ]


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@x", " =1", "\t=1"])
def test_a_name_is_no_formula(name):
    found = ClassResult([Student(name, {}, [])], [])
    assert as_csv(found).splitlines()[1].startswith(f"'{name},")


def test_the_page_holds_everything_and_nothing_of_it_is_markup():
    page = as_html(little_class())
    assert "<b>2 of 3</b> divides by the number of batches: 05-loop (1), 05-running (2)" in page
    assert "=Ana &lt;i&gt;" in page and "def f(): &lt;b&gt;" in page and "expected 1 &lt; 2" in page
    assert "<i>" not in page and "<script" not in page and "http://" not in page
    assert "Odd." in page and "-x: It is empty." in page


def work(files, jobs=()):
    return Work([reading.HandIn(*one) for one in files], dict(jobs))


def test_what_may_be_in_a_file_that_cannot_be_read_could_not_be_read():
    files = [
        ("Ana", ("a.ipynb",), (), "Broken."),
        ("Ana", ("b.ipynb",), ("x",)),
        ("Bo", ("c.ipynb",), ("x",)),
    ]
    found = result(work(files, {("Ana", "05-loop"): []}), {("Ana", "05-loop"): Outcome(PASSED)})
    ana, bo = found.students
    assert found.exercises == ["05-steps", "05-running", "05-loop", "05-pieces"]
    assert Counter(one.state for one in ana.outcomes.values()) == {PASSED: 1, UNREADABLE: 3}
    assert {one.state for one in bo.outcomes.values()} == {NOT_ATTEMPTED}
    assert ana.notes == ["a.ipynb: Broken."]
    assert bo.notes == ["c.ipynb: no exercise of the course is in it."]


def test_several_files_with_the_same_exercise_are_told():
    twice = [answers_in([CHECK], path, EXERCISES)[0] for path in ("a.ipynb", "b.ipynb")]
    files = [("Ana", (one.path,), ("x",)) for one in twice]
    (ana,) = result(work(files, {("Ana", "05-steps"): twice}), {}).students
    assert ana.notes == ["The same exercises are in a.ipynb, b.ipynb: the last attempt counts."]


def test_a_picture_beside_a_notebook_is_only_a_note():
    files = [("Ana", ("a.ipynb",), ("x",)), ("Ana", ("b.png",), (), "It is no notebook.")]
    (ana,) = result(work(files, {("Ana", "05-loop"): []}), {}).students
    assert {one.state for one in ana.outcomes.values()} == {NOT_ATTEMPTED}
    (bo,) = result(work([("Bo", ("b.png",), (), "It is no notebook.")]), {}).students
    assert {one.state for one in bo.outcomes.values()} == {UNREADABLE}


# ------------------------------------------------------------------------------ the program


@pytest.mark.parametrize(
    ("files", "arguments", "words"),
    [
        ([], ["nowhere"], "There is no folder nowhere."),
        ([], ["."], "Nothing has been handed in: the folder . is empty."),
        (["a.txt"], [".", "--output", "a.txt"], "File exists"),
    ],
)
def test_one_sentence_says_what_is_wrong(tmp_path, monkeypatch, capsys, files, arguments, words):
    folder = tmp_path / "class"
    folder.mkdir()
    monkeypatch.chdir(folder)
    for name in files:
        write(folder / name)
    assert main(arguments) == 1
    said = capsys.readouterr()
    assert words in said.err and said.err.count("\n") == 1 and said.out == ""


@pytest.mark.parametrize("count", ["0", "x", "-1", "65"])
def test_a_number_of_workers_that_is_none(capsys, count):
    with pytest.raises(SystemExit):
        main([".", f"--workers={count}"])
    assert "no whole number from 1 to 64" in capsys.readouterr().err


def test_no_folder_is_not_this_one(capsys):
    with pytest.raises(SystemExit):
        main([""])
    assert "name the folder that was handed in: FOLDER=" in capsys.readouterr().err


def test_windows_is_told(monkeypatch, capsys):
    monkeypatch.delattr(os, "fork")
    assert main(["."]) == 1
    assert "On Windows, use WSL." in capsys.readouterr().err


def test_two_runs_do_not_write_into_one_folder(tmp_path, capsys):
    from filelock import FileLock

    write(tmp_path / "class" / "a.ipynb")
    (tmp_path / "out").mkdir()
    with FileLock(tmp_path / "out" / ".lock"):
        assert main([str(tmp_path / "class"), "--output", str(tmp_path / "out")]) == 1
    assert "Another run writes into" in capsys.readouterr().err
