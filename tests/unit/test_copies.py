"""A student's copy of the notebooks: an update brings what is new, and takes nothing away."""

import json
import os
import shutil
import socket
import sys
from pathlib import Path

import pytest

from conftest import ROOT

sys.path.append(str(ROOT / "deploy" / "jupyterhub" / "student"))
import copies
import start
from copies import DELIVERED, NEWS, update


@pytest.fixture
def course(tmp_path):
    folder = tmp_path / "course"
    (folder / "img").mkdir(parents=True)
    (folder / "05.ipynb").write_text("the first edition")
    (folder / "img" / "a.svg").write_text("a picture")
    (folder / "05.ipynb").chmod(0o444)
    return folder


@pytest.fixture
def mine(tmp_path):
    return tmp_path / "home" / "lessons"


def new_edition(course, text="the second edition"):
    (course / "05.ipynb").chmod(0o644)
    (course / "05.ipynb").write_text(text)


def files(folder):
    """All files with their text, but the list of what was delivered."""
    found = (path for path in folder.rglob("*") if path.is_file() and path.name != DELIVERED)
    return {path.relative_to(folder).as_posix(): path.read_text() for path in found}


FRESH = {"05.ipynb": "the first edition", "img/a.svg": "a picture"}


def test_a_new_student_gets_a_copy_to_write_in(course, mine):
    assert update(course, mine) == []
    assert files(mine) == FRESH
    assert (mine / "05.ipynb").stat().st_mode & 0o777 == 0o644
    assert update(course, mine) == [] and files(mine) == FRESH


def test_what_readers_and_programs_leave_is_not_handed_out(course, mine):
    for name in (".lessons/run", ".ipynb_checkpoints/x", "__pycache__/x", "best.pt"):
        (course / name).parent.mkdir(exist_ok=True)
        (course / name).touch()
    update(course, mine)
    assert files(mine) == FRESH


def test_what_the_student_has_not_touched_follows_the_course(course, mine):
    update(course, mine)
    new_edition(course)
    (course / "06.ipynb").write_text("a new lesson")
    assert update(course, mine) == []
    new = {"05.ipynb": "the second edition", "06.ipynb": "a new lesson"}
    assert files(mine) == FRESH | new


def test_what_the_student_has_changed_is_kept(course, mine):
    update(course, mine)
    (mine / "05.ipynb").write_text("my answers")
    (mine / "notes.txt").write_text("my notes")
    assert update(course, mine) == []
    assert files(mine) == FRESH | {"05.ipynb": "my answers", "notes.txt": "my notes"}


def test_what_both_have_changed_is_kept_and_the_new_one_lies_beside(course, mine):
    update(course, mine)
    (mine / "05.ipynb").write_text("my answers")
    new_edition(course)
    assert update(course, mine) == ["05.ipynb"]
    there = files(mine)
    assert there["05.ipynb"] == "my answers"
    assert there["original/05.ipynb"] == "the second edition"
    assert "- `05.ipynb`: the new one is `original/05.ipynb`" in there[NEWS]
    assert update(course, mine) == []  # it is said once
    assert files(mine) == there


def test_nothing_beside_is_ever_written_over(course, mine):
    update(course, mine)
    (mine / "05.ipynb").write_text("my answers")
    new_edition(course)
    update(course, mine)
    (mine / "original" / "05.ipynb").write_text("my answers in the new one")
    new_edition(course, "the third edition")
    assert update(course, mine) == ["05.ipynb"]
    there = files(mine)
    assert there["05.ipynb"] == "my answers"
    assert there["original/05.ipynb"] == "my answers in the new one"
    assert there["original/05-2.ipynb"] == "the third edition"
    assert there[NEWS].count("\n- ") == 2


def test_who_takes_the_new_one_follows_the_course_again(course, mine):
    update(course, mine)
    (mine / "05.ipynb").write_text("my answers")
    new_edition(course)
    update(course, mine)
    os.replace(mine / "original" / "05.ipynb", mine / "05.ipynb")
    new_edition(course, "the third edition")
    assert update(course, mine) == []
    assert files(mine)["05.ipynb"] == "the third edition"


def test_who_deletes_a_file_gets_a_fresh_one(course, mine):
    update(course, mine)
    (mine / "05.ipynb").rename(mine / "mine.ipynb")
    update(course, mine)
    assert files(mine) == FRESH | {"mine.ipynb": "the first edition"}


def test_a_file_of_the_student_under_a_name_that_the_course_takes_is_kept(course, mine):
    mine.mkdir(parents=True)
    (mine / "05.ipynb").write_text("mine from before")
    assert update(course, mine) == ["05.ipynb"]
    assert files(mine)["05.ipynb"] == "mine from before"


@pytest.mark.parametrize("damaged", ["", "[]", "{", None])
def test_without_the_list_of_what_was_delivered_all_is_kept(course, mine, damaged):
    update(course, mine)
    (mine / "05.ipynb").write_text("my answers")
    (mine / DELIVERED).unlink() if damaged is None else (mine / DELIVERED).write_text(damaged)
    new_edition(course)
    assert update(course, mine) == ["05.ipynb"]
    assert files(mine)["05.ipynb"] == "my answers"


def test_a_folder_or_a_link_in_the_way_is_kept(course, mine):
    (mine / "05.ipynb").mkdir(parents=True)
    assert update(course, mine) == ["05.ipynb"]
    assert (mine / "05.ipynb").is_dir()
    assert (mine / "original" / "05.ipynb").read_text() == "the first edition"


def test_interrupted_anywhere_it_can_be_run_again(course, mine, monkeypatch):
    """Each write may be the last one; then the next update finishes, and asks nothing."""
    update(course, mine)
    (mine / "img" / "a.svg").write_text("my picture")
    new_edition(course)
    (course / "img" / "a.svg").write_text("another picture")
    real, left = copies.write, [0]

    def write(path, data):
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        real(path, data)

    monkeypatch.setattr(copies, "write", write)
    for number in range(5):
        left[0] = number
        try:
            update(course, mine)
        except KeyboardInterrupt:
            assert (mine / "img" / "a.svg").read_text() == "my picture"
    there = files(mine)
    assert there.pop(NEWS).count("\n- ") >= 1
    assert there == {
        "05.ipynb": "the second edition",
        "img/a.svg": "my picture",
        "original/img/a.svg": "another picture",
    }


def test_a_write_that_fails_leaves_the_file_as_it_was_and_no_draft(tmp_path, monkeypatch):
    (tmp_path / "a").write_text("before")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(copies.os, "replace", full)
    with pytest.raises(OSError, match="No space"):
        copies.write(tmp_path / "a", b"after")
    assert files(tmp_path) == {"a": "before"}


def test_the_real_notebooks_are_handed_out(mine):
    update(ROOT / "notebooks", mine)
    there = {path.name for path in mine.glob("*.ipynb")}
    assert there == {path.name for path in (ROOT / "notebooks").glob("*.ipynb")}
    assert json.loads((mine / DELIVERED).read_text()).keys() >= there


# --------------------------------------------------------------- the shared download, limits


def test_the_shared_download_is_seen_and_not_copied(tmp_path):
    shared, cache = tmp_path / "shared", tmp_path / "home" / ".cache"
    (shared / "datasets" / "deep").mkdir(parents=True)
    (shared / "datasets" / "deep" / "rows.arrow").write_text("rows")
    (shared / "datasets" / "x.lock").touch()
    start.link_download(shared, cache)
    start.link_download(shared, cache)
    assert (cache / "datasets" / "deep" / "rows.arrow").resolve().is_relative_to(shared)
    assert not (cache / "datasets" / "deep").is_symlink()  # a lock file can be put there
    assert not (cache / "datasets" / "x.lock").exists()


def test_what_a_student_finds_in_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", "/more")
    found = start.environment(tmp_path)
    assert found["OMP_NUM_THREADS"] == found["MKL_NUM_THREADS"] == "1"
    light, more = found["PYTHONPATH"].split(os.pathsep)
    assert (ROOT / light / "sitecustomize.py").exists() and more == "/more"


def test_sockets_lie_in_a_private_folder_whose_path_is_short(tmp_path):
    for home in (Path("/tmp") / f"h{os.getpid()}", tmp_path / ("deep" * 20)):
        home.mkdir()
        runtime = start.runtime_folder(home)
        assert runtime.stat().st_mode & 0o777 == 0o700
        assert (runtime == home / ".run") == (len(str(home)) < 50)
        with socket.socket(socket.AF_UNIX) as one:
            one.bind(str(runtime / start.SOCKET))
        for folder in {runtime, home}:
            shutil.rmtree(folder, ignore_errors=True)
