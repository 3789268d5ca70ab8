"""The check of lesson 00: it finds what is missing, old or read-only, and says what to do."""

import os
from importlib.metadata import PackageNotFoundError, version

import pytest

from lessons.support.environment import check_environment


def wrong(checks):
    return {check.what: check.remedy for check in checks if not check.fine}


def test_all_is_fine_here():
    checks = check_environment()
    assert wrong(checks) == {}
    assert [check.what.split()[0] for check in checks] == [
        *("Python", "anywidget", "datasets", "filelock", "ipywidgets", "jupyterlab", "matplotlib"),
        *("packaging", "pyarrow", "torch", "tqdm", "this"),
    ]


def gone(name):
    raise PackageNotFoundError(name)


@pytest.mark.parametrize("found", [lambda name: "2.3.1", gone])
def test_a_package_that_is_old_or_missing(monkeypatch, found):
    def pretend(name):
        return found(name) if name == "torch" else version(name)

    monkeypatch.setattr("lessons.support.environment.version", pretend)
    (what, remedy), *more = wrong(check_environment()).items()
    assert what.startswith("torch")
    assert "make lab" in remedy
    assert not more


def test_an_old_python(monkeypatch):
    monkeypatch.setattr("sys.version_info", (3, 10, 14))
    assert list(wrong(check_environment())) == ["Python is 3.11 or newer"]


def test_a_folder_that_cannot_be_written(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: (path, mode) != (tmp_path, os.W_OK))
    assert "Copy the course" in wrong(check_environment(tmp_path))["this folder can be written to"]
