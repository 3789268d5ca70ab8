# make lab        opens the course                       make test            runs every test
# make torchtext  opens it beside the real torchtext     make test-torchtext  proves them equal
# make test-fast  runs those without browser, notebook, claim or program of their own
# Each makes its environment first if it is missing or broken, or its pins have changed.
#   PYTHON=python3.12   which Python to use       TORCH=cpu      torch without CUDA (Linux)
#   LAB_FLAGS="..."     handed to JupyterLab      PYTEST_FLAGS="..."   handed to pytest

PYTHON ?= python3
BIN := .venv/bin
PINS := pyproject.toml constraints.txt
UV := $(shell command -v uv 2>/dev/null)
OLD := .venv-torchtext
OLD_PAGE := notebooks/torchtext
OLD_PINS := $(OLD_PAGE)/environment.yml $(OLD_PAGE)/constraints.txt

.PHONY: lab test test-fast check refresh soak recipe bench bench-ui lock env clean
.PHONY: torchtext test-torchtext refresh-torchtext env-torchtext

lab: env
	@$(BIN)/jupyter lab --notebook-dir=notebooks --LabApp.default_url=/lab/tree/00_start_here.ipynb $(LAB_FLAGS)

# Two workers; conftest.py says which tests stay together, and what is begun first.
PYTEST := $(BIN)/python -m pytest -n 2 --no-loadscope-reorder --durations=10

test: env
	@$(PYTEST) $(PYTEST_FLAGS)

test-fast: env
	@$(PYTEST) -m "not (browser or claims or notebooks or programs)" $(PYTEST_FLAGS)

check: env
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy

# Run every notebook and store what it prints, so that a diff shows only what changed: no
# timestamps, no version of the Python that ran it, text printed together in one piece, and of a
# panel only its words, since without a kernel there is nothing behind the sliders.
define TIDY
import sys
from pathlib import Path
import nbformat
from nbconvert.preprocessors import CoalesceStreamsPreprocessor
for path in map(Path, sys.argv[1:]):
    notebook, _ = CoalesceStreamsPreprocessor(enabled=True)(nbformat.read(path, 4), {})
    notebook.metadata.language_info = {
        "name": "python", "file_extension": ".py", "mimetype": "text/x-python",
        "nbconvert_exporter": "python", "pygments_lexer": "ipython3",
    }
    notebook.metadata.pop("widgets", None)
    for output in (o for cell in notebook.cells for o in cell.get("outputs", [])):
        output.get("data", {}).pop("application/vnd.jupyter.widget-view+json", None)
    nbformat.write(notebook, path)
endef
export TIDY
RUN := jupyter nbconvert --log-level=ERROR --to notebook --execute --inplace \
	--ExecutePreprocessor.record_timing=False

refresh: env
	@cd notebooks && ../$(BIN)/$(RUN) [0-9]*.ipynb
	@$(BIN)/python -c "$$TIDY" notebooks/[0-9]*.ipynb

refresh-torchtext: env-torchtext
	@cd $(OLD_PAGE) && ../../$(OLD)/bin/$(RUN) from_torchtext.ipynb
	@$(OLD)/bin/python -c "$$TIDY" $(OLD_PAGE)/from_torchtext.ipynb

# What must hold on every machine: notebooks and claims on 15 of them. SOAK_FLAGS="--only claims".
soak: env
	@$(BIN)/python scripts/soak.py $(SOAK_FLAGS)

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
	@$(OLD_PACKAGES) | env -u UV_FIND_LINKS $(BIN)/uv pip compile --quiet --upgrade --universal \
		--python-version 3.11 --no-annotate --no-header - --output-file $(OLD_PAGE)/constraints.txt

# An environment in the folder $(1): made, filled (to choose a torch takes uv), and JupyterLab in it
# told not to ask about news from the network.
venv = $(if $(UV),$(UV) venv --quiet --allow-existing --python $(PYTHON),$(PYTHON) -m venv) $(1)
with_uv = pip install --quiet --python $(1)/bin/python $(if $(TORCH),--torch-backend $(TORCH))
with_pip = $(1)/bin/python -m pip install --quiet
install = $(if $(UV),$(UV) $(with_uv),$(if $(TORCH),$(with_pip) -c constraints.txt uv && \
	$(1)/bin/uv $(with_uv),$(with_pip)))
quiet = $(1)/bin/jupyter labextension disable --level=sys_prefix \
	@jupyterlab/apputils-extension:announcements > /dev/null 2>&1

# .venv/installed is a copy of the pins it was made from: the same pins, nothing to do, if it is
# whole. One that is not is made again from nothing: pip takes a package that lost files for fine.
WHOLE := $(BIN)/python -I scripts/whole.py

env:
	@cat $(PINS) | cmp -s - .venv/installed && $(WHOLE) 2> /dev/null \
		|| $(MAKE) --no-print-directory .venv

.PHONY: .venv
.venv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "The course needs Python 3.11 or newer: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	@test ! -e .venv -a ! -L .venv || $(WHOLE) || { echo "So .venv is made again from nothing."; rm -rf .venv; }
	@echo "Making the environment .venv (about 2 GB without CUDA, once) ..."
	@$(call venv,.venv)
	@$(call install,.venv) -c constraints.txt -e '.[test]'
	@$(call quiet,.venv)
	@cat $(PINS) > .venv/installed

# ------------------------------------------------------------------- the real torchtext, apart

torchtext: env-torchtext
	@$(OLD)/bin/jupyter lab --notebook-dir=notebooks \
		--LabApp.default_url=/lab/tree/torchtext/from_torchtext.ipynb $(LAB_FLAGS)

# The course's own environment takes part: one test trains in both and compares the losses.
test-torchtext: env env-torchtext
	@$(OLD)/bin/python -m pytest tests/torchtext/torchtext_equal.py $(OLD_PAGE) $(PYTEST_FLAGS)

# Its packages stand in environment.yml, for conda too; sed takes them out of there.
OLD_PACKAGES := sed -n 's/^      - \([^-]\)/\1/p' $(OLD_PAGE)/environment.yml

# The lessons come without their pins: they ask for a newer torch, but work with this one.
# What it costs and why it is kept apart, or that it cannot be had here.
define BEFORE
import platform, sys
python = "{}.{}".format(*sys.version_info)
machine = f"{platform.system()} {platform.machine()}"
if python not in ("3.11", "3.12"):
    sys.exit(f"torchtext cannot be had for Python {python}: its last release has wheels for the "
             "course up to Python 3.12. Try PYTHON=python3.12 or PYTHON=python3.11 after make.")
if machine not in ("Linux x86_64", "Darwin arm64", "Windows AMD64"):
    sys.exit(f"torchtext cannot be had for {machine}: its last release has wheels for Linux "
             "x86_64, macOS arm64 and Windows AMD64. The page can be read all the same, with "
             "its results: notebooks/torchtext/from_torchtext.ipynb")
large = platform.system() == "Linux" and not sys.argv[1:] == ["cpu"]
print("Making the environment $(OLD) with the real torchtext, once:",
      "about 3 GB to download, 5.6 GB on the disk." if large else
      "less than 1 GB to download, 1 to 2 GB on the disk.")
print("It is kept apart because it needs torch 2.3: before 2.6, torch.load can run code hidden in "
      "a file (CVE-2025-32434). Open no checkpoint there that is not your own.", flush=True)
endef
export BEFORE

env-torchtext:
	@cat $(OLD_PINS) | cmp -s - $(OLD)/installed \
		&& $(OLD)/bin/python -I scripts/whole.py $(OLD)/packages.txt 2> /dev/null \
		|| $(MAKE) --no-print-directory $(OLD)

.PHONY: $(OLD)
$(OLD):
	@$(PYTHON) -c "$$BEFORE" $(TORCH)
	@rm -rf $(OLD)
	@$(call venv,$(OLD))
	@$(OLD_PACKAGES) > $(OLD)/packages.txt
	@$(call install,$(OLD)) -c $(OLD_PAGE)/constraints.txt -r $(OLD)/packages.txt
	@$(call install,$(OLD)) --no-deps -e .
	@$(call quiet,$(OLD))
	@cat $(OLD_PINS) > $(OLD)/installed

clean:
	rm -rf .venv $(OLD)
