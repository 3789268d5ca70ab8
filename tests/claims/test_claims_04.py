"""What lesson 04 says about losses, slopes, steps and learning rates, over five seeds each."""

import math
from itertools import pairwise
from pathlib import Path

import nbformat
import pytest
import torch
from claims import claim, claim_near
from torch import nn
from torch.nn import functional as F

from lessons.loaders import EncodedStories, make_loader
from lessons.model import TextClassifier
from lessons.text import Vocabulary
from lessons.training import train_step

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "04_loss_and_optimizer.ipynb"
CHANCE = math.log(4)  # what a guess among the four topics of Mini-News costs
STEPS = 500

five_seeds = pytest.mark.parametrize("seed", range(5))


@pytest.fixture(scope="module")
def vocabulary(parts):
    return Vocabulary.build(parts.train.texts)


@pytest.fixture(scope="module")
def train(parts, vocabulary):
    return EncodedStories(parts.train, vocabulary)


@pytest.fixture
def new_model(vocabulary):
    def new_model(seed):
        return TextClassifier(len(vocabulary), 4, generator=torch.Generator().manual_seed(seed))

    return new_model


@pytest.fixture
def new_batch(train):
    def new_batch(seed):
        return next(iter(make_loader(train, 64, shuffle=True, seed=seed)))

    return new_batch


def loss_of(model, batch):
    return F.cross_entropy(model(batch.token_ids, batch.offsets), batch.labels)


# ------------------------------------------------------------------------------ the loss


@five_seeds
def test_softmax_minus_log_mean_is_cross_entropy(seed):
    generator = torch.Generator().manual_seed(seed)
    logits = 5 * torch.randn(30, 7, generator=generator)
    labels = torch.randint(7, (30,), generator=generator)
    powers = logits.exp()
    probabilities = powers / powers.sum(dim=1, keepdim=True)
    by_hand = -probabilities[torch.arange(30), labels].log().mean()
    torch.testing.assert_close(by_hand, F.cross_entropy(logits, labels))


@pytest.mark.parametrize("num_classes", (2, 4, 10, 100))
def test_the_same_share_for_each_topic_costs_log_k_whatever_is_right(num_classes):
    logits = torch.zeros(num_classes, num_classes)
    losses = F.cross_entropy(logits, torch.arange(num_classes), reduction="none")
    torch.testing.assert_close(losses, torch.full((num_classes,), math.log(num_classes)))


@five_seeds
def test_an_untrained_model_costs_about_the_chance_level(seed, new_model, new_batch):
    loss = loss_of(new_model(seed), new_batch(seed))
    claim_near("loss", loss, CHANCE, within=0.05)


@five_seeds
def test_the_loss_notices_what_counting_wrong_answers_does_not(seed, new_model, new_batch):
    model, batch = new_model(seed), new_batch(seed)
    guesses = model(batch.token_ids, batch.offsets).argmax(dim=1)
    before = loss_of(model, batch)
    before.backward()
    torch.optim.SGD(model.parameters(), lr=0.001).step()
    same = model(batch.token_ids, batch.offsets).argmax(dim=1) == guesses
    claim("same guesses", same.float().mean(), ">", 0.95)
    claim("the loss falls by", before - loss_of(model, batch), ">", 0)


# ----------------------------------------------------------------------------- the slopes


@five_seeds
def test_nudging_a_weight_of_any_layer_gives_its_slope(seed, new_model, new_batch):
    model, batch = new_model(seed).double(), new_batch(seed)
    loss_of(model, batch).backward()
    for layer, weights in model.named_parameters():
        steepest = weights.grad.abs().argmax()
        with torch.no_grad():
            before = loss_of(model, batch)
            weights.view(-1)[steepest] += 1e-6
            by_hand = (loss_of(model, batch) - before) / 1e-6
            weights.view(-1)[steepest] -= 1e-6
        slope = weights.grad.view(-1)[steepest]
        claim_near(f"by hand, as a share of the slope, {layer}", by_hand / slope, 1, within=1e-3)


@five_seeds
def test_along_the_bias_lies_a_valley_and_its_right_side_rises(seed, new_model, new_batch):
    model, batch = new_model(seed).double(), new_batch(seed)
    heights = []
    for value in torch.linspace(-3, 4, 71).tolist():
        with torch.no_grad():
            model.linear.bias[0] = value
            heights.append(loss_of(model, batch).item())
    lowest = heights.index(min(heights))
    # A weight from -1 to 1.5: we stand at 2, right of it.
    claim_near("lowest", lowest, 32.5, within=12.5)
    left, right = heights[: lowest + 1], heights[lowest:]
    claim("it falls on the left by", min(a - b for a, b in pairwise(left)), ">", 0)
    claim("it rises on the right by", min(b - a for a, b in pairwise(right)), ">", 0)

    with torch.no_grad():
        model.linear.bias[0] = 2
    loss = loss_of(model, batch)
    loss.backward()
    slope = model.linear.bias.grad[0].item()
    claim("slope", slope, ">", 0.2)
    near, far = loss.item() + 0.1 * slope - heights[51], loss.item() - 5 * slope - heights[0]
    claim_near("height at 2", heights[50], loss, within=1e-6)
    claim_near("tangent to curve, near", near, 0, within=0.01)  # hardly to be told apart
    claim("tangent to curve, far away", far, "<", -1)


@five_seeds
def test_slopes_add_up_until_they_are_wiped(seed, new_model, new_batch):
    model, batch, other = new_model(seed), new_batch(seed), new_batch(seed + 5)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)

    def slopes(*batches):
        for each in batches:
            loss_of(model, each).backward()
        return nn.utils.parameters_to_vector(p.grad for p in model.parameters()).clone()

    first = slopes(batch)
    both = slopes(other)
    optimizer.zero_grad()
    second = slopes(other)
    assert not torch.allclose(both, second)
    torch.testing.assert_close(both, first + second)
    optimizer.zero_grad()
    torch.testing.assert_close(slopes(batch, batch), 2 * first)


# ------------------------------------------------------------------------------ one step


@five_seeds
def test_the_first_bias_moves_by_the_rate_times_its_slope(seed, new_model, new_batch):
    model = new_model(seed)
    loss_of(model, new_batch(seed)).backward()
    slope = model.linear.bias.grad[0].item()
    torch.optim.SGD(model.parameters(), lr=0.5).step()
    claim_near("the first bias", model.linear.bias[0].item(), -0.5 * slope, within=1e-6)


@five_seeds
def test_a_new_tensor_under_the_old_name_leaves_the_model_as_it_is(seed, new_model, new_batch):
    """`weights = weights - ...` in the loop over the weights, and `-=` beside it."""
    model, twin = new_model(seed), new_model(seed)
    loss_of(model, new_batch(seed)).backward()
    with torch.no_grad():
        for weights in model.parameters():
            weights = weights - 0.5 * weights.grad  # noqa: PLW2901
        assert all(map(torch.equal, model.parameters(), twin.parameters()))
        for weights in model.parameters():
            weights -= 0.5 * weights.grad  # noqa: PLW2901
        assert not any(map(torch.equal, model.parameters(), twin.parameters()))


@five_seeds
def test_a_step_of_sgd_is_one_line_and_goes_downhill(seed, new_model, new_batch):
    model, twin, batch = new_model(seed), new_model(seed), new_batch(seed)
    before = loss_of(model, batch)
    before.backward()
    with torch.no_grad():
        for weights in model.parameters():
            weights.sub_(0.5 * weights.grad)
    loss_of(twin, batch).backward()
    torch.optim.SGD(twin.parameters(), lr=0.5).step()
    assert all(map(torch.equal, model.parameters(), twin.parameters()))
    claim("downhill by", before - loss_of(model, batch), ">", 1e-4)


def first_step(model, batch, optimizer):
    """How far the weights of the batch's words go."""
    weight = model.embedding.weight
    before = weight.detach().clone()
    loss_of(model, batch).backward()
    optimizer.step()
    return (weight - before).abs()[weight.grad != 0]


@five_seeds
def test_adamw_moves_rare_words_as_far_as_common_ones(seed, new_model, new_batch):
    batch = new_batch(seed)
    model = new_model(seed)
    moved = first_step(model, batch, torch.optim.SGD(model.parameters(), lr=3.0))
    claim("SGD, farthest by median", moved.max() / moved.median(), ">", 10)
    model = new_model(seed)
    moved = first_step(model, batch, torch.optim.AdamW(model.parameters(), lr=0.01))
    claim("AdamW, farthest by median", moved.max() / moved.median(), "<", 1.05)
    by_the_rate = (moved / 0.01 - 1).abs() < 0.05
    # Slopes of nearly nothing fall short.
    claim("share that moves by the rate", by_the_rate.float().mean(), ">", 0.95)


@pytest.mark.parametrize("slope", (0.001, 1.0, 100.0))
def test_adam_steps_by_the_rate_however_small_the_slope(slope):
    weight = nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.Adam([weight], lr=0.01)
    off = []
    for steps in range(1, 21):
        weight.grad = torch.full((1,), slope)
        optimizer.step()
        off.append(abs(weight.item() / (-0.01 * steps) - 1))
    claim("farthest from the rate, as a share of it", max(off), "<", 1e-3)


@pytest.mark.parametrize("size", (0.001, 1.0, 100.0))
def test_adam_soon_hardly_moves_a_weight_whose_slopes_go_up_and_down(size):
    weight = nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.Adam([weight], lr=0.01)
    moved = []
    for step in range(40):
        before = weight.item()
        weight.grad = torch.full((1,), size if step % 2 else -size)
        optimizer.step()
        moved.append(abs(weight.item() - before) / 0.01)
    claim("first step, as a share of the rate", moved[0], ">", 0.9)
    claim("farthest of the last ten, as a share of the rate", max(moved[-10:]), "<", 0.2)


def test_weight_decay_takes_a_ten_thousandth_off_in_a_step():
    weight = nn.Parameter(torch.full((1,), 8.0))
    optimizer = torch.optim.AdamW([weight], lr=0.01)
    weight.grad = torch.zeros(1)
    optimizer.step()
    claim_near(
        "what it takes off, in ten-thousandths", (1 - weight.item() / 8) * 1e4, 1, within=0.01
    )


@five_seeds
def test_most_words_are_rare_and_rare_words_have_small_slopes(seed, new_model, new_batch, train):
    model, batch = new_model(seed), new_batch(seed)
    vocab_size = len(model.embedding.weight)
    rare = (train.token_ids.bincount(minlength=vocab_size)[1:] <= 10).float().mean()
    claim("share of rare words", rare, ">", 0.5)
    loss_of(model, batch).backward()
    slopes = model.embedding.weight.grad.norm(dim=1)  # (vocab_size,)
    counts = batch.token_ids.bincount(minlength=vocab_size)  # (vocab_size,)
    quotient = slopes[counts == 1].mean() / slopes[counts >= 20].mean()
    claim("slope of a rare word by a common one's", quotient, "<", 1 / 2)


# ----------------------------------------------------------------- 500 steps, batch of 64


@pytest.fixture(scope="module")
def curves(train, vocabulary):
    """The loss of each step, by optimizer and learning rate, for five seeds."""

    def learn(kind, rate, seed):
        generator = torch.Generator().manual_seed(seed)
        model = TextClassifier(len(vocabulary), 4, generator=generator)
        optimizer = kind(model.parameters(), lr=rate, fused=True)
        loader = make_loader(train, 64, shuffle=True, seed=seed)
        history = []
        while len(history) < STEPS:
            history += [train_step(model, batch, optimizer).loss for batch in loader]
        return history[:STEPS]

    torch.set_num_threads(1)
    runs = [("SGD", 0.01), ("SGD", 3.0), ("SGD", 50.0), ("AdamW", 0.01)]
    return {
        (kind, rate): [learn(getattr(torch.optim, kind), rate, seed) for seed in range(5)]
        for kind, rate in runs
    }


def mean(losses):
    return sum(losses) / len(losses)


def below(history, level):
    return next(step for step, loss in enumerate(history) if loss < level)


def test_too_small_a_rate_stays_at_the_chance_level(curves):
    for seed, history in enumerate(curves["SGD", 0.01]):
        claim(f"farthest, seed {seed}", max(abs(loss - CHANCE) for loss in history), "<", 0.05)


def test_a_good_rate_learns(curves):
    for seed, history in enumerate(curves["SGD", 3.0]):
        claim_near(f"at first, seed {seed}", mean(history[:50]), CHANCE, within=0.05)  # it waits
        claim(f"at the end, seed {seed}", mean(history[-25:]), "<", CHANCE / 2)
        claim(f"highest, seed {seed}", max(history), "<", 2)  # it never leaves the picture


def test_too_large_a_rate_blows_up_within_a_few_steps(curves):
    for seed, history in enumerate(curves["SGD", 50.0]):
        first = next(step for step, loss in enumerate(history) if not loss < 4)
        claim(f"first step out of the picture, seed {seed}", first, "<", 10)
        finite = [loss for loss in history[10:] if math.isfinite(loss)]
        claim(f"lowest after ten steps, seed {seed}", min(finite, default=math.inf), ">", 4)
        assert all(map(math.isnan, history[-25:]))  # once NaN, always NaN


@five_seeds
def test_too_large_a_rate_jumps_to_where_it_is_ever_steeper(seed, new_model, train):
    model = new_model(seed)
    optimizer = torch.optim.SGD(model.parameters(), lr=50.0)
    batches = iter(make_loader(train, 64, shuffle=True, seed=seed))
    steepness = []
    for _ in range(6):
        train_step(model, next(batches), optimizer)
        slopes = nn.utils.parameters_to_vector(p.grad for p in model.parameters())
        steepness.append(slopes.norm().item())
    claim("steeper by the factor", steepness[-1] / steepness[0], ">", 10)


def test_adamw_needs_less_than_half_the_steps(curves):
    pairs = zip(curves["SGD", 3.0], curves["AdamW", 0.01], strict=True)
    for seed, (sgd, adamw) in enumerate(pairs):
        fast, slow = below(adamw, CHANCE / 2), below(sgd, CHANCE / 2)
        claim_near(f"steps of AdamW, seed {seed}", fast, 35, within=10)
        claim_near(f"steps of SGD, seed {seed}", slow, 300, within=60)
        claim(f"steps, seed {seed}", fast / slow, "<", 1 / 2)
        claim(f"AdamW soon, seed {seed}", mean(adamw[50:75]), "<", 0.5)  # almost at once
        claim(f"SGD soon, seed {seed}", mean(sgd[50:75]), ">", 0.5)
        end = mean(adamw[-25:]) - mean(sgd[-25:])
        claim(f"AdamW less SGD at the end, seed {seed}", end, "<", 0)


def test_the_five_lines_of_the_page_are_a_train_step(train, new_model):
    (source,) = [c.source for c in nbformat.read(NOTEBOOK, 4).cells if c.id == "five-lines"]
    page = {"make_loader": make_loader, "F": F, "train": train}
    exec(source, page)  # what a reader runs
    model, twin = new_model(0), new_model(0)
    shown = page["learn"](model, torch.optim.SGD(model.parameters(), lr=3.0), steps=20)
    optimizer = torch.optim.SGD(twin.parameters(), lr=3.0)
    batches = iter(make_loader(train, 64, shuffle=True))
    assert shown == [train_step(twin, next(batches), optimizer).loss for _ in range(20)]
