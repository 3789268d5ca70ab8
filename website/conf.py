"""How Sphinx makes the site of the pages that scripts/website.py has written."""

import sys
from pathlib import Path
from typing import Any

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
FIRST = ("panel.css", "core.js")  # of the files in panels: the others build on them
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
    """Load what panels need, and only on pages that have some: first what they share."""
    if 'class="lessons-panel"' not in context.get("body", ""):
        return
    folder = Path(app.config.html_static_path[0]) / "panels"
    for file in sorted(folder.iterdir(), key=lambda one: (one.name not in FIRST, one.name)):
        if file.suffix == ".css":
            app.add_css_file(f"panels/{file.name}")
        else:
            app.add_js_file(f"panels/{file.name}", loading_method="defer")


def is_left_out(
    app: Sphinx, kind: str, name: str, one: Any, skip: bool, options: Any
) -> bool | None:
    """Leave out the fields of named tuples, of which the signature says all."""
    return True if type(one).__name__ == "_tuplegetter" else None


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    app.connect("autodoc-skip-member", is_left_out)
    app.connect("html-page-context", add_panels)
