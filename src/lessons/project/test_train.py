"""Run `pytest` in this folder after each change: it trains on a few invented texts."""

import subprocess
import sys
from pathlib import Path

import pytest

WORDS = {"bins": "rubbish collected street", "roads": "hole lamp broken", "other": "thanks hello"}
TEXTS = [f"{words} {i},{label}" for label, words in WORDS.items() for i in range(40)]


def run(folder, program, *arguments, rows=("text,label", *TEXTS), encoding="utf-8"):
    """Run a program of this folder in another, in which the rows are in texts.csv."""
    (folder / "texts.csv").write_text("\n".join(rows), encoding=encoding)
    command = [sys.executable, Path(__file__).with_name(program), *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_what_was_stopped_goes_on_as_if_nothing_had_happened(tmp_path):
    assert "test: accuracy 100.0%" in run(tmp_path, "train.py", "texts.csv", "--test").stdout
    whole = (tmp_path / "metrics.csv").read_text()
    run(tmp_path, "train.py", "texts.csv", "--epochs", "4")
    run(tmp_path, "train.py", "texts.csv", "--resume")
    assert (tmp_path / "metrics.csv").read_text() == whole
    seen = run(tmp_path, "predict.py", "best.pt", "a broken lamp", "qwertz").stdout
    assert [line.split("\t")[0] for line in seen.splitlines()] == ["roads", "?"]


WRONG = {
    "no column 'text'": ["words,label", *TEXTS],
    "Row 122 of texts.csv has no label": ["text,label", *TEXTS, "hello, "],
    "only one class": ["text,label", "a,b", "c,b"],
}


@pytest.mark.parametrize("words", WRONG)
def test_wrong_input_gets_one_sentence(tmp_path, words):
    ended = run(tmp_path, "train.py", "texts.csv", rows=WRONG[words])
    assert words in ended.stderr and "Traceback" not in ended.stderr and ended.returncode == 1
