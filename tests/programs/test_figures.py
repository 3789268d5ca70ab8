"""The comparison of notebooks: ≈ allows one unit of the last digit, and nothing else is exempt."""

import nbformat
import pytest
from figures import alike, said


@pytest.mark.parametrize(
    ("stored", "printed"),
    [
        ("loss ≈ 0.84", "loss ≈ 0.84"),
        ("loss ≈ 0.84", "loss ≈ 0.85"),
        ("loss ≈ 0.84", "loss ≈ 0.83"),
        ("≈ 1,199 of 1,200", "≈ 1,200 of 1,200"),
        ("≈  9 right", "≈ 10 right"),  # filled up with blanks on the left
        ("slope ≈ -0.01", "slope ≈ 0.00"),
        ("slope ≈ −0.01", "slope ≈ 0.00"),
        ("≈ 3.1e-05", "≈ 3.2e-05"),
        ("a ≈ 1.0, b ≈ 2.0", "a ≈ 1.1, b ≈ 1.9"),
        ("right: ≈ 84%", "right: ≈ 85%"),
        ("no figure", "no figure"),
    ],
)
def test_one_unit_of_the_last_digit_passes(stored, printed):
    assert alike(stored, printed)


@pytest.mark.parametrize(
    ("stored", "printed"),
    [
        ("loss ≈ 0.84", "loss ≈ 0.86"),
        ("loss ≈ 0.84", "loss ≈ 0.82"),
        ("≈ 1,198 of 1,200", "≈ 1,200 of 1,200"),
        ("right: ≈ 84%", "right: ≈ 86%"),
        ("a ≈ 1.0, b ≈ 2.0", "a ≈ 1.0, b ≈ 2.2"),
        ("a ≈ 1.0, b 2.0", "a ≈ 1.0, b 2.1"),  # without ≈ exactly
        ("loss ≈ 0.84", "loss ≈ nan"),
        ("loss ≈ 0.84", "loss 0.84"),
        ("loss ≈ 0.84", "loss ≈ 0.84, accuracy ≈ 0.9"),
        ("loss ≈ 0.84", "loss ≈ 0.840"),
        ("≈ 3.1e-05", "≈ 3.1e-04"),
        ("≈ 84, of 90", "≈ 84 of 90"),
        ("≈\n84", "≈ 84"),
        ("True", "False"),
    ],
)
def test_two_units_or_any_other_difference_fail(stored, printed):
    assert not alike(stored, printed)


def test_nbval_compares_in_this_way(pytester, request):
    """A notebook in which not all that is stored is what the cells print."""
    cells = [
        nbformat.v4.new_code_cell(
            f"print({code!r})",
            outputs=[nbformat.v4.new_output("stream", name="stdout", text=f"{stored}\n")],
            execution_count=1,
        )
        for code, stored in [
            ("≈ 0.84", "≈ 0.84"),
            ("≈ 0.84", "≈ 0.85"),
            ("≈ 0.84", "≈ 0.86"),  # fails
            ("0.2 s on this machine", "17.5 s on this machine"),
            ("0.2 s", "0.1 s"),  # fails
        ]
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
    nbformat.write(notebook, pytester.path / "one.ipynb")
    root = request.config.rootpath
    result = pytester.runpytest_subprocess(
        *("-c", root / "pyproject.toml", "-p", "conftest", "-p", "no:cacheprovider"),
        *(f"--nbval-sanitize-with={root}/tests/nbval.cfg", pytester.path / "one.ipynb"),
    )
    result.assert_outcomes(passed=3, failed=2)


def test_of_what_is_stored_for_a_page_all_is_compared_but_what_is_drawn():
    stored = {"said": ["It is ≈ 0.84."], "drawn": "1 2 3", "panel": "comparison"}
    assert alike(said(stored), said({**stored, "drawn": "9 9 9"}))
    assert alike(said(stored), said({**stored, "said": ["It is ≈ 0.85."]}))
    assert alike(said(stored), said(dict(reversed(stored.items()))))
    assert not alike(said(stored), said({**stored, "said": ["It is ≈ 0.86."]}))
    assert not alike(said(stored), said({**stored, "panel": "other"}))
