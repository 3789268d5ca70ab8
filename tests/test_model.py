"""The model against arithmetic on its own weights."""

import math

import pytest
import torch

from lessons.model import Classifier, TextClassifier, classify, word_pulls
from lessons.text import Vocabulary


def test_the_logits_are_a_weighted_mean_of_vectors():
    model = TextClassifier(words=10, classes=3, width=4)
    tokens, offsets = torch.tensor([1, 2, 3, 9, 9]), torch.tensor([0, 3])
    vectors, weight, bias = (parameter.detach() for parameter in model.parameters())
    means = torch.stack([vectors[[1, 2, 3]].mean(0), vectors[9]])
    torch.testing.assert_close(model(tokens, offsets), means @ weight.T + bias)


def test_the_first_weights_are_small_and_even():
    model = TextClassifier(words=2000, classes=4)
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


@pytest.fixture
def classifier():
    vocabulary = Vocabulary.of(["<unk>", "goal", "shares"])
    return Classifier(TextClassifier(3, 2), vocabulary, ("Sports", "Business"))


def test_classify_is_the_softmax_of_the_logits(classifier):
    logits = classifier.model(torch.tensor([1, 0]), torch.tensor([0]))[0].tolist()
    sports, business = (math.exp(logit) for logit in logits)
    chances = classify(classifier, "Goal scored")
    assert list(chances) == ["Sports", "Business"]
    assert chances["Sports"] == pytest.approx(sports / (sports + business))
    assert sum(chances.values()) == pytest.approx(1)


@pytest.mark.parametrize("text", ["", "zzz yyy"])
def test_a_text_with_no_known_word(classifier, text):
    with pytest.raises(ValueError, match=r"knows none of the words in .*Try a longer text"):
        classify(classifier, text)


def test_the_pulls_of_the_words_and_the_biases_are_the_logits():
    vocabulary = Vocabulary.of(["<unk>", "good", "bad"])
    model = TextClassifier(3, 2, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        model.linear.bias += torch.tensor([0.5, -1.0])
    pulls = word_pulls(Classifier(model, vocabulary, ("yes", "no")), "Good, bad bad news!")
    assert [word for word, _ in pulls] == ["good", ",", "bad", "bad", "news", "!"]
    numbers = torch.tensor(vocabulary.encode("Good, bad bad news!"))
    logits = model(numbers, torch.tensor([0]))[0]
    together = torch.stack([pull for _, pull in pulls]).sum(dim=0) + model.linear.bias
    assert torch.allclose(together, logits, atol=1e-6)


def test_a_text_without_words_pulls_nowhere():
    classifier = Classifier(TextClassifier(1, 2), Vocabulary.of(["<unk>"]), ("yes", "no"))
    with pytest.raises(ValueError, match="no words. Type a headline"):
        word_pulls(classifier, ' " ; ')
