"""A Sphinx extension: terms of the glossary show their meaning where a page first has them.

A term is a button that opens a few words: by keyboard, by touch, and without a script, which is
what the attribute `popover` of HTML is for. scripts/website.py puts the glossary into terms.json.
"""

import json
import re
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator

PAGES = re.compile(r"notebooks/(\d\d_\w+|python|torchtext/\w+)")  # where terms are explained
NOT_IN = nodes.title | nodes.reference | nodes.literal | nodes.literal_block | nodes.raw


class Term(nodes.inline):
    """A term where its meaning is shown."""


def explain(app: Sphinx, tree: nodes.document) -> None:
    """Make each term a button where the page first has it in a sentence."""
    page = app.env.docname
    if not PAGES.fullmatch(page):
        return
    terms = {
        one["name"].lower(): one
        for one in json.loads(Path(app.srcdir, "terms.json").read_text(encoding="utf-8"))
    }
    words = "|".join(sorted(map(re.escape, terms), key=len, reverse=True))
    pattern = re.compile(rf"(?<![\w-])({words})(?:e?s)?(?![\w-])", re.I)
    for text in list(tree.findall(nodes.Text)):
        if not in_a_sentence(text):
            continue
        parts = list(_cut(text.astext(), pattern, terms, app, page))
        if len(parts) > 1:
            text.parent.replace(text, parts)


def in_a_sentence(text: nodes.Text) -> bool:
    """Is this text no heading, no link and no code?"""
    above = text.parent
    while above is not None and not isinstance(above, NOT_IN):
        above = above.parent
    return above is None


def _cut(
    text: str, pattern: re.Pattern[str], terms: dict[str, Any], app: Sphinx, page: str
) -> Iterator[nodes.Node]:
    """The text with those terms as buttons that are still in `terms`; they are taken out of it."""
    end = 0
    for found in pattern.finditer(text):
        entry = terms.get(found[1].lower())
        if entry is None or (entry["name"].isupper() and found[1] != entry["name"]):
            continue
        del terms[found[1].lower()]
        yield nodes.Text(text[end : found.start()])
        yield Term("", found[0], opens=entry["id"])
        yield nodes.raw("", _meaning(entry, app, page), format="html")
        end = found.end()
    yield nodes.Text(text[end:])


def _meaning(entry: dict[str, str], app: Sphinx, page: str) -> str:
    """What opens: the words of the glossary, and where there is more."""
    link = app.builder.get_relative_uri
    more = f'<a href="{link(page, "notebooks/glossary")}#{entry["id"]}">Glossary</a>'
    if entry["page"] != page:
        lesson = link(page, entry["page"])
        more += f' · <a href="{lesson}">Lesson {escape(entry["lesson"])}</a>'
    return (
        f'<span class="meaning" popover id="{entry["id"]}"><b>{escape(entry["name"])}</b>: '
        f"{entry['meaning']}<br>{more}</span>"
    )


def _begin(writer: HTML5Translator, node: Term) -> None:
    writer.body.append(f'<button type="button" class="term" popovertarget="{node["opens"]}">')


def _end(writer: HTML5Translator, node: Term) -> None:
    writer.body.append("</button>")


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx."""
    app.add_node(Term, html=(_begin, _end))
    app.connect("doctree-read", explain)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
