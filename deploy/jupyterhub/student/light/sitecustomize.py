"""Keeps out of a student's server and kernels what nobody uses: 90 MB and four seconds a student.

Python reads this before anything else, since the folder is on PYTHONPATH.
"""

import sys
from importlib import import_module
from types import ModuleType
from typing import Any

# A grammar of web addresses for jsonschema, which does without: 18 MB, and half of the time that a
# server takes to start.
sys.modules["rfc3987_syntax"] = None

# The debugger would listen on a port, which every user of the machine could connect to, to run code
# in this student's name.
sys.modules["debugpy"] = None


class Compiler(ModuleType):
    """Takes the place of torch's compiler, 70 MB, until someone really wants it.

    Every optimizer imports the compiler at its first step, only to tell it what not to compile.
    Without a compiled model both functions do nothing.
    """

    def disable(self, fn: Any = None, recursive: bool = True, **_: Any) -> Any:
        """Leave the function as it is."""
        return fn if fn is not None else lambda function: function

    def graph_break(self, msg: str = "") -> None:
        """Do nothing."""

    def __getattr__(self, name: str) -> Any:
        """Import the compiler, for `torch.compile` or whoever else asks for more of it."""
        if name.startswith("__") and name != "__path__":
            raise AttributeError(name)  # who looks through all modules does not want it
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(import_module(self.__name__), name)


sys.modules["torch._dynamo"] = Compiler("torch._dynamo")
