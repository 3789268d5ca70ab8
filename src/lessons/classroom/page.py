"""The result as one page of HTML that needs no network and no script."""

from collections.abc import Iterable
from html import escape
from importlib.resources import files

from lessons.classroom.judge import UNREADABLE
from lessons.classroom.results import STATES, ClassResult, Student
from lessons.classroom.trying import Outcome
from lessons.exercises.runner import NOT_YET, PASSED

_PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>A class at work</title>
<style>
{style}</style>
</head>
<body>
<main>
<h1>A class at work</h1>
<p>{counted}</p>
<h2>Misconceptions, the most common first</h2>
{misconceptions}
<h2>Students and exercises</h2>
<p>{legend}</p>
<div class="wide" role="region" tabindex="0" aria-label="Students and exercises">
{table}
</div>
<h2>What else is not right</h2>
{others}
<h2>What could not be read</h2>
{unread}
</main>
</body>
</html>
"""


def as_html(result: ClassResult) -> str:
    """The page: misconceptions with the answers behind each, then the table of the class."""
    style = files("lessons").joinpath("classroom", "page.css").read_text(encoding="utf-8")
    return _PAGE.format(
        style=style,
        counted=escape(_counted(result)),
        misconceptions=_misconceptions(result),
        legend=escape(", ".join(f"{sign} {state}" for state, sign in STATES.items())),
        table=_table(result),
        others=_answers(result.others) or "<p>Nothing.</p>",
        unread=_unread(result) or "<p>Nothing.</p>",
    )


def _counted(result: ClassResult) -> str:
    passed, all_ = len(result.found(PASSED)), len(result.students) * len(result.exercises)
    return f"{len(result.students)} students, {passed} of {all_} exercises passed."


def _misconceptions(result: ClassResult) -> str:
    blocks = []
    for one in result.misconceptions:
        where = ", ".join(f"{id} ({count})" for id, count in one.exercises.items())
        head = f"<b>{one.students} of {len(result.students)}</b> {escape(one.name)}: {where}"
        blocks.append(f"<details><summary>{head}</summary>\n{_answers(one.found)}\n</details>")
    return "\n".join(blocks) or "<p>None that is known has shown itself.</p>"


def _answers(found: Iterable[tuple[str, str, Outcome]]) -> str:
    """Answers, each with what is said about it."""
    return "\n".join(
        f"<details><summary>{escape(student)}: {id}</summary>\n"
        f"<p>{escape(one.text)}</p>\n{_code(student, id, one)}</details>"
        for student, id, one in found
    )


def _code(student: str, id: str, one: Outcome) -> str:
    if not one.code:
        return ""
    name = escape(f"The answer of {student} to {id}", quote=True)
    code = f'<pre class="wide" role="region" tabindex="0" aria-label="{name}"><code>'
    return f"<p>{escape(one.where)}</p>\n{code}{escape(one.code)}</code></pre>\n"


def _unread(result: ClassResult) -> str:
    """Answers, and under them files."""
    answers = [one for one in result.found(UNREADABLE) if one[2].code]
    notes = [
        f"<li>{escape(student.name)}: {escape(note)}</li>"
        for student in result.students
        for note in student.notes
    ]
    return _answers(answers) + ("\n<ul>\n" + "\n".join(notes) + "\n</ul>" if notes else "")


def _table(result: ClassResult) -> str:
    head = "".join(f'<th scope="col">{id}</th>' for id in ("passed", *result.exercises))
    rows = "\n".join(_row(student) for student in result.students)
    return (
        f'<table>\n<thead><tr><th scope="col">student</th>{head}</tr></thead>\n'
        f"<tbody>\n{rows}\n</tbody>\n</table>"
    )


def _row(student: Student) -> str:
    cells = "".join(_cell(one) for one in student.outcomes.values())
    return f'<tr><th scope="row">{escape(student.name)}</th><td>{student.passed}</td>{cells}</tr>'


def _cell(one: Outcome) -> str:
    """A sign, and the state in words for whoever hears it."""
    kind = {PASSED: "passed", NOT_YET: "not-yet"}.get(one.state, "other")
    sign = f'<span aria-hidden="true">{STATES[one.state]}</span>'
    return f'<td class="{kind}">{sign}<span class="heard">{one.state}</span></td>'
