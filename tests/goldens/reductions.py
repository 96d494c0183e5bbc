"""Reductions, softmax, running sums and products, sorting."""

import numpy
import torch
from golden import INF, NAN, Family, booleans, floats, integers, normal, uniform

# name: (shape, axes, keepdims); axes None is all of them.
VARIANTS = {
    "scalar": ((), None, False),
    "vector": ((5,), None, False),
    "all": ((2, 3), None, False),
    "all_keepdims": ((2, 3), None, True),
    "axis0": ((3, 2), [0], False),
    "axis1_keepdims": ((3, 2), [1], True),
    "last": ((2, 3, 2), [-1], False),
    "middle_keepdims": ((2, 3, 2), [1], True),
    "outer_pair": ((2, 3, 2), [0, 2], False),
    "inner_pair_keepdims": ((2, 3, 2), [-2, -1], True),
    "four": ((2, 1, 2, 2), [1, 3], False),
    "length_one": ((3, 1), [1], False),
    "no_rows": ((0, 3), [1], False),
}


def every_axis(x, axes):
    return sorted(a % x.ndim for a in axes) if axes is not None else list(range(x.ndim))


def over(reduce_one):
    """A reduction over several axes from one that takes a single axis."""

    def reduce(x, axes, keepdims):
        if x.ndim == 0:
            return reduce_one(x.reshape(1), 0, False)
        for axis in reversed(every_axis(x, axes)):
            x = reduce_one(x, axis, keepdims)
        return x

    return reduce


def direct(function):
    return lambda x, axes, keepdims, **rest: function(x, dim=every_axis(x, axes), keepdim=keepdims, **rest)


total, mean = direct(torch.sum), direct(torch.mean)
amax, amin = direct(torch.amax), direct(torch.amin)
product = over(lambda x, axis, keepdims: torch.prod(x, axis, keepdim=keepdims))
logsumexp = direct(torch.logsumexp)


def var(x, axes, keepdims, ddof):
    return torch.var(x, dim=every_axis(x, axes), correction=ddof, keepdim=keepdims)


def std(x, axes, keepdims, ddof):
    return torch.std(x, dim=every_axis(x, axes), correction=ddof, keepdim=keepdims)


def norm(x, p, axes, keepdims):
    return torch.linalg.vector_norm(x, ord=p, dim=every_axis(x, axes), keepdim=keepdims)


def numpy_for(function, axes, keepdims, **rest):
    return lambda x: function(x, axis=tuple(axes) if axes is not None else None, keepdims=keepdims, **rest)


def basic(family):
    ops = {
        "sum": (total, numpy.sum), "mean": (mean, numpy.mean), "prod": (product, numpy.prod),
        "amax": (amax, numpy.amax), "amin": (amin, numpy.amin), "logsumexp": (logsumexp, None),
    }
    for op, (function, reference) in ops.items():
        for name, (shape, axes, keepdims) in VARIANTS.items():
            family.case(op, name, function, normal(*shape), args={"axes": axes, "keepdims": keepdims},
                        numpy_says=numpy_for(reference, axes, keepdims) if reference else None)
    for op in ("sum", "prod"):
        function, reference = ops[op]
        family.case(op, "empty_axis", function, normal(0, 3), args={"axes": [0], "keepdims": False},
                    numpy_says=numpy_for(reference, [0], False))
        family.case(op, "empty_all", function, normal(2, 0), args={"axes": None, "keepdims": False})
        family.case(op, "integers", function, integers([[1, -2, 3], [4, 5, 6]]), args={"axes": [0], "keepdims": False})
    family.case("sum", "booleans", total, booleans([[True, False], [True, True]]),
                args={"axes": [1], "keepdims": False})
    family.case("mean", "empty_all", mean, normal(0), args={"axes": None, "keepdims": False}, order=0)
    special = floats([[INF, 1.0], [INF, -INF], [NAN, 1.0], [-INF, 2.0]])
    for op in ("sum", "mean", "prod", "amax", "amin"):
        function, reference = ops[op]
        family.case(op, "special", function, special, args={"axes": [1], "keepdims": False}, order=0,
                    numpy_says=numpy_for(reference, [1], False))
    for op in ("amax", "amin"):
        family.case(op, "ties", ops[op][0], floats([[2.0, 1.0, 2.0], [0.0, 0.0, 0.0], [1.0, 3.0, 3.0]]),
                    args={"axes": [1], "keepdims": False}, differences_agree=False)
        family.case(op, "ties_all", ops[op][0], floats([[2.0, 0.0, 2.0], [0.0, 2.0, 1.0]]),
                    args={"axes": None, "keepdims": False}, differences_agree=False)
        family.case(op, "integers", ops[op][0], integers([[1, -2, 3], [4, 5, 6]]), args={"axes": [0], "keepdims": True})


def zeros_and_extremes(family):
    def one_axis(op, name, function, x, order=2, agree=True, **args):
        family.case(op, name, function, floats(x), args={**args, "axes": [1], "keepdims": False}, order=order,
                    differences_agree=agree)

    one_axis("prod", "zeros", product, [[0.0, 2.0, 3.0], [0.0, 2.0, 0.0], [0.0, 0.0, 0.0], [1.5, -2.0, 0.5]])
    one_axis("logsumexp", "far", logsumexp, [[1000.0, 1001.0, 999.5], [-1000.0, -1001.0, -999.5], [1000.0, -1000.0, 0]])
    one_axis("logsumexp", "some_masked", logsumexp, [[-INF, 1.0, 2.0], [0.5, -INF, -INF]], order=1)
    one_axis("logsumexp", "all_masked", logsumexp, [[-INF, -INF], [-INF, 1.0]], order=0)
    one_axis("logsumexp", "infinite", logsumexp, [[INF, 1.0], [2.0, INF]], order=0)


def spread(family):
    for op, function, reference in (("var", var, numpy.var), ("std", std, numpy.std)):
        for name, (shape, axes, keepdims) in VARIANTS.items():
            if name not in ("scalar", "length_one"):
                for ddof in (0, 1) if name in ("vector", "axis0", "outer_pair") else (1,):
                    args = {"axes": axes, "keepdims": keepdims, "ddof": ddof}
                    family.case(op, f"{name}_ddof{ddof}", function, normal(*shape), args=args,
                                numpy_says=numpy_for(reference, axes, keepdims, ddof=ddof))
        one = {"axes": [1], "keepdims": False}
        family.case(op, "single_unbiased", function, normal(2, 1), args={**one, "ddof": 1}, order=0)
        family.case(op, "single_biased", function, normal(2, 1), args={**one, "ddof": 0},
                    order=2 if op == "var" else 1)
        family.case(op, "constant", function, floats([[2.0, 2.0, 2.0], [0.0, 0.0, 0.0]]), args={**one, "ddof": 1},
                    order=2 if op == "var" else 1)
        family.case(op, "offset", function, floats([[1e6 + 0.25, 1e6 - 0.5, 1e6 + 1.0]]), args={**one, "ddof": 1},
                    order=1)


def norms(family):
    for p in (1.0, 2.0, 3.0, 0.5, 1.5, 4.0, INF, -INF, 0.0, -1.0):
        for name in ("vector", "all", "axis0", "middle_keepdims", "outer_pair", "no_rows"):
            if name in ("all", "outer_pair") and p not in (1.0, 2.0, 3.0, INF):
                continue
            shape, axes, keepdims = VARIANTS[name]
            x = uniform(0.3, 2.0, *shape) if p in (0.5, -1.0) else normal(*shape)
            family.case("norm", f"p{p}_{name}", norm, x, args={"p": p, "axes": axes, "keepdims": keepdims})
    one = {"axes": [1], "keepdims": False}
    for p in (1.0, 2.0, 3.0, INF):
        # torch has no finite second derivative here.
        family.case("norm", f"p{p}_zero", norm, floats([[0.0, 0.0, 0.0], [3.0, 0.0, -4.0]]), args={"p": p, **one},
                    order=1)
    family.case("norm", "pinf_ties", norm, floats([[2.0, -2.0, 1.0], [0.5, 0.5, -0.5]]), args={"p": INF, **one},
                order=1)
    family.case("norm", "p2.0_scalar", norm, floats(-1.5), args={"p": 2.0, "axes": None, "keepdims": False})


def with_indices(family):
    axes = {"vector": ((5,), 0, False), "axis0": ((3, 2), 0, False), "axis1_keepdims": ((3, 4), 1, True),
            "last": ((2, 3, 2), -1, False), "no_rows": ((0, 3), 1, False)}
    for op, function in (("max_with_indices", torch.max), ("min_with_indices", torch.min)):
        def pair(x, axis, keepdims):
            return function(x, dim=axis, keepdim=keepdims)

        for name, (shape, axis, keepdims) in axes.items():
            family.case(op, name, pair, normal(*shape), args={"axis": axis, "keepdims": keepdims})
        family.case(op, "ties", pair, floats([[2.0, 1.0, 2.0, 1.0], [0.0, 0.0, 0.0, 0.0]]),
                    args={"axis": 1, "keepdims": False}, differences_agree=False)
    for op, function, reference in (("argmax", torch.argmax, numpy.argmax), ("argmin", torch.argmin, numpy.argmin)):
        def index(x, axis, keepdims):
            return function(x) if axis is None else function(x, dim=axis, keepdim=keepdims)

        for name, (shape, axis, keepdims) in {**axes, "all": ((2, 3), None, False)}.items():
            family.case(op, name, index, normal(*shape), args={"axis": axis, "keepdims": keepdims},
                        numpy_says=lambda x: reference(x, axis=axis, keepdims=keepdims))
        family.case(op, "special", index, floats([[1.0, 2.0, 2.0, 1.0], [INF, -INF, INF, -INF], [1.0, NAN, 5.0, NAN]]),
                    args={"axis": 1, "keepdims": False}, numpy_says=lambda x: reference(x, axis=1))
        family.case(op, "integers", index, integers([[3, 1, 3], [0, 0, -1]]), args={"axis": 1, "keepdims": False})


def softmaxes(family):
    for op, function in (("softmax", torch.softmax), ("log_softmax", torch.log_softmax)):
        def along(x, axis):
            return function(x, dim=axis)

        for name, (shape, axis) in {"vector": ((4,), 0), "axis0": ((3, 2), 0), "axis1": ((2, 3), 1),
                                    "middle": ((2, 3, 2), 1), "last": ((2, 2, 3), -1), "one": ((2, 1), 1),
                                    "no_rows": ((0, 3), 1), "no_columns": ((2, 0), 1)}.items():
            family.case(op, name, along, normal(*shape), args={"axis": axis})
        far = floats([[1000.0, 1001.0, 999.5], [-1000.0, -1001.0, -999.5], [1000.0, -1000.0, 0.0]])
        family.case(op, "far", along, far, args={"axis": 1})
        family.case(op, "some_masked", along, floats([[-INF, 1.0, 2.0], [0.5, -INF, -INF]]), args={"axis": 1}, order=1)


def running(family):
    for op, function, reference in (("cumsum", torch.cumsum, numpy.cumsum), ("cumprod", torch.cumprod, numpy.cumprod)):
        def along(x, axis):
            return function(x, dim=axis)

        for name, (shape, axis) in {"vector": ((5,), 0), "axis0": ((3, 2), 0), "axis1": ((2, 3), 1),
                                    "middle": ((2, 3, 2), 1), "last": ((2, 2, 3), -1), "one": ((2, 1), 1),
                                    "no_rows": ((0, 3), 1), "no_columns": ((2, 0), 1)}.items():
            family.case(op, name, along, normal(*shape), args={"axis": axis},
                        numpy_says=lambda x: reference(x, axis=axis))
        family.case(op, "special", along, floats([[1.0, INF, 2.0, -INF], [1.0, NAN, 2.0, 0.0]]), args={"axis": 1},
                    order=0)
        family.case(op, "integers", along, integers([[1, -2, 3], [4, 5, 6]]), args={"axis": 1})
    zeros = floats([[0.0, 2.0, 3.0, -1.0], [1.5, 0.0, 2.0, 0.5], [2.0, 0.0, 1.0, 0.0], [1.0, 2.0, 3.0, 0.0]])
    family.case("cumprod", "zeros", lambda x, axis: torch.cumprod(x, axis), zeros, args={"axis": 1})


def sorting(family):
    def ordered(x, axis, descending):
        return torch.sort(x, dim=axis, descending=descending, stable=True)

    def values(x, **args):
        return ordered(x, **args).values

    def indices(x, **args):
        return ordered(x, **args).indices

    def best(x, k, axis, largest):
        # The first of equals wins, which torch's own topk does not promise.
        found = ordered(x, axis, largest)
        return found.values.narrow(axis, 0, k), found.indices.narrow(axis, 0, k)

    for op, function in (("sort", values), ("argsort", indices)):
        for name, (shape, axis) in {"vector": ((5,), 0), "axis0": ((4, 2), 0), "last": ((2, 2, 3), -1),
                                    "middle": ((2, 3, 2), 1), "no_rows": ((0, 3), 1),
                                    "no_columns": ((2, 0), 1)}.items():
            family.case(op, name, function, normal(*shape), args={"axis": axis, "descending": False})
        family.case(op, "descending", function, normal(2, 5), args={"axis": 1, "descending": True})
        family.case(op, "ties", function, floats([[2.0, 1.0, 2.0, 1.0, 0.0]]), args={"axis": 1, "descending": False},
                    differences_agree=False)
        family.case(op, "descending_ties", function, floats([[2.0, 1.0, 2.0, 1.0, 0.0]]),
                    args={"axis": 1, "descending": True}, differences_agree=False)
        family.case(op, "special", function, floats([3.0, NAN, 1.0, INF, -INF, 0.0]),
                    args={"axis": 0, "descending": False}, order=1)
        family.case(op, "integers", function, integers([[3, -1, 2], [2, 2, -5]]), args={"axis": 1, "descending": False})
    for name, (shape, k, axis, largest) in {"largest": ((6,), 3, 0, True), "smallest": ((6,), 2, 0, False),
                                            "axis0": ((4, 2), 2, 0, True), "axis1": ((2, 4), 2, 1, True),
                                            "last": ((2, 2, 3), 1, -1, False), "all": ((3,), 3, 0, True),
                                            "none": ((3,), 0, 0, True)}.items():
        family.case("topk", name, best, normal(*shape), args={"k": k, "axis": axis, "largest": largest})
    family.case("topk", "ties", best, floats([[2.0, 1.0, 2.0, 2.0], [0.0, 0.0, 0.0, 1.0]]),
                args={"k": 2, "axis": 1, "largest": True}, differences_agree=False)


def logic(family):
    for op, reference in (("all", numpy.all), ("any", numpy.any)):
        def along(x, axes, keepdims):
            return torch.tensor(reference(x.numpy(), axis=tuple(axes) if axes is not None else None, keepdims=keepdims))

        mixed = [[True, False, True], [True, True, True], [False, False, False]]
        for name, (x, axes, keepdims) in {"all": (mixed, None, False), "axis0": (mixed, [0], False),
                                          "axis1_keepdims": (mixed, [1], True), "scalar": (True, None, False),
                                          "pair": ([mixed, mixed], [0, 2], False)}.items():
            family.case(op, name, along, booleans(x), args={"axes": axes, "keepdims": keepdims})
        family.case(op, "empty", along, booleans([]), args={"axes": None, "keepdims": False})
        family.case(op, "floats", along, floats([[0.0, -0.0], [NAN, 1.0]]), args={"axes": [1], "keepdims": False})


def write(directory):
    family = Family("reductions")
    basic(family)
    zeros_and_extremes(family)
    spread(family)
    norms(family)
    with_indices(family)
    softmaxes(family)
    running(family)
    sorting(family)
    logic(family)
    family.write(directory)
    return family
