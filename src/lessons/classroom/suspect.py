"""What an answer reaches for that no exercise needs, such as `os`: a person has to look at it.

An answer runs in one process with its check, so whoever gets at the check can pass. This finds
the plain ways to get there in the code, and `Watch` what was changed when it has run. Neither is
a proof: see docs/classroom.md.
"""

import ast
import builtins
import sys
from collections.abc import Iterator
from types import FunctionType, ModuleType
from typing import Any


def names(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())


_USUAL = names(  # modules that an answer may import
    "IPython abc array bisect collections contextlib copy csv dataclasses datetime decimal enum "
    "fractions functools heapq ipywidgets itertools json lessons logging math matplotlib numbers "
    "numpy operator pandas pathlib pprint random re scipy seaborn sklearn statistics string "
    "textwrap time torch tqdm types typing typing_extensions warnings"
)
_HARMLESS = names(  # what beginners use of two modules that can do anything
    "sys.maxsize sys.float_info sys.getsizeof sys.version sys.version_info sys.stdout "
    "os.path os.sep os.linesep os.getcwd os.cpu_count io.BytesIO io.StringIO"
)
_BUILTINS = names("compile delattr eval exec globals locals open setattr vars")
_INSIDES = names(  # of Python, this course, and modules that others have, as in `torch.os`
    "CodeType EXERCISES FileIO ForwardRef InteractiveShell allow_pickle attrgetter builtins "
    "classroom ctypes dictConfig exercises f_back f_builtins f_globals f_locals gc get_type_hints "
    "gi_frame importlib inspect io methodcaller os pickle read_pickle runpy subprocess sys "
    "tb_frame threading traceback weights_only with_traceback"
)
_METHODS = names(  # that a class may have; with others, its objects can be equal to all
    "__init__ __call__ __iter__ __next__ __len__ __getitem__ __repr__ __str__ __enter__ __exit__ "
    "__post_init__ __name__ __doc__ __main__ __file__"
)


def reaches_for(code: ast.AST) -> str:
    """The first thing in the code of an answer that no exercise needs; nothing if all is usual."""
    return next((found for node in _nodes(code) if (found := _unusual(node))), "")


def _nodes(code: ast.AST) -> Iterator[ast.AST]:
    """All of it but what is harmless."""
    left = [code]
    while left:
        match node := left.pop():
            case ast.Attribute(ast.Name(module), name) if f"{module}.{name}" in _HARMLESS:
                continue
            case ast.keyword("weights_only", ast.Constant(True)):
                continue
            case ast.Attribute(value, "__class__", ast.Load()):  # the same as type(...)
                left.append(value)
                continue
        yield node
        left += reversed(list(ast.iter_child_nodes(node)))


def _unusual(node: ast.AST) -> str:
    match node:
        case ast.Import(names):
            return next((one.name for one in names if not _is_usual(one.name, one.asname)), "")
        case ast.ImportFrom(str(module), names):
            inside = (f"{module}.{one.name}" for one in names)
            return next((one for one in inside if not _is_usual(one)), "")
        case ast.Name(name) if name in _BUILTINS:
            return name
        case ast.Call(ast.Name("getattr"), [_, given, *_]) if not isinstance(given, ast.Constant):
            return "getattr"  # of a name that is put together when it runs
        case ast.alias():
            return ""  # its import was looked at
    return next(filter(_is_inside, _texts(node)), "")


def _is_usual(module: str, name: str | None = None) -> bool:
    """May it be imported, and under this name?"""
    parts = module.split(".")
    if module in ("sys", "os", "io"):
        return name is None  # each use of it is looked at
    is_plain = parts[0] in _USUAL and not any(map(_is_inside, parts[1:]))
    return module in _HARMLESS or (is_plain and module != "lessons.*")


def _texts(node: ast.AST) -> Iterator[str]:
    """Names and texts that stand in it, whatever kind of code it is."""
    for _, value in ast.iter_fields(node):
        several = value if isinstance(value, list) else [value]
        yield from (one for one in several if isinstance(one, str))


def _is_inside(name: str) -> bool:
    is_magic = name.startswith("__") and name.endswith("__") and name not in _METHODS
    return is_magic or name.lstrip("_") in _INSIDES


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
