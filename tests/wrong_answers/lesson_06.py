"""Wrong answers to the exercises of lesson 06."""

import math

import torch

from lessons.exercises.lesson_06 import my_accuracies, my_best
from lessons.training import train_step
from lessons.validation import Epoch, best, evaluate
from wrong_answers import wrong

# -------------------------------------------------------------------------------- 06-best


@wrong("06-best", "Here the accuracy comes first.", "mixes up loss and accuracy")
def takes_the_lowest_loss(history):
    return best(history).number


@wrong(
    "06-best",
    "expected 3, saw 2. Several epochs share the highest accuracy.",
    "compares with or counts from the wrong epoch",
)
def takes_the_first_of_equals(history):
    return max(history, key=lambda epoch: epoch.validation.accuracy).number


@wrong("06-best", "A whole epoch was given back", "gives back something else than was asked")
def gives_the_whole_epoch(history):
    return history[my_best(history) - 1]


@wrong("06-best", "Look at the quiz.", "chooses or reports by the training score")
def looks_at_the_training_accuracy(history):
    top = max(epoch.train.accuracy for epoch in history)
    return best([epoch for epoch in history if epoch.train.accuracy == top]).number


@wrong("06-best", "Python counts from 0", "counts one too many or too few")
def counts_from_0(history):
    return my_best(history) - 1


@wrong(
    "06-best",
    "epoch 3: loss 0.8, accuracy 0.7; epoch 4: loss 1, accuracy 0.6: expected 3, saw 2.",
    "compares with or counts from the wrong epoch",
)
def remembers_the_lowest_loss_of_other_accuracies(history):
    top, lowest = -1.0, math.inf
    for epoch in history:
        loss, accuracy = epoch.validation
        if accuracy > top or (accuracy == top and loss < lowest):
            top, number = accuracy, epoch.number
        lowest = min(lowest, loss)
    return number


@wrong("06-best", "loss 3e+09, accuracy 0.0: expected 2, saw 0.", "forgets the empty case")
def begins_with_a_guessed_loss(history):
    top, lowest, number = 0, 100, 0
    for epoch in history:
        loss, accuracy = epoch.validation
        if accuracy > top or (accuracy == top and loss < lowest):
            top, lowest, number = accuracy, loss, epoch.number
    return number


# -------------------------------------------------------------------------------- 06-stop


@wrong("06-stop", "A gain of exactly `min_delta` is", "misjudges how large a difference must be")
def counts_a_gain_of_exactly_min_delta(losses, patience, min_delta):
    goal, waited = math.inf, 0
    for count, loss in enumerate(losses, 1):
        if loss <= goal - min_delta:
            goal, waited = loss, 0
        else:
            waited += 1
        if waited == patience:
            return count
    return len(losses)


@wrong(
    "06-stop",
    "min_delta 0.5: expected 4, saw 2.",
    "compares with or counts from the wrong epoch",
)
def begins_with_a_goal_of_100(losses, patience, min_delta):
    goal, waited = 100, 0
    for count, loss in enumerate(losses, 1):
        if loss < goal - min_delta:
            goal, waited = loss, 0
        else:
            waited += 1
        if waited == patience:
            return count
    return len(losses)


@wrong(
    "06-stop", "A gain as small as that does not count.", "misjudges how large a difference must be"
)
def ignores_min_delta(losses, patience, min_delta):
    goal, waited = math.inf, 0
    for count, loss in enumerate(losses, 1):
        if loss < goal:
            goal, waited = loss, 0
        else:
            waited += 1
        if waited == patience:
            return count
    return len(losses)


@wrong(
    "06-stop", "starts the count of the patience", "compares with or counts from the wrong epoch"
)
def never_starts_the_waiting_anew(losses, patience, min_delta):
    goal, waited = math.inf, 0
    for count, loss in enumerate(losses, 1):
        if loss < goal - min_delta:
            goal = loss
        else:
            waited += 1
        if waited == patience:
            return count
    return len(losses)


@wrong("06-stop", "not with the epoch before.", "compares with or counts from the wrong epoch")
def compares_with_the_epoch_before(losses, patience, min_delta):
    goal, waited = math.inf, 0
    for count, loss in enumerate(losses, 1):
        if loss < goal - min_delta:
            goal, waited = loss, 0
        else:
            waited += 1
            goal = loss
        if waited == patience:
            return count
    return len(losses)


@wrong("06-stop", "small gains add up", "compares with or counts from the wrong epoch")
def lets_small_gains_lower_the_goal(losses, patience, min_delta):
    goal, waited = math.inf, 0
    for count, loss in enumerate(losses, 1):
        if loss < goal - min_delta:
            goal, waited = loss, 0
        else:
            goal, waited = min(goal, loss), waited + 1
        if waited == patience:
            return count
    return len(losses)


@wrong("06-stop", "one epoch too late", "counts one too many or too few")
def waits_one_epoch_too_long(losses, patience, min_delta):
    goal, waited = math.inf, 0
    for count, loss in enumerate(losses, 1):
        if loss < goal - min_delta:
            goal, waited = loss, 0
        else:
            waited += 1
        if waited > patience:
            return count
    return len(losses)


@wrong("06-stop", "expected 4, saw 3. One too few.", "counts one too many or too few")
def counts_epochs_from_0(losses, patience, min_delta):
    goal, waited = math.inf, 0
    for count, loss in enumerate(losses):
        if loss < goal - min_delta:
            goal, waited = loss, 0
        else:
            waited += 1
        if waited == patience:
            return count
    return len(losses)


@wrong("06-stop", "The number of epochs is None.", "forgets the empty case")
def forgets_a_training_that_runs_to_its_end(losses, patience, min_delta):
    goal, waited = math.inf, 0
    for count, loss in enumerate(losses, 1):
        if loss < goal - min_delta:
            goal, waited = loss, 0
        else:
            waited += 1
        if waited == patience:
            return count


@wrong("06-stop", "input number 1 is not what it was before", "takes another name for a copy")
def empties_the_losses(losses, patience, min_delta):
    goal, waited, count = math.inf, 0, 0
    while losses:
        loss, count = losses.pop(0), count + 1
        if loss < goal - min_delta:
            goal, waited = loss, 0
        else:
            waited += 1
        if waited == patience:
            return count
    return len(losses)


# ----------------------------------------------------------------------------- 06-classes


@wrong("06-classes", "asked in training mode", "misreads what eval() and train() do")
def stays_in_training_mode(model, loader, num_classes):
    right, stories = [0] * num_classes, [0] * num_classes
    with torch.no_grad():
        for batch in loader:
            guesses = model(batch.token_ids, batch.offsets).argmax(dim=1)
            for label, guess in zip(batch.labels.tolist(), guesses.tolist()):
                stories[label] += 1
                right[label] += guess == label
    return [one / of for one, of in zip(right, stories)]


@wrong("06-classes", "in evaluation mode.", "misreads what eval() and train() do")
def leaves_the_model_in_evaluation_mode(model, loader, num_classes):
    accuracies = my_accuracies(model, loader, num_classes)
    model.eval()
    return accuracies


@wrong(
    "06-classes",
    "The model came in evaluation mode and went back in training mode.",
    "misreads what eval() and train() do",
)
def always_ends_in_training_mode(model, loader, num_classes):
    accuracies = my_accuracies(model, loader, num_classes)
    model.train()
    return accuracies


@wrong(
    "06-classes",
    "PyTorch kept a record of the model's calculations",
    "misreads what eval() and train() do",
)
def keeps_a_record(model, loader, num_classes):
    was_training = model.training
    model.eval()
    right, stories = [0] * num_classes, [0] * num_classes
    for batch in loader:
        guesses = model(batch.token_ids, batch.offsets).argmax(dim=1)
        for label, guess in zip(batch.labels.tolist(), guesses.tolist()):
            stories[label] += 1
            right[label] += guess == label
    model.train(was_training)
    return [one / of for one, of in zip(right, stories)]


@wrong(
    "06-classes",
    "The model came with gradients, and they are not what they were.",
    "takes another name for a copy",
)
def wipes_the_gradients(model, loader, num_classes):
    accuracies = my_accuracies(model, loader, num_classes)
    model.zero_grad()
    return accuracies


@wrong("06-classes", "The weights have moved.", "lets the validation or test set into training")
def learns_while_measuring(model, loader, num_classes):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for batch in loader:
        train_step(model, batch, optimizer)
    return [evaluate(model, loader).accuracy] * num_classes


@wrong("06-classes", "That is the accuracy over all classes.", "forgets that classes differ")
def gives_each_class_the_accuracy_of_all(model, loader, num_classes):
    return [evaluate(model, loader).accuracy] * num_classes


@wrong(
    "06-classes", "not by those that were guessed", "mixes up guesses, confidence and right answers"
)
def counts_the_stories_by_guess(model, loader, num_classes):
    was_training = model.training
    model.eval()
    right, stories = [0] * num_classes, [0] * num_classes
    with torch.no_grad():
        for batch in loader:
            guesses = model(batch.token_ids, batch.offsets).argmax(dim=1)
            for label, guess in zip(batch.labels.tolist(), guesses.tolist()):
                stories[guess] += 1
                right[label] += guess == label
    model.train(was_training)
    return [one / of for one, of in zip(right, stories)]


@wrong(
    "06-classes",
    "Divide by the stories of this class, not by all of them.",
    "divides by the wrong total",
)
def divides_by_all_stories(model, loader, num_classes):
    was_training = model.training
    model.eval()
    right, stories = [0] * num_classes, [0] * num_classes
    with torch.no_grad():
        for batch in loader:
            guesses = model(batch.token_ids, batch.offsets).argmax(dim=1)
            for label, guess in zip(batch.labels.tolist(), guesses.tolist()):
                stories[label] += 1
                right[label] += guess == label
    model.train(was_training)
    return [one / sum(stories) for one in right]


@wrong(
    "06-classes",
    "That is the mean of the batches. Count stories.",
    "divides by the number of batches",
)
def averages_the_batches(model, loader, num_classes):
    was_training = model.training
    model.eval()
    shares = []
    with torch.no_grad():
        for batch in loader:
            right = model(batch.token_ids, batch.offsets).argmax(dim=1) == batch.labels
            shares.append([right[batch.labels == one].float().mean() for one in range(num_classes)])
    model.train(was_training)
    return torch.tensor(shares).nanmean(dim=0).tolist()


@wrong("06-classes", "The model was never asked.", "forgets that classes differ")
def gives_each_class_full_marks(model, loader, num_classes):
    return [1.0] * num_classes


# ------------------------------------------------------------------------------ 06-memory


@wrong("06-memory", "a name for a tensor is no copy", "takes another name for a copy")
def keeps_a_name(events, model):
    lowest = math.inf
    for event in events:
        if isinstance(event, Epoch) and event.validation.loss < lowest:
            lowest, number = event.validation.loss, event.number
            kept = model.state_dict()
    model.load_state_dict(kept)
    return number


@wrong(
    "06-memory",
    "expected 3, saw 5. That epoch was only better than the one before it",
    "compares with or counts from the wrong epoch",
)
def compares_with_the_last_epoch(events, model):
    lowest = math.inf
    for event in events:
        if isinstance(event, Epoch) and event.validation.loss < lowest:
            number = event.number
            kept = {name: one.clone() for name, one in model.state_dict().items()}
        if isinstance(event, Epoch):
            lowest = event.validation.loss
    model.load_state_dict(kept)
    return number


@wrong(
    "06-memory",
    "Your code raised AttributeError: 'Step' object has no attribute 'validation'",
    "mixes up steps, batches and epochs",
)
def takes_steps_for_epochs(events, model):
    lowest = math.inf
    for event in events:
        if event.validation.loss < lowest:
            lowest, number = event.validation.loss, event.number
            kept = {name: one.clone() for name, one in model.state_dict().items()}
    model.load_state_dict(kept)
    return number


@wrong(
    "06-memory",
    "The training has 6 epochs, and it was heard up to epoch 4 only.",
    "compares with or counts from the wrong epoch",
)
def stops_at_the_first_worse_epoch(events, model):
    lowest = math.inf
    for event in events:
        if isinstance(event, Epoch):
            if event.validation.loss > lowest:
                break
            lowest, number = event.validation.loss, event.number
            kept = {name: one.clone() for name, one in model.state_dict().items()}
    model.load_state_dict(kept)
    return number


@wrong(
    "06-memory",
    "expected 3, saw 1. That is the first epoch.",
    "compares with or counts from the wrong epoch",
)
def keeps_the_first_epoch(events, model):
    for event in events:
        if isinstance(event, Epoch) and event.number == 1:
            kept = {name: one.clone() for name, one in model.state_dict().items()}
    model.load_state_dict(kept)
    return 1


@wrong("06-memory", "UnboundLocalError", "forgets the empty case")
def begins_with_a_lowest_loss_of_100(events, model):
    lowest = 100
    for event in events:
        if isinstance(event, Epoch) and event.validation.loss < lowest:
            lowest, number = event.validation.loss, event.number
            kept = {name: one.clone() for name, one in model.state_dict().items()}
    model.load_state_dict(kept)
    return number


@wrong(
    "06-memory",
    "expected 3, saw 4. That epoch did best in the textbook",
    "chooses or reports by the training score",
)
def keeps_the_lowest_training_loss(events, model):
    lowest = math.inf
    for event in events:
        if isinstance(event, Epoch) and event.train.loss < lowest:
            lowest, number = event.train.loss, event.number
            kept = {name: one.clone() for name, one in model.state_dict().items()}
    model.load_state_dict(kept)
    return number


@wrong(
    "06-memory",
    "some weights of the model are 3 and others 6",
    "loses track of some of the weights",
)
def restores_one_layer(events, model):
    lowest = math.inf
    for event in events:
        if isinstance(event, Epoch) and event.validation.loss < lowest:
            lowest, number = event.validation.loss, event.number
            kept = {name: one.clone() for name, one in model.state_dict().items()}
    model.linear.load_state_dict({"weight": kept["linear.weight"], "bias": kept["linear.bias"]})
    return number


@wrong(
    "06-memory",
    "so epoch 3 was the best: expected 3, saw 0.5",
    "gives back something else than was asked",
)
def gives_the_loss(events, model):
    lowest = math.inf
    for event in events:
        if isinstance(event, Epoch) and event.validation.loss < lowest:
            lowest = event.validation.loss
            kept = {name: one.clone() for name, one in model.state_dict().items()}
    model.load_state_dict(kept)
    return lowest
