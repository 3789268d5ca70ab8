"""What the tests in a browser share: one server, one page, and a new notebook for each test."""

import re

import pytest
from jupyter_browser import BROWSER, Notebook, open_browser, serve_lab, write_notebook
from playwright.sync_api import expect

expect.set_options(timeout=20_000)  # ms: a busy machine is slow, not wrong


@pytest.fixture(scope="session", autouse=True)
def chromium():
    if BROWSER is None:
        pytest.skip("needs the browser Chromium; on Debian and Ubuntu: apt-get install chromium")


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("notebooks")


@pytest.fixture(scope="session")
def address(folder, tmp_path_factory):
    with serve_lab(folder, tmp_path_factory.mktemp("home")) as address:
        yield address


@pytest.fixture(scope="session")
def browser_page():
    with open_browser() as page:
        yield page


@pytest.fixture
def page(browser_page):
    """A page on which nothing may go wrong or leave this machine; its kernels end with it."""
    browser_page.went_out.clear()
    browser_page.problems.clear()
    yield browser_page
    browser_page.evaluate("jupyterapp.serviceManager.sessions.shutdownAll()")
    browser_page.goto("about:blank")
    assert browser_page.problems == []
    assert browser_page.went_out == []


@pytest.fixture
def show(page, address, folder, request):
    """Open a new notebook with these cells, in a folder of its own; run them, and return it."""
    name = re.sub(r"\W", "-", request.node.name)

    def show(*sources):
        (folder / name).mkdir()
        write_notebook(folder / name / "panel.ipynb", *sources)
        notebook = Notebook(page, address, f"{name}/panel.ipynb")
        notebook.run_all()
        expect(page.locator(".lessons-panel").first).to_be_visible()
        return notebook

    return show
