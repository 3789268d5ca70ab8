"""How the tests are run: their kinds, what two workers share out, and which skips fail."""

from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest

from conftest import MAY_LACK, NO_REAL_ROWS, ROOT, piece_of, pytest_collection_modifyitems

TWO = ("-n", "2", "--no-loadscope-reorder")


@pytest.fixture
def run(pytester):
    """Run pytest as `make test` does, in a folder with the tests that are given by file."""

    def run(files, *flags):
        for name, content in files.items():
            (pytester.path / name).write_text(content)
        return pytester.runpytest_subprocess(
            *("-c", ROOT / "pyproject.toml", "--rootdir", pytester.path, "-p", "conftest"),
            *("-p", "no:cacheprovider", f"--nbval-sanitize-with={ROOT}/tests/nbval.cfg"),
            *(*flags, pytester.path),
        )

    return run


def skips(reason):
    return f"import pytest\ndef test_it():\n    pytest.skip({reason!r})\ndef test_other(): pass\n"


def test_a_skipped_test_fails_the_run_of_two_workers_and_is_named(run):
    files = {"test_one.py": skips(NO_REAL_ROWS), "test_two.py": skips("no browser")}
    result = run(files, "--no-skips", *TWO)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["SKIPPED *test_two.py::test_it*: Skipped: no browser"])
    result.stdout.fnmatch_lines(["FAILED: no test may be skipped here (--no-skips), but 2 were"])


@pytest.mark.parametrize("lacks", MAY_LACK)
@pytest.mark.parametrize(
    ("reason", "ended"),
    [(None, pytest.ExitCode.OK), ("no browser", pytest.ExitCode.TESTS_FAILED)],
)
def test_without_what_a_machine_lacks_no_other_test_may_be_skipped(run, lacks, reason, ended):
    reason = reason or MAY_LACK[lacks]
    result = run({"test_one.py": skips(reason)}, "--no-skips", f"--without-{lacks}")
    assert result.ret == ended
    result.stdout.fnmatch_lines([f"SKIPPED *test_one.py::test_it*: Skipped: {reason}"])


def test_one_worker_takes_all_cells_of_a_notebook_in_their_order(run):
    cells = [nbformat.v4.new_code_cell(f"n = {n}", execution_count=1 + n) for n in range(12)]
    for before, cell in enumerate(cells[1:]):
        cell.source = f"assert n == {before}\n{cell.source}"
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
    files = dict.fromkeys(["a.ipynb", "b.ipynb"], nbformat.writes(notebook))
    files["test_any.py"] = "def test_it(): pass\n"
    run(files, "-m", "notebooks", *TWO).assert_outcomes(passed=2 * 12)


def test_each_test_has_its_kind_and_what_takes_long_is_begun_first():
    names = [
        "unit/test_any.py",
        "b.ipynb",
        "browser/test_panels.py",
        "notebooks/test_notebooks_on_x.py",
    ]
    names += ["claims/test_1.py", "browser/test_lab.py", "programs/test_make.py", "unit/test_2.py"]
    items = [Item(path=Path("/course/tests") / name, marks=[]) for name in names]
    pytest_collection_modifyitems(items)
    assert [(item.path.name, *item.marks) for item in items] == [
        ("test_panels.py", "browser"),
        ("test_lab.py", "browser"),
        ("test_1.py", "claims"),
        ("b.ipynb", "notebooks"),
        ("test_notebooks_on_x.py", "notebooks"),
        ("test_any.py",),
        ("test_2.py",),
        ("test_make.py", "programs"),  # in small pieces, to fill the gaps
    ]


@pytest.mark.parametrize(
    ("nodeid", "piece"),
    [
        ("notebooks/02_loaders.ipynb::Cell 3", "notebooks/02_loaders.ipynb"),
        ("tests/browser/test_lab.py::test_it[x::y]", "browser"),
        ("tests/browser/test_panels.py::test_it", "browser"),
        ("tests/claims/test_claims_01.py::test_it", "tests/claims/test_claims_01.py"),
        ("tests/programs/test_make.py::test_it[a]", "tests/programs/test_make.py::test_it[a]"),
        (
            "tests/notebooks/test_notebooks_on_x.py::test_it",
            "tests/notebooks/test_notebooks_on_x.py::test_it",
        ),
    ],
)
def test_a_worker_takes_files_and_the_browser_as_one_piece(nodeid, piece):
    assert piece_of(nodeid) == piece


class Item(SimpleNamespace):
    def add_marker(self, mark):
        self.marks.append(mark)
