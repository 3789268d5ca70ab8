"""Answers `import torchtext` in a lesson with the way to what takes its place.

Without it Python would take the folder torchtext beside the lessons for the package, in silence.
"""

raise ImportError(
    "torchtext is not part of this course: it works with torch 2.3 alone. Open "
    "torchtext/from_torchtext.ipynb, beside the lessons: it shows what takes the place of each "
    "part of it. For the real torchtext, close JupyterLab, start it with `make torchtext`, and "
    "keep your notebook in the folder torchtext."
)
