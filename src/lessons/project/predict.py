"""Classify texts: python predict.py best.pt "some text", or one text a line in a file or a pipe."""

import argparse
import sys
from pathlib import Path

from model import classify, load_classifier


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint", help="best.pt of train.py")
    parser.add_argument("texts", nargs="*", help="without texts, the lines of the pipe are read")
    parser.add_argument("--file", type=Path, help="a file with a text in each line")
    args = parser.parse_args()
    try:
        classifier = load_classifier(args.checkpoint)
        lines = args.file.read_text(encoding="utf-8-sig").splitlines() if args.file else sys.stdin
        for text in filter(str.strip, args.texts or lines):
            name, probability = classify(*classifier, text)
            print(name, f"{probability:.0%}", text.strip(), sep="\t")
    except (ValueError, OSError) as error:
        sys.exit(f"predict.py: {error}")


if __name__ == "__main__":
    main()
