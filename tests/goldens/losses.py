"""Losses: values, gradients and second gradients of torch.nn.functional's, in xgrad's layout (classes last)."""

import warnings

import torch
import torch.nn.functional as F
from golden import INF, Family, away_from, floats, integers, normal, uniform

REDUCTIONS = ("mean", "sum", "none")


def plain(function):
    return lambda *x, **args: function(*x, **args)


def signs(*values):
    return floats(list(values))


def regression(family):
    shape = (3, 4)
    for op, function, options in (
        ("mse", F.mse_loss, [{}]), ("l1", F.l1_loss, [{}]),
        ("smooth_l1", F.smooth_l1_loss, [{"beta": 1.0}, {"beta": 0.3}, {"beta": 0.0}]),
        ("huber", F.huber_loss, [{"delta": 1.0}, {"delta": 0.4}]),
    ):
        for number, option in enumerate(options):
            for reduction in REDUCTIONS:
                family.case(op, f"{reduction}_{number}", plain(function), normal(*shape), normal(*shape),
                            args={**option, "reduction": reduction})
    family.case("smooth_l1", "equal", plain(F.smooth_l1_loss), floats([1.0, 2.0]), floats([1.0, 5.0]),
                args={"beta": 1.0, "reduction": "sum"})
    family.case("huber", "equal", plain(F.huber_loss), floats([1.0, 2.0]), floats([1.0, 5.0]),
                args={"delta": 1.0, "reduction": "sum"})
    family.case("l1", "equal", plain(F.l1_loss), floats([1.0, 2.0]), floats([1.0, 5.0]), args={"reduction": "sum"},
                differences_agree=False)


def probabilities(*shape):
    return uniform(0.05, 0.95, *shape)


def reduced(losses, reduction):
    return losses if reduction == "none" else losses.mean() if reduction == "mean" else losses.sum()


def bce(p, y, w=None, reduction="mean"):
    """torch's own second gradient is off by 1e-12, and its constants there are of single precision."""
    losses = -(y * p.log() + (1 - y) * (-p).log1p()) * (1 if w is None else w)
    torch.testing.assert_close(reduced(losses, reduction), F.binary_cross_entropy(p, y, w, reduction=reduction),
                               rtol=1e-14, atol=1e-14)
    return reduced(losses, reduction)


def binary(family):
    for reduction in REDUCTIONS:
        args = {"reduction": reduction}
        family.case("bce", reduction, bce, probabilities(3, 4), probabilities(3, 4), args=args)
        family.case("bce", f"{reduction}_weight", bce, probabilities(3, 4), probabilities(3, 4), uniform(0.5, 2, 4),
                    args=args, fixed=(2,))
        family.case("bce_logits", reduction, plain(F.binary_cross_entropy_with_logits), normal(3, 4),
                    probabilities(3, 4), args=args)
        family.case("bce_logits", f"{reduction}_weight", lambda x, y, w, reduction: F.binary_cross_entropy_with_logits(
            x, y, weight=w, reduction=reduction), normal(3, 4), probabilities(3, 4), uniform(0.5, 2, 4), args=args,
            fixed=(2,))
        family.case("bce_logits_positive", reduction, lambda x, y, c, reduction: F.binary_cross_entropy_with_logits(
            x, y, pos_weight=c, reduction=reduction), normal(3, 4), probabilities(3, 4), uniform(0.5, 2, 4), args=args,
            fixed=(2,))
    family.case("bce", "ends", plain(F.binary_cross_entropy), floats([0.0, 1.0, 0.0, 1.0]),
                floats([0.0, 1.0, 1.0, 0.25]), args={"reduction": "none"}, order=0)
    family.case("bce_logits", "far", plain(F.binary_cross_entropy_with_logits), floats([1000.0, -1000.0, 30.0, -30.0]),
                floats([0.0, 1.0, 1.0, 0.25]), args={"reduction": "none"}, differences_agree=False)


def last(function):
    """Of classes on the last axis, from a function of classes on axis 1."""

    def run(x, *rest, **args):
        moved = x.movedim(-1, 1) if x.ndim > 1 else x
        return function(moved, *rest, **args)

    return run


def among_classes(family):
    label = integers([2, 0, -100, 1])
    weights = uniform(0.5, 2, 3)

    def weighted(function):
        return last(lambda x, y, w, **args: function(x, y, weight=w, **args))

    for reduction in REDUCTIONS:
        args = {"reduction": reduction}
        for smoothing in (0.0, 0.2):
            smooth, name = {**args, "label_smoothing": smoothing}, f"{reduction}_{int(10 * smoothing)}"
            family.case("cross_entropy", name, last(F.cross_entropy), normal(4, 3), label, args=smooth)
            family.case("cross_entropy_weight", name, weighted(F.cross_entropy), normal(4, 3), label, weights,
                        args=smooth, fixed=(2,))
            family.case("cross_entropy", f"of_probabilities_{name}", last(F.cross_entropy), normal(4, 3),
                        uniform(0.1, 1, 4, 3), args=smooth)
            family.case("cross_entropy_weight", f"of_probabilities_{name}", weighted(F.cross_entropy), normal(4, 3),
                        uniform(0.1, 1, 4, 3), weights, args=smooth, fixed=(2,))
        family.case("nll", reduction, last(F.nll_loss), normal(4, 3), label, args=args)
        family.case("nll_weight", reduction, weighted(F.nll_loss), normal(4, 3), label, weights, args=args, fixed=(2,))
    family.case("cross_entropy", "positions", last(F.cross_entropy), normal(2, 2, 3), integers([[0, 2], [1, 1]]),
                args={"reduction": "none", "label_smoothing": 0.1})
    family.case("cross_entropy", "ignored", last(lambda x, y, **args: F.cross_entropy(x, y, **args)), normal(3, 3),
                integers([1, 2, 1]), args={"reduction": "mean", "label_smoothing": 0.0, "ignore_index": 1})
    family.case("cross_entropy", "one_position", last(F.cross_entropy), normal(3), integers(1),
                args={"reduction": "mean", "label_smoothing": 0.0})
    family.case("cross_entropy", "far", last(F.cross_entropy), floats([[1000.0, -1000.0, 0.0], [-1000.0, 1000.0, 1.0]]),
                integers([1, 1]), args={"reduction": "sum", "label_smoothing": 0.0}, differences_agree=False)


def of_distributions(family):
    for reduction in REDUCTIONS:
        args = {"reduction": reduction}
        family.case("kl_div", reduction, plain(F.kl_div), normal(3, 4), probabilities(3, 4),
                    args={**args, "log_target": False})
        family.case("kl_div", f"{reduction}_log_target", plain(F.kl_div), normal(3, 4), normal(3, 4),
                    args={**args, "log_target": True})
        for full in (False, True):
            name = reduction + ("_full" if full else "")
            both = {**args, "full": full, "eps": 1e-6}
            family.case("gaussian_nll", name, plain(F.gaussian_nll_loss), normal(3, 4), normal(3, 4),
                        uniform(0.2, 3, 3, 4), args=both)
            family.case("gaussian_nll", name + "_rows", plain(F.gaussian_nll_loss), normal(3, 4), normal(3, 4),
                        uniform(0.2, 3, 3, 1), args=both)
            for log_input in (False, True):
                family.case("poisson_nll", f"{name}_{'log' if log_input else 'rate'}", plain(F.poisson_nll_loss),
                            normal(3, 4) if log_input else uniform(0.2, 4, 3, 4), away_from([1], 0.1, 5, 3, 4),
                            args={**args, "full": full, "eps": 1e-8, "log_input": log_input})
    family.case("kl_div", "target_0", plain(F.kl_div), normal(4), floats([0.0, 0.5, 0.0, 0.25]),
                args={"reduction": "sum", "log_target": False}, fixed=(1,))
    family.case("gaussian_nll", "small_variance", plain(F.gaussian_nll_loss), floats([0.5, 0.7]), floats([0.6, 0.4]),
                floats([0.001, 2.0]), args={"reduction": "sum", "full": False, "eps": 0.01}, order=1,
                differences_agree=False)


def hinge(x, y, margin, reduction):
    return reduced((margin - y * x).relu(), reduction)


def of_margins(family):
    y = signs(1, -1, -1, 1)
    for reduction in REDUCTIONS:
        for margin in (1.0, 0.3):
            args, name = {"reduction": reduction, "margin": margin}, f"{reduction}_{margin}"
            far = away_from([margin, -margin], -2, 2, 4)
            family.case("hinge", name, hinge, far, y, args=args, fixed=(1,))
            family.case("hinge_embedding", name, plain(F.hinge_embedding_loss), far, y, args=args, fixed=(1,))
            family.case("margin_ranking", name, plain(F.margin_ranking_loss), normal(4), normal(4), y, args=args,
                        fixed=(2,))
            family.case("cosine_embedding", name, plain(F.cosine_embedding_loss), normal(4, 3), normal(4, 3), y,
                        args=args, fixed=(2,))
        for p in (1.0, 2.0, 3.0):
            for swap in (False, True):
                family.case("triplet_margin", f"{reduction}_{int(p)}{'_swap' if swap else ''}",
                            plain(F.triplet_margin_loss), normal(4, 3), normal(4, 3), normal(4, 3),
                            args={"reduction": reduction, "p": p, "swap": swap, "margin": 1.0, "eps": 1e-6})
    family.case("triplet_margin", "largest", plain(F.triplet_margin_loss), normal(4, 3), normal(4, 3), normal(4, 3),
                args={"reduction": "mean", "p": INF, "swap": False, "margin": 0.5, "eps": 1e-3})
    family.case("cosine_embedding", "zeros", plain(F.cosine_embedding_loss), floats([[0.0, 0.0], [1.0, 2.0]]),
                normal(2, 2), signs(1, 1), args={"reduction": "sum", "margin": 0.0}, order=0)


def write(directory):
    warnings.simplefilter("ignore")
    family = Family("losses")
    regression(family)
    binary(family)
    among_classes(family)
    of_distributions(family)
    of_margins(family)
    family.write(directory)
