"""Imports go one way: from what is taught later, or is machinery, to what was there before."""

import ast
import re
from graphlib import TopologicalSorter

import pytest

from conftest import ROOT

SOURCE = ROOT / "src" / "lessons"
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")

# Each module or folder of src/lessons, from the ground up. One imports only those before it.
READ = ("split", "text", "loaders", "model", "training", "validation", "checkpoint")  # 01 to 06
READ += ("larger", "together")  # 11
LAYERS = (
    "support",  # what is no lesson's point
    *READ,
    *("sources", "figures", "silent_bugs", "questions", "progress", "exercises"),
    *("classroom", "panels"),
)


APART = ("__main__", "project")  # the command, and the folder that it copies: they import nothing


def modules():
    """Each module's name without `lessons.`, with its source."""
    paths = {path.relative_to(SOURCE).with_suffix("").parts: path for path in SOURCE.rglob("*.py")}
    del paths["__init__",]  # it imports nothing
    paths = {name: path for name, path in paths.items() if name[0] not in APART}
    return {
        ".".join(name).removesuffix(".__init__"): path.read_text(encoding="utf-8")
        for name, path in paths.items()
    }


def imports(source, known):
    """The known modules that a module imports, wherever it does."""
    for node in ast.walk(ast.parse(source)):
        names = []
        if isinstance(node, ast.ImportFrom) and node.module.split(".")[0] == "lessons":
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                names.append(inner if inner.removeprefix("lessons.") in known else node.module)
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names if alias.name.startswith("lessons.")]
        yield from (name.removeprefix("lessons.") for name in names)


def arrows(sources):
    """Who imports whom."""
    return {name: set(imports(source, sources)) for name, source in sources.items()}


def place(name):
    return name.partition(".")[0]


def layer(name):
    return LAYERS.index(place(name))


def upward(graph):
    """The arrows that do not go down: to a layer above, or around in a circle within one."""
    for name, imported in graph.items():
        yield from (f"{name} imports {one}" for one in imported if layer(one) > layer(name))


def test_imports_go_down():
    graph = arrows(modules())
    assert set(map(place, graph)) == set(LAYERS)
    assert list(upward(graph)) == []
    list(TopologicalSorter(graph).static_order())  # raises CycleError for a circle


def test_what_a_learner_reads_is_files_and_all_else_has_rooms():
    assert {path.stem for path in SOURCE.glob("*.py")} == {"__init__", "__main__", *READ}


@pytest.mark.parametrize("name", READ)
def test_what_a_learner_reads_is_short(name):
    source = (SOURCE / f"{name}.py").read_text(encoding="utf-8")
    assert len(source.splitlines()) <= 150
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef):
            assert node.end_lineno - node.lineno < 30, node.name


def test_an_arrow_that_goes_up_would_be_noticed():
    sources = modules()
    sources["loaders"] += "\nfrom lessons.panels import worker\n"
    sources["text"] += "\ndef late():\n    import lessons.model\n"
    assert sorted(upward(arrows(sources))) == [
        "loaders imports panels.worker",
        "text imports model",
    ]


# ---------------------------------------------------------------------- the page about it


def between_layers(graph):
    """Which layers each layer imports, directly."""
    found = {one: set() for one in LAYERS}
    for name, imported in graph.items():
        found[place(name)] |= set(map(place, imported)) - {place(name)}
    return found


def reduced(layers):
    """The arrows that do not follow from others, as pairs."""
    below = {}  # all that a layer reaches
    for one in LAYERS:  # from the ground up, so what it imports is done
        below[one] = layers[one].union(*(below[other] for other in layers[one]))
    return {
        (one, other)
        for one in LAYERS
        for other in layers[one]
        if not any(other in below[between] for between in layers[one])
    }


def drawn(page):
    """The arrows of the drawing on a page, as pairs."""
    (drawing,) = re.findall(r"^```mermaid\n(.*?)^```", page, re.M | re.S)
    lines = re.findall(r"^ *(\w+) --> (.+)$", drawing, re.M)
    return [(one, other) for one, others in lines for other in others.split(" & ")]


def tabled(page):
    """The layers of the table on a page, each with what the last column names."""
    rows = re.findall(r"^\| `(\w+)` \|[^|]+\|[^|]+\|([^|]*)\|$", page, re.M)
    return {layer: re.findall(r"`(\w+)`", imported) for layer, imported in rows}


def test_the_drawing_shows_who_imports_whom():
    shown = drawn(PAGE)
    assert len(shown) == len(set(shown))
    assert set(shown) == reduced(between_layers(arrows(modules())))


def test_the_table_tells_the_same_from_the_ground_up():
    table = tabled(PAGE)
    assert list(table) == list(LAYERS)
    assert sorted(drawn(PAGE)) == sorted((one, other) for one in table for other in table[one])


def test_an_arrow_follows_from_others():
    layers = {one: set() for one in LAYERS}
    layers |= {"text": {"support"}, "model": {"text", "support"}, "panels": {"model", "support"}}
    assert reduced(layers) == {("text", "support"), ("model", "text"), ("panels", "model")}
