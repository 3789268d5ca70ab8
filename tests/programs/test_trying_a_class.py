"""A class is tried: nobody is lost, nobody passes who has not, and nothing is done elsewhere."""

import json
import signal
import subprocess
import sys
from ast import literal_eval
from textwrap import dedent, indent

import psutil
import pytest
from hand_ins import KINDS, faults, module_of, write_class
from jupyter_browser import until
from lesson_notebooks import solved_cell
from right_answers import RIGHT_ANSWERS

from lessons.classroom import trying
from lessons.classroom.answers import answers_in
from lessons.classroom.judge import UNREADABLE, landlock
from lessons.classroom.trying import Judges, Kept, outcomes
from lessons.exercises import EXERCISES
from lessons.exercises.runner import NOT_ATTEMPTED, NOT_YET, OUR_FAULT, PASSED

COMMAND = [sys.executable, "-m", "lessons.classroom"]


@pytest.fixture(scope="module")
def judges(tmp_path_factory):
    judges = Judges(str(tmp_path_factory.mktemp("judge")), 1)
    yield judges
    judges.close()


def tried(judges, *cells, id="05-steps"):
    """The verdict on the last answer in these cells."""
    answer = [one for one in answers_in(cells, "a.ipynb", EXERCISES) if one.id == id][-1]
    return judges.ask({"id": id, **answer.trial._asdict()})


def steps(body):
    """A cell with an answer to 05-steps."""
    head = "def my_steps(stories, batch_size, epochs):\n"
    return head + indent(dedent(body).strip(), "    ") + '\n\n\ncheck("05-steps", my_steps)'


RIGHT = "return -(-stories // batch_size) * epochs"

# ---------------------------------------------------------------------------- a whole class


@pytest.fixture(scope="module")
def a_class(tmp_path_factory):
    """One hand-in of each kind, tried once."""
    folder = tmp_path_factory.mktemp("class")
    (folder / "work").mkdir()
    expected = write_class(folder / "work", len(KINDS))
    return folder, expected, run(folder)


def run(folder):
    return subprocess.run(
        [*COMMAND, "work", "--output", "results", "--workers", "2"],
        cwd=folder, capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip


def test_every_kind_of_hand_in_comes_out_as_it_must(a_class):
    folder, expected, done = a_class
    assert len(expected) >= 20
    assert (done.returncode, done.stderr) == (0, "")
    assert faults(expected, folder / "results") == []
    for name in expected:
        assert f"\n{name} " in f"\n{done.stdout}"


def test_nothing_is_written_but_the_results(a_class):
    folder, _, _ = a_class
    assert {path.name for path in folder.iterdir()} == {"work", "results"}
    names = {path.name for path in (folder / "results").iterdir()}
    assert names == {".lock", "verdicts.jsonl", "class.csv", "class.html"}
    assert not list(folder.rglob("*escaped*"))


def test_what_is_kept_is_not_tried_again(a_class):
    folder, _, done = a_class
    verdicts = folder / "results" / "verdicts.jsonl"
    before = verdicts.read_text().split()
    again = run(folder)
    assert again.stdout == done.stdout
    assert verdicts.read_text().split() == before


def test_a_fault_in_the_result_would_be_noticed(a_class, tmp_path):
    folder, expected, _ = a_class
    for name in ("class.csv", "class.html"):
        text = (folder / "results" / name).read_text(encoding="utf-8-sig")
        (tmp_path / name).write_text(text.replace("not yet", "passed"), encoding="utf-8-sig")
    assert any("is passed, expected: not yet" in one for one in faults(expected, tmp_path))


def test_it_can_be_stopped_and_goes_on(tmp_path):
    (tmp_path / "work").mkdir()
    kinds = {one.__name__: one for one in KINDS}
    chosen = [kinds[name] for name in ("solutions", "other_right_answers")] * 4
    write_class(tmp_path / "work", 8, kinds=[*chosen, kinds["never_ends"]], lessons=["05"])
    write_class(tmp_path / "work", 1, kinds=[kinds["never_ends"]], lessons=["05"])
    command = [*COMMAND, "work", "--output", "results", "--workers", "1"]
    process = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    verdicts = tmp_path / "results" / "verdicts.jsonl"

    def some_are_kept():
        return verdicts.exists() and len(verdicts.read_text().split("\n")) > 4

    until(some_are_kept, "some verdicts are kept", 120)
    children = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "All verdicts so far are kept in results: the same command goes on." in said
    assert "Traceback" not in said
    psutil.wait_procs(children, timeout=30)
    assert children and not any(one.is_running() for one in children)

    kept = verdicts.read_text()
    assert run(tmp_path).returncode == 0
    assert verdicts.read_text().startswith(kept)
    keys = [json.loads(line)[0] for line in verdicts.read_text().splitlines() if line]
    assert len(keys) == len(set(keys)) > 8


# --------------------------------------------------------------------------- right answers


def test_every_right_answer_passes(judges):
    for id, answer in RIGHT_ANSWERS:
        cells = [module_of(answer), f'check("{id}", {answer.__name__})']
        state, text = tried(judges, *cells, id=id)
        assert state == PASSED, f"{answer.__name__}: {text}"


@pytest.mark.parametrize("id", EXERCISES)
def test_a_solution_passes_without_the_imports_of_its_notebook(judges, id):
    code = EXERCISES[id].code
    assert (
        tried(judges, f'{code}\n\n\ncheck("{id}", {EXERCISES[id].solution.__name__})', id=id)[0]
        == PASSED
    )


def test_what_an_answer_changes_is_gone_with_it(judges):
    changes = """
        import builtins, torch, lessons.exercises.asserts as asserts
        builtins.abs = builtins.all = torch.allclose = asserts.close = lambda *_: True
        torch.set_default_dtype(torch.float64)
        return 1
    """
    assert "Your code changes `builtins.a" in tried(judges, steps(changes))[1]
    for id in ("05-loop", "05-steps"):
        assert tried(judges, solved_cell(id), id=id)[0] == PASSED
    assert tried(judges, steps("return stories // batch_size * epochs"))[0] == NOT_YET


# ------------------------------------------------------------------ what may not bring it down

HOSTILE = {
    "import sys\nsys.exit(0)": "Your code raised SystemExit: 0",
    "import os\nos._exit(0)": "Your code ended Python itself, with exit code 0.",
    "import os\nos._exit(3)": "Your code ended Python itself, with exit code 3.",
    "import os\nos.abort()": "Your code ended Python itself (SIGABRT).",
    "import ctypes\nctypes.string_at(0)": "Your code ended Python itself (SIGSEGV).",
    "raise KeyboardInterrupt": "Your code raised KeyboardInterrupt.",
    "return bytearray(10**10)": "Your code raised MemoryError",
    "return torch.zeros(3 * 10**9)": "can't allocate memory",
    "much = [0]\nwhile True:\n    much += much": "Your code raised MemoryError",
    "import os\nos.fork()": "(os.fork)",
    "import subprocess\nsubprocess.run(['touch', 'x'])": "(subprocess.Popen)",
    "import os\nos.system('touch x')": "(os.system)",
    "import os\nos.kill(os.getppid(), 9)": "(os.kill)",
    "import os\nos.remove('/etc/passwd')": "(os.remove)",
    "import os\nos.mkdir('x')": "(os.mkdir)",
    "open('x', 'w')": "(open)",
    "import os\nos.open('x', os.O_CREAT)": "(open)",
    "import socket\nsocket.create_connection(('127.0.0.1', 9))": "(socket.",
    "import gc\ngc.get_objects()": "(gc.get_objects)",
    "import os\nfor pipe in range(99):\n    try:\n        os.write(pipe, b'passed')\n"
    "    except OSError:\n        pass\nos._exit(0)": "wrote into the place of the verdict",
}


@pytest.mark.parametrize("body", HOSTILE)
def test_an_answer_that_means_harm_is_only_not_right(judges, body):
    state, text = tried(judges, steps(body))
    assert state == NOT_YET and HOSTILE[body] in text, text
    assert tried(judges, steps(RIGHT))[0] == PASSED


CHEATS = {
    "changes a check": "import lessons.exercises.asserts as a\na.close = lambda *_: True\nreturn 1",
    "changes a function": "import lessons.exercises.asserts as a\n"
    "a.close.__code__ = (lambda a, b, c=1: True).__code__\nreturn 1",
    "hides a builtin": "import lessons.exercises.asserts as a\na.abs = lambda _: 0\nreturn 1",
    "changes the runner": "import lessons.exercises.runner as r\n"
    "r.examine = lambda *_: ('passed', '')\nr.Verdict.text = 'passed'\nreturn 1",
    "changes the exercise": "import lessons.exercises.lesson_05 as l\n"
    "l.check_steps.__code__ = (lambda answer: None).__code__\nreturn 1",
    "asks the library": "from lessons.exercises.lesson_05 import my_steps\n"
    "return my_steps(stories, batch_size, epochs)",
    "is equal to all": "class All(float):\n    def __sub__(self, other):\n        return 0.0\n"
    "    __rsub__ = __float__ = __sub__\nreturn All(1)",
    "asks the library by its whole name": "import lessons.text\n"
    "return lessons.exercises.lesson_05.my_steps(stories, batch_size, epochs)",
    "asks a module that has another": "import collections\n"
    "library = collections._sys.modules['lessons.exercises.lesson_05']\n"
    "return library.my_steps(stories, batch_size, epochs)",
    "has its code in a text": "import timeit\nfound = []\n"
    "timeit.timeit('import lessons.exercises.lesson_05 as l; found.append(l.my_steps(*asked))',"
    " number=1, globals={'found': found, 'asked': (stories, batch_size, epochs)})\nreturn found[0]",
    "writes a verdict with the right number": "import os, sys\nframe = sys._getframe()\n"
    "while 'token' not in frame.f_locals:\n    frame = frame.f_back\n"
    "there = frame.f_locals\nos.write(there['pipe'], f\"{there['token']} passed\\n\".encode())\n"
    "os._exit(0)",
    "looks into its caller": "import sys\nframe = sys._getframe()\nwhile frame:\n"
    "    stories = frame.f_locals.get('epochs', stories)\n    frame = frame.f_back\n" + RIGHT,
}


@pytest.mark.parametrize("way", CHEATS)
def test_an_answer_that_gets_at_its_check_does_not_pass(judges, way):
    state, text = tried(judges, steps(CHEATS[way]))
    assert state in (NOT_YET, OUR_FAULT), text


def test_who_uses_what_no_exercise_needs_is_to_be_looked_at(judges):
    state, text = tried(judges, "import os", steps(f"os.getpid()\n{RIGHT}"))
    assert state == NOT_YET
    assert text.startswith("It passes, but it uses `os`") and text.endswith("Look at it yourself.")
    assert tried(judges, "import os", steps(RIGHT))[0] == PASSED  # it is not used
    assert tried(judges, "import sys", steps(f"sys.maxsize\n{RIGHT}"))[0] == PASSED


@pytest.mark.skipif(landlock() < 3, reason="needs Linux 6.2 with Landlock")
def test_no_file_is_written_where_python_does_not_know_of_it(judges, tmp_path):
    target = tmp_path / "x.pt"
    _, text = tried(judges, steps(f"torch.save(torch.zeros(3), {str(target)!r})"))
    assert "Permission denied" in text and not target.exists()


def test_time_counts_while_the_processor_works_on_it(tmp_path, monkeypatch):
    """So nobody fails because a computer is busy with others."""
    patched = "import lessons.classroom.judge as j; j.AT_WORK, j.WALL = 2, 6; j.serve('.')"
    monkeypatch.setattr(trying, "JUDGE", ["-c", patched])
    monkeypatch.chdir(tmp_path)
    judges = Judges(str(tmp_path), 1)
    try:
        asleep = tried(judges, steps("import time\ntime.sleep(60)"))
        late = tried(judges, "import time\npause = time.sleep(3)", steps(f"pause\n{RIGHT}"))
        at_work = tried(judges, steps("while True:\n    pass"))
    finally:
        judges.close()
    assert asleep[0] == OUR_FAULT and "Run the command once more" in asleep[1]  # and is not kept
    assert late[0] == PASSED
    assert tuple(at_work) == (
        NOT_YET,
        "Your code was stopped after 2 seconds. Does a loop never end?",
    )


# ------------------------------------------------------------------------ what is not the answer


def test_an_answer_that_needs_a_cell_that_is_refused_is_to_be_looked_at(judges):
    cell = "from tempfile import TemporaryDirectory\nfolder = TemporaryDirectory()"
    state, text = tried(judges, cell, steps(f"folder\n{RIGHT}"))
    assert state == UNREADABLE and text.endswith("(os.mkdir). Look at it yourself.")


def test_an_error_in_a_cell_that_is_needed_is_told_with_its_line(judges):
    state, text = tried(judges, "x = 1\nSIZE = x / 0", steps("return SIZE"))
    assert (state, text) == (
        NOT_YET,
        "Your code raised ZeroDivisionError: division by zero\n"
        "in line 2 of your cell: SIZE = x / 0\n"
        "The divisor was 0. Which example makes it 0, and what should come out then?",
    )
    state, text = tried(judges, "import sys\nSIZE = sys.exit(3)", steps("return SIZE"))
    assert state == NOT_YET and "SystemExit: 3\nin line 2 of your cell" in text


def test_a_package_that_is_not_there_is_no_fault_of_the_student(judges):
    state, text = tried(judges, "import no_such_package", steps("return no_such_package.one"))
    assert state == UNREADABLE and "needs a package that is not installed here" in text


def test_a_judge_that_dies_is_replaced(tmp_path):
    judges = Judges(str(tmp_path), 1)
    try:
        assert tried(judges, steps(RIGHT))[0] == PASSED
        judges._all[0]._process.kill()
        assert tried(judges, steps(RIGHT))[0] == OUR_FAULT
        assert tried(judges, steps(RIGHT))[0] == PASSED
    finally:
        judges.close()
    with pytest.raises(OSError, match="no judges any more"):
        tried(judges, steps(RIGHT))


def test_judges_that_cannot_start_are_told(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "executable", "/bin/false")
    jobs = {("Ana", "05-steps"): answers_in([steps(RIGHT)], "a", EXERCISES)}
    with pytest.raises(OSError, match="could not be started"):
        dict(outcomes(jobs, Kept(tmp_path / "kept"), 1))


# ------------------------------------------------------------------------- which answer counts


class Invented:
    """Judges that say what is written in an answer."""

    def __init__(self):
        self.asked = []

    def ask(self, task):
        self.asked.append(task["answer"])
        return literal_eval(task["answer"])


def settled(tmp_path, *states):
    cells = [f"check('05-steps', {(state, str(i))!r})" for i, state in enumerate(states)]
    cells = [cell if "read" not in cell else "for:\n" + cell for cell in cells]
    job = answers_in(cells, "a", EXERCISES)
    return trying._settle(job, Kept(tmp_path / "kept"), Invented())


@pytest.mark.parametrize(
    ("states", "counts"),
    [
        ([PASSED, NOT_YET], 1),
        ([NOT_YET, PASSED, NOT_ATTEMPTED], 1),
        ([PASSED, UNREADABLE, NOT_ATTEMPTED], 0),
        ([NOT_ATTEMPTED, UNREADABLE], 1),
        ([UNREADABLE, NOT_ATTEMPTED], 0),
        ([NOT_ATTEMPTED], 0),
    ],
)
def test_the_last_answer_that_does_something_counts(tmp_path, states, counts):
    found = settled(tmp_path, *states)
    assert (found.state, found.where) == (states[counts], f"a, code cell {counts + 1}")


def test_verdicts_are_kept_but_not_our_faults(tmp_path, monkeypatch):
    path = tmp_path / "kept"
    path.write_text('["half a li', encoding="utf-8")
    judges = Invented()

    def told(state):
        (answer,) = answers_in([f"check('05-steps', {(state, '')!r})"], "a", EXERCISES)
        kept = Kept(path)
        kept.told(answer, judges)
        kept.close()

    for state in (PASSED, PASSED, OUR_FAULT, OUR_FAULT, PASSED):
        told(state)
    assert len(judges.asked) == 3  # one that passed, and twice our fault
    monkeypatch.setattr(trying, "_version", lambda: "another one")
    told(PASSED)
    assert len(judges.asked) == 4
