"""Files as people have them: what is written is what is read, or one sentence says why not."""

import codecs
import csv
import datetime
import decimal
import io
import os
import random
import re

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from lessons.sources import load, load_split
from lessons.sources.tables import GAPS
from lessons.split import Stories


@pytest.fixture
def put(tmp_path):
    """Write bytes or text to a file, by its name."""

    def put(content, name="rows.csv"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return put


@pytest.fixture
def table(tmp_path):
    """Write columns to a parquet file."""

    def table(name="rows.parquet", **columns):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        parquet.write_table(pa.table(columns), path)
        return path

    return table


def refusal(path, **how):
    """The one sentence and the remedy that a file is refused with."""
    with pytest.raises(ValueError) as caught:
        load(path, **how)
    said = str(caught.value)
    assert "\n" not in said
    assert len(said) < 450
    return said.replace(str(path), "PATH")


def written(stories):
    """The names of the labels, row by row."""
    return [stories.names[label] for label in stories.labels]


# --------------------------------------------------------- labels are what is written


def test_the_labels_of_both_files_are_matched_as_they_are_written(put):
    """By its own guess the test file would have the classes 1 to 3 as numbers from 0."""
    train = "".join(f"story {i},{label}\n" for i in range(10) for label in (1, 2, 3, "unrated"))
    folder = put("text,label\n" + train, "news/train.csv").parent
    put("text,label\na,1\nb,2\nc,3\n", "news/test.csv")
    parts = load_split(folder)
    assert parts.test == Stories(["a", "b", "c"], [0, 1, 2], ("1", "2", "3", "unrated"))


@pytest.mark.parametrize("labels", [("0", "1", "2"), ("b", "a", "c"), ("3.1", "3.10", "x")])
def test_files_of_two_formats_agree(put, table, labels):
    rows = [(f"story {i} {label}", label) for i in range(8) for label in labels]
    table("news/train.parquet", text=[t for t, _ in rows], label=[n for _, n in rows])
    path = put(
        "text,label\n" + "".join(f"exam {n},{n}\n" for n in reversed(labels)), "news/test.csv"
    )
    parts = load_split(path.parent)
    assert written(parts.test) == list(reversed(labels))
    for story, name in zip(parts.train.texts, written(parts.train), strict=True):
        assert story.endswith(f" {name}")


def test_numbers_and_names_say_the_same_in_both_files(put):
    """Numbers of the names in the training file stay so, though the test file has none below 1."""
    names = ("1", "2", "3", "4")
    train = "".join(f"story {i},{label}\n" for i in range(10) for label in range(4))
    folder = put("text,label\n" + train, "news/train.csv").parent
    put("text,label\na,1\nb,3\n", "news/test.csv")
    assert load_split(folder, names=names).test.labels == [1, 3]


def test_names_that_are_numbers_are_matched_as_they_are_written(put):
    path = put("text,label\na,1\nb,2\nc,3\n")
    assert written(load(path, names=("3", "2", "1"))) == ["1", "2", "3"]


@pytest.mark.parametrize("how", [{}, {"names": ("x", "y")}])
def test_a_class_that_only_the_test_file_has(put, how):
    folder = put("text,label\na,x\nb,y\n", "news/train.csv").parent
    put("text,label\na,x\nb,z\n", "news/test.csv")
    with pytest.raises(ValueError, match=r"label 'z' in .*test\.csv is not one of the classes of"):
        load_split(folder, **how)


def test_a_test_file_of_one_class_is_read(put):
    rows = "".join(f"story {i},{label}\n" for i in range(10) for label in "xy")
    folder = put("text,label\n" + rows, "news/train.csv").parent
    put("text,label\nexam,y\n", "news/test.csv")
    assert load_split(folder).test == Stories(["exam"], [1], ("x", "y"))


@pytest.mark.parametrize(
    "labels",
    [
        ("3.1", "3.10"),
        ("2024-01-05", "2024-01-06", "05.01.2024"),
        ("01", "1", "001"),
        ("1.0", "1"),
        ("+1", "1"),
        ("1e3", "1000"),
        ("True", "true", "False"),
        ("0", "1", "two"),
        ("1 000", "2 000"),
        ("００", "１"),  # digits, but not ours
        ("12345678901234567890123", "0"),
        ("na ", "Nah", "nano", "nullable"),
    ],
)
def test_a_label_is_a_name_as_it_is_written(put, table, labels):
    labels = [label for label in labels if label.strip().lower() not in GAPS]
    csv_file = put("text,label\n" + "".join(f"a,{label}\n" for label in labels))
    for path in (csv_file, table(text=["a"] * len(labels), label=labels)):
        stories = load(path)
        assert written(stories) == labels
        assert stories.names == tuple(sorted(labels))


def test_whole_numbers_are_in_the_order_of_numbers(put):
    labels = [str(n) for n in range(12)]
    path = put("text,label\n" + "".join(f"a,{label}\n" for label in reversed(labels)))
    assert load(path).names == tuple(labels)  # not 0, 1, 10, 11, 2 ...
    assert load(path).labels == list(range(11, -1, -1))


def test_blanks_around_a_label_or_a_column_name_make_no_difference(put):
    path = put("text , label\na, x\nb,x \nc,\ty\nd,\u00a0y\n")
    assert load(path) == Stories(["a", "b", "c", "d"], [0, 0, 1, 1], ("x", "y"))


@pytest.mark.parametrize("gap", ["", "  ", "\u00a0", *sorted(GAPS), "NaN", "NULL", "N/A", "None"])
def test_a_missing_label_is_a_gap_and_no_class(put, table, gap):
    files = [
        put(f"text,label\na,x\nb,{gap}\nc,y\n"),
        table(text=["a", "b", "c"], label=["x", gap, "y"]),
    ]
    for path, row in zip(files, (3, 2), strict=True):
        said = refusal(path)
        assert said.startswith(f"Row {row} of PATH (the ")
        assert "has no label. Fill it in or delete the row." in said
        assert (f"If {gap!r} is a class, list" in said) == bool(gap.strip())


def test_a_class_may_be_called_so_if_it_is_listed(put):
    path = put("text,label\na,NA\nb,EU\nc,NA\n")
    assert load(path, names=("EU", "NA")).labels == [1, 0, 1]
    assert "has no label" in refusal(path, names=("EU", "na"))


def test_a_text_may_be_any_word(put):
    assert load(put("text,label\nNA,x\nnull,y\n007,x\n1e5,y\n")).texts == [
        "NA",
        "null",
        "007",
        "1e5",
    ]


@pytest.mark.parametrize(
    ("names", "why"),
    [
        ("World", "must be a list of words"),
        (("x", ""), "must be a list of words"),
        (("x", 1), "must be a list of words"),
        (("x", "y", "x"), "two classes have the name 'x'"),
    ],
)
def test_names_that_are_none(put, names, why):
    assert why in refusal(put("text,label\na,x\nb,y\n"), names=names)


# ------------------------------------------------------------------------ parquet types


DAY = datetime.datetime(2024, 1, 5)
NOON = datetime.datetime(2024, 1, 5, 12, 30, 0, 250000)


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        (pa.array(["x", "y"], pa.large_string()), ["x", "y"]),
        (pa.array(["x", "y"], pa.string_view()), ["x", "y"]),
        (pa.array(["x", "y"]).dictionary_encode(), ["x", "y"]),
        (pa.array([7, 8]).dictionary_encode(), None),
        (pa.array([0, 1], pa.uint8()), ["0", "1"]),
        (pa.array([0.0, 1.0]), ["0", "1"]),
        (pa.array([0.1, 2.5], pa.float32()), ["0.1", "2.5"]),  # 0.10000000149 in Python
        (pa.array([True, False]), ["true", "false"]),
        (pa.array([decimal.Decimal("3.10"), decimal.Decimal("3.25")]), ["3.10", "3.25"]),
        (pa.array([DAY.date(), NOON.date() + datetime.timedelta(1)]), ["2024-01-05", "2024-01-06"]),
        (
            pa.array([DAY, NOON], pa.timestamp("ns")),
            ["2024-01-05 00:00:00", "2024-01-05 12:30:00.250000000"],
        ),
        (
            pa.array([DAY, DAY + datetime.timedelta(hours=1)], pa.timestamp("us", "UTC")),
            ["2024-01-05 00:00:00Z", "2024-01-05 01:00:00Z"],
        ),
        (pa.array([datetime.time(1, 2, 3), NOON.time()]), ["01:02:03", "12:30:00.250000"]),
        (pa.array(["é".encode(), b"e"]), ["é", "e"]),
        (pa.array([b"ab", b"cd"], pa.binary(2)), ["ab", "cd"]),
        (pa.array([b"ab", b"cd"], pa.large_binary()), ["ab", "cd"]),
    ],
    ids=lambda value: str(value.type) if isinstance(value, pa.Array) else "",
)
def test_values_of_parquet_are_written_out(table, values, texts):
    if texts is None:  # whole numbers are still whole numbers
        assert "are 7, 8 but whole numbers must count from 0" in refusal(
            table(text=["a", "b"], label=values)
        )
        texts = ["7", "8"]
    else:
        assert written(load(table(text=["a", "b"], label=values))) == texts
    assert load(table(text=values, label=["x", "y"])).texts == texts


def test_categories_of_pandas(tmp_path):
    frame = pd.DataFrame({"text": list("abc"), "label": pd.Categorical(["x", "y", "x"])})
    frame.to_parquet(tmp_path / "rows.parquet")
    assert load(tmp_path / "rows.parquet") == Stories(list("abc"), [0, 1, 0], ("x", "y"))


@pytest.mark.parametrize("gap", [None, float("nan")])
@pytest.mark.parametrize(
    "values", [[0.0, 1.0], [0.5, 1.5], ["x", "y"], [True, False], [DAY, NOON]], ids=str
)
def test_a_gap_in_any_column_of_parquet(table, values, gap):
    if gap is not None and not isinstance(values[0], float):
        values = [*values, None]
    else:
        values = [*values, gap]
    path = table(text=["a", "b", "c"], label=pa.array(values, from_pandas=False))
    assert "Row 3 of PATH (the first story is row 1) has no label." in refusal(path)


def test_a_number_that_is_none_is_no_text(table):
    path = table(text=[1.5, float("nan")], label=["x", "y"])
    assert "Row 2 of PATH (the first story is row 1) has no text." in refusal(path)


def test_a_column_of_nothing(table):
    assert "Row 1 of PATH" in refusal(table(text=["a", "b"], label=pa.nulls(2)))


NOT_WORDS = [
    pa.array([[1], [2]]),
    pa.array([{"a": 1}, {"a": 2}]),
    pa.array([[("a", 1)], [("b", 2)]], pa.map_(pa.string(), pa.int64())),
    pa.array([datetime.timedelta(1), datetime.timedelta(2)]),
    pa.array([b"caf\xe9", b"x"]),
    pa.Array.from_buffers(pa.string(), 2, pa.array([b"caf\xe9", b"x"]).buffers()),
    pa.ExtensionArray.from_storage(pa.opaque(pa.int64(), "period", "pandas"), pa.array([1, 2])),
]


@pytest.mark.parametrize("values", NOT_WORDS, ids=lambda values: str(values.type))
@pytest.mark.parametrize("column", ["text", "label"])
def test_what_is_neither_word_nor_number_is_refused(table, values, column):
    columns = {"text": ["a", "b"], "label": ["x", "y"]} | {column: values}
    said = refusal(table(**columns))
    assert said.startswith(f"The column {column} of PATH holds ")
    assert "cannot be read as words" in said


# ------------------------------------------------------------ encodings and separators


STORY = "Fußball, „Tor“; 3\u00a0:\u00a01 für Łódź 水獭"
RIGHT = Stories([STORY, "b"], [0, 1], ("Großes", "x"))


def sheet(separator, end="\r\n"):
    file = io.StringIO()
    rows = csv.writer(file, delimiter=separator, lineterminator=end)
    rows.writerows([["id", "label", "text"], ["1", "Großes", STORY], ["2", "x", "b"]])
    return file.getvalue()


@pytest.mark.parametrize("name", ["rows.csv", "rows.tsv", "rows.txt", "ROWS.CSV"])
@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_every_way_a_spreadsheet_saves(put, encoding, separator, end, name):
    assert load(put(sheet(separator, end).encode(encoding), name)) == RIGHT


def test_the_other_byte_order(put):
    content = codecs.BOM_UTF16_BE + sheet("\t").encode("utf-16-be")
    assert load(put(content)) == RIGHT


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("text,label\na,x\ncafé,y\n".encode("latin-1"), "line 3 is not UTF-8; open the file in a"),
        ("text,label\n“quoted”,x\n".encode("cp1252"), "line 2 is not UTF-8; .*'CSV UTF-8'"),
        ("text,label\n水獭赢得了奖杯,x\n".encode("gb18030"), "line 2 is not UTF-8"),
        ("text,label\na,x\n".encode("utf-16-le"), "it has NUL bytes; .*'CSV UTF-8'"),
        ("text,label\na,x\n".encode("utf-32"), "it has NUL bytes"),
        ("text,label\na,x\n".encode("utf-16")[:-1], "is not UTF-8"),
        (b"text,label\na\0b,x\n", "it has NUL bytes"),
        (b"PK\x03\x04 and so on", "it is a spreadsheet such as .xlsx or a zip file; save it"),
        (b"PAR1 and so on", "it is a parquet file, so its name should end in .parquet"),
        (b"\x1f\x8b and so on", "it is compressed; unpack it first"),
    ],
)
def test_other_encodings_and_files_are_refused_with_the_way_out(put, content, why):
    path = put(content)
    with pytest.raises(ValueError, match=rf"could not be read \(.*{why}.*UTF-8 CSV or parquet"):
        load(path)
    assert len(refusal(path)) < 300


def test_a_comma_in_a_name_of_a_column_does_not_decide(put):
    path = put('"text";"label";"a, b, c, d"\n"one, two";"x";""\n"three";"y";""\n')
    assert load(path).texts == ["one, two", "three"]


def test_the_columns_are_named_though_none_is_right(put):
    assert "no column 'text', only Headline, Topic." in refusal(put("Headline;Topic\na;x\nb;y\n"))


def test_a_field_of_5_mb(put):
    long = "word " * 1_000_000
    before = 100_000  # characters
    csv.field_size_limit(before)
    assert load(put(f'text,label\n"{long}",x\nb,y\n')).texts == [long, "b"]
    assert csv.field_size_limit() == before


# -------------------------------------------------------------------- tables gone wrong


def test_a_column_name_twice(put, tmp_path):
    assert "has 2 columns with the name 'text'" in refusal(put("text,label,text\na,x,b\n"))
    twice = pa.Table.from_arrays([pa.array(["a"])] * 3, names=["label", "text", "label"])
    parquet.write_table(twice, tmp_path / "rows.parquet")
    assert "has 2 columns with the name 'label'" in refusal(tmp_path / "rows.parquet")


def test_another_column_twice_does_no_harm(put):
    assert load(put("text,label,,\na,x,,\nb,y,,\n")).texts == ["a", "b"]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("text,label\na,x\nb,y,z\n", "row 3 has 3 columns and the header 2; a text with a comma"),
        ("text,label\na,x\nb\n", "row 3 has 1 columns and the header 2"),
        ('text,label\na,x\n"b,y\nc,x\n', "row 3 has a double quote that is never closed"),
        ("text,label\na\rb,x\nc,y\n", "row 2 has a line break of another kind"),
        ('text,label\na,x\n"Shares" fall,y\n', "row 3 goes on after a closing quote"),
        ('text,label\n"a\nb",x\n\n"c" d,y\n', "row 4 goes on after"),  # lines 2 and 3 are a row
    ],
)
def test_rows_gone_wrong(put, content, why):
    assert f"could not be read ({why}" in refusal(put(content))


def test_rows_are_counted_as_a_spreadsheet_counts_them(put):
    """The header is row 1; a text of three lines is one row, an empty line too."""
    path = put('text,label\n"one\ntwo\nthree",x\n\n,,\nfour,y\nfive,\n'.replace(",,\n", ",\n"))
    assert refusal(path).startswith("Row 6 of PATH (the header is row 1) has no label.")


def test_empty_lines_are_left_out(put):
    assert load(put("\n\ntext,label\n\na,x\n,\n  \nb,y\n\n")).texts == ["a", "b"]


@pytest.mark.parametrize("content", ["\n\n", " ", "\ufeff"])
def test_a_file_of_nothing_but_blanks(put, content):
    assert "has no column 'text'" in refusal(put(content))


def test_no_permission(put):
    path = put("text,label\na,x\nb,y\n", "mine/rows.csv")
    path.chmod(0)
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)  # root may read anything, so be nobody for a moment
    try:
        said = refusal(path)
    finally:
        os.seteuid(user)
    assert "could not be read (Permission denied" in said


def test_a_folder_where_a_file_should_be(put, tmp_path):
    inner = put("", "news/train.csv").parent
    assert "has no test.parquet or test.csv" in refusal(inner)
    (tmp_path / "rows.csv").mkdir()
    assert "The folder PATH has no train.parquet" in refusal(tmp_path / "rows.csv")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "train.csv").mkdir()
    assert "has no train.parquet or train.csv" in refusal(tmp_path / "folder")


def test_a_file_where_a_folder_should_be(put):
    path = put("text,label\na,x\nb,y\n")
    assert "There is no source" in refusal(path / "train")
    assert "could not be read" in refusal(path / "train.csv")


def test_two_training_files(put, table):
    folder = put("text,label\na,x\nb,y\n", "news/train.csv").parent
    table("news/train.parquet", text=["c", "d"], label=["x", "y"])
    put("text,label\na,x\n", "news/test.csv")
    assert "has both train.parquet and train.csv. Keep one" in refusal(folder)


@pytest.mark.parametrize("name", ["stories.xlsx", "stories.json", "stories"])
def test_a_file_of_another_kind(put, name):
    said = refusal(put("text,label\na,x\nb,y\n", name))
    assert "its name ends neither in .csv nor in .parquet" in said


def test_a_csv_file_called_parquet(put):
    said = refusal(put("text,label\na,x\nb,y\n", "rows.parquet"))
    assert "could not be read (it is damaged or no parquet file)" in said


def test_damaged_parquet_is_refused_or_read(table):
    """Cut short: refused. A byte changed: refused in one sentence, or read as some words."""
    path = table(
        text=[f"story {i}" for i in range(200)], label=[f"class {i % 3}" for i in range(200)]
    )
    content, random_numbers, refused = path.read_bytes(), random.Random(0), 0
    for share in (0.001, 0.3, 0.9, 0.999):
        path.write_bytes(content[: max(1, int(share * len(content)))])
        assert "it is damaged or no parquet file" in refusal(path)
    for _ in range(300):
        damaged = bytearray(content)
        damaged[random_numbers.randrange(len(content))] ^= 1 << random_numbers.randrange(8)
        path.write_bytes(damaged)
        try:
            load(path)
        except ValueError as error:
            assert "\n" not in str(error)
            refused += 1
    assert refused > 100


# ------------------------------------------------------------- any table there and back


words = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=12)
cells = st.sampled_from(['"', ",", ";", "\t", "\n", "\r\n", "\r", " ", "007", "1.0", "x"]) | words
texts = st.lists(cells, min_size=1, max_size=4).map("".join).filter(str.strip)
labels = texts.map(str.strip).filter(lambda label: label.lower() not in GAPS)
tables = st.lists(st.tuples(texts, labels), min_size=2, max_size=8).filter(
    lambda rows: len({label for _, label in rows}) > 1
)


def same_as_written(path, rows):
    """Whole numbers that do not count from 0 are refused; everything else is read as it is."""
    found = {label for _, label in rows}
    whole = all(re.fullmatch("0|-?[1-9][0-9]{0,9}", label) for label in found)
    if whole and found != {str(number) for number in range(len(found))}:
        assert "count from 0" in refusal(path)
    else:
        stories = load(path)
        assert list(zip(stories.texts, written(stories), strict=True)) == rows


any_table = settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])


@any_table
@given(
    tables,
    st.sampled_from(",;\t"),
    st.sampled_from([(csv.QUOTE_MINIMAL, "\r\n"), (csv.QUOTE_ALL, "\n"), (csv.QUOTE_ALL, "\r")]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
@example([("\ufeffa", "1"), ("b", "0")], ",", (csv.QUOTE_MINIMAL, "\r\n"), "utf-8")
@example([('"', '"x'), ("a\rb", "y")], ";", (csv.QUOTE_MINIMAL, "\r\n"), "utf-16")
def test_any_table_through_csv(put, rows, separator, style, encoding):
    quoting, end = style
    file = io.StringIO()
    writer = csv.writer(file, delimiter=separator, quoting=quoting, lineterminator=end)
    writer.writerows([("text", "label"), *rows])
    same_as_written(put(file.getvalue().encode(encoding)), rows)


@any_table
@given(tables, st.sampled_from([pa.string(), pa.large_string(), pa.binary()]), st.booleans())
def test_any_table_through_parquet(table, rows, kind, dictionary):
    columns = [pa.array([value.encode() for value in column]) for column in zip(*rows, strict=True)]
    columns = [column.cast(kind) for column in columns]
    if dictionary:
        columns = [column.dictionary_encode() for column in columns]
    same_as_written(table(text=columns[0], label=columns[1]), rows)
