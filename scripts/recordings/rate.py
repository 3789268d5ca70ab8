"""*Steps down the slope*: the loss of a batch along one weight as a formula with few numbers.

Of a story whose other logits are fixed, cross-entropy depends on the bias `w` of the first class as
`log(1 + exp(lead + w))`, minus `w` if it is the right class, plus a constant.
"""

from typing import Any

import torch

from lessons.loaders import Batch
from lessons.model import TextClassifier
from lessons.panels.learning_rate import HARDLY, RATES, START, WORDS, RatePanel, untrained
from lessons.sources import load_split
from scripts.recordings import facts


def belongs_to() -> dict[str, Any]:
    """The stories, the first weights, and where the walk begins."""
    return {**facts(), "start": START, "rates": [*RATES], "hardly": HARDLY}


def record() -> dict[str, Any]:
    """The numbers of the formula, and the words."""
    return {
        "words": {"title": RatePanel.title, **WORDS},
        "rates": [*RATES],
        "start": START,
        "hardly": HARDLY,
        **formula(*untrained(load_split("mini-news"))),
    }


def formula(model: TextClassifier, batch: Batch) -> dict[str, Any]:
    """The loss is the mean of `log(1 + exp(leads + w))`, minus `share * w`, plus `constant`."""
    with torch.no_grad():
        logits = model(batch.token_ids, batch.offsets).double()  # (stories, classes)
    logits[:, 0] -= model.linear.bias[0].item()
    others = logits[:, 1:].logsumexp(dim=1)  # (stories,)
    leads, right = logits[:, 0] - others, logits.gather(1, batch.labels[:, None])[:, 0]
    return {
        "leads": [round(lead, 7) for lead in leads.tolist()],
        "share": (batch.labels == 0).double().mean().item(),
        "constant": round((others - right).mean().item(), 7),
    }
