"""What tests and notebooks share, their kinds, and --no-skips for where none may be skipped."""

import os
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from figures import compare_figures
from hypothesis import settings
from nbval.plugin import IPyNbCell

from lessons.progress import record
from lessons.sources import TOPICS, load, load_split
from lessons.split import Split

pytest_plugins = ["pytester", "soak_mark"]  # pytester runs a small notebook under nbval
compare_figures(IPyNbCell)
settings.register_profile("no clock", deadline=None)  # a busy machine is slow, not wrong
settings.load_profile("no clock")

# What is chosen in the shell must not change what tests measure and notebooks print.
for chosen in ("LESSONS_SOURCE", "LESSONS_TOKENS", "LESSONS_DEVICE"):
    os.environ.pop(chosen, None)
os.environ["LESSONS_PROGRESS"] = "off"  # nor must a learner's file be read or written

ROOT = Path(__file__).parent
REAL_ROWS = ROOT.parent / "shared" / "data" / "ag_news"
NO_REAL_ROWS = f"needs the real AG News rows in ../{REAL_ROWS.relative_to(ROOT.parent)}"
NO_ROOT = "needs root, to make two users for a while"
NO_SCHEMA = "needs the schema in ../shared/data/z2jh"
# What a machine may lack, with the reason of the tests that are then skipped.
MAY_LACK = {"real-rows": NO_REAL_ROWS, "root": NO_ROOT, "schema": NO_SCHEMA}

# ------------------------------------------------------------------- kinds, for two workers

# The kind of a test is the folder that it is in, and a marker too; those of tests/unit are quick
# and have none. In this order they are begun: first what takes long as one piece, then the quick
# ones, last what fills the gaps.
KINDS = ("browser", "claims", "notebooks", None, "programs")
# Each test of these files has processes of its own; those of all other files stay together.
APART = ["test_notebooks_*.py", "test_ag_news.py", "test_conftest.py", "test_make.py"]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Mark each test by its kind, and put them in the order in which they are begun."""
    for item in items:
        if kind := kind_of(item.path):
            item.add_marker(kind)
    items.sort(key=lambda item: (KINDS.index(kind_of(item.path)), is_apart(item.path)))


@pytest.hookimpl(optionalhook=True)  # the environment of torchtext has no xdist
def pytest_xdist_make_scheduler(config, log):
    """Give a worker one piece after the other: xdist's marks for it do nothing under pytest 9.2."""
    from xdist.scheduler import LoadScopeScheduling

    class Pieces(LoadScopeScheduling):
        _split_scope = staticmethod(piece_of)

    return Pieces(config, log)


def piece_of(nodeid):
    """Tests of a file share fixtures or a kernel, and those in a browser the processor."""
    path = Path(nodeid.partition("::")[0])
    if is_apart(path):
        return nodeid
    return "browser" if kind_of(path) == "browser" else str(path)


@cache
def kind_of(path):
    folder = "notebooks" if path.suffix == ".ipynb" else path.parent.name
    return folder if folder in KINDS else None


@cache
def is_apart(path):
    return any(map(path.match, APART))


# --------------------------------------------------------------------------------- no skips


def pytest_addoption(parser):
    parser.addoption("--no-skips", action="store_true", help="fail if any test is skipped")
    for lacks, reason in MAY_LACK.items():
        parser.addoption(f"--without-{lacks}", action="store_true", help=f"but skip what {reason}")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session):
    if forbidden_skips(session.config):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter, config):
    for report in terminalreporter.stats.get("skipped", []):
        terminalreporter.write_line(f"SKIPPED {report.nodeid}: {report.longrepr[2]}")
    if forbidden := forbidden_skips(config):
        terminalreporter.write_line(
            f"FAILED: no test may be skipped here (--no-skips), but {len(forbidden)} were"
        )


def forbidden_skips(config):
    """The reports of tests that were skipped and must not be."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")  # a worker has none
    if reporter is None or not config.getoption("--no-skips"):
        return []
    allowed = [why for lacks, why in MAY_LACK.items() if config.getoption(f"--without-{lacks}")]
    skipped = reporter.stats.get("skipped", [])
    return [one for one in skipped if not any(why in one.longrepr[2] for why in allowed)]


# ------------------------------------------------------------------------------ what is shared


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)


@pytest.fixture
def restart(tmp_path, monkeypatch):
    """For a learner whose progress is kept, in a folder of their own: as if the kernel ended."""
    monkeypatch.delenv("LESSONS_PROGRESS")
    kernel = SimpleNamespace(user_ns={"_dh": [tmp_path]})  # where it has begun
    monkeypatch.setattr("lessons.progress.get_ipython", lambda: kernel)
    record.cache_clear()
    yield record.cache_clear
    record.cache_clear()


@pytest.fixture(scope="session")
def stories():
    return load("mini-news")


@pytest.fixture(scope="session")
def parts(stories) -> Split:
    return load_split("mini-news")


@pytest.fixture(scope="session")
def real_parts() -> Split:
    if not REAL_ROWS.is_dir():
        pytest.skip(NO_REAL_ROWS)
    return load_split(REAL_ROWS, names=TOPICS)
