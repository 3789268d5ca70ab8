"""How Sphinx makes the site of the pages that scripts/website.py has written."""

import re
import sys
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

project = html_title = "Lessons: train a model in PyTorch"
language = "en"
extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "terms",
]
suppress_warnings = ["myst.header"]  # a page may go down two levels at once

nb_execution_mode = "off"  # notebooks hold what they printed
nb_code_prompt_show = nb_code_prompt_hide = "The code of this cell"
myst_enable_extensions = ["colon_fence", "html_image"]
myst_heading_anchors = 4
myst_url_schemes = ["http", "https"]

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
autodoc_default_options = {"members": True, "show-inheritance": False}
default_role = "literal"  # `name` in a docstring is code
python_use_unqualified_type_names = True
add_module_names = False

viewcode_follow_imported_members = False

templates_path = ["templates"]
html_theme = "sphinx_book_theme"
html_static_path = ["site.css"]
html_css_files = ["site.css"]
RECORDING = re.compile(r'data-recording="(\w+)"')
html_context = {"default_mode": "light"}  # without a script; layout.html asks the system
html_favicon = "favicon.svg"
html_use_index = False
html_domain_indices = False
html_show_copyright = html_show_sourcelink = html_copy_source = html_show_sphinx = False
html_show_search_summary = False  # it would be fetched, which a page on the disk can't
html_sidebars = {"**": ["home.html", "search-field.html", "sbt-sidebar-nav.html"]}
html_theme_options = {
    "back_to_top_button": False,  # its colours have too little contrast
    "article_header_start": ["toggle-primary-sidebar.html"],
    "disable_search": True,  # no dialog: it would load the whole index with each page
    "enable_search_shortcuts": False,  # they would take Escape away from the terms
    "footer_content_items": ["foot.html"],
    "navbar_persistent": [],
    "pygments_dark_style": "a11y-high-contrast-dark",
    "pygments_light_style": "a11y-high-contrast-light",
    "max_navbar_depth": 1,  # what unfolds deeper has no name for a screen reader
    "show_navbar_depth": 1,
    "show_toc_level": 2,
    "use_download_button": False,
    "use_fullscreen_button": False,
}


def add_panels(app: Sphinx, page: str, template: str, context: dict[str, Any], tree: Any) -> None:
    """Load what panels need, and only on pages that have some; the others build on the first."""
    body = context.get("body", "")
    if 'class="lessons-panel"' not in body:
        return
    for name in ("panel.css", "panels.css"):
        app.add_css_file(f"panels/{name}")
    scripts = ["panels/core.js", *(f"recordings/{name}.js" for name in RECORDING.findall(body))]
    folder = Path(app.config.html_static_path[0]) / "panels"
    scripts += [f"panels/{file.name}" for file in sorted(folder.glob("*.js"))]
    for name in dict.fromkeys(scripts):
        app.add_js_file(name, loading_method="defer")


def fold_outputs(app: Sphinx, tree: nodes.document, page: str) -> None:
    """Put around what a cell shows what its metadata have for that: see scripts/site_pages.py."""
    for cell in list(tree.findall(nodes.container)):
        around = cell.get("cell_metadata", {}).get("around-output")
        if around and cell[-1].get("nb_element") == "cell_code_output":
            before, behind = (nodes.raw("", one, format="html") for one in around)
            cell[-1:] = [before, cell[-1], behind]


def is_left_out(
    app: Sphinx, kind: str, name: str, one: Any, skip: bool, options: Any
) -> bool | None:
    """Leave out the fields of named tuples, of which the signature says all."""
    return True if type(one).__name__ == "_tuplegetter" else None


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    app.connect("autodoc-skip-member", is_left_out)
    app.connect("doctree-resolved", fold_outputs)
    app.connect("html-page-context", add_panels)
