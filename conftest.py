"""What tests and notebooks share, and --no-skips: in CI a skipped test is a failed one."""

from pathlib import Path

import pytest
import torch
from figures import compare_figures
from nbval.plugin import IPyNbCell

from lessons.data import TOPICS, Split, load, load_split

pytest_plugins = ["pytester", "soak_mark"]  # pytester runs a small notebook under nbval
compare_figures(IPyNbCell)

ROOT = Path(__file__).parent
REAL_ROWS = ROOT.parent / "shared" / "data" / "ag_news"


def pytest_addoption(parser):
    parser.addoption("--no-skips", action="store_true", help="fail if any test is skipped")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session):
    skipped = session.config.pluginmanager.get_plugin("terminalreporter").stats.get("skipped", [])
    if skipped and session.config.getoption("--no-skips"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter, config):
    for report in terminalreporter.stats.get("skipped", []):
        terminalreporter.write_line(f"SKIPPED {report.nodeid}: {report.longrepr[2]}")
    if config.getoption("--no-skips") and terminalreporter.stats.get("skipped"):
        terminalreporter.write_line("FAILED: no test may be skipped here (--no-skips)")


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def built_in_source(monkeypatch):
    """A source chosen in the shell must not change what the tests measure."""
    monkeypatch.delenv("LESSONS_SOURCE", raising=False)


@pytest.fixture(scope="session")
def stories():
    return load("mini-news")


@pytest.fixture(scope="session")
def parts(stories) -> Split:
    return load_split("mini-news")


@pytest.fixture(scope="session")
def real_parts() -> Split:
    if not REAL_ROWS.is_dir():
        pytest.skip(f"needs the real AG News rows in ../{REAL_ROWS.relative_to(ROOT.parent)}")
    return load_split(REAL_ROWS, names=TOPICS)
