"""How Sphinx makes the instructor's guide, as pages (builder html) and for paper (singlehtml)."""

project = "Instructor's guide"
language = "en"
extensions = ["myst_parser"]
myst_heading_anchors = 3
myst_url_schemes = ["http", "https"]
suppress_warnings = ["myst.header"]  # a lesson's page may go down two levels at once

html_title = project
highlight_language = "text"
html_static_path = ["static"]
html_use_index = False
html_show_copyright = html_show_sourcelink = html_copy_source = html_show_sphinx = False
pygments_style = "a11y-high-contrast-light"

if tags.has("singlehtml"):  # noqa: F821
    html_theme = "basic"
    html_permalinks = False
    html_sidebars = {"**": []}
    html_css_files = ["paper.css"]
else:
    html_theme = "sphinx_book_theme"
    html_css_files = ["guide.css"]
    # Without the title, which would be outside of any landmark.
    html_sidebars = {"**": ["search-button-field.html", "sbt-sidebar-nav.html"]}
    html_theme_options = {
        "home_page_in_toc": True,
        "navbar_persistent": [],  # the search is in the sidebar
        "show_navbar_depth": 1,
        "show_toc_level": 2,
        "footer_content_items": [],
        "use_download_button": False,
        "use_fullscreen_button": False,
        "pygments_light_style": "a11y-high-contrast-light",
        "pygments_dark_style": "a11y-high-contrast-dark",
    }
