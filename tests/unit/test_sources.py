"""Stories from every source, texts that stand twice, and what bad input says."""

import csv
import os
import re
import subprocess
import sys
import warnings
from collections import Counter

import pyarrow as pa
import pytest
from pyarrow import parquet

from lessons.sources import TOPICS, load, load_split
from lessons.split import Stories


@pytest.fixture
def write(tmp_path):
    """Write rows to a CSV or parquet file, by its name."""

    def write(name, rows):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        if path.suffix == ".parquet":
            parquet.write_table(pa.Table.from_pylist(rows), path)
        else:
            with path.open("w", newline="", encoding="utf-8") as file:
                writer = csv.DictWriter(file, list(rows[0]))
                writer.writeheader()
                writer.writerows(rows)
        return path

    return write


ROWS = [
    {"text": "Late goal, says the coach", "label": 1},
    {"text": 'Shares "fall" 3%\nagain', "label": 0},
    {"text": "NA", "label": 1},
]


# ------------------------------------------------------------------------------ sources


def test_mini_news_is_the_default():
    stories = load()
    assert len(stories.texts) == 2000
    assert stories.names == TOPICS
    assert stories == load("mini-news")


@pytest.mark.parametrize("name", ["rows.csv", "rows.parquet", "ROWS.CSV"])
def test_a_file_of_your_own(write, name):
    stories = load(write(name, ROWS))
    assert stories.texts == [row["text"] for row in ROWS]  # "NA" is a text, not a gap
    assert stories.labels == [1, 0, 1]
    assert stories.names == ("0", "1")


def test_a_large_file_with_line_breaks_in_its_texts(write):
    texts = [f"story {i}\nsecond line, {'x' * 80}" for i in range(30_000)]  # 3 MB: several blocks
    path = write("rows.csv", [{"text": text, "label": i % 2} for i, text in enumerate(texts)])
    assert load(path).texts == texts


def test_a_text_of_digits_stays_as_it_is_written(write):
    path = write("rows.csv", [{"text": "007", "label": 0}, {"text": "1e5", "label": 1}])
    assert load(path).texts == ["007", "1e5"]


def test_columns_and_names_can_be_chosen(write):
    path = write("rows.csv", [{"headline": "up", "topic": 0}, {"headline": "goal", "topic": 1}])
    stories = load(path, text="headline", label="topic", names=("Business", "Sports"))
    assert stories == Stories(["up", "goal"], [0, 1], ("Business", "Sports"))


def test_labels_may_be_words(write):
    path = write("rows.csv", [{"text": t, "label": n} for t, n in ("ab", "cd", "eb")])
    assert load(path) == Stories(["a", "c", "e"], [0, 1, 0], ("b", "d"))


def test_the_environment_variable_chooses_the_source(write, monkeypatch):
    monkeypatch.setenv("LESSONS_SOURCE", str(write("rows.csv", ROWS)))
    assert len(load().texts) == 3
    assert len(load("mini-news").texts) == 2000  # the argument comes first


def test_a_folder_keeps_its_own_test_set(write):
    rows = [{"text": f"story {i}", "label": "xy"[i % 2]} for i in range(40)]
    folder = write("news/train.csv", rows).parent
    write("news/test.csv", [{"text": "exam", "label": "y"}, {"text": "exam", "label": "x"}])
    parts = load_split(folder)
    assert parts.test == Stories(["exam", "exam"], [1, 0], ("x", "y"))
    assert len(parts.validation.texts) == 4
    assert sorted(parts.train.texts + parts.validation.texts) == sorted(r["text"] for r in rows)


def test_the_seed_reaches_the_split(write):
    rows = [{"text": f"story {i}", "label": "xy"[i % 2]} for i in range(100)]
    folder = write("news/train.csv", rows).parent
    write("news/test.csv", rows[:2])
    for source in (folder, "mini-news"):
        first, again, other = (load_split(source, seed=seed) for seed in (0, 0, 1))
        assert first == again
        assert first.validation != other.validation


def test_the_real_rows_have_the_shape_of_ag_news(real_parts):
    assert [len(part.texts) for part in real_parts] == [7200, 800, 2000]
    assert all(part.names == TOPICS for part in real_parts)


# --------------------------------------------------------------------------- bad input


def test_unknown_source():
    with pytest.raises(ValueError, match=r"no source 'ag_news'.*'mini-news', 'ag-news'"):
        load("ag_news")


def test_missing_file(tmp_path):
    with pytest.raises(ValueError, match=r"no file .*gone\.csv. Check the path"):
        load(tmp_path / "gone.csv")


def test_folder_without_a_test_file(write):
    folder = write("news/train.csv", ROWS).parent
    with pytest.raises(ValueError, match=r"has no test\.parquet or test\.csv"):
        load_split(folder)


@pytest.mark.parametrize("column", ["text", "label"])
@pytest.mark.parametrize("name", ["rows.csv", "rows.parquet"])
def test_missing_column(write, name, column):
    rows = [{("other" if key == column else key): row[key] for key in row} for row in ROWS]
    with pytest.raises(ValueError, match=rf"no column '{column}', only .*other.* Say which"):
        load(write(name, rows))


@pytest.mark.parametrize("name", ["rows.csv", "rows.parquet"])
def test_empty_file(tmp_path, name):
    (tmp_path / name).write_bytes(b"")
    with pytest.raises(ValueError, match=r"is empty.*text and label"):
        load(tmp_path / name)


def test_header_without_rows(tmp_path):
    (tmp_path / "rows.csv").write_text("text,label\n")
    with pytest.raises(ValueError, match="empty: it has a header but no rows"):
        load(tmp_path / "rows.csv")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("rows.csv", b"text,label\na,b,c\n"),
        ("rows.csv", "text,label\ncaf\xe9,1\n".encode("latin-1")),
        ("rows.parquet", b"no parquet"),
    ],
)
def test_unreadable_file(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=r"could not be read .*UTF-8 CSV or parquet"):
        load(tmp_path / name)


@pytest.mark.parametrize("missing", ["text", "label"])
def test_a_gap_is_named_by_its_row(write, missing):
    rows = [*ROWS, {"text": "fourth", "label": 0} | {missing: None}]
    with pytest.raises(ValueError, match=rf"Row 4 of .* has no {missing}"):
        load(write("rows.parquet", rows))


def test_a_blank_text_is_a_gap(write):
    with pytest.raises(ValueError, match=r"Row 3 of .*header is row 1.* has no text"):
        load(write("rows.csv", [ROWS[0], {"text": "  ", "label": 0}]))


@pytest.mark.parametrize("label", [0, "World"])
def test_one_class_only(write, label):
    rows = [{"text": "a", "label": label}, {"text": "b", "label": label}]
    with pytest.raises(ValueError, match=r"All 2 rows of .* same label.*at least two classes"):
        load(write("rows.csv", rows))


def test_numbers_count_from_0(write):
    rows = [{"text": "a", "label": 1}, {"text": "b", "label": 2}]
    with pytest.raises(ValueError, match=r"labels .* are 1, 2 .*count from 0 without a gap"):
        load(write("rows.csv", rows))


@pytest.mark.parametrize("label", [7, -1])
def test_a_label_beyond_the_names(write, label):
    rows = [{"text": "a", "label": 0}, {"text": "b", "label": label}]
    with pytest.raises(ValueError, match=rf"label {label} in .* not one of the 4 classes World"):
        load(write("rows.csv", rows), names=TOPICS)


def test_ag_news_without_a_network(tmp_path):
    """datasets itself, set offline, with nothing in its cache."""
    script = "from lessons.sources import load; load('ag-news')"
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path)}
    run = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False
    )
    assert run.returncode == 1
    assert re.search(r"ConnectionError: AG News could not be loaded.*'mini-news'", run.stderr)


# ------------------------------------------------------------------- the same text twice


def test_repeats_in_two_parts_are_counted_and_dropped_on_request(write):
    rows = [{"text": f"story {i % 45}", "label": "xy"[i % 45 % 2]} for i in range(100)]
    path = write("rows.csv", rows)
    with pytest.warns(UserWarning, match=r"^Texts in more .*drop_repeats=True") as warned:
        parts = load_split(path)
    places = Counter(text for part in parts for text in set(part.texts))
    twice = sum(count > 1 for count in places.values())
    assert str(warned[0].message).startswith(f"Texts in more than one part of rows.csv: {twice}.")
    with pytest.warns(UserWarning, match=r"part of others.csv: "):  # as many of another source
        load_split(write("others.csv", rows))
    assert twice > 5
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        parts = load_split(path, drop_repeats=True)
    assert Counter(text for part in parts for text in part.texts) == Counter(
        f"story {i}" for i in range(45)
    )


def test_the_first_of_equal_texts_is_kept_and_the_test_set_stays_whole(write):
    train = [{"text": f"story {i}", "label": "xy"[i % 2]} for i in range(40)]
    train += [{"text": "story 0", "label": "y"}]  # another label, later
    test = [{"text": "story 1", "label": "y"}, {"text": "new", "label": "x"}] * 2
    folder = write("news/train.csv", train).parent
    write("news/test.csv", test)
    with pytest.warns(UserWarning, match=r"part of news: [12]\. What"):
        load_split(folder)
    parts = load_split(folder, drop_repeats=True)
    assert parts.test == Stories(["story 1", "new"] * 2, [1, 0] * 2, ("x", "y"))
    learned = {}
    for part in parts[:2]:
        learned |= dict(zip(part.texts, part.labels, strict=True))
    assert learned == {f"story {i}": i % 2 for i in range(40) if i != 1}


@pytest.mark.parametrize("seed", range(5))
def test_mini_news_has_no_repeats(seed):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        parts = load_split("mini-news", seed=seed)
        assert load_split("mini-news", seed=seed, drop_repeats=True) == parts


def test_the_warning_is_one_line_without_a_path(write):
    rows = [{"text": "same", "label": "xy"[i % 2]} for i in range(40)]
    script = "from lessons.sources import load_split; load_split(); load_split()"
    environment = os.environ | {"LESSONS_SOURCE": str(write("rows.csv", rows))}
    command = [sys.executable, "-c", script]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert run.stderr.count("\n") == 1  # and once, not for each panel
    assert run.stderr.startswith("lessons.sources:1: UserWarning: Texts in more than one part")
    assert "/" not in run.stderr


@pytest.mark.parametrize(
    "sizes", [[100, 100], [20] * 150, [180, 20], [40] * 5], ids=["two", "many", "90 %", "200"]
)
def test_odd_data_are_split(write, sizes):
    rows = [{"text": f"{c} {i}", "label": f"c{c}"} for c, n in enumerate(sizes) for i in range(n)]
    parts = load_split(write("rows.csv", rows))
    for part, share in zip(parts, (0.8, 0.1, 0.1), strict=True):
        counts = Counter(part.names[label] for label in part.labels)
        assert counts == {f"c{c}": round(share * size) for c, size in enumerate(sizes)}
