"""What a learner has done, and what there is to do."""

import os
from functools import cache
from pathlib import Path

from IPython import get_ipython

from lessons.progress.store import Record

SWITCH = "LESSONS_PROGRESS"  # "off" for whoever runs notebooks and is no learner


@cache
def record() -> Record:
    """That of this kernel: beside the notebook, in the folder in which the kernel has begun.

    A program without IPython is no kernel: what is done in it is forgotten when it ends.
    Raises ValueError if the environment variable LESSONS_PROGRESS is set to anything but "off".
    """
    if os.environ.get(SWITCH, "off") != "off":
        raise ValueError(f'{SWITCH} is "{os.environ[SWITCH]}". Set it to "off", or not at all.')
    shell = get_ipython()
    folders = [*shell.user_ns.get("_dh", []), Path.cwd()] if shell else [Path.cwd()]
    return Record(Path(folders[0]), kept=SWITCH not in os.environ and shell is not None)
