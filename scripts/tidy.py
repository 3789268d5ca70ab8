"""Tidies stored notebooks, so that a diff shows only what changed. With --check it only looks.

python scripts/tidy.py [--check] notebooks/*.ipynb
"""

import argparse
import sys
from pathlib import Path

import nbformat
from nbconvert.preprocessors import CoalesceStreamsPreprocessor
from nbformat import NotebookNode

KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
LANGUAGE = {
    "name": "python",
    "file_extension": ".py",
    "mimetype": "text/x-python",
    "nbconvert_exporter": "python",
    "pygments_lexer": "ipython3",
}
PANEL = "application/vnd.jupyter.widget-view+json"


def tidy(notebook: NotebookNode) -> NotebookNode:
    """The same notebook without what changes from run to run, or from editor to editor.

    No times, no version of the Python that ran it, text printed together in one piece, and of a
    panel only its words, since without a kernel there is nothing behind the sliders.
    """
    notebook, _ = CoalesceStreamsPreprocessor(enabled=True)(notebook, {})
    notebook.metadata |= {"kernelspec": KERNEL, "language_info": LANGUAGE}
    notebook.metadata.pop("widgets", None)
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        for output in cell.get("outputs", []):
            output.get("data", {}).pop(PANEL, None)
    return notebook


def text_of(notebook: NotebookNode) -> str:
    """A notebook as it stands in its file."""
    return nbformat.writes(notebook).rstrip("\n") + "\n"


def fault_of(path: Path) -> str | None:
    """What is wrong with a stored notebook, and what to do about it; or None."""
    stored = path.read_text(encoding="utf-8")
    try:
        notebook = nbformat.reads(stored, as_version=4)
        nbformat.validate(notebook)
    except (ValueError, AttributeError, nbformat.ValidationError):
        return "is not a notebook; was it merged by hand?"
    counts = [cell.execution_count for cell in notebook.cells if cell.cell_type == "code"]
    if counts != list(range(1, len(counts) + 1)):
        return "was not run once from top to bottom: make refresh"
    if stored != text_of(tidy(notebook)):
        return f"is not tidy: python scripts/tidy.py {path}"
    return None


def main() -> int:
    """Tidy these notebooks, or only name those with a fault. 1 if there is any."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="change nothing, name the faults")
    parser.add_argument("notebooks", nargs="+", type=Path)
    asked = parser.parse_args()
    if not asked.check:
        for path in asked.notebooks:
            text = text_of(tidy(nbformat.read(path, as_version=4)))
            path.write_text(text, encoding="utf-8", newline="\n")
        return 0
    faults = {path: fault for path in asked.notebooks if (fault := fault_of(path))}
    for path, fault in faults.items():
        print(f"{path} {fault}")
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main())
