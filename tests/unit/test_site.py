"""The site without a browser: what becomes of notebooks, and what is wrong with links."""

import json
from html import unescape
from pathlib import PurePosixPath
from types import SimpleNamespace

import nbformat
import pytest
from docutils import nodes
from docutils.utils import new_document
from lesson_notebooks import NOTEBOOKS, read

from conftest import ROOT
from lessons.exercises import EXERCISES
from lessons.panels.controls import PAGE
from scripts import site_pages
from scripts.site_check import faults_of, weights
from scripts.site_pages import Place, modules_of, page_of, panel_html, relinked, terms
from scripts.slides import LIVE
from website.terms import Term, explain

DOT = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="


@pytest.fixture
def place(tmp_path):
    """A lesson, on its way to a page."""
    (tmp_path / "_static" / "figures").mkdir(parents=True)
    return Place(PurePosixPath("notebooks/05_training_loop.ipynb"), tmp_path, {"repository": ""})


def code(source, **data):
    output = nbformat.v4.new_output("display_data", data=data)
    return nbformat.v4.new_code_cell(source, outputs=[output], id="lab")


# ------------------------------------------------------------------- scripts and styles

LINES = 900  # of all scripts and styles that are not made, comments and empty lines too


def test_the_front_end_does_not_grow_in_silence():
    files = [path for kind in ("*.js", "*.css") for path in (ROOT / "website").rglob(kind)]
    written = [path for path in files if path.parent.name != "recordings"]
    lines = [line for path in written for line in path.read_text(encoding="utf-8").splitlines()]
    assert {"core.js", "site.css"} < {path.name for path in written}
    assert len(lines) <= LINES
    assert [line for line in lines if len(line) > 100] == []


# -------------------------------------------------------------------------------- links


@pytest.mark.parametrize(
    ("link", "leads_to"),
    [
        ("python.ipynb#detach,-item,-argmax", "/notebooks/python.ipynb#detach-item-argmax"),
        ("#zip-and-its-friends", "#zip-and-its-friends"),
        ("../README.md#the-lessons", "/index.md#the-lessons"),
        ("../docs/own_data.md", "/docs/own_data.md"),
        ("../instructor", "/guide/index.md"),
        ("https://pytorch.org/#a", "https://pytorch.org/#a"),
    ],
)
def test_a_link_leads_to_a_page_of_the_site(link, leads_to, place):
    assert relinked(f"[there]({link}).", place) == f"[there]({leads_to})."


def test_a_file_that_is_no_page_comes_along(place):
    assert relinked("[rows](data/requests.csv)", place) == "[rows](/notebooks/data/requests.csv)"
    copied = place.folder / "notebooks" / "data" / "requests.csv"
    assert copied.read_bytes() == (ROOT / "notebooks" / "data" / "requests.csv").read_bytes()
    relinked('<img src="img/pipeline.svg" alt="x">', place)
    assert (place.folder / "notebooks" / "img" / "pipeline.svg").is_file()


def test_a_link_to_nothing_is_an_error(place):
    with pytest.raises(ValueError, match=r"05_training_loop.ipynb: there is no nowhere.md"):
        relinked("[there](nowhere.md)", place)


def site(folder, **pages):
    for name, body in pages.items():
        (folder / f"{name}.html").write_text(body, encoding="utf-8")
    return folder


def test_good_links_have_no_fault(tmp_path):
    (tmp_path / "a b.txt").write_text("")
    one = '<a href="two.html#here">x</a><a href="a%20b.txt">x</a><a href="https://x.org">x</a>'
    one += '<a href="#">x</a><a href="two.html?epochs=12#here">x</a><img src="data:image/png,">'
    assert faults_of(site(tmp_path, one=one, two='<p id="here">')) == []


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ('<a href="three.html">x</a>', "there is no three.html"),
        ('<img src="lost.png" loading="lazy">', "there is no lost.png"),
        ('<a href="two.html#there">x</a>', "two.html#there names a place that is not there"),
        ('<a href="#there">x</a>', "#there names a place that is not there"),
        ('<a href="../secret.txt">x</a>', "../secret.txt leads out of the site"),
        ('<script src="https://x.org/a.js"></script>', "would load https://x.org/a.js from"),
        ('<link rel="stylesheet" href="//x.org/a.css">', "would load //x.org/a.css from"),
    ],
)
def test_a_fault_is_named_with_its_page(body, words, tmp_path):
    (fault,) = faults_of(site(tmp_path, one=body, two='<p id="here">'))
    assert fault.startswith("one.html: ") and words in fault


def test_a_page_weighs_what_it_loads_at_once(tmp_path):
    for name in ("a.js", "b.png", "c.png", "d.css", "e.ipynb"):
        (tmp_path / name).write_bytes(bytes(1000))
    body = '<script src="a.js"></script><script src="a.js"></script><img src="b.png">'
    body += '<img src="c.png" loading="lazy"><link rel="stylesheet" href="d.css">'
    body += '<a href="e.ipynb">x</a>'
    assert weights(site(tmp_path, one=body)) == {"one.html": 3000 + len(body)}


# ---------------------------------------------------------------------------- notebooks


def test_a_panel_is_where_its_script_finds_it_with_its_settings(place):
    page = {"panel": "training-lab", "code": 'above "85 %" & <more>'}
    data = {"text/plain": f"Training lab: {LIVE}.", PAGE: page, "text/html": "<p>Words</p>"}
    html = panel_html(code("lab", **data), place)
    assert html.startswith('<div class="lessons-panel" id="05-lab" data-panel="training-lab" data-')
    assert "<p>Words</p>" in html and "Live in JupyterLab" not in html
    given = unescape(html.partition('data-settings="')[2].partition('"')[0])
    assert json.loads(given) == {"code": page["code"]}


def test_a_panel_without_a_script_says_where_it_is_live(place):
    html = panel_html(code("x", **{"text/plain": f"A panel: {LIVE}.\nWhat & why?"}), place)
    assert "data-panel" not in html and "<p>What &amp; why?</p>" in html
    assert 'Live in JupyterLab: <a href="../run.html">' in html


def test_a_figure_becomes_a_file_of_its_size(place):
    image = f'<img alt="A dot." src="data:image/png;base64,{DOT}">'
    notebook = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_markdown_cell("# The training loop"),
            code("picture(figure)", **{"text/html": image + image}),
        ],
        metadata=read(NOTEBOOKS[5]).metadata,
    )
    html = page_of(notebook, place).cells[2].outputs[0].data["text/html"]
    assert html.count('width="1" height="1" loading="lazy"') == 2 and "base64" not in html
    for number in (1, 2):
        name = f"_static/figures/05_training_loop-lab-{number}.png"
        assert f'src="../{name}"' in html and (place.folder / name).is_file()


@pytest.mark.parametrize("path", site_pages.NOTEBOOKS, ids=lambda path: path.stem)
def test_every_notebook_becomes_a_page(path, place):
    place = place._replace(file=PurePosixPath(path.relative_to(ROOT).as_posix()))
    before = nbformat.read(path, as_version=4)
    page = page_of(nbformat.read(path, as_version=4), place)
    text = nbformat.writes(page)
    assert "base64," not in text  # no figure is left in the page
    assert len(page.cells) == len(before.cells) + 1  # how to run it
    assert text.count("**Predict:**") == 0 == text.count("Not attempted yet")
    ids = [line for line in text.split('id=\\"') if line.startswith(path.stem[:2] + "-")]
    assert len(ids) == len({line.partition("\\")[0] for line in ids})


def test_an_exercise_has_its_hints_and_its_starter(place):
    page = page_of(read(NOTEBOOKS[5]), place)
    cells = [cell for cell in page.cells if "exercise" in cell.metadata.get("tags", [])]
    mine = [id for id in EXERCISES if id.startswith("05-")]
    assert len(cells) == len(mine)
    for id, cell in zip(mine, cells, strict=True):
        html = cell.outputs[0].data["text/html"]
        assert f'check("{id}"' in cell.source and "..." in cell.source
        assert html.count("<details>") == len(EXERCISES[id].hints)
        assert html.startswith(f'<div class="lessons-panel" id="05-{cell.id}" data-panel="starter"')


def test_what_is_shown_between_a_prediction_and_its_result_is_folded_up(place):
    cells = {cell.id: cell for cell in page_of(read(NOTEBOOKS[5]), place).cells}
    folded = [id for id, cell in cells.items() if "around-output" in cell.metadata]
    code = [id for id, cell in cells.items() if cell.cell_type == "code"]
    first, last = code.index("guess") + 1, code.index("guess-compare")
    assert last > first and folded == code[first : last + 1]
    assert cells[folded[0]].metadata["around-output"][0].startswith('<details data-later="05-guess')
    assert 'data-result-of="05-guess"' in cells["guess-compare"].outputs[0].data["text/html"]


def test_binder_is_offered_if_there_is_a_repository_that_it_can_read(place):
    def told(repository):
        there = place._replace(shared={"repository": repository})
        return page_of(read(NOTEBOOKS[0]), there).cells[1].source

    assert "mybinder.org/v2/gh/me/it/HEAD?labpath=" in told("https://github.com/me/it")
    assert "mybinder" not in told("https://git.example.org/it") + told("")


def test_the_reference_has_every_layer_and_gives_no_solution_away():
    assert modules_of("training") == ["lessons.training"]
    assert "lessons.silent_bugs.bugs" in modules_of("silent_bugs")
    assert "lessons.exercises.asserts" in modules_of("exercises")
    assert not [name for name in modules_of("exercises") if "lesson_" in name]


# ------------------------------------------------------------------------------ the glossary


def explained(tmp_path, *children, page="notebooks/05_training_loop"):
    """A page with these nodes, after the terms have been found."""
    (tmp_path / "terms.json").write_text(json.dumps(terms()), encoding="utf-8")
    tree = new_document("page")
    tree += children
    builder = SimpleNamespace(get_relative_uri=lambda _, to: f"../{to}.html")
    env = SimpleNamespace(docname=page)
    explain(SimpleNamespace(env=env, srcdir=tmp_path, builder=builder), tree)
    return [node.astext() for node in tree.findall(Term)], tree


def paragraph(*parts):
    return nodes.paragraph(
        "", "", *(nodes.Text(one) if isinstance(one, str) else one for one in parts)
    )


def test_a_term_is_explained_where_a_page_first_has_it(tmp_path):
    first, second = paragraph("An Epoch, two epochs."), paragraph("The epoch and its batches.")
    found, tree = explained(tmp_path, first, second)
    assert found == ["Epoch", "batches"]
    assert tree.astext().count("An Epoch, two epochs.") == 0  # it is in parts now
    meaning = next(iter(tree.findall(nodes.raw)))
    assert "one reading of the whole training set" in meaning.astext()
    assert 'popover id="term-epoch"' in meaning.astext()


def test_the_longer_term_wins_and_part_of_a_word_is_none(tmp_path):
    assert explained(tmp_path, paragraph("The batch size; a mini-batch, batched."))[0] == [
        "batch size"
    ]
    assert explained(tmp_path, paragraph("sgd and SGD"))[0] == ["SGD"]


def test_no_term_in_code_a_link_or_a_heading(tmp_path):
    link = nodes.reference("", "epoch", refuri="x")
    title = nodes.title("", "The epoch")
    found, _ = explained(tmp_path, title, paragraph(nodes.literal("", "epoch"), " ", link, " "))
    assert found == []


def test_terms_are_explained_in_lessons_alone(tmp_path):
    for page in ("notebooks/glossary", "docs/maintainers", "index"):
        assert explained(tmp_path, paragraph("An epoch."), page=page)[0] == []


def test_each_term_has_a_place_in_the_glossary():
    assert len(terms()) > 60
    assert len({one["id"] for one in terms()}) == len(terms())
    assert all((ROOT / f"{one['page']}.ipynb").is_file() for one in terms())
