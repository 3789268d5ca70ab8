"""How the tests are run: their kinds, what two workers share out, and which skips fail."""

import nbformat
import pytest

from conftest import KINDS, NO_REAL_ROWS, ROOT

TWO = ("-n", "2", "--dist", "loadgroup", "--no-loadscope-reorder")


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


@pytest.mark.parametrize("workers", [(), TWO], ids=["one worker", "two workers"])
def test_a_skipped_test_fails_the_run_and_is_named(run, workers):
    result = run({"test_one.py": skips("no browser")}, "--no-skips", *workers)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["SKIPPED *test_one.py::test_it*: Skipped: no browser"])
    result.stdout.fnmatch_lines(["FAILED: no test may be skipped here (--no-skips), but 1 were"])


def test_without_real_rows_no_other_test_may_be_skipped(run):
    files = {"test_one.py": skips(NO_REAL_ROWS)}
    flags = ("--no-skips", "--without-real-rows", *TWO)
    result = run(files, *flags)
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(["SKIPPED *test_one.py::test_it*real AG News rows*"])
    result = run(files | {"test_two.py": skips("no browser")}, *flags)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert run(files, "--no-skips", *TWO).ret == pytest.ExitCode.TESTS_FAILED


def test_workers_take_files_notebooks_and_the_browser_as_one_piece(run):
    """The longest is begun first; what is of a kind can be left out."""
    cells = [nbformat.v4.new_code_cell(f"n = {n}", execution_count=1 + n) for n in range(12)]
    for before, cell in enumerate(cells[1:]):
        cell.source = f"assert n == {before}\n{cell.source}"
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
    two_tests = "def test_one(): pass\ndef test_two(): pass\n"
    names = ["test_browser", "test_browser_quiz", "test_claims_01", "test_notebooks_on_x"]
    files = {f"{name}.py": two_tests for name in [*names, "test_any"]}
    files |= {"a.ipynb": nbformat.writes(notebook), "b.ipynb": nbformat.writes(notebook)}
    result = run(files, "-v", *TWO)
    result.assert_outcomes(passed=2 * 5 + 2 * 12)
    where = workers_of(result.outlines)
    assert len(where["browser"]) == len(where["a"]) == len(where["b"]) == 1
    assert len(where["test_claims_01"]) == len(where["test_any"]) == 1
    result = run({}, "--collect-only", "-q", "-p", "no:xdist", "-m", " or ".join(KINDS))
    kinds = [line for line in result.outlines if "::" in line]
    assert len(kinds) == 2 * 4 + 2 * 12
    assert "test_browser.py" in kinds[0] and "b.ipynb" in kinds[-1]


def workers_of(lines):
    """By group, the workers that ran it: [gw0] [ 5%] PASSED a.ipynb::Cell 3@a"""
    where = {}
    for line in lines:
        if line.startswith("[gw") and "@" in line:
            where.setdefault(line.rpartition("@")[2].strip(), set()).add(line.partition("]")[0])
    return where
