"""The instructor's guide: what is taken from where, and plans that add up. Without a browser."""

import re
import tomllib

import pytest
from lesson_notebooks import NOTEBOOKS, exercises_of, read
from wrong_answers import WRONG_ANSWERS

from conftest import ROOT
from lessons.exercises import EXERCISES
from lessons.questions import misconceptions, questions
from scripts import guide, handout
from scripts.course import FOLDER, name_of, read_course, without_links
from scripts.notes import read_notes
from scripts.plans import ROOM, clock, read_plans

PLANS = ROOT / "instructor" / "plans.toml"


@pytest.fixture(scope="module")
def course():
    return read_course()


@pytest.fixture(scope="module")
def pages(course, tmp_path_factory):
    """The text of each page, by its name, with all blanks as one."""
    folder = tmp_path_factory.mktemp("pages")
    guide.write_pages(folder, course)
    return {path.stem: " ".join(path.read_text().split()) for path in folder.glob("*.md")}


# --------------------------------------------------------------- what the course holds


def test_every_lesson_is_there_with_its_exercises_and_questions(course):
    assert [lesson.number for lesson in course.lessons] == [path.stem[:2] for path in NOTEBOOKS]
    assert [task.id for lesson in course.lessons for task in lesson.tasks] == list(EXERCISES)
    assert all(lesson.questions == questions(lesson.number) for lesson in course.lessons)


def test_minutes_are_those_of_the_notes_and_of_the_notebooks(course):
    for lesson, path in zip(course.lessons, NOTEBOOKS, strict=True):
        notes = read_notes(FOLDER / f"{lesson.number}.md")
        assert lesson.minutes == sum(note.minutes for note in notes.notes.values()) > 0
        assert [note.cell for section in lesson.sections for note in section.notes] == list(
            notes.notes
        )
        first = " ".join(read(path).cells[0].source.split())
        said = f"about {lesson.reading} minutes"
        said += f" to read and run, and {lesson.solving} for" * bool(lesson.tasks)
        assert said in first


def test_a_section_begins_with_its_heading(course):
    lesson = course.lesson("05")
    assert lesson.sections[0].title == "Opening"
    (forget,) = (one for one in lesson.sections if one.id == "forget")
    assert forget.title == "What if you forget zero_grad?"
    assert next(note.cell for note in forget.notes) == "forget"


@pytest.fixture
def notes(tmp_path):
    """A copy of all speaker notes."""
    for path in (*FOLDER.glob("[0-9][0-9].md"), FOLDER / "exercises.toml"):
        (tmp_path / path.name).write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    return tmp_path


def test_a_lesson_without_notes_is_an_error(notes):
    (notes / "03.md").unlink()
    with pytest.raises(ValueError, match=r"03\.md: cannot be read"):
        read_course(notes)


def test_a_note_of_no_cell_is_an_error(notes):
    with (notes / "03.md").open("a") as file:
        file.write("\n## nowhere\n*1 minute*\n\n**Say.** Look.\n")
    with pytest.raises(ValueError, match="03 .*: there is no cell nowhere in the notebook"):
        read_course(notes)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('05-loop = "epochs-idea"', "", "each exercise once, and nothing else; see 05-loop"),
        ("05-loop", "05-lop", "each exercise once, and nothing else; see 05-lo"),
        ('"epochs-idea"', '"epoch-ideas"', "05-loop: lesson 05 has no section 'epoch-ideas'"),
    ],
)
def test_an_exercise_that_follows_no_section_is_an_error(notes, old, new, said):
    path = notes / "exercises.toml"
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(ValueError, match=rf"exercises\.toml: .*{said}"):
        read_course(notes)


def test_the_timetable_of_a_lesson_adds_up_and_has_each_exercise_once(course):
    for lesson in course.lessons:
        sections, ends, tasks = zip(*lesson.timetable, strict=True)
        assert sections == lesson.sections
        assert ends[0] == sections[0].minutes and ends[-1] == lesson.minutes
        assert sorted(task.id for group in tasks for task in group) == [
            task.id for task in sorted(lesson.tasks, key=lambda task: task.id)
        ]


def test_a_long_lesson_says_near_its_middle_after_which_section_a_break_is_good(course):
    for lesson in (one for one in course.lessons if one.minutes > 60):
        prepare = " ".join(lesson.about["Prepare"].split())
        ends = [end for section, end, _ in lesson.timetable if f"*{section.title}*" in prepare]
        assert any(0.4 < end / lesson.minutes < 0.7 for end in ends), lesson.title


def test_what_is_not_there_is_named(course):
    with pytest.raises(ValueError, match="no lesson '98'"):
        course.lesson("98")
    with pytest.raises(ValueError, match="no exercise '05-lop'"):
        course.task("05-lop")


def test_every_misconception_is_found_where_options_and_answers_have_it(course):
    for name in misconceptions():
        options, answers = course.found_by(name)
        assert options or answers
        for lesson in course.lessons:
            shown = [
                f"{number} {'ABCD'[place]}"
                for number, question in enumerate(questions(lesson.number), 1)
                for place, option in enumerate(question.options)
                if option.misconception == name
            ]
            assert options.get(lesson.number, []) == shown
        wrong = [(one.id, name_of(one)) for one in WRONG_ANSWERS if one.misconception == name]
        assert sorted((id, one) for id, names in answers.items() for one in names) == sorted(wrong)


def test_links_become_words_unless_they_lead_to_the_network_or_to_the_page_itself():
    text = "[A](01_split.ipynb#A), [B](https://b.org) and [C](#c), [`D`](../d.md)"
    assert without_links(text) == "A, [B](https://b.org) and [C](#c), `D`"


# ------------------------------------------------------------------------------ the pages


def plain(text):
    return " ".join(guide.as_plain_text(text).split())


def test_the_page_of_a_lesson_has_all_that_an_instructor_needs(course, pages):
    for lesson in course.lessons:
        page = pages[f"lesson-{lesson.number}"]
        for name in ("Goal", "Out of scope", "Prepare", "Without a network"):
            assert f"**{name}.** " in page
        for section in lesson.sections:
            assert f"(lesson-{lesson.number}-{section.id})= ### {section.title} (" in page
            for paragraph in (one for note in section.notes for one in note.paragraphs):
                assert f"**{paragraph.kind}.** {' '.join(paragraph.text.split())}" in page
        for question in lesson.questions:
            right = question.options[question.right]
            assert f"✓ {'ABCD'[question.right]}. {plain(right.text)}** {plain(right.why)}" in page
            for option in question.options:
                assert plain(option.text) in page and plain(option.why) in page


def test_every_exercise_has_its_prompt_its_solutions_and_what_wrong_answers_show(course, pages):
    prompts = {}
    for path in NOTEBOOKS:
        prompts |= exercises_of(read(path))[0]
    for task in (task for lesson in course.lessons for task in lesson.tasks):
        page = pages[f"lesson-{task.id[:2]}"]
        assert " ".join(without_links(prompts[task.id]).split()) in page
        for other in task.exercise.others:
            assert " ".join(other.code.split()) in page
            assert " ".join(other.trade_off.split()) in page
        assert " ".join(task.exercise.code.split()) in page
        assert len(task.wrong) >= 3
        for wrong in task.wrong:
            said = " ".join(guide.with_code(wrong.words).split())
            assert f"{said} … | {plain(wrong.misconception)} |" in page


def test_the_tests_on_paper_have_no_answers_and_the_key_has_them(pages):
    for name in guide.PAPER:
        _, _, asked = guide.paper(name)
        for question in asked:
            assert plain(question.text) in pages[name]
            for option in question.options:
                assert plain(option.text) in pages[name]
                assert plain(option.why) not in pages[name]
                assert plain(option.why) in pages["key"]
                assert (
                    option.right
                    or f"{plain(option.why)} (*{option.misconception}*)" in pages["key"]
                )
        assert "✓" not in pages[name]


def test_pages_of_others_are_taken_in_where_they_are(course, tmp_path, monkeypatch):
    (tmp_path / "there.md").write_text("# About it\n\nSee [that](that.md).\n")
    there = {"there": str(tmp_path / "there.md"), "gone": str(tmp_path / "gone.md")}
    monkeypatch.setattr(guide, "TAKEN_IN", there)
    guide.write_pages(tmp_path, course)
    assert (tmp_path / "there.md").read_text() == "# About it\n\nSee that.\n"
    assert not (tmp_path / "gone.md").exists()
    assert re.search(r"^there$", (tmp_path / "index.md").read_text(), re.M)
    assert "gone" not in (tmp_path / "index.md").read_text()


def test_a_text_of_plain_words_is_no_markup():
    assert guide.as_plain_text("2 * 3 | `a_b` [c](d) #e\n<f> $g$ ~~h~~") == (
        r"2 \* 3 \| \`a\_b\` \[c\](d) \#e \<f\> \$g\$ \~\~h\~\~"
    )


def test_code_stays_code_where_it_is_asked_for():
    assert guide.with_code("`a_b` is * not c_d\nor ` alone") == r"`a_b` is \* not c\_d or \` alone"
    assert guide.with_code("`a | b`") == r"\`a \| b\`"  # would be two cells of a table


# ------------------------------------------------------------------------------ the plans


@pytest.fixture(scope="module")
def plans(course):
    return read_plans(PLANS, course)


def sessions(plans):
    return [(plan, session) for plan in plans for session in plan.sessions]


def test_there_are_plans_for_a_workshop_for_four_lessons_and_for_two_days(plans):
    workshop, four, days = ([one.minutes for one in plan.sessions] for plan in plans)
    assert workshop == [180]
    assert four == [45] * 4
    assert days == [210] * 4


def test_a_plan_adds_up_to_its_time_and_leaves_some_room(plans):
    for plan, session in sessions(plans):
        assert sum(row.minutes for row in session.rows) == session.minutes
        room = session.rows[-1]
        assert room.what == ROOM, session.title
        assert 0.05 <= room.minutes / session.minutes <= 0.25, (plan.title, session.title)
        times = [time for time, _ in session.timed]
        assert times[0] == clock(session.begins)
        assert session.ends == clock(session.begins + session.minutes)


def test_after_an_hour_and_a_half_comes_a_break(plans):
    for _, session in sessions(plans):
        since = 0.0
        for row in session.rows:
            since = 0.0 if row.what == "A break" else since + row.minutes * (row.what != ROOM)
            assert since <= 95, (session.title, row.what)
    assert all(
        any(row.what == "A break" for row in session.rows)
        for _, session in sessions(plans)
        if session.minutes > 90
    )


def test_an_exercise_comes_after_the_section_that_it_can_follow(course, plans):
    for plan in plans:
        links = [row.link for session in plan.sessions for row in session.rows]
        for task in (task for lesson in course.lessons for task in lesson.tasks):
            if (exercise := f"#exercise-{task.id}") in links:
                section = f"#lesson-{task.id[:2]}-{task.after}"
                assert section in links[: links.index(exercise)], (plan.title, task.id)


def test_sessions_of_a_day_do_not_overlap(plans):
    for plan in plans:
        for one, after in zip(plan.sessions, plan.sessions[1:], strict=False):
            assert after.begins >= one.begins + one.minutes + 10 or after.begins == 9 * 60


def test_what_is_left_out_is_all_that_is_not_planned(course, plans):
    for plan in plans:
        rows = [row for session in plan.sessions for row in session.rows]
        linked = [row.link for row in rows if row.link]
        assert len(set(linked)) == len(linked)  # nothing comes twice
        left = dict((lesson.number, parts) for lesson, parts in plan.left_out)
        for lesson in course.lessons:
            shown = {row.what for row in rows if row.lesson == lesson.number}
            shown |= {row.link.removeprefix("#exercise-") for row in rows}
            every = [one.title for one in lesson.sections] + [task.id for task in lesson.tasks]
            missing = [one for one in every if one not in shown]
            assert left.get(lesson.number, []) in (missing, ["all of it"])
            if left.get(lesson.number) == ["all of it"]:
                assert missing == every


PLAN = """
[[plans]]
title = "Mine"
about = "A plan."

[[plans.sessions]]
title = "One"
minutes = 60
parts = [
    { lesson = "05", sections = ["circle"] },
    { exercises = ["05-loop"] },
    { what = "A break", minutes = 10 },
]
"""


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("= 60", "= 15", r"Mine, One: its parts take [\d.]+ minutes more than there are; leave"),
        ('"circle"', '"circus"', "lesson 05 has no section 'circus'"),
        ('sections = ["circle"]', 'without = ["circus"]', "lesson 05 has no section 'circus'"),
        ('"05-loop"', '"05-lop"', "there is no exercise '05-lop'"),
        ('lesson = "05"', 'lesson = "98"', "there is no lesson '98'"),
    ],
)
def test_a_plan_that_cannot_be_kept_is_an_error(course, tmp_path, old, new, said):
    path = tmp_path / "plans.toml"
    path.write_text(PLAN)
    (plan,) = read_plans(path, course)
    assert [row.what for row in plan.sessions[0].rows][-3:] == ["Exercise 05-loop", "A break", ROOM]
    assert old in PLAN
    path.write_text(PLAN.replace(old, new))
    with pytest.raises(ValueError, match=f"plans.toml: {said}"):
        read_plans(path, course)


# ----------------------------------------------------------------------------- the handout

WANTED = tomllib.loads((handout.TEMPLATES / "handout.toml").read_text(encoding="utf-8"))
LOOP = [handout.source(WANTED["loop"]["lesson"], id) for id in WANTED["loop"]["cells"]]


def test_the_loop_of_the_handout_has_24_lines_and_runs(tmp_path, capsys):
    """As in lesson 07, after its imports and with the four names that the handout tells of."""
    lines = [line for cell in LOOP for line in handout.loop_lines(cell)]
    assert len(lines) == 24
    assert {line.lesson for line in lines} == {f"0{number}" for number in range(1, 8)}
    code = "\n".join(line.code for line in lines)
    names = {}
    exec(handout.source("07", "imports") + "\n" + handout.source("07", "lessons"), names)
    names |= {"names": names["load_split"]().train.names, "checkpoint": tmp_path / "best.pt"}
    names |= {"total": 200, "right": names["torch"].ones(200)}
    exec(code, names)
    assert re.match(r"≈ 1[789]\d of 200 right; above ≈ 200", capsys.readouterr().out)


def test_the_handout_has_thirty_terms_of_the_glossary_in_their_order():
    terms = handout.main_terms(WANTED["glossary"]["terms"])
    assert len(terms) == 30
    names = [term.name for term in terms]
    assert names == sorted(set(names))
    row = re.search(r"^\| loss \| (.+) \| \[04\]", handout.source("glossary", "terms"), re.M)
    assert handout.Term("loss", row[1], "04") in terms


def test_the_tables_of_the_handout_are_those_of_the_lessons():
    (head, cures), (_, suspects) = (
        handout.table(handout.source(one["lesson"], one["cell"])) for one in WANTED["tables"]
    )
    assert head == ["what you see", "it is called", "what to try"]
    assert [len(row) for row in cures] == [3] * 4
    assert [len(row) for row in suspects] == [2] * 8
    assert "<code>eval()</code> is forgotten" in [suspect for _, suspect in suspects]


@pytest.mark.parametrize(
    ("does", "said"),
    [
        (lambda: handout.source("glossary", "term"), r"no notebook glossary\* has a cell term"),
        (lambda: handout.main_terms(["loss", "lose"]), "the glossary has no term 'lose'"),
        (lambda: handout.table("No table."), "no table in the text that begins: 'No table.'"),
        (lambda: list(handout.loop_lines("x = 1  # 05\ny = 2")), "not name its lesson: y = 2"),
    ],
)
def test_what_the_handout_lacks_is_an_error(does, said):
    with pytest.raises(ValueError, match=said):
        does()


def test_without_chromium_it_is_said_what_to_do(monkeypatch):
    monkeypatch.setattr(handout, "BROWSERS", ("no-such-browser",))
    with (
        pytest.raises(OSError, match="there is none: apt-get install chromium"),
        handout.browser_page(),
    ):
        pass
