"""What an answer reaches for that no exercise needs, such as `os`: a person has to look at it.

An answer runs in one process with its check, so whoever gets at the check can pass. This finds
the plain ways to get there in the code, and `Watch` what was changed when it has run. Neither is
a proof: see docs/classroom.md.
"""

import ast
import builtins
import sys
from types import FunctionType, ModuleType
from typing import Any


def names(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())


_MODULES = names(
    "_thread atexit builtins code ctypes faulthandler gc importlib inspect marshal multiprocessing "
    "os pickle posix pty resource runpy shutil signal site socket subprocess sys threading "
    "unittest"
)
_BUILTINS = names("__import__ compile delattr eval exec globals open setattr vars")
_INSIDES = names(  # of Python, and modules that others have, as in `torch.os`
    "_getframe f_back f_locals f_globals tb_frame gi_frame with_traceback os sys gc ctypes builtins"
)
_METHODS = names(  # that a class may have; with others, its objects can be equal to all
    "__init__ __call__ __iter__ __next__ __len__ __getitem__ __repr__ __str__ __enter__ __exit__ "
    "__post_init__ __name__ __doc__ __main__ __file__"
)


def reaches_for(code: str) -> str:
    """The first thing in the code of an answer that no exercise needs; nothing if all is usual."""
    return next((found for node in ast.walk(ast.parse(code)) if (found := _unusual(node))), "")


def _unusual(node: ast.AST) -> str:
    match node:
        case ast.Import(names):
            return next((one.name for one in names if _is_forbidden(one.name)), "")
        case ast.ImportFrom(str(module), names):
            inside = (f"{module}.{one.name}" for one in names)
            return next((one for one in inside if _is_forbidden(one)), "")
        case ast.Name(name) if name in _BUILTINS or _is_magic(name):
            return name
        case ast.Attribute(attr=name) if name in _INSIDES or _is_magic(name):
            return name
        case ast.FunctionDef(name) | ast.Constant(str(name)) | ast.keyword(str(name)):
            return name if _is_magic(name) else ""
    return ""


def _is_forbidden(module: str) -> bool:
    parts = module.split(".")
    return parts[0] in _MODULES or parts[:2] in (["lessons", "exercises"], ["lessons", "classroom"])


def _is_magic(name: str) -> bool:
    return name.startswith("__") and name.endswith("__") and name not in _METHODS


# ----------------------------------------------------------------------- what was changed

_WATCHED = names(
    "math operator copy itertools functools collections collections.abc numbers statistics inspect "
    "traceback torch torch.nn torch.nn.functional torch.optim torch.optim.sgd "
    "torch.optim.optimizer torch.autograd torch.autograd.grad_mode torch.utils.data "
    "torch.random torch.nn.modules.module numpy matplotlib.figure matplotlib.axes"
)


Place = tuple[str, str]  # a module, and the name of something in it


class Watch:
    """Notes what checks are made of, to see afterwards whether an answer has changed it."""

    def __init__(self) -> None:
        """Note it."""
        self._builtins = dict(vars(builtins))
        self._before = _now()
        self._modules = {module for module, _ in self._before}

    def changed(self) -> str:
        """The name of the first thing that is not what it was; nothing if all is as before."""
        now_builtins = builtins.__dict__
        for name in self._builtins:  # first, and with nothing but what Python itself is
            if name != "_" and now_builtins.get(name) is not self._builtins[name]:
                return f"builtins.{name}"
        now = _now()
        for place, value in self._before.items():
            if now.get(place) is not value:
                return ".".join(place)
        return next((".".join(place) for place in now if self._is_added(place, now[place])), "")

    def _is_added(self, place: Place, value: Any) -> bool:
        """Is it new in a module of ours, where it may hide what Python itself has?"""
        module, _ = place
        is_ours = module in self._modules and module.startswith("lessons.")
        return is_ours and place not in self._before and not isinstance(value, ModuleType)


def _now() -> dict[Place, Any]:
    """What can be found in the modules that are watched, and in their classes and functions."""
    found: dict[Place, Any] = {}
    for module, space in list(sys.modules.items()):
        if module in _WATCHED or module.startswith("lessons."):
            _add(found, module, vars(space))
    return found


def _add(found: dict[Place, Any], module: str, space: dict[str, Any]) -> None:
    for name, value in list(space.items()):
        found[module, name] = value
        if isinstance(value, FunctionType):
            found[module, f"{name}.__code__"] = value.__code__
            found[module, f"{name}.__defaults__"] = value.__defaults__
        elif isinstance(value, type):
            for inner, one in list(vars(value).items()):
                if callable(one) or hasattr(one, "__get__"):  # some classes count or note, too
                    found[module, f"{name}.{inner}"] = one
                if isinstance(one, FunctionType):
                    found[module, f"{name}.{inner}.__code__"] = one.__code__
