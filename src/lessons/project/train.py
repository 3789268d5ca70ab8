"""Train a classifier of texts on a CSV file: python train.py my.csv."""

import csv
import math
import sys
from argparse import ArgumentDefaultsHelpFormatter, ArgumentParser
from collections import Counter
from pathlib import Path

import torch
from data import TextDataset, build_vocabulary, drop_repeats, make_loader, read_csv, split
from matplotlib.figure import Figure
from model import TextClassifier, load, load_classifier, pick_device, save
from torch.nn import functional as F
from tqdm import tqdm

COLUMNS = ("epoch", "train_loss", "loss", "accuracy", "balanced_accuracy")  # last 3: validation


def class_weights(labels, num_classes):
    """Rare classes weigh more: texts / (classes * texts of the class). Shape (classes,)."""
    counts = torch.bincount(torch.tensor(labels), minlength=num_classes)
    return len(labels) / (num_classes * counts)


def train_one_epoch(model, loader, optimizer, weights):
    """Learn from every batch once. Returns the mean loss: of weighted texts, as it is minimized."""
    model.train()
    total = weights.new_zeros(2)  # sums of losses and of weights
    for batch in tqdm(loader, leave=False, disable=None):
        token_ids, offsets, labels = (tensor.to(weights.device) for tensor in batch)
        loss = F.cross_entropy(model(token_ids, offsets), labels, weights)  # forward
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        size = weights[labels].sum()
        total += torch.stack((loss.detach() * size, size))
    return (total[0] / total[1]).item()


@torch.no_grad()
def evaluate(model, loader, weights):
    """Loss, accuracy, and balanced accuracy: the mean over the classes of the share found."""
    model.eval()
    total, confusion = weights.new_zeros(2), weights.new_zeros(len(weights), len(weights))
    for batch in loader:
        token_ids, offsets, labels = (tensor.to(weights.device) for tensor in batch)
        logits = model(token_ids, offsets)  # (texts, classes)
        loss = F.cross_entropy(logits, labels, weights, reduction="sum")
        total += torch.stack((loss, weights[labels].sum()))
        pairs = labels * len(weights) + logits.argmax(dim=1)  # (texts,): true and predicted
        confusion += torch.bincount(pairs, minlength=len(weights) ** 2).view_as(confusion)
    recall = confusion.diag() / confusion.sum(dim=1)  # (classes,)
    right = confusion.trace() / confusion.sum()
    return (total[0] / total[1]).item(), right.item(), recall.mean().item()


def fit(model, train_loader, validation_loader, optimizer, weights, args, state):
    """Train to the end, or until validation gets no better. `state` is what last.pt holds."""
    history = state["history"]  # rows of COLUMNS
    for epoch in range(len(history) + 1, args.epochs + 1):
        if history and epoch - 1 - min(history, key=lambda row: row[2])[0] >= args.patience:
            print(f"Stopped: validation was no better for {args.patience} epochs.")
            break
        for group in optimizer.param_groups:  # the schedule: a straight line down, or none
            group["lr"] = args.lr * (1 - (epoch - 1) / args.epochs if args.decay else 1)
        train_loss = train_one_epoch(model, train_loader, optimizer, weights)
        history.append((epoch, train_loss, *evaluate(model, validation_loader, weights)))
        print(*(f"{name} {value:.4g}" for name, value in zip(COLUMNS, history[-1], strict=True)))
        if not math.isfinite(history[-1][2]):
            raise ValueError("The loss is NaN or infinite. Try a smaller --lr.")
        state |= {"model": model.state_dict(), "optimizer": optimizer.state_dict()}
        state |= {"order": train_loader.generator.get_state()}
        if history[-1] == min(history, key=lambda row: row[2]):
            kept = {key: state[key] for key in ("model", "vocabulary", "names")}
            save(args.out / "best.pt", kept)
        save(args.out / "last.pt", state)
        with (args.out / "metrics.csv").open("w", newline="") as file:
            csv.writer(file).writerows([COLUMNS, *history])


def draw_losses(history, path):
    ax = Figure().subplots()
    for column, style in ((1, "o-"), (2, "s--")):
        ax.plot([row[0] for row in history], [row[column] for row in history], style)
    ax.legend(["train", "validation"])
    ax.set(xlabel="epoch", ylabel="loss")
    ax.figure.savefig(path)


def run(args):
    """All of it: read, split, train, keep the best; with --test measure it on the test set."""
    device, rows = pick_device(args.device), read_csv(args.csv, args.text, args.label)
    texts, labels = drop_repeats(*rows)
    print(f"{len(rows[0])} rows; repeats, left out: {len(rows[0]) - len(texts)}")
    print("classes:", *(f"{name} ({count})" for name, count in Counter(labels).most_common()))
    parts, names = split(texts, labels, args.seed), sorted(set(labels))
    vocabulary = build_vocabulary(parts[0][0])
    data = [TextDataset(*part, vocabulary, names) for part in parts]
    train_loader = make_loader(data[0], args.batch_size, shuffle=True, seed=args.seed)
    validation_loader, test_loader = (make_loader(one, args.batch_size) for one in data[1:])
    torch.manual_seed(args.seed)
    model = TextClassifier(len(vocabulary), len(names)).to(device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=args.lr, fused=True)
    weights = class_weights(data[0].labels, len(names)) if args.weights else torch.ones(len(names))
    state, best = {"vocabulary": vocabulary, "names": names, "history": []}, args.out / "best.pt"
    state["settings"] = [args.seed, args.batch_size, args.lr, args.decay, args.weights]
    if args.resume:
        saved = load(args.out / "last.pt")
        if any(saved.get(key) != state[key] for key in ("vocabulary", "names", "settings")):
            raise ValueError("last.pt is of other data or settings. Give those, or another --out.")
        state = saved
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        train_loader.generator.set_state(state["order"])
    elif best.exists():  # of an earlier training
        best.replace(best.with_stem("best.previous"))
        (args.out / "last.pt").unlink(missing_ok=True)
    fit(model, train_loader, validation_loader, optimizer, weights.to(device), args, state)
    draw_losses(state["history"], args.out / "curves.png")
    if args.test:
        model, _, _ = load_classifier(best, device)
        _, right, balanced = evaluate(model, test_loader, weights.to(device))
        margin = 1.96 * math.sqrt(right * (1 - right) / len(data[2]))
        print(f"test: accuracy {right:.1%} +- {margin:.1%} (95 %), balanced {balanced:.1%}")


def main():
    parser = ArgumentParser(description=__doc__, formatter_class=ArgumentDefaultsHelpFormatter)
    add = parser.add_argument
    add("csv", type=Path, help="a CSV file in UTF-8, with a text and a label in each row")
    add("--text", default="text", help="the column of the texts")
    add("--label", default="label", help="the column of the labels")
    add("--epochs", type=int, default=10, help="how often all training texts are read")
    add("--batch-size", type=int, default=128, help="texts in a step")
    add("--lr", type=float, default=0.01, help="the learning rate")
    add("--decay", action="store_true", help="lower the rate from epoch to epoch")
    add("--weights", action="store_true", help="rare classes weigh more in the loss")
    add("--patience", type=int, default=3, help="stop after so many epochs without progress")
    add("--seed", type=int, default=0, help="of the split, the weights and the order")
    add("--device", default="auto", choices=("auto", "cpu", "cuda", "mps"), help="where to train")
    add("--out", type=Path, default=Path(), help="the folder for best.pt, metrics.csv, curves.png")
    add("--resume", action="store_true", help="go on where last.pt ends")
    add("--test", action="store_true", help="then the test set: once, when all is chosen")
    args = parser.parse_args()
    try:
        args.out.mkdir(parents=True, exist_ok=True)
        run(args)
    except (ValueError, OSError) as error:
        sys.exit(f"train.py: {error}")
    except KeyboardInterrupt:
        sys.exit("Stopped. --resume goes on after the last whole epoch, if there is one.")


if __name__ == "__main__":
    main()
