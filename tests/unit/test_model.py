"""The model against arithmetic on its own weights."""

import math

import pytest
import torch

from lessons.model import Classifier, TextClassifier, check_fits, classify, word_contributions
from lessons.text import Vocabulary


def test_the_logits_are_a_weighted_mean_of_vectors():
    model = TextClassifier(vocab_size=10, num_classes=3, embedding_dim=4)
    token_ids, offsets = torch.tensor([1, 2, 3, 9, 9]), torch.tensor([0, 3])
    vectors, weight, bias = (parameter.detach() for parameter in model.parameters())
    means = torch.stack([vectors[[1, 2, 3]].mean(0), vectors[9]])
    torch.testing.assert_close(model(token_ids, offsets), means @ weight.T + bias)


def test_the_first_weights_are_small_and_even():
    model = TextClassifier(vocab_size=2000, num_classes=4)
    for weight in (model.embedding.weight, model.linear.weight):
        assert weight.abs().max() <= 0.1
        assert weight.std().item() == pytest.approx(0.2 / math.sqrt(12), rel=0.1)  # of a uniform
    assert not model.linear.bias.any()


def test_the_same_seed_gives_the_same_model():
    def weights(seed):
        model = TextClassifier(50, 4, generator=torch.Generator().manual_seed(seed))
        return torch.cat([parameter.flatten() for parameter in model.parameters()])

    assert torch.equal(weights(1), weights(1))
    assert not torch.equal(weights(1), weights(2))


def test_a_sparse_gradient_is_the_dense_one_without_the_rows_of_zeros():
    token_ids, offsets = torch.tensor([1, 2, 1, 9, 9]), torch.tensor([0, 3])
    models = [TextClassifier(10, 3, 4, torch.Generator().manual_seed(0)) for _ in range(2)]
    models[1].embedding.sparse = True
    losses = [model(token_ids, offsets).logsumexp(1).sum() for model in models]
    assert losses[0] == losses[1]
    for loss in losses:
        loss.backward()
    dense, sparse = (model.embedding.weight.grad for model in models)
    assert sparse.coalesce().indices().tolist() == [[1, 2, 9]]
    torch.testing.assert_close(sparse.to_dense(), dense)


@pytest.fixture
def classifier():
    vocabulary = Vocabulary.of(["<unk>", "goal", "shares"])
    return Classifier(TextClassifier(3, 2), vocabulary, ("Sports", "Business"))


def test_classify_is_the_softmax_of_the_logits(classifier):
    logits = classifier.model(torch.tensor([1, 0]), torch.tensor([0]))[0].tolist()
    sports, business = (math.exp(logit) for logit in logits)
    probabilities = classify(classifier, "Goal scored")
    assert list(probabilities) == ["Sports", "Business"]
    assert probabilities["Sports"] == pytest.approx(sports / (sports + business))
    assert sum(probabilities.values()) == pytest.approx(1)


@pytest.mark.parametrize("text", ["", "zzz yyy"])
def test_a_text_with_no_known_word(classifier, text):
    with pytest.raises(ValueError, match=r"knows none of the words in .*Try a longer text"):
        classify(classifier, text)


def test_the_contributions_of_the_words_and_the_biases_are_the_logits():
    vocabulary = Vocabulary.of(["<unk>", "good", "bad"])
    model = TextClassifier(3, 2, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        model.linear.bias += torch.tensor([0.5, -1.0])
    contributions = word_contributions(
        Classifier(model, vocabulary, ("yes", "no")), "Good, bad bad news!"
    )
    assert [word for word, _ in contributions] == ["good", ",", "bad", "bad", "news", "!"]
    numbers = torch.tensor(vocabulary.encode("Good, bad bad news!"))
    logits = model(numbers, torch.tensor([0]))[0]
    together = torch.stack([one for _, one in contributions]).sum(dim=0) + model.linear.bias
    assert torch.allclose(together, logits, atol=1e-6)


def test_a_text_without_words_has_no_contributions():
    classifier = Classifier(TextClassifier(1, 2), Vocabulary.of(["<unk>"]), ("yes", "no"))
    with pytest.raises(ValueError, match="no words. Type a headline"):
        word_contributions(classifier, ' " ; ')


def test_the_contributions_are_those_of_the_vocabularys_own_tokens():
    vocabulary = Vocabulary.build(["水獭", "水獭"], by_character=True)
    classifier = Classifier(TextClassifier(3, 2), vocabulary, ("yes", "no"))
    contributions = dict(word_contributions(classifier, "水獭!"))
    assert list(contributions) == ["水", "獭", "!"]
    vector = classifier.model.embedding.weight[vocabulary.token_to_id["獭"]] / 3
    assert torch.allclose(contributions["獭"], classifier.model.linear.weight @ vector)


@pytest.mark.parametrize(("words", "names"), [(4, "ab"), (2, "ab"), (3, "abc"), (3, "a")])
def test_a_vocabulary_or_names_of_another_model(words, names):
    vocabulary = Vocabulary.of(map(str, range(words)))
    with pytest.raises(ValueError, match=rf"for 3 words and 2 classes, .*has {words} words"):
        Classifier(TextClassifier(3, 2), vocabulary, tuple(names))


@pytest.mark.parametrize(
    ("token_ids", "labels", "why"),
    [
        ([0, 3], [0, 1], "word in the stories has the id 3, but those of the model end at 2"),
        ([0, 2], [0, 2], "class in the stories has the id 2, but those of the model end at 1"),
    ],
)
def test_stories_of_another_vocabulary(token_ids, labels, why):
    with pytest.raises(ValueError, match=why):
        check_fits(TextClassifier(3, 2), torch.tensor(token_ids), torch.tensor(labels))


def test_stories_that_fit():
    model, none = TextClassifier(3, 2), torch.tensor([], dtype=torch.int64)
    check_fits(model, torch.tensor([0, 2]), torch.tensor([1, 0]))
    check_fits(model, none, none)
