"""What the command `lessons` does: `lessons new-project FOLDER`."""

import shutil
import sys
from argparse import ArgumentParser
from importlib.resources import as_file, files
from pathlib import Path


def new_project(folder: Path) -> None:
    """Copy the project into a new folder. Raises OSError if there is something in it already."""
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
    with as_file(files("lessons") / "project") as project:
        shutil.copytree(project, folder, ignore=shutil.ignore_patterns("__pycache__"))


def main() -> None:
    """Read the command line, and do what it says."""
    parser = ArgumentParser(prog="lessons", description="A course on training models in PyTorch.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    project = commands.add_parser("new-project", help="copy train.py, predict.py and their files")
    project.add_argument("folder", type=Path, help="a new folder")
    folder = parser.parse_args().folder
    try:
        new_project(folder)
    except FileExistsError:
        sys.exit(f"There is something in {folder} already. Name a new folder.")
    except OSError as error:
        sys.exit(f"{folder} could not be made: {error.strerror}. Name another folder.")
    print(f"The project is in {folder}. What to do with it is in {folder / 'README.md'}.")


if __name__ == "__main__":
    main()
