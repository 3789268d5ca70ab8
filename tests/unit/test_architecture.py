"""Imports go one way: from what is taught later, or is machinery, to what was there before."""

import ast
from graphlib import TopologicalSorter

from conftest import ROOT

SOURCE = ROOT / "src" / "lessons"

# Each module or folder of src/lessons, from the ground up. One imports only those before it.
LAYERS = (
    "support",  # what is no lesson's point
    *("split", "text", "loaders", "model", "training", "validation", "checkpoint"),  # 01 to 06
    *("sources", "figures", "silent_bugs", "questions", "exercises", "panels"),
)


def modules():
    """Each module's name without `lessons.`, with its source."""
    paths = {path.relative_to(SOURCE).with_suffix("").parts: path for path in SOURCE.rglob("*.py")}
    return {".".join(name).removesuffix(".__init__"): p.read_text() for name, p in paths.items()}


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


def layer(name):
    return LAYERS.index(name.partition(".")[0])


def upward(graph):
    """The arrows that do not go down: to a layer above, or around in a circle within one."""
    for name, imported in graph.items():
        yield from (f"{name} imports {one}" for one in imported if layer(one) > layer(name))


def test_imports_go_down():
    graph = arrows({name: source for name, source in modules().items() if name != "__init__"})
    assert {name.partition(".")[0] for name in graph} == set(LAYERS)
    assert list(upward(graph)) == []
    list(TopologicalSorter(graph).static_order())  # raises CycleError for a circle


def test_an_arrow_that_goes_up_would_be_noticed():
    sources = modules()
    sources["loaders"] += "\nfrom lessons.panels import worker\n"
    sources["text"] += "\ndef late():\n    import lessons.model\n"
    assert sorted(upward(arrows(sources))) == [
        "loaders imports panels.worker",
        "text imports model",
    ]
