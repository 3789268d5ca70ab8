"""All the weights of a model at once, to compare them."""

from torch import nn


def weights(model):
    return nn.utils.parameters_to_vector(model.parameters()).detach().clone()
