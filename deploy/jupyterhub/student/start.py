"""Starts the server of one student: as the student, with up-to-date notebooks and limits.

All that a spawner needs to know is this program, so it is the same on one machine, with systemd and
in a container.
"""

import os
import resource
import sys
import tempfile
import uuid
from pathlib import Path

from copies import update

HERE = Path(__file__).resolve().parent
NOTEBOOKS = HERE.parents[2] / "notebooks"
FOLDER = "lessons"  # in the student's home
SOCKET = f"kernel-{uuid.UUID(int=0)}-ipc-1"  # what Jupyter calls a socket
LONGEST = 103  # bytes in the path of a socket, on any system


def main() -> None:
    """Bring the notebooks up to date, and become the server."""
    os.umask(0o077)
    home = Path.home()
    limit_memory(os.environ.get("MEM_LIMIT"))
    try:
        update(NOTEBOOKS, home / FOLDER)
        if download := os.environ.get("LESSONS_DOWNLOAD"):
            link_download(Path(download), home / ".cache" / "huggingface")
    except OSError as error:  # a full disk: the student can still read, and delete something
        print(f"The notebooks could not be brought up to date: {error}", file=sys.stderr)
    os.chdir(home / FOLDER)
    command = [sys.executable, "-m", "jupyterhub.singleuser", *sys.argv[1:]]
    os.execve(command[0], command, environment(home))


def limit_memory(limit: str | None) -> None:
    """Let each process of the student have so many bytes of its own at most.

    At the limit a cell ends with an error that says so, which is friendlier than a kernel that
    the system kills. It is no limit of their sum: systemd and Kubernetes have that.
    """
    if not limit or sys.platform != "linux":
        return
    bytes_, (_, hard) = int(limit), resource.getrlimit(resource.RLIMIT_DATA)
    if hard == resource.RLIM_INFINITY or bytes_ < hard:  # it can only be lowered
        resource.setrlimit(resource.RLIMIT_DATA, (bytes_, bytes_))


def link_download(shared: Path, cache: Path) -> None:
    """Show the shared download of AG News in the student's own cache, file by file.

    The folders are real ones, since `datasets` puts its lock files beside what it reads.
    """
    for path in shared.rglob("*"):
        link = cache / path.relative_to(shared)
        if path.is_file() and not path.name.endswith(".lock") and not os.path.lexists(link):
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(path)


def environment(home: Path) -> dict[str, str]:
    """What the server and its kernels find in their environment."""
    one = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "MKL", "OPENBLAS")}
    # Otherwise each thread that trains keeps free memory of its own: 19 MB a student.
    one["MALLOC_ARENA_MAX"] = "1"
    path = [str(HERE / "light"), *filter(None, [os.environ.get("PYTHONPATH")])]
    ours = {"JUPYTER_CONFIG_PATH": str(HERE), "PYTHONPATH": os.pathsep.join(path)}
    return os.environ | one | ours | {"JUPYTER_RUNTIME_DIR": str(runtime_folder(home))}


def runtime_folder(home: Path) -> Path:
    """A folder of the student's own for the sockets of kernels, whose paths must be short."""
    runtime = home / ".run"
    if len(os.fsencode(runtime / SOCKET)) > LONGEST:
        return Path(tempfile.mkdtemp(prefix="lessons-"))
    runtime.mkdir(mode=0o700, exist_ok=True)
    return runtime


if __name__ == "__main__":
    main()
