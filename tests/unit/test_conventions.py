"""What the layout of the tests promises, and how long what a learner reads may be."""

import ast

import pytest

from conftest import KINDS, ROOT

TESTS = ROOT / "tests"
FILES = sorted(TESTS.rglob("test_*.py"))
LESSONS = ("split", "text", "loaders", "model", "training", "validation", "checkpoint")


def imported_modules(source):
    """The modules that a file imports, at its top or anywhere else."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def imports_of_tests(source):
    tests = {path.stem for path in FILES}
    return sorted(name for name in imported_modules(source) if name.split(".")[-1] in tests)


def test_no_test_imports_a_test():
    """What several of them need is in tests/helpers, so each can be moved and run by itself."""
    files = [path for path in TESTS.rglob("*.py") if not path.is_relative_to(TESTS / "torchtext")]
    found = {path.name: imports_of_tests(path.read_text()) for path in files}
    assert {name: tests for name, tests in found.items() if tests} == {}


def test_a_test_that_imports_a_test_would_be_noticed():
    assert imports_of_tests("from test_split import works") == ["test_split"]
    assert imports_of_tests("def late():\n    import tests.unit.test_text") == [
        "tests.unit.test_text"
    ]
    assert imports_of_tests("from lessons.support.test_set import NOTE") == []


def test_helpers_are_no_tests():
    assert [path for path in FILES if path.parent.name == "helpers"] == []
    for path in (TESTS / "helpers").glob("*.py"):
        names = [n.name for n in ast.parse(path.read_text()).body if isinstance(n, ast.FunctionDef)]
        assert not [name for name in names if name.startswith("test_")], path


def test_each_folder_with_tests_is_of_a_known_kind(request):
    """But for those that `make test` does not enter."""
    elsewhere = request.config.getini("norecursedirs")
    folders = {path.parent.relative_to(ROOT).as_posix() for path in FILES} - set(elsewhere)
    assert folders == {f"tests/{kind or 'unit'}" for kind in KINDS}


@pytest.mark.parametrize("name", LESSONS)
def test_what_a_learner_reads_is_short(name):
    source = (ROOT / "src" / "lessons" / f"{name}.py").read_text()
    assert len(source.splitlines()) <= 150
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef):
            assert node.end_lineno - node.lineno < 30, node.name


def test_beside_what_a_learner_reads_there_are_rooms_alone():
    modules = [path.stem for path in (ROOT / "src" / "lessons").glob("*.py")]
    assert sorted(modules) == sorted(["__init__", *LESSONS])
