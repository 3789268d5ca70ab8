"""What lesson 07 says about curves, luck and mistakes, over several seeds."""

import math
import re
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
import torch
from claims import claim, claim_near

from lessons.loaders import EncodedStories, make_loader
from lessons.model import Classifier, TextClassifier, classify
from lessons.split import split
from lessons.text import Vocabulary, tokenize
from lessons.validation import Epoch, best, fit, predict

SEEDS = range(5)
NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "07_results.ipynb"
CELLS = {cell.id: cell.source for cell in nbformat.read(NOTEBOOK, as_version=4).cells}


def learn(parts, vocabulary, seed, rate=1e-2, batch_size=128, epochs=10):
    train, validation, _ = (EncodedStories(part, vocabulary) for part in parts)
    model = TextClassifier(len(vocabulary), 4, generator=torch.Generator().manual_seed(seed))
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate, fused=True)
    loaders = make_loader(train, batch_size, True, seed), make_loader(validation, 128)
    events = fit(model, *loaders, optimizer, epochs)
    return model, [event for event in events if isinstance(event, Epoch)]


def run_of(stories, seed):
    """The lesson's training and test, with a seed for the split, the weights and the order."""
    parts = split(stories, seed=seed)
    vocabulary = Vocabulary.build(parts.train.texts)
    model, history = learn(parts, vocabulary, seed)
    labels = EncodedStories(parts.test, vocabulary).labels
    probabilities = predict(model, make_loader(EncodedStories(parts.test, vocabulary), 128))
    confidence, guesses = probabilities.max(dim=1)
    wrong = (guesses != labels).nonzero().flatten()
    surest = wrong[confidence[wrong].argsort(descending=True)][:3].tolist()
    return SimpleNamespace(
        parts=parts,
        vocabulary=vocabulary,
        model=model,
        history=history,
        labels=labels,
        probabilities=probabilities,
        confidence=confidence,
        guesses=guesses,
        wrong=wrong,
        surest=surest,
    )


@pytest.fixture(scope="module")
def runs(stories):
    torch.set_num_threads(1)
    return [run_of(stories, seed) for seed in SEEDS]


# ---------------------------------------------------------------------------- the curves


def test_the_loss_still_falls_when_the_accuracy_is_flat(runs):
    for seed, run in enumerate(runs):
        middle, last = run.history[5].train, run.history[9].train
        claim(f"accuracy in the middle, seed {seed}", middle.accuracy, ">", 0.995)
        claim_near(f"last accuracy, seed {seed}", last.accuracy, middle.accuracy, within=0.005)
        claim(f"last loss by that in the middle, seed {seed}", last.loss / middle.loss, "<", 1 / 2)


def test_the_first_validation_goes_better_than_the_first_training(runs):
    for seed, run in enumerate(runs):
        first = run.history[0]
        better = first.validation.accuracy - first.train.accuracy
        claim(f"accuracy better by, seed {seed}", better, ">", 0.1)
        quotient = first.validation.loss / first.train.loss
        claim(f"validation loss by training loss, seed {seed}", quotient, "<", 1)


def test_after_ten_epochs_validation_hardly_gets_better(runs):
    for seed, run in enumerate(runs):
        losses = [epoch.validation.loss for epoch in run.history]
        falls = [before - after for before, after in pairwise(losses)]
        claim(f"least fall, seed {seed}", min(falls), ">", 0)  # the best epoch is the last
        claim(f"fall at the end, seed {seed}", losses[7] - losses[9], "<", 0.03)
        claim(f"fall at first, seed {seed}", falls[0], ">", 0.03)
        scores = [epoch.validation.accuracy for epoch in run.history[7:]]
        claim(f"highest less lowest accuracy, seed {seed}", max(scores) - min(scores), "<", 0.03)


def test_two_epochs_are_too_few(runs):
    for seed, run in enumerate(runs):
        second, last = run.history[1], run.history[9]
        claim(f"second, seed {seed}", second.train.loss, ">", 1)  # high even in training
        quotient = second.train.loss / last.train.loss
        claim(f"second by last, seed {seed}", quotient, ">", 10)
        quotient = second.validation.loss / last.validation.loss
        claim(f"second by last in validation, seed {seed}", quotient, ">", 2)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_hundredth_of_the_rate_hardly_moves_the_loss(runs, seed):
    _, slow = learn(runs[seed].parts, runs[seed].vocabulary, seed, rate=1e-4)
    claim("fall in ten epochs", slow[0].train.loss - slow[9].train.loss, "<", 0.05)
    claim("last", slow[9].train.loss, ">", 1.3)  # high even in training
    quotient = slow[9].validation.loss / math.log(4)  # as good as no knowledge at all
    claim("last in validation, by a die's", quotient, ">", 0.95)
    lead = runs[seed].history[1].validation.accuracy - slow[9].validation.accuracy
    claim("lead of two epochs at the full rate", lead, ">", 0)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_hundred_stories_at_a_high_rate_are_learned_by_heart(runs, seed):
    parts = runs[seed].parts
    thin = parts._replace(train=parts.train.pick(range(100)))
    _, history = learn(thin, runs[seed].vocabulary, seed, rate=1e-1, batch_size=16)
    assert history[9].train.accuracy == 1
    claim("accuracy in validation", history[9].validation.accuracy, "<", 0.75)
    claim("best epoch", best(history).number, "<", 5)
    worse = history[9].validation.loss / best(history).validation.loss
    claim("last by best loss in validation", worse, ">", 1.1)


# ----------------------------------------------------------------------- luck and margins


def test_the_best_of_forty_dice_is_flattered():
    flattery, left = [], []
    for seed in range(200):
        generator = torch.Generator().manual_seed(seed)
        validation_scores, test_scores = (
            (torch.randint(4, (40, 200), generator=generator) == 0).float().mean(dim=1)
            for _ in range(2)
        )
        chosen = validation_scores.argmax()
        flattery.append((validation_scores[chosen] - 0.25).item())
        left.append((test_scores[chosen] - 0.25).item())
    claim("least flattery", min(flattery), ">", 0.02)
    claim("mean flattery", sum(flattery) / 200, ">", 0.05)
    claim_near("mean of what is left", sum(left) / 200, 0, within=0.01)


def test_the_best_of_ten_epochs_flatters_less_than_the_luck_of_the_questions(runs, stories):
    more = [*runs, *(run_of(stories, seed) for seed in range(5, 10))]
    flattery = [
        best(run.history).validation.accuracy - (run.guesses == run.labels).float().mean().item()
        for run in more
    ]
    claim_near("mean", sum(flattery) / len(more), 0, within=0.02)
    claim("least", min(flattery), "<", 0)  # the test goes better or worse
    claim("most", max(flattery), ">", 0)


@pytest.mark.parametrize("share", [0.25, 0.85, 0.94])
def test_the_margin_holds_in_19_of_20_test_sets(share):
    torch.manual_seed(0)
    scores = torch.distributions.Binomial(200, torch.tensor(share)).sample((20_000,)) / 200
    margins = 2 * (scores * (1 - scores) / 200).sqrt()  # each test set has only its own score
    held = ((scores - share).abs() <= margins).float().mean()
    claim_near("held", held, 0.95, within=0.025)


# --------------------------------------------------------------------------- the mistakes


def test_the_table_and_its_shares_are_those_of_scikit_learn(runs):
    from sklearn.metrics import confusion_matrix, precision_recall_fscore_support  # takes a second

    for run in runs:
        scope = {"torch": torch, "names": run.parts.test.names, "guesses": run.guesses}
        scope |= {"test": SimpleNamespace(labels=run.labels), "right": run.guesses == run.labels}
        exec(CELLS["count"] + "\n" + CELLS["per-class"], scope)
        expected = confusion_matrix(run.labels, run.guesses)
        assert scope["counts"].tolist() == expected.tolist()
        precision, recall, *_ = precision_recall_fscore_support(run.labels, run.guesses)
        for share, theirs in (("precision", precision), ("recall", recall)):
            torch.testing.assert_close(scope[share], torch.tensor(theirs, dtype=torch.float32))


def test_the_most_frequent_mix_ups_are_named(runs, capsys):
    from sklearn.metrics import confusion_matrix  # takes a second

    for run in runs:
        counts = torch.from_numpy(confusion_matrix(run.labels, run.guesses))
        names = run.parts.test.names
        exec(CELLS["most-frequent"], {"counts": counts, "names": names})
        pairs = [(a, b) for a in range(4) for b in range(4) if a != b]
        most = max(counts[pair].item() for pair in pairs)
        assert capsys.readouterr().out.splitlines() == [
            f"{names[a]} taken for {names[b]}: ≈ {most} of {counts[a].sum()}"
            for a, b in pairs
            if counts[a, b] == most
        ]


def test_a_class_without_guesses_or_without_stories_is_said_so_in_words(capsys):
    counts = torch.tensor([[3, 0, 1], [1, 0, 0], [0, 0, 0]])
    exec(CELLS["per-class"], {"counts": counts, "names": ("a", "b", "c")})
    table = capsys.readouterr().out.splitlines()
    assert [line.split() for line in table[1:4]] == [
        ["a", "≈", "75%", "≈", "75%"],
        ["b", "never", "guessed", "≈", "0%"],
        ["c", "≈", "0%", "none", "in", "the", "test", "set"],
    ]
    assert table[4:] == ["lowest precision: c, ≈ 0%", "lowest recall: b, ≈ 0%"]


def test_it_is_less_sure_when_it_is_wrong(runs):
    for seed, run in enumerate(runs):
        right = run.guesses == run.labels
        surer = run.confidence[right].mean() - run.confidence[run.wrong].mean()
        claim(f"surer when right by, seed {seed}", surer, ">", 0.1)


def test_stories_between_two_topics_are_wrong_more_often(runs):
    file = files("lessons.sources") / "mini_news/stories.tsv"
    lines = file.read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines[1:]]
    between = {f"{title} {lead}" for _, other, title, lead in rows if other != "-"}
    texts = [text for run in runs for text in run.parts.test.texts]
    mistakes = [run.parts.test.texts[row] for run in runs for row in run.wrong]
    share = sum(text in between for text in texts) / len(texts)
    of_mistakes = sum(text in between for text in mistakes) / len(mistakes)
    claim("share of the mistakes by share of the stories", of_mistakes / share, ">", 1.5)


def contributions(run, row):
    """What each token of a story adds to the logit of the guess, over that of the right class."""
    embedding, linear = run.model.embedding.weight.detach(), run.model.linear.weight.detach()
    direction = linear[run.guesses[row]] - linear[run.labels[row]]
    tokens = tokenize(run.parts.test.texts[row])
    token_ids = run.vocabulary.encode(run.parts.test.texts[row])
    return [(t, (embedding[n] @ direction).item()) for t, n in zip(tokens, token_ids, strict=True)]


def test_the_contributions_of_the_words_add_up_to_the_models_answer(runs):
    for seed, run in enumerate(runs):
        apart = []
        for row in run.surest:
            values = [value for _, value in contributions(run, row)]
            bias = run.model.linear.bias.detach()
            guess, label = run.guesses[row], run.labels[row]
            difference = sum(values) / len(values) + bias[guess] - bias[label]
            probabilities = run.probabilities[row]
            expected = (probabilities[guess] / probabilities[label]).log().item()
            apart.append(abs(difference.item() - expected))
        claim(f"largest difference, seed {seed}", max(apart), "<", 1e-3)


def test_words_that_mislead_stand_mainly_in_stories_of_the_guessed_topic(runs):
    most, shares = 0, []
    for run in runs:
        train_words = [set(tokenize(text)) for text in run.parts.train.texts]
        for row in run.surest:
            known = {t: v for t, v in contributions(run, row) if t in run.vocabulary.token_to_id}
            for word in sorted(known, key=known.get, reverse=True)[:3]:
                holders = [
                    label
                    for words, label in zip(train_words, run.parts.train.labels, strict=True)
                    if word in words
                ]
                shares.append(holders.count(run.guesses[row].item()) / len(holders))
                most += shares[-1] > 0.5
    assert len(shares) == 45
    claim("mean share", sum(shares) / 45, ">", 0.5)  # one in four, if the words did not lean
    claim("words that lean so", sum(share > 0.25 for share in shares), ">", 42)
    claim("words of which most do", most, ">", 45 / 2)


def test_a_sentence_that_is_no_news_is_given_a_topic_all_the_same(runs):
    for seed, run in enumerate(runs):
        classifier = Classifier(run.model, run.vocabulary, run.parts.train.names)
        answer = classify(classifier, "My cat sleeps on the warm window sill all day")
        claim_near(f"sum, seed {seed}", sum(answer.values()), 1, within=1e-5)
        claim(f"surest, seed {seed}", max(answer.values()), ">", 0.4)
        bank = classify(classifier, "Bank lifts interest rates as home loans grow costlier")
        assert max(bank, key=bank.get) == "Business"


# ---------------------------------------------------------------------------- the pipeline


def test_the_pipeline_has_24_lines_and_each_names_its_lesson():
    code = CELLS["first-half"] + "\n" + CELLS["second-half"]
    lines = [line for line in code.splitlines() if line]
    assert len(lines) == 24
    assert all(re.search(r"  # 0[1-7]", line) for line in lines)
