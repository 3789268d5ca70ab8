# make lab    opens the course          make test   runs every test
# Each makes .venv first if it is missing or its pins have changed.
#   PYTHON=python3.12   which Python to use       TORCH=cpu      torch without CUDA (Linux)
#   LAB_FLAGS="..."     handed to JupyterLab      PYTEST_FLAGS="..."   handed to pytest

PYTHON ?= python3
BIN := .venv/bin
PINS := pyproject.toml constraints.txt
UV := $(shell command -v uv 2>/dev/null)

.PHONY: lab test check refresh soak recipe bench bench-ui lock env clean

lab: env
	@$(BIN)/jupyter lab --notebook-dir=notebooks --LabApp.default_url=/lab/tree/00_start_here.ipynb $(LAB_FLAGS)

test: env
	@$(BIN)/python -m pytest $(PYTEST_FLAGS)

check: env
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy

# Run every notebook and store what it prints, so that a diff shows only what changed: no
# timestamps, no details of the Python that ran it, text printed together in one piece, and of a
# panel only its words, since without a kernel there is nothing behind the sliders.
define TIDY
from pathlib import Path
import nbformat
from nbconvert.preprocessors import CoalesceStreamsPreprocessor
for path in Path("notebooks").glob("[0-9]*.ipynb"):
    notebook, _ = CoalesceStreamsPreprocessor(enabled=True)(nbformat.read(path, 4), {})
    notebook.metadata.language_info = {"name": "python"}
    notebook.metadata.pop("widgets", None)
    for output in (o for cell in notebook.cells for o in cell.get("outputs", [])):
        output.get("data", {}).pop("application/vnd.jupyter.widget-view+json", None)
    nbformat.write(notebook, path)
endef
export TIDY

refresh: env
	@cd notebooks && ../$(BIN)/jupyter nbconvert --log-level=ERROR --to notebook --execute --inplace \
		--ExecutePreprocessor.record_timing=False [0-9]*.ipynb
	@$(BIN)/python -c "$$TIDY"

# What must hold however often and however many at once: strict nbval ten times over.
soak: env
	@for round in 1 2 3 4 5 6 7 8 9 10; do echo "--- round $$round of 10" && \
		$(BIN)/python -m pytest -q notebooks && \
		OMP_NUM_THREADS=2 $(BIN)/python -m pytest -q notebooks && \
		ATEN_CPU_CAPABILITY=default $(BIN)/python -m pytest -q notebooks -n 2 --dist loadfile \
		|| exit 1; done

# The recipes that the default was chosen from, measured; SOURCE=file or folder for other data.
recipe: env
	@$(BIN)/python benchmarks/recipe.py $(SOURCE)

# The course against what people use, and its growth with the data; SOURCE=folder of real rows.
# Building fastText takes a C++ compiler.
bench: env
	@$(BIN)/python -m pip --version > /dev/null 2>&1 || $(BIN)/python -m ensurepip > /dev/null
	@$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[bench]'
	@OMP_NUM_THREADS=1 $(BIN)/python benchmarks/compare.py $(SOURCE)
	@OMP_NUM_THREADS=1 $(BIN)/python benchmarks/scale.py $(SOURCE)

# The training lab in a real browser: how fast Stop works, and what the curves cost.
bench-ui: env
	@$(BIN)/python benchmarks/ui.py

# A universal set of exact versions without addresses, used with -c by pip, uv and conda.
# Torch's CUDA packages are listed for Linux; as constraints they install nothing.
lock: env
	@env -u UV_FIND_LINKS $(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 \
		--extra test --extra bench --no-annotate --no-header pyproject.toml --output-file constraints.txt

# .venv/installed is a copy of the pins it was made from: the same pins, nothing to do.
env:
	@cat $(PINS) | cmp -s - .venv/installed || $(MAKE) --no-print-directory .venv

.PHONY: .venv
.venv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "The course needs Python 3.11 or newer: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	@echo "Making the environment .venv (about 2 GB without CUDA, once) ..."
ifneq ($(UV),)
	@$(UV) venv --quiet --allow-existing --python $(PYTHON) .venv
	@$(UV) pip install --quiet --python $(BIN)/python $(if $(TORCH),--torch-backend $(TORCH)) -c constraints.txt -e '.[test]'
else
	@$(PYTHON) -m venv .venv
	@$(if $(TORCH),$(BIN)/python -m pip install --quiet -c constraints.txt uv && \
		$(BIN)/uv pip install --quiet --python $(BIN)/python --torch-backend $(TORCH),$(BIN)/python -m pip install --quiet) \
		-c constraints.txt -e '.[test]'
endif
	@$(BIN)/jupyter labextension disable --level=sys_prefix @jupyterlab/apputils-extension:announcements \
		> /dev/null 2>&1  # it would ask about news from the network
	@cat $(PINS) > .venv/installed

clean:
	rm -rf .venv
