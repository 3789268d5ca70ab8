"""What the layout of the tests promises."""

import ast

from lesson_notebooks import NOTEBOOKS

from conftest import KINDS, ROOT
from lessons import panels
from lessons.panels.controls import Panel

TESTS = ROOT / "tests"
FILES = sorted(TESTS.rglob("test_*.py"))


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


def test_every_panel_is_tried_in_a_browser():
    files = [*TESTS.glob("browser/*.py"), TESTS / "helpers" / "jupyter_browser.py"]
    tried = "\n".join(path.read_text(encoding="utf-8") for path in files)
    public = {name: getattr(panels, name) for name in panels.__all__}
    names = [name for name, one in public.items() if issubclass(one, Panel)]
    assert len(names) > 5
    assert [name for name in names if f"{name}(" not in tried] == []


def test_each_lesson_has_tests_of_what_it_claims():
    claims = {path.stem.removeprefix("test_claims_") for path in TESTS.glob("claims/test_*.py")}
    assert claims >= {path.stem[:2] for path in NOTEBOOKS}
