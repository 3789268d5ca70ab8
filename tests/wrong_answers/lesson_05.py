"""Wrong answers to the exercises of lesson 05."""

from math import ceil

from torch.nn import functional as F

from lessons.training import train_one_epoch
from wrong_answers import wrong

# ------------------------------------------------------------------------------- 05-steps


@wrong(
    "05-steps",
    "expected 11, saw 10. The short last batch is a step as well.",
    "gets the short last batch wrong",
)
def drops_the_short_batch(stories, batch_size, epochs):
    return stories // batch_size * epochs


@wrong("05-steps", "saw 10.3. A step takes a whole batch", "gets the short last batch wrong")
def counts_parts_of_steps(stories, batch_size, epochs):
    return stories / batch_size * epochs


@wrong(
    "05-steps",
    "expected 33, saw 31. Each epoch ends with a short batch of its own",
    "mixes up steps, batches and epochs",
)
def rounds_up_once(stories, batch_size, epochs):
    return ceil(stories * epochs / batch_size)


@wrong(
    "05-steps",
    "The number of steps is None. A function gives a value back with `return`.",
    "gives back something else than was asked",
)
def prints_the_steps(stories, batch_size, epochs):
    print(stories / batch_size * epochs)


@wrong(
    "05-steps",
    "1 epoch of 101 stories in batches of 100: expected 2, saw 1",
    "gets the short last batch wrong",
)
def loses_a_batch_of_one_story(stories, batch_size, epochs):
    return (stories + batch_size - 2) // batch_size * epochs


# ----------------------------------------------------------------------------- 05-running


@wrong(
    "05-running",
    "expected 1.33333, saw 2. That is the mean of the batches.",
    "divides by the number of batches",
)
def averages_the_batches(losses, sizes):
    return [sum(losses[:i]) / i for i in range(1, len(losses) + 1)]


@wrong("05-running", "batch 3: expected 1.33333, saw 2.5.", "divides by the number of batches")
def halves_with_each_batch(losses, sizes):
    means = [losses[0]]
    for loss in losses[1:]:
        means.append((means[-1] + loss) / 2)
    return means


@wrong("05-running", "Divide by the stories read so far", "divides by the wrong total")
def divides_by_all_stories(losses, sizes):
    means, total = [], 0.0
    for loss, size in zip(losses, sizes):
        total += loss * size
        means.append(total / sum(sizes))
    return means


@wrong("05-running", "expected a list of 2, saw 1.5", "gives back something else than was asked")
def gives_the_mean_at_the_end(losses, sizes):
    return sum(a * b for a, b in zip(losses, sizes)) / sum(sizes)


@wrong(
    "05-running",
    "expected 1.5, saw 1. That is the loss of this batch alone.",
    "mixes up steps, batches and epochs",
)
def gives_each_batch_alone(losses, sizes):
    return list(losses)


@wrong("05-running", "input number 1 is not what it was before", "takes another name for a copy")
def empties_the_lists(losses, sizes):
    means, total, stories = [], 0.0, 0
    while losses:
        total += losses[0] * sizes[0]
        stories += sizes.pop(0)
        losses.pop(0)
        means.append(total / stories)
    return means


# -------------------------------------------------------------------------------- 05-loop


@wrong("05-loop", "gradients pile up", "mixes up what zero_grad(), backward() and step() do")
def forgets_zero_grad(model, loader, optimizer, epochs):
    history = []
    model.train()
    for _ in range(epochs):
        total, stories = 0.0, 0
        for batch in loader:
            logits = model(batch.token_ids, batch.offsets)
            loss = F.cross_entropy(logits, batch.labels)
            loss.backward()
            optimizer.step()
            total += loss.item() * len(batch.labels)
            stories += len(batch.labels)
        history.append(total / stories)
    return history


@wrong(
    "05-loop",
    "That is the mean of the batches. The last one is short.",
    "divides by the number of batches",
)
def counts_all_batches_alike(model, loader, optimizer, epochs):
    history = []
    model.train()
    for _ in range(epochs):
        total, stories = 0.0, 0
        for batch in loader:
            logits = model(batch.token_ids, batch.offsets)
            loss = F.cross_entropy(logits, batch.labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item()
            stories += 1
        history.append(total / stories)
    return history


@wrong("05-loop", "still in it while it learned", "misreads what eval() and train() do")
def stays_in_evaluation_mode(model, loader, optimizer, epochs):
    history = []
    for _ in range(epochs):
        total, stories = 0.0, 0
        for batch in loader:
            logits = model(batch.token_ids, batch.offsets)
            loss = F.cross_entropy(logits, batch.labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(batch.labels)
            stories += len(batch.labels)
        history.append(total / stories)
    return history


@wrong("05-loop", "the loader was opened once", "mixes up what shuffling is for")
def reads_the_same_batches_in_each_epoch(model, loader, optimizer, epochs):
    history, batches = [], list(loader)
    model.train()
    for _ in range(epochs):
        total, stories = 0.0, 0
        for batch in batches:
            logits = model(batch.token_ids, batch.offsets)
            loss = F.cross_entropy(logits, batch.labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(batch.labels)
            stories += len(batch.labels)
        history.append(total / stories)
    return history


@wrong(
    "05-loop", "`.item()` takes it out of the tensor", "gives back something else than was asked"
)
def gives_back_tensors(model, loader, optimizer, epochs):
    history = []
    model.train()
    for _ in range(epochs):
        total, stories = 0.0, 0
        for batch in loader:
            logits = model(batch.token_ids, batch.offsets)
            loss = F.cross_entropy(logits, batch.labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss * len(batch.labels)
            stories += len(batch.labels)
        history.append(total / stories)
    return history


@wrong("05-loop", "the same as before", "mixes up what zero_grad(), backward() and step() do")
def forgets_the_step(model, loader, optimizer, epochs):
    history = []
    model.train()
    for _ in range(epochs):
        total, stories = 0.0, 0
        for batch in loader:
            logits = model(batch.token_ids, batch.offsets)
            loss = F.cross_entropy(logits, batch.labels)
            optimizer.zero_grad()
            loss.backward()
            total += loss.item() * len(batch.labels)
            stories += len(batch.labels)
        history.append(total / stories)
    return history


@wrong("05-loop", "The loss of epoch 2: expected", "divides by the wrong total")
def carries_sums_into_the_next_epoch(model, loader, optimizer, epochs):
    history, total, stories = [], 0.0, 0
    model.train()
    for _ in range(epochs):
        for batch in loader:
            logits = model(batch.token_ids, batch.offsets)
            loss = F.cross_entropy(logits, batch.labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(batch.labels)
            stories += len(batch.labels)
        history.append(total / stories)
    return history


@wrong("05-loop", "That counts tokens", "divides by the wrong total")
def weighs_by_tokens(model, loader, optimizer, epochs):
    history = []
    model.train()
    for _ in range(epochs):
        total, tokens = 0.0, 0
        for batch in loader:
            logits = model(batch.token_ids, batch.offsets)
            loss = F.cross_entropy(logits, batch.labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(batch.token_ids)
            tokens += len(batch.token_ids)
        history.append(total / tokens)
    return history


@wrong(
    "05-loop",
    "Your code calls `train_one_epoch`.",
    "gives back something else than was asked",
)
def calls_the_library(model, loader, optimizer, epochs):
    return [train_one_epoch(model, loader, optimizer).loss for _ in range(epochs)]


# ------------------------------------------------------------------------------ 05-pieces


@wrong("05-pieces", "That counts tokens", "divides by the wrong total")
def weighs_pieces_by_tokens(model, pieces, optimizer):
    total = sum(len(piece.token_ids) for piece in pieces)
    optimizer.zero_grad()
    for piece in pieces:
        logits = model(piece.token_ids, piece.offsets)
        loss = F.cross_entropy(logits, piece.labels)
        (loss * len(piece.token_ids) / total).backward()
    optimizer.step()


@wrong(
    "05-pieces",
    "The records of 10 stories were in memory at once",
    "mixes up what zero_grad(), backward() and step() do",
)
def goes_back_once_through_all_pieces(model, pieces, optimizer):
    total, loss = sum(len(piece.labels) for piece in pieces), 0
    optimizer.zero_grad()
    for piece in pieces:
        logits = model(piece.token_ids, piece.offsets)
        loss = loss + F.cross_entropy(logits, piece.labels, reduction="sum") / total
    loss.backward()
    optimizer.step()


@wrong(
    "05-pieces",
    "Only the last piece was learned from.",
    "mixes up what zero_grad(), backward() and step() do",
)
def wipes_before_each_piece(model, pieces, optimizer):
    total = sum(len(piece.labels) for piece in pieces)
    for piece in pieces:
        optimizer.zero_grad()
        logits = model(piece.token_ids, piece.offsets)
        loss = F.cross_entropy(logits, piece.labels)
        (loss * len(piece.labels) / total).backward()
    optimizer.step()


@wrong("05-pieces", "Old gradients", "mixes up what zero_grad(), backward() and step() do")
def never_wipes(model, pieces, optimizer):
    total = sum(len(piece.labels) for piece in pieces)
    for piece in pieces:
        logits = model(piece.token_ids, piece.offsets)
        loss = F.cross_entropy(logits, piece.labels)
        (loss * len(piece.labels) / total).backward()
    optimizer.step()


@wrong("05-pieces", "The gradients add up.", "mixes up counts, sums, means and shares")
def adds_the_pieces_up(model, pieces, optimizer):
    optimizer.zero_grad()
    for piece in pieces:
        logits = model(piece.token_ids, piece.offsets)
        loss = F.cross_entropy(logits, piece.labels)
        loss.backward()
    optimizer.step()


@wrong(
    "05-pieces", "The short piece counts as much as a long one.", "divides by the number of batches"
)
def counts_all_pieces_alike(model, pieces, optimizer):
    optimizer.zero_grad()
    for piece in pieces:
        logits = model(piece.token_ids, piece.offsets)
        loss = F.cross_entropy(logits, piece.labels)
        (loss / len(pieces)).backward()
    optimizer.step()


@wrong(
    "05-pieces",
    "That is a step after each piece.",
    "mixes up steps, batches and epochs",
)
def steps_after_each_piece(model, pieces, optimizer):
    total = sum(len(piece.labels) for piece in pieces)
    optimizer.zero_grad()
    for piece in pieces:
        logits = model(piece.token_ids, piece.offsets)
        loss = F.cross_entropy(logits, piece.labels)
        (loss * len(piece.labels) / total).backward()
        optimizer.step()


@wrong(
    "05-pieces",
    "The weights have not moved.",
    "mixes up what zero_grad(), backward() and step() do",
)
def never_steps(model, pieces, optimizer):
    total = sum(len(piece.labels) for piece in pieces)
    optimizer.zero_grad()
    for piece in pieces:
        logits = model(piece.token_ids, piece.offsets)
        loss = F.cross_entropy(logits, piece.labels)
        (loss * len(piece.labels) / total).backward()
