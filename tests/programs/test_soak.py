"""The soak: other machines, failures by name, and claims that must have room."""

import json
import math
import sys

import nbformat
import pytest

from conftest import ROOT
from scripts import soak
from scripts.soak import (
    Claim,
    Pass,
    all_machines,
    claims_of,
    environment_of,
    report_claims,
    said_twice,
)

TEST = """
import os
from claims import claim

def test_of_this_machine():
    claim("roomy", int(os.environ["ANOTHER_MACHINE"]), "<", 10)
    claim("narrow", int(os.environ["ANOTHER_MACHINE"]), "<", 4.5)
"""


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A course of one claim and one notebook, in place of this one."""
    root = tmp_path / "root"
    (root / "src").mkdir(parents=True)
    (root / "notebooks").mkdir()
    (root / "tests" / "another_machine").mkdir(parents=True)
    (root / "tests" / "helpers").mkdir()
    (root / "tests" / "claims").mkdir()
    for name in ("helpers/claims.py", "another_machine/sitecustomize.py"):
        (root / "tests" / name).write_text((ROOT / "tests" / name).read_text())
    (root / "conftest.py").write_text("")
    settings = '[tool.pytest.ini_options]\npythonpath = ["tests/helpers"]\nmarkers = ["soak: "]\n'
    (root / "pyproject.toml").write_text(settings)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # all of them take three seconds
    (root / "tests" / "claims" / "test_claims_01.py").write_text(TEST)
    monkeypatch.setattr(soak, "ROOT", root)
    monkeypatch.setattr(soak, "missing", lambda: {"avx512"})
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(soak.tempfile, "tempdir", None)
    yield root
    soak.tempfile.tempdir = None


@pytest.fixture
def run(course, monkeypatch, capsys):
    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["soak.py", *arguments])
        ended = soak.main()
        return ended, capsys.readouterr().out

    return run


def write_notebook(path, source, printed):
    output = nbformat.v4.new_output("stream", name="stdout", text=printed)
    cell = nbformat.v4.new_code_cell(source, outputs=[output], execution_count=1)
    notebook = nbformat.v4.new_notebook(cells=[cell])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "", "language": "python"}
    nbformat.write(notebook, path)


# ------------------------------------------------------------------------------ whole passes


def test_what_holds_with_room_is_green_and_nothing_is_left(run, course, tmp_path):
    ended, printed = run("--only=claims", "--machines=imitation:1,imitation:2")
    assert ended == 0, printed
    assert "2 passes, 0 failures, 0 claims with too little room" in printed
    assert (
        "2.5  tests/claims/test_claims_01.py::test_of_this_machine: narrow: worst 2 < 4.5"
        in printed
    )
    assert not list(tmp_path.glob("soak-*"))
    assert sorted(path.name for path in course.iterdir()) == [
        "conftest.py", "notebooks", "pyproject.toml", "src", "tests"
    ]  # fmt: skip


def test_a_claim_that_holds_with_less_room_than_spread_fails(run):
    ended, printed = run("--only=claims", "--machines=imitation:1,imitation:3,avx512")
    assert ended == 1
    assert "2 passes, 0 failures, 1 claims with too little room" in printed
    assert "TOO NARROW: tests/claims/test_claims_01.py::test_of_this_machine: narrow" in printed
    assert "avx512              skipped: this processor has no such code" in printed


def test_a_failed_claim_and_a_failed_notebook_are_reported_by_name(run, course, monkeypatch):
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p nbval.plugin --nbval")
    write_notebook(course / "notebooks" / "01_seven.ipynb", "print(3 + 4)", "7\n")
    seed = "import os; print(os.environ['ANOTHER_MACHINE'])"
    write_notebook(course / "notebooks" / "02_seed.ipynb", seed, "5\n")
    ended, printed = run("--machines=imitation:2,imitation:5")
    assert ended == 1
    rows = [line.split()[:3] for line in printed.splitlines()]
    assert ["imitation:2", "3", "1"] in rows and ["imitation:5", "3", "1"] in rows
    assert "FAILED on imitation:2: notebooks.02_seed.ipynb" in printed
    assert "FAILED on imitation:5: tests.claims.test_claims_01::test_of_this_machine" in printed
    assert "01_seven" not in printed


def test_imitations_are_drawn_at_random_and_can_be_drawn_again(run, monkeypatch):
    monkeypatch.setattr(soak, "run_pass", lambda machine, *_: Pass(machine, 1, [], 1.0, []))
    first, again, other = (run(*seed)[1] for seed in ([], ["--seed=7"], ["--seed=8"]))
    assert "--seed 7 draws them again" in again
    machines = [line for line in again.splitlines() if line.startswith("Machines: ")]
    assert machines == [f"Machines: {' '.join(all_machines(7))}"]
    assert len({text.split("Machines: ")[1].split("\n")[0] for text in (first, again, other)}) == 3
    assert "14 passes, 0 failures" in first and "Tests marked soak" in first
    ended, part = run("--passes=3")
    assert ended == 0 and "3 passes, 0 failures" in part and "Tests marked soak" not in part
    assert run("--machines=avx512")[0] == 1  # nothing was run


def test_a_claim_made_twice_is_a_failure(run, course):
    twice = "from claims import claim\n\ndef test_it():\n    for x in (1, 2): claim('x', x, '<', 9)"
    (course / "tests" / "claims" / "test_claims_01.py").write_text(twice)
    ended, printed = run("--only=claims", "--machines=imitation:1")
    assert ended == 1
    assert (
        "FAILED on imitation:1: tests/claims/test_claims_01.py::test_it claims 'x' twice" in printed
    )


def test_a_pass_without_tests_or_with_an_error_in_a_file_is_not_green(run, course):
    assert run("--machines=imitation:1", "-k", "no_such_test")[0] == 1
    (course / "tests" / "claims" / "test_claims_01.py").write_text("import no_such_module")
    assert run("--only=claims", "--machines=imitation:1")[0] == 1


@pytest.mark.parametrize(("body", "ended"), [("pass", 0), ("assert False", 1)])
def test_the_tests_marked_soak_count_too(run, course, body, ended):
    marked = f"import pytest\n\n@pytest.mark.soak\ndef test_long():\n    {body}\n"
    (course / "tests" / "test_long.py").write_text(marked)
    assert run("--only=marked")[0] == ended


@pytest.mark.parametrize("machine", ["imitation", "imitation:x", "avx3", ""])
def test_a_machine_that_there_is_not_is_refused_at_once(run, machine, capsys):
    with pytest.raises(SystemExit):
        run(f"--machines=default,{machine}")
    assert f"There is no machine '{machine}'. Choose imitation:<seed>" in capsys.readouterr().err


# ---------------------------------------------------------------------------------- machines


def test_the_fifteen_machines_and_their_repetition():
    machines = all_machines(3)
    assert len(set(machines)) == 15
    assert machines[:5] == ["threads", "default", "avx2", "avx512", "mkl"]
    assert machines == all_machines(3) != all_machines(4)


def test_machines_are_not_crossed(tmp_path, monkeypatch):
    monkeypatch.setenv("ATEN_CPU_CAPABILITY", "avx2")
    monkeypatch.setenv("ANOTHER_MACHINE", "9")
    for machine in all_machines(0):
        environment = environment_of(machine, tmp_path)
        named = {name for name in environment if name in soak.DECIDED}
        kind = {"ANOTHER_MACHINE"} if machine.startswith("imitation") else set(soak.KINDS[machine])
        assert named == kind
    assert environment_of("imitation:4", tmp_path)["ANOTHER_MACHINE"] == "4"


# ------------------------------------------------------------------------------------ claims


def passes(*values, relation="<", bound=10.0):
    return [Pass("", 1, [], 1.0, [("test", "what", value, relation, bound)]) for value in values]


@pytest.mark.parametrize(
    ("values", "relation", "worst", "room", "spread"),
    [
        ((1.0, 4.0, 2.0), "<", 4.0, 6.0, 3.0),
        ((14.0, 12.0, 19.0), ">", 12.0, 2.0, 7.0),
        ((12.0, math.inf), ">", 12.0, 2.0, 0.0),
        ((math.inf, math.inf), ">", math.inf, math.inf, 0.0),
        ((math.nan, 12.0), ">", 12.0, 2.0, 0.0),
        ((9.0, 12.0), "<", 12.0, -2.0, 3.0),
    ],
)
def test_room_and_spread_of_a_claim(values, relation, worst, room, spread):
    (claim,) = claims_of(passes(*values, relation=relation))
    assert claim == Claim("test: what", relation, 10.0, worst, room, spread)


def test_a_bound_that_varies_spreads_the_margin():
    records = passes(1.0, bound=4.0) + passes(1.0, bound=3.0)
    assert claims_of(records) == [Claim("test: what", "<", 3.0, 1.0, 2.0, 1.0)]


def test_both_sides_of_a_number_are_two_claims_but_none_is_made_twice():
    (one,) = passes(1.0)
    other = ("test", "what", 1.0, ">", 0.0)
    assert len(claims_of([one._replace(records=[*one.records, other])])) == 2
    assert said_twice([*one.records, other]) == []
    assert said_twice([*one.records, other, *one.records]) == ["test claims 'what' twice"]


def test_the_narrowest_are_printed_first_and_those_without_room_given_back(capsys):
    claims = [Claim(str(i), "<", 1.0, 0.0, room=i / 10, spread=0.55) for i in range(20)]
    assert report_claims(claims) == claims[:6]
    shown = [line.split()[1] for line in capsys.readouterr().out.splitlines() if ": worst" in line]
    assert shown == [f"{i}:" for i in range(10)]


def test_a_claim_is_recorded_with_its_test(tmp_path, monkeypatch):
    from claims import claim

    monkeypatch.setenv("CLAIMS_RECORD", str(tmp_path / "record"))
    claim("one", 1, "<", 2)
    with pytest.raises(AssertionError, match="two: 3, claimed < 2"):
        claim("two", 3, "<", 2)
    name = "tests/programs/test_soak.py::test_a_claim_is_recorded_with_its_test"
    lines = (tmp_path / "record").read_text().splitlines()
    assert list(map(json.loads, lines)) == [[name, "one", 1, "<", 2], [name, "two", 3, "<", 2]]
    assert soak.records_of(tmp_path / "record")[0] == (name, "one", 1, "<", 2)


# -------------------------------------------------------------------------------- the marker


@pytest.mark.parametrize("workers", ["0", "1"])
def test_marked_tests_are_left_out_and_counted_unless_named(pytester, monkeypatch, workers):
    pytester.makeini("[pytest]\nmarkers = soak:")
    pytester.makepyfile(
        "import pytest\n\n@pytest.mark.soak\ndef test_long(): pass\n\ndef test_short(): pass"
    )
    plugins = ("-p", "soak_mark", "-p", "xdist.plugin", "-n", workers)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "tests" / "helpers"))
    result = pytester.runpytest_subprocess(*plugins)
    result.assert_outcomes(passed=1, deselected=1 if workers == "0" else 0)
    result.stdout.fnmatch_lines("LEFT OUT: 1 marked soak, which make soak runs")
    result = pytester.runpytest_subprocess(*plugins, "-m", "soak")
    result.assert_outcomes(passed=1, deselected=1 if workers == "0" else 0)
    assert "LEFT OUT" not in result.stdout.str()
