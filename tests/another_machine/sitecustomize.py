"""Another machine's rounding, imitated: the last bits of what torch computes are other ones.

    PYTHONPATH=tests/another_machine ANOTHER_MACHINE=<seed> python ...

Python runs this file when it starts, so that the kernels of notebooks are changed as well. What
a layer, a product of matrices or a loss gives back, and the gradient that flows back to it, is
moved by an ulp or two. How depends on seed and value alone: on one machine the same computation
gives the same result twice. ANOTHER_MACHINE_THREADS=2 gives torch two threads, whatever is asked.
"""

import os
import sys

SEED = os.environ.get("ANOTHER_MACHINE")
THREADS = os.environ.get("ANOTHER_MACHINE_THREADS")
FUNCTIONAL = ("linear", "embedding_bag", "cross_entropy")  # in torch.nn.functional
PRODUCTS = ("matmul", "mm", "mv")  # of torch, and methods of a tensor


def find(name, folders=None):
    """What Python would import under this name from these folders, or from its usual ones."""
    specs = (f.find_spec(name, folders) for f in sys.meta_path if f is not FinderOfTorch)
    return next(filter(None, specs), None)


class FinderOfTorch:
    """Finds torch as Python does, and changes it as soon as it is loaded, if it ever is."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        spec = find(name) if name == "torch" else None
        if spec is not None:
            load = spec.loader.exec_module

            def load_and_change(torch):
                load(torch)
                change(torch)

            spec.loader.exec_module = load_and_change
        return spec


def change(torch):
    """Make this torch that of another machine."""
    if THREADS:
        torch.set_num_threads(int(THREADS))
        torch.set_num_threads = lambda number: None
    if SEED:
        nudge = nudge_of(torch, int(SEED))
        places = [(torch.nn.functional, name) for name in FUNCTIONAL]
        places += [(place, name) for place in (torch, torch.Tensor) for name in PRODUCTS]
        for place, name in [*places, (torch.Tensor, "__matmul__")]:
            setattr(place, name, rounded(getattr(place, name), nudge))


def nudge_of(torch, seed):
    """The function that moves each float32 of a tensor up or down by one part in 2**23.

    A bit of a hash of seed and value says which way. 0, infinity and NaN stay what they are.
    """
    multiplier = (2_654_435_761 * (2 * seed + 1)) % 2**32 - 2**31  # odd, and fits into an int32
    sign, ulp = -(2**31), 0x34000000  # as bits of a float32: its sign, and 2**-23

    def nudge(values):
        if values.dtype != torch.float32 or values.layout != torch.strided:
            return values  # of double precision nobody sees the last bits
        moves = values.detach().view(torch.int32) * multiplier
        moves = moves.bitwise_and_(sign).bitwise_or_(ulp).view(torch.float32)  # -ulp or ulp
        return values * moves.add_(1)

    return nudge


def rounded(function, nudge):
    """The function with its output moved, and the gradient on its way back through it."""

    def on_another_machine(*values, **options):
        result = nudge(function(*values, **options))
        if result.requires_grad:
            result.register_hook(nudge)  # each gradient of a weight is made from this one
        return result

    on_another_machine.__name__ = function.__name__
    on_another_machine.__doc__ = function.__doc__
    return on_another_machine


def run_the_next_one():
    """Run the sitecustomize that Python would have found without this one."""
    here = os.path.dirname(os.path.abspath(__file__))
    others = [place for place in sys.path if os.path.abspath(place) != here]
    if spec := find("sitecustomize", others):
        from importlib.util import module_from_spec

        spec.loader.exec_module(module_from_spec(spec))


if SEED or THREADS:
    sys.meta_path.insert(0, FinderOfTorch)
run_the_next_one()
