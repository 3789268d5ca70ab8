"""The training lab and some questions in Firefox. Outside of CI: make test-firefox."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from jupyter_browser import LAB, QUESTIONS, TROUBLE, serve_lab, write_notebook

HERE = Path(__file__).parent
FIREFOX = next(filter(None, map(shutil.which, ("firefox-esr", "firefox"))), None)
NODE = shutil.which("node") and shutil.which("npm")
DRIVER = "puppeteer-core"  # drives Firefox without a driver of its own

pytestmark = [
    pytest.mark.skipif(
        FIREFOX is None,
        reason="needs the browser Firefox; on Debian: apt-get install firefox-esr",
    ),
    pytest.mark.skipif(
        NODE is None,
        reason="needs Node.js 18 or newer with npm; on Debian: apt-get install nodejs npm",
    ),
]


@pytest.fixture(scope="module", autouse=True)
def driver():
    """The package that package.json pins, fetched if it is not there yet."""
    wanted = json.loads((HERE / "package.json").read_text())["dependencies"][DRIVER]
    found = HERE / "node_modules" / DRIVER / "package.json"
    if not found.exists() or json.loads(found.read_text())["version"] != wanted:
        subprocess.run(["npm", "install", "--no-audit", "--no-fund"], cwd=HERE, check=True)


def test_the_lab_and_the_questions_work_in_firefox(tmp_path):
    write_notebook(tmp_path / "panels.ipynb", LAB, QUESTIONS)
    picture = tmp_path / "firefox.png"
    with serve_lab(tmp_path, tmp_path / "home") as address:
        page = f"{address}/doc/tree/panels.ipynb"
        command = ["node", HERE / "lab.mjs", FIREFOX, page, picture, TROUBLE]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, f"{done.stderr}\nThe page as it was: {picture}"
