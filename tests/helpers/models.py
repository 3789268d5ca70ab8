"""A model with all that it needs to be trained, and all the weights of a model at once."""

import torch
from torch import nn

from lessons.loaders import EncodedStories, make_loader
from lessons.model import TextClassifier
from lessons.text import Vocabulary


def training_setup(parts, learning_rate=5e-3, seed=0, batch_size=64):
    """A model, its loaders for training and validation, and its optimizer, all from one seed."""
    vocabulary = Vocabulary.build(parts.train.texts)
    train, validation = (
        EncodedStories(part, vocabulary) for part in (parts.train, parts.validation)
    )
    model = TextClassifier(len(vocabulary), 4, 16, torch.Generator().manual_seed(seed))
    loaders = make_loader(train, batch_size, True, seed), make_loader(validation, 64)
    return model, *loaders, torch.optim.AdamW(model.parameters(), lr=learning_rate)


def weights(model):
    """All parameters in one vector, to compare them."""
    return nn.utils.parameters_to_vector(model.parameters()).detach().clone()
