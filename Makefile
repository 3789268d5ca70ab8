# `make help` lists what there is. What needs an environment makes it first, if it is missing or
# broken, or its pins have changed.
#   PYTHON=python3.12   which Python to use       TORCH=cpu            torch without CUDA (Linux)
#   LAB_FLAGS="..."     handed to JupyterLab      PYTEST_FLAGS="..."   handed to pytest

PYTHON ?= python3
BIN := .venv/bin
UV := $(shell command -v uv 2> /dev/null)
OLD := .venv-torchtext
PAGE := notebooks/torchtext
NOTEBOOKS := notebooks/*.ipynb
RUN := jupyter nbconvert --log-level=ERROR --to notebook --execute --inplace
PYTEST := $(BIN)/python -m pytest -n 2 --no-loadscope-reorder --durations=10

.PHONY: $(shell sed -n 's/^\([a-z-]*\):.*/\1/p' Makefile)

lab: env  ## opens the course in JupyterLab
	@$(BIN)/jupyter lab --notebook-dir=notebooks --LabApp.default_url=/lab/tree/00_start_here.ipynb $(LAB_FLAGS)
torchtext: env-torchtext  ## opens it beside the real torchtext
	@$(OLD)/bin/jupyter lab --notebook-dir=notebooks \
		--LabApp.default_url=/lab/tree/torchtext/from_torchtext.ipynb $(LAB_FLAGS)
test: env  ## runs every test and every notebook
	@$(PYTEST) $(PYTEST_FLAGS)
test-fast: env  ## runs those without browser, notebook, claim or program of their own
	@$(PYTEST) -m "not (browser or claims or notebooks or programs)" $(PYTEST_FLAGS)
test-firefox: env  ## tries the training lab in Firefox
	@$(BIN)/python -m pytest tests/firefox $(PYTEST_FLAGS)
test-torchtext: env env-torchtext  ## proves the course equal to the real torchtext, in both
	@$(OLD)/bin/python -m pytest tests/torchtext/torchtext_equal.py $(PAGE) $(PYTEST_FLAGS)

check: env  ## looks for faults in code and stored notebooks
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy
	@$(BIN)/python scripts/tidy.py --check $(NOTEBOOKS) $(PAGE)/*.ipynb
refresh: env  ## runs the notebooks and stores what they print; NOTEBOOKS= some of them
	@LESSONS_PROGRESS=off $(BIN)/$(RUN) $(NOTEBOOKS) && $(BIN)/python scripts/tidy.py $(NOTEBOOKS)
refresh-torchtext: env-torchtext  ## runs the one of the real torchtext and stores what it prints
	@$(OLD)/bin/$(RUN) $(PAGE)/*.ipynb && $(OLD)/bin/python scripts/tidy.py $(PAGE)/*.ipynb

slides: env  ## makes a deck of each lesson in build/slides; LAB= where JupyterLab runs
	@$(BIN)/python scripts/slides.py $(LAB:%=--lab=%)
guide: env  ## makes the instructor's guide and the handout, in build/guide
	@$(BIN)/python scripts/guide.py
site: env  ## makes the open page in build/site: every lesson, with panels that answer
	@$(BIN)/python scripts/website.py $(REPOSITORY:%=--repository=%)
recordings: env  ## lets the library train what the site's panels play back (ten minutes)
	@$(BIN)/python -m scripts.recordings
class: env  ## reads and tries what a class has handed in: FOLDER=...
	@$(BIN)/python -m lessons.classroom "$(FOLDER)"
hub: env-hub  ## starts a server for a class, on this machine alone; HUB_FLAGS= for JupyterHub
	@.venv-hub/bin/jupyterhub -f deploy/jupyterhub/trial.py $(HUB_FLAGS)
soak: env  ## runs notebooks and claims on 15 machines; SOAK_FLAGS="--only claims"
	@$(BIN)/python scripts/soak.py $(SOAK_FLAGS) && $(BIN)/python -m pytest -m soak tests/programs tests/browser tests/unit
recipe: env  ## measures the recipes that the default was chosen from; SOURCE= other data
	@$(BIN)/python benchmarks/recipe.py $(SOURCE)
bench: env  ## measures the course against what people use (takes a C++ compiler); SOURCE= real rows
	@$(BIN)/uv pip install --quiet --python $(BIN)/python -c constraints.txt -e '.[bench]'
	@for one in compare scale project; do OMP_NUM_THREADS=1 $(BIN)/python benchmarks/$$one.py $(SOURCE) || exit; done
bench-larger: env  ## measures lesson 11: what is faster, and what many rows cost; SOURCE= real rows
	@OMP_NUM_THREADS=1 $(BIN)/python benchmarks/larger.py $(SOURCE)
bench-ui: env  ## measures panels in a browser: in JupyterLab, and on the site
	@$(BIN)/python benchmarks/ui.py && $(BIN)/python benchmarks/site.py
bench-class: env-hub  ## measures a class of 30 on such a server; CLASS="--largest"
	@.venv-hub/bin/python benchmarks/class_server.py $(CLASS)

# A universal set of exact versions without addresses, for pip, uv and conda.
COMPILE := env -u UV_FIND_LINKS $(BIN)/uv pip compile --quiet --upgrade --universal \
	--python-version 3.11 --no-annotate --no-header

lock: env  ## renews the pins
	@$(COMPILE) --extra test --extra bench pyproject.toml --output-file constraints.txt
	@$(COMPILE) $(PAGE)/requirements.txt --output-file $(PAGE)/constraints.txt
	@cd deploy/jupyterhub && npm install --silent --package-lock-only
	@$(COMPILE) -c constraints.txt pyproject.toml deploy/jupyterhub/requirements.txt \
		--output-file deploy/jupyterhub/constraints.txt

ENVIRONMENT := command -v $(PYTHON) > /dev/null || { echo "There is no $(PYTHON) here. Install" \
	"Python 3.11 or newer, or name one: make lab PYTHON=python3.12"; exit 1; }; \
	$(PYTHON) scripts/environment.py $(TORCH:%=--torch=%) $(UV:%=--uv=%)
env:  ## makes the environment .venv
	@$(ENVIRONMENT) course .venv
env-torchtext:  ## makes the one with the real torchtext
	@$(ENVIRONMENT) torchtext $(OLD)
env-hub:  ## makes the one of a server for a class
	@$(ENVIRONMENT) hub .venv-hub

clean:  ## removes the environments, and what was built
	rm -rf .venv $(OLD) .venv-hub build
help:
	@sed -n 's/^\([a-z-]*\):.*  ## /\1 /p' Makefile | awk '{ printf "make %-18s", $$1; $$1 = ""; print }'
