"""The project to copy, as somebody uses it: made by the command, trained, tested, handed over."""

import os
import subprocess
import sys

import pytest

PROGRAMS = {"train.py", "predict.py", "model.py", "data.py", "test_train.py", "README.md"}
ROWS = "text,label\n" + "".join(f"sun day {i},y\nrain day {i},n\n" for i in range(30))


def run(*command, folder, **more):
    """What a command printed, without the course's sources on its path."""
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    ended = subprocess.run(
        [sys.executable, *map(str, command)],
        cwd=folder,
        env=more.pop("env", env),
        capture_output=True,
        text=True,
        check=False,
        **more,
    )
    return ended.returncode, ended.stdout, ended.stderr


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A new project, made by the command."""
    folder = tmp_path_factory.mktemp("project") / "mine"
    code, out, _ = run("-m", "lessons", "new-project", folder, folder=folder.parent, env=None)
    assert code == 0 and str(folder) in out
    return folder


def test_the_command_copies_everything_that_is_needed(project):
    assert {path.name for path in project.iterdir()} == PROGRAMS


def test_a_folder_with_something_in_it_is_left_alone(project):
    (project / "mine.csv").write_text("kept", encoding="utf-8")
    code, _, err = run("-m", "lessons", "new-project", project, folder=project, env=None)
    assert code == 1 and err.count("\n") == 1 and "There is something in" in err
    assert (project / "mine.csv").read_text(encoding="utf-8") == "kept"
    (project / "mine.csv").unlink()


def test_its_own_tests_pass(project):
    code, out, _ = run("-m", "pytest", "-q", "-p", "no:cacheprovider", folder=project)
    assert code == 0, out
    assert "4 passed" in out


def test_a_model_is_handed_over(project, tmp_path):
    (tmp_path / "my.csv").write_text(ROWS, encoding="utf-8")
    code, out, err = run(project / "train.py", "my.csv", "--weights", folder=tmp_path)
    assert (code, err) == (0, "") and "epoch 10" in out
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"my.csv", "best.pt", "last.pt", "metrics.csv", "curves.png"}
    code, out, _ = run(project / "predict.py", "best.pt", "sun", "qqq", folder=tmp_path)
    assert [line.split("\t")[0] for line in out.splitlines()] == ["y", "?"]
    for way in (["--file", "texts.txt"], []):
        (tmp_path / "texts.txt").write_text("rain\n\nsun\n", encoding="utf-8")
        with (tmp_path / "texts.txt").open() as pipe:
            code, out, _ = run(project / "predict.py", "best.pt", *way, folder=tmp_path, stdin=pipe)
        assert [line.split("\t")[0] for line in out.splitlines()] == ["n", "y"]


@pytest.mark.parametrize(
    ("program", "given", "words"),
    [
        ("train.py", ["none.csv"], "No such file"),
        ("train.py", ["my.csv", "--resume"], "last.pt"),
        ("predict.py", ["none.pt", "text"], "No such file"),
    ],
)
def test_a_fault_is_told_in_one_line(project, tmp_path, program, given, words):
    (tmp_path / "my.csv").write_text(ROWS, encoding="utf-8")
    code, _, err = run(project / program, *given, folder=tmp_path)
    assert code == 1 and words in err and err.count("\n") == 1


def test_an_earlier_model_is_kept(project, tmp_path):
    (tmp_path / "my.csv").write_text(ROWS, encoding="utf-8")
    for _ in range(2):
        assert run(project / "train.py", "my.csv", "--epochs", 1, folder=tmp_path)[0] == 0
    assert (tmp_path / "best.previous.pt").is_file()


def test_an_earlier_training_is_not_resumed_in_place_of_a_new_one(project, tmp_path):
    (tmp_path / "my.csv").write_text(ROWS, encoding="utf-8")
    assert run(project / "train.py", "my.csv", "--epochs", 1, folder=tmp_path)[0] == 0
    code, _, err = run(project / "train.py", "my.csv", "--lr", "1e30", folder=tmp_path)
    assert code == 1 and "smaller --lr" in err  # before its first epoch was kept
    code, _, err = run(project / "train.py", "my.csv", "--resume", folder=tmp_path)
    assert code == 1 and "last.pt" in err


def test_what_was_trained_with_other_settings_is_not_continued(project, tmp_path):
    (tmp_path / "my.csv").write_text(ROWS, encoding="utf-8")
    train = project / "train.py"
    assert run(train, "my.csv", "--epochs", 1, "--weights", folder=tmp_path)[0] == 0
    code, _, err = run(train, "my.csv", "--epochs", 2, "--resume", folder=tmp_path)
    assert code == 1 and "of other data or settings" in err and err.count("\n") == 1
    assert run(train, "my.csv", "--epochs", 2, "--weights", "--resume", folder=tmp_path)[0] == 0
