"""Layer, batch, group, instance and root-mean-square normalisation."""

import torch
from golden import Family, floats, normal, uniform
from torch.nn import functional

OFFSET = 1000.0


def standard(x, axes, eps):
    centred = x - x.mean(axes, keepdim=True)
    return centred / torch.sqrt((centred * centred).mean(axes, keepdim=True) + eps)


def affine(family, op, name, normalized, torchs, x, channels, args):
    """With weight and bias; for matrices also with a weight only, with a bias only, with neither. torch 1.13 cannot differentiate its own
    functions twice in each case, so the formula is written out; its values are checked against torch's function."""

    def call(x, *others, has_weight, has_bias, **rest):
        others = list(others)
        w = others.pop(0) if has_weight else None
        b = others.pop(0) if has_bias else None
        y = normalized(x, **rest)
        wide = channels if op == "layer_norm" else (1, -1) + (1,) * (x.dim() - 2)
        y = y if w is None else y * w.view(wide)
        y = y if b is None else y + b.view(wide)
        with torch.no_grad():
            torch.testing.assert_close(y, torchs(x, w, b, **rest), rtol=1e-9, atol=1e-9)
        return y

    variants = [("", True, True), ("_weight", True, False), ("_bias", False, True), ("_plain", False, False)]
    for suffix, has_weight, has_bias in variants if name in ("rows", "matrix") else variants[:1]:
        inputs = [x] + [uniform(0.5, 2, *channels)] * has_weight + [normal(*channels)] * has_bias
        family.case(op, name + suffix, call, *inputs,
                    args={**args, "has_weight": has_weight, "has_bias": has_bias},
                    differences_agree=name != "offset")


def layer_norms(family):
    def torchs(x, w, b, shape, eps):
        return functional.layer_norm(x, shape, w, b, eps)

    def layer_norm(x, shape, eps):
        return standard(x, tuple(range(-len(shape), 0)), eps)

    for name, x, shape in (("row", (4,), (4,)), ("rows", (3, 4), (4,)), ("two_axes", (2, 2, 3), (2, 3)),
                           ("one", (2, 1), (1,)), ("wide", (2, 19), (19,)), ("no_rows", (0, 3), (3,))):
        affine(family, "layer_norm", name, layer_norm, torchs, normal(*x), shape, {"shape": shape, "eps": 1e-3})
    affine(family, "layer_norm", "eps", layer_norm, torchs, normal(2, 3), (3,), {"shape": (3,), "eps": 0.5})
    affine(family, "layer_norm", "constant", layer_norm, torchs, floats([[2.5, 2.5, 2.5], [0, 0, 0]]), (3,),
           {"shape": (3,), "eps": 0.1})
    affine(family, "layer_norm", "offset", layer_norm, torchs,
           floats([[OFFSET, OFFSET + 1, OFFSET - 2, OFFSET + 0.5]]), (4,), {"shape": (4,), "eps": 1e-5})


def rms_norms(family):
    def rms_norm(x, w, b, shape, eps):
        axes = tuple(range(-len(shape), 0))
        y = x * torch.rsqrt((x * x).mean(axes, keepdim=True) + eps)
        return y if w is None else y * w

    for name, x, shape in (("row", (4,), (4,)), ("rows", (3, 4), (4,)), ("two_axes", (2, 2, 3), (2, 3)),
                           ("wide", (2, 19), (19,))):
        for suffix, has_weight in (("", True), ("_plain", False)):
            weights = [uniform(0.5, 2, *shape)] * has_weight
            family.case("rms_norm", name + suffix,
                        lambda x, *w, shape, eps: rms_norm(x, w[0] if w else None, None, shape, eps), normal(*x),
                        *weights, args={"shape": shape, "eps": 1e-3})


def batch_norms(family):
    def torchs(x, w, b, eps):
        return functional.batch_norm(x, None, None, w, b, True, 0.1, eps)

    def training(x, eps):
        return standard(x, (0,) + tuple(range(2, x.dim())), eps)

    for name, x in (("matrix", (4, 3)), ("signals", (2, 3, 4)), ("images", (2, 2, 3, 2)), ("volumes", (2, 2, 1, 2, 2)),
                    ("one_sample", (1, 3, 4)), ("one_channel", (5, 1)), ("many_columns", (3, 66)),
                    ("long", (2, 2, 19))):
        affine(family, "batch_norm", name, training, torchs, normal(*x), (x[1],), {"eps": 1e-3})
    affine(family, "batch_norm", "eps", training, torchs, normal(3, 2), (2,), {"eps": 0.5})
    affine(family, "batch_norm", "offset", training, torchs,
           floats([[OFFSET, 1], [OFFSET + 2, -1], [OFFSET - 1, 3]]), (2,), {"eps": 1e-5})

    def evaluation(x, mean, variance, w, b, eps):
        return functional.batch_norm(x, mean, variance, w, b, False, 0.1, eps)

    def composed(x, mean, variance, w, b, eps):
        wide = [1, -1] + [1] * (x.dim() - 2)
        y = (x - mean.view(wide)) / torch.sqrt(variance.view(wide) + eps)
        y = y if w is None else y * w.view(wide)
        return y if b is None else y + b.view(wide)

    for name, x in (("matrix", (3, 2)), ("images", (2, 2, 2, 3)), ("no_rows", (0, 2))):
        for suffix, has_weight, has_bias in (("", True, True), ("_weight", True, False), ("_bias", False, True),
                                             ("_plain", False, False)):
            channels = x[1]

            def call(x, mean, variance, *rest, has_weight, has_bias, eps):
                rest = list(rest)
                w = rest.pop(0) if has_weight else None
                b = rest.pop(0) if has_bias else None
                y = composed(x, mean, variance, w, b, eps)
                with torch.no_grad():
                    torch.testing.assert_close(y, evaluation(x, mean, variance, w, b, eps), rtol=1e-12, atol=1e-12)
                return y

            family.case("batch_norm_eval", name + suffix, call, normal(*x), normal(channels),
                        uniform(0.5, 2, channels), *[uniform(0.5, 2, channels)] * has_weight,
                        *[normal(channels)] * has_bias,
                        args={"eps": 1e-3, "has_weight": has_weight, "has_bias": has_bias})


def group_norms(family):
    def torchs(x, w, b, groups, eps):
        return functional.group_norm(x, groups, w, b, eps)

    def group_norm(x, groups, eps):
        return standard(x.view(x.shape[0], groups, -1), (2,), eps).view(x.shape)

    for name, x, groups in (("matrix", (2, 6), 2), ("signals", (2, 4, 3), 2), ("images", (2, 4, 2, 2), 4),
                            ("one_group", (2, 3, 4), 1)):
        affine(family, "group_norm", name, group_norm, torchs, normal(*x), (x[1],), {"groups": groups, "eps": 1e-3})

    def torchs_instance(x, w, b, eps):
        return functional.instance_norm(x, None, None, w, b, True, 0.1, eps)

    def instance_norm(x, eps):
        return standard(x, tuple(range(2, x.dim())), eps)

    for name, x in (("signals", (2, 3, 4)), ("images", (2, 2, 3, 2)), ("long", (1, 2, 21))):
        affine(family, "instance_norm", name, instance_norm, torchs_instance, normal(*x), (x[1],), {"eps": 1e-3})


def write(directory):
    family = Family("normalization")
    layer_norms(family)
    rms_norms(family)
    batch_norms(family)
    group_norms(family)
    family.write(directory)
    return family
