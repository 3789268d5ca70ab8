"""Classify texts: python predict.py best.pt "some text", or one text a line in a file or a pipe."""

import argparse
import sys
from pathlib import Path

from model import classify, load_classifier, pick_device


def answer(probabilities, names):
    """The likeliest class and its probability; "?" where the model has nothing to go on."""
    if probabilities is None:
        return "?\tno word is known"
    best = int(probabilities.argmax())
    return f"{names[best]}\t{probabilities[best]:.0%}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint", help="best.pt of train.py")
    parser.add_argument("texts", nargs="*", help="without texts, the lines of the pipe are read")
    parser.add_argument("--file", type=Path, help="a file with a text in each line")
    parser.add_argument("--device", default="auto", choices=("auto", "cpu", "cuda", "mps"))
    args = parser.parse_args()
    try:
        model, vocabulary, names = load_classifier(args.checkpoint, pick_device(args.device))
        lines = args.file.read_text(encoding="utf-8").splitlines() if args.file else sys.stdin
        for text in filter(str.strip, args.texts or lines):
            print(answer(classify(model, vocabulary, text), names), text.strip(), sep="\t")
    except (ValueError, OSError) as error:
        sys.exit(f"predict.py: {error}")


if __name__ == "__main__":
    main()
