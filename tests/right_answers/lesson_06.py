"""Right answers to the exercises of lesson 06."""

import copy
import io
import math

import numpy as np
import torch
from torch.nn import functional as F

from lessons.validation import Epoch, best, keep_mode, predict
from right_answers import right

# -------------------------------------------------------------------------------- 06-best


@right("06-best")
def sorts_twice(history):
    by_loss = sorted(history, key=lambda one: one.validation.loss)
    return sorted(by_loss, key=lambda one: one.validation.accuracy, reverse=True)[0].number


@right("06-best")
def goes_epoch_by_epoch(history):
    kept = history[0]
    for epoch in history[1:]:
        if epoch.validation.accuracy > kept.validation.accuracy:
            kept = epoch
        elif epoch.validation.accuracy == kept.validation.accuracy:
            if epoch.validation.loss < kept.validation.loss:
                kept = epoch
    return kept.number


@right("06-best")
def begins_with_infinity(history):
    top, lowest, number = -math.inf, math.inf, None
    for epoch in history:
        loss, accuracy = epoch.validation
        if accuracy > top:
            top, lowest, number = accuracy, loss, epoch.number
        if accuracy == top and loss < lowest:
            lowest, number = loss, epoch.number
    return number


@right("06-best")
def looks_it_up_by_loss(history):
    top = sorted(one.validation.accuracy for one in history)[-1]
    numbers = {e.validation.loss: e.number for e in history if e.validation.accuracy == top}
    return numbers[min(numbers)]


@right("06-best")
def sorts_columns_with_numpy(history):
    losses = [one.validation.loss for one in history]
    accuracies = [-one.validation.accuracy for one in history]
    return np.lexsort((losses, accuracies))[0] + 1


# -------------------------------------------------------------------------------- 06-stop


@right("06-stop")
def begins_with_the_first_loss(losses, patience, min_delta):
    goal, waited = losses[0], 0
    for count in range(1, len(losses)):
        if goal - losses[count] > min_delta:
            goal, waited = losses[count], 0
        else:
            waited += 1
            if waited == patience:
                return count + 1
    return len(losses)


@right("06-stop")
def stops_with_a_while_loop(losses, patience, min_delta):
    place = left = 0
    goal = None
    left = patience
    while place < len(losses) and left > 0:
        if goal is None or losses[place] + min_delta < goal:
            goal, left = losses[place], patience
        else:
            left -= 1
        place += 1
    return place


@right("06-stop")
def notes_yes_and_no(losses, patience, min_delta):
    goal, notes = math.inf, ""
    for loss in losses:
        better = loss < goal - min_delta
        goal = loss if better else goal
        notes += "+" if better else "-"
        if notes.endswith("-" * patience):
            break
    return len(notes)


@right("06-stop")
def goes_into_itself(losses, patience, min_delta):
    def count(place, goal, waited):
        if waited == patience or place == len(losses):
            return place
        if losses[place] < goal - min_delta:
            return count(place + 1, losses[place], 0)
        return count(place + 1, goal, waited + 1)

    return count(0, float("inf"), 0)


@right("06-stop")
def breaks_out(losses, patience, min_delta):
    best_loss, bad, trained = None, 0, 0
    for loss in losses:
        trained += 1
        if best_loss is None or best_loss - loss > min_delta:
            best_loss = loss
            bad = 0
            continue
        bad += 1
        if bad >= patience:
            break
    return trained


# ----------------------------------------------------------------------------- 06-classes


@right("06-classes")
def asks_the_dataset_for_the_labels(model, loader, num_classes):
    labels = loader.dataset.labels
    right = predict(model, loader).argmax(dim=1) == labels
    return [right[labels == one].double().mean() for one in range(num_classes)]


@right("06-classes")
@torch.no_grad()
def counts_with_bins(model, loader, num_classes):
    right, stories = torch.zeros(num_classes), torch.zeros(num_classes)
    with keep_mode(model):
        model.eval()
        for token_ids, offsets, labels in loader:
            guesses = model(token_ids, offsets).argmax(dim=1)
            stories += labels.bincount(minlength=num_classes)
            right += labels[guesses == labels].bincount(minlength=num_classes)
    return right / stories


@right("06-classes")
def fills_a_confusion_matrix(model, loader, num_classes):
    mode = model.training
    model.eval()
    counts = torch.zeros(num_classes, num_classes)
    with torch.inference_mode():
        for batch in loader:
            logits = model(batch.token_ids, batch.offsets)
            for label, guess in zip(batch.labels, logits.argmax(dim=1)):
                counts[label, guess] += 1
    if mode:
        model.train()
    return (counts.diagonal() / counts.sum(dim=1)).tolist()


@right("06-classes")
def asks_a_copy(model, loader, num_classes):
    twin = copy.deepcopy(model).eval()
    answers = {label: [] for label in range(num_classes)}
    for batch in loader:
        with torch.no_grad():
            logits = twin(batch.token_ids, batch.offsets)
        for label, row in zip(batch.labels.tolist(), logits.tolist()):
            answers[label].append(row.index(max(row)) == label)
    return [sum(one) / len(one) for one in answers.values()]


@right("06-classes")
def works_in_numpy(model, loader, num_classes):
    was_training = model.training
    try:
        model.train(False)
        with torch.no_grad():
            pairs = [(b.labels, model(b.token_ids, b.offsets).argmax(1)) for b in loader]
    finally:
        model.train(was_training)
    labels, guesses = (np.concatenate(part) for part in zip(*pairs))
    return np.array([(guesses == labels)[labels == one].mean() for one in range(num_classes)])


# ------------------------------------------------------------------------------ 06-memory


@right("06-memory")
def copies_deeply(events, model):
    kept = None
    for event in events:
        if isinstance(event, Epoch):
            if kept is None or event.validation.loss < kept[0]:
                kept = event.validation.loss, event.number, copy.deepcopy(model.state_dict())
    model.load_state_dict(kept[2])
    return kept[1]


@right("06-memory")
def writes_into_memory(events, model):
    lowest = math.inf
    for event in events:
        if isinstance(event, Epoch) and event.validation.loss < lowest:
            lowest, number, file = event.validation.loss, event.number, io.BytesIO()
            torch.save(model.state_dict(), file)
    file.seek(0)
    model.load_state_dict(torch.load(file, weights_only=True))
    return number


@right("06-memory")
def copies_the_model(events, model):
    lowest, number, twin = None, None, None
    for event in events:
        if not isinstance(event, Epoch):
            continue
        if lowest is None or event.validation.loss < lowest:
            lowest, number, twin = event.validation.loss, event.number, copy.deepcopy(model)
    with torch.no_grad():
        for weights, kept in zip(model.parameters(), twin.parameters()):
            weights.copy_(kept)
    return number


@right("06-memory")
def keeps_one_long_row(events, model):
    lowest, row = float("inf"), None
    for event in events:
        if hasattr(event, "validation") and lowest > event.validation.loss:
            lowest, number = event.validation.loss, event.number
            row = torch.nn.utils.parameters_to_vector(model.parameters()).detach().clone()
    torch.nn.utils.vector_to_parameters(row, model.parameters())
    return number


@right("06-memory")
def keeps_arrays(events, model):
    history, arrays = [], []
    for event in events:
        if type(event) is Epoch:
            history.append(event)
            if best(history) is event:
                arrays = [one.detach().numpy().copy() for one in model.parameters()]
    for one, array in zip(model.parameters(), arrays):
        one.data = torch.from_numpy(array)
    return F.relu(torch.tensor(best(history).number)).item()
