"""What several unit tests share."""

import pytest
import torch

from lessons.loaders import EncodedStories, make_loader
from lessons.model import TextClassifier
from lessons.text import Vocabulary


@pytest.fixture
def setup(parts):
    """A model, its loaders and its optimizer, all from seed 0."""

    def setup(learning_rate=5e-3, seed=0, batch_size=64):
        vocabulary = Vocabulary.build(parts.train.texts)
        train, validation = (
            EncodedStories(part, vocabulary) for part in (parts.train, parts.validation)
        )
        model = TextClassifier(len(vocabulary), 4, 16, torch.Generator().manual_seed(seed))
        loaders = make_loader(train, batch_size, True, seed), make_loader(validation, 64)
        return model, *loaders, torch.optim.AdamW(model.parameters(), lr=learning_rate)

    return setup
