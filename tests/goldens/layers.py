"""Ops that layers are made of: embedding, bilinear, prelu with a slope a channel, and linear."""

import torch
from golden import Family, integers, normal, uniform
from torch.nn import functional


def embeddings(family):
    def embedding(ids, w, padding):
        return functional.embedding(ids, w, padding)

    for name, ids, rows, size, padding in (("flat", [1, 0, 2, 1], 3, 2, None), ("one", 2, 3, 2, None),
                                           ("batch", [[1, 1], [3, 0]], 4, 3, None),
                                           ("padding", [[1, 0, 1], [2, 2, 0]], 3, 2, 1),
                                           ("padding_from_the_end", [2, 0, 2], 3, 2, -1)):
        # Twice differentiable in torch without padding only.
        family.case("embedding", name, embedding, integers(ids), normal(rows, size), args={"padding": padding},
                    order=2 if padding is None else 1, differences_agree=padding is None)


def products(family):
    for name, lead in (("rows", (3,)), ("one", ()), ("batch", (2, 2)), ("no_rows", (0,))):
        for suffix, bias in (("", [normal(2)]), ("_plain", [])):
            if 0 not in lead:  # torch cannot
                family.case("bilinear", name + suffix, lambda a, b, w, *bias: functional.bilinear(a, b, w, *bias),
                            normal(*lead, 3), normal(*lead, 2), normal(2, 3, 2), *bias)
            family.case("linear", name + suffix, lambda x, w, *bias: functional.linear(x, w, *bias), normal(*lead, 3),
                        normal(2, 3), *bias)


def slopes(family):
    for name, shape in (("matrix", (3, 2)), ("images", (2, 3, 2, 2))):
        family.case("PReLU", name, lambda x, w: functional.prelu(x, w), uniform(0.1, 2, *shape), normal(shape[1]))
        family.case("PReLU", name + "_below", lambda x, w: functional.prelu(x, w), uniform(-2, -0.1, *shape),
                    normal(shape[1]))


def write(directory):
    family = Family("layers")
    embeddings(family)
    products(family)
    slopes(family)
    family.write(directory)
    return family
