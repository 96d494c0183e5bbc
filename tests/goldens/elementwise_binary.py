"""Elementwise ops of two or three tensors, and of a tensor and a number."""

import mpmath as mp
import numpy
import torch
from golden import INF, NAN, Drawn, Family, away_from, booleans, floats, integers, normal, uniform

GRID = [0.0, -0.0, 1.0, -2.0, 0.5, 3.0, INF, -INF, NAN]

# name: (shape of a, shape of b)
SHAPES = {
    "scalars": ((), ()),
    "same": ((2, 3), (2, 3)),
    "left_scalar": ((), (2, 2)),
    "right_stretched": ((2, 3), (2, 1)),
    "left_row": ((3,), (2, 3)),
    "both_stretched": ((2, 1), (3,)),
    "cube": ((2, 1, 2), (3, 1)),
    "empty": ((0, 3), (3,)),
    "empty_stretched": ((2, 0), (2, 1)),
}

# op: (torch's function, the same in many digits or None, domain of a, domain of b)
ANY, POSITIVE = (-3.0, 3.0), (0.2, 3.0)
SMOOTH = {
    "add": (torch.add, None, ANY, ANY),
    "subtract": (torch.sub, None, ANY, ANY),
    "multiply": (torch.mul, None, ANY, ANY),
    "divide": (torch.div, None, ANY, POSITIVE),
    "pow": (torch.pow, mp.power, POSITIVE, ANY),
    "atan2": (torch.atan2, mp.atan2, POSITIVE, ANY),
    "hypot": (torch.hypot, lambda x, y: mp.sqrt(x * x + y * y), ANY, POSITIVE),
    "xlogy": (torch.xlogy, lambda x, y: x * mp.log(y), ANY, POSITIVE),
    "logaddexp": (torch.logaddexp, lambda x, y: mp.log(mp.exp(x) + mp.exp(y)), ANY, ANY),
}

# Ops with jumps: the second operand is drawn so that neither a jump nor a tie is near.
REMAINDERS = {"fmod": torch.fmod, "remainder": torch.remainder}
CHOICES = {"maximum": torch.maximum, "minimum": torch.minimum}
COMPARISONS = {
    "equal": torch.eq, "not_equal": torch.ne, "less": torch.lt, "less_equal": torch.le, "greater": torch.gt,
    "greater_equal": torch.ge,
}
LOGIC = {"logical_and": torch.logical_and, "logical_or": torch.logical_or, "logical_xor": torch.logical_xor}

NUMPY = {
    "add": numpy.add, "subtract": numpy.subtract, "multiply": numpy.multiply, "divide": numpy.divide,
    "pow": numpy.power, "atan2": numpy.arctan2, "hypot": numpy.hypot, "logaddexp": numpy.logaddexp,
    "fmod": numpy.fmod, "remainder": numpy.remainder, "maximum": numpy.maximum, "minimum": numpy.minimum,
}


def smooth(family):
    for op, (function, formula, a, b) in SMOOTH.items():
        for name, (left, right) in SHAPES.items():
            family.case(op, name, function, uniform(*a, *left), uniform(*b, *right), exact=formula)


def grid(family, op, function, without=()):
    """Every pair of special values, but those where torch is at odds with C and NumPy."""
    pairs = [(a, b) for a in GRID for b in GRID if (repr(a), repr(b)) not in without]
    a, b = (floats([p[i] for p in pairs]) for i in (0, 1))

    def says(x, y):
        with numpy.errstate(all="ignore"):
            return NUMPY[op](x, y)

    family.case(op, "special", function, a, b, order=0, numpy_says=says if op in NUMPY else None)


def far_and_edges(family):
    def edge(op, name, a, b, fixed=(), order=1):
        family.case(op, name, SMOOTH[op][0], floats(a), floats(b), fixed=fixed, order=order)

    family.case("divide", "negative", torch.div, floats([1.5, -2.25]), floats([-0.5, -8.0]))
    family.case("divide", "by_zero", torch.div, floats([1.0, -2.0]), floats([0.0, 0.0]), order=1)
    # numerics: x to the 0 has gradient 0; d/dy of 0 to the y is 0 for y >= 0 and -inf below.
    edge("pow", "zero_exponent", [0.0, 2.0, -1.5], [0.0, 0.0, 0.0], fixed=(1,))
    edge("pow", "zero_base", [0.0, 0.0, 0.0], [1.0, 2.0, 3.0])
    edge("pow", "zero_base_negative_exponent", [0.0, 0.0], [-1.0, -2.0])
    edge("pow", "negative_base", [-1.5, -0.5, -2.0], [2.0, 3.0, -1.0], fixed=(1,), order=2)
    edge("pow", "negative_base_both", [-1.5, -0.5, -2.0], [2.0, 3.0, -1.0])
    edge("xlogy", "zero_zero", [0.0, 0.0], [0.0, 2.0], fixed=(1,))
    edge("hypot", "one_zero", [0.0, 3.0, -2.0], [4.0, 0.0, 0.0], order=2)
    edge("atan2", "axes", [0.0, 2.0, -2.0], [1.0, 0.0, 0.0], order=2)
    family.case("hypot", "far", torch.hypot, floats([1e200, 3e-200]), floats([1e200, 4e-200]), order=0)
    family.case("logaddexp", "far", torch.logaddexp, floats([1000.0, -1000.0, 1000.0, 3.0]),
                floats([999.5, -1001.0, -1000.0, 3.0]), exact=SMOOTH["logaddexp"][1], digits=1000)
    family.case("logaddexp", "one_infinite", torch.logaddexp, floats([-INF, 1.5]), floats([2.0, -INF]), order=0)


def remainders(family):
    for op, function in REMAINDERS.items():
        # The quotients stay between two whole numbers: 7.3 / 2 and the like.
        a = [[7.3, -7.3, 5.1], [-5.1, 0.7, -2.5]]
        b = [[2.0, 2.0, -1.5], [-1.5, 2.2, 0.8]]
        family.case(op, "same", function, floats(a), floats(b))
        family.case(op, "row", function, floats(a), floats([2.0, -3.1, 1.3]))
        family.case(op, "left_stretched", function, floats([[7.3], [-4.4]]), floats([2.0, -3.1, 1.3]))
        family.case(op, "scalars", function, floats(-7.3), floats(2.0))
        family.case(op, "empty", function, uniform(1, 2, 0, 3), floats([2.0, -3.1, 1.3]))
        family.case(op, "integers", function, integers([7, -7, 7, -7]), integers([3, 3, -3, -3]))
        for side in ("left", "right"):
            with_number(family, op, function, side, 2.5, floats([[0.7, 7.3], [-3.2, 6.1]]))
        grid(family, op, function)


def choices(family):
    for op, function in CHOICES.items():
        for name, (left, right) in SHAPES.items():  # halves on the right and none near on the left: no ties
            family.case(op, name, function, away_from([-1.5, -0.5, 0.5, 1.5], -2, 2, *left, gap=0.2), halves(*right))
        family.case(op, "ties", function, floats([1.0, 2.0, 0.0, -1.0]), floats([1.0, 1.0, 0.0, -1.0]), order=1)
        family.case(op, "integers", function, integers([1, -2, 5]), integers([3, -3, 5]))
        grid(family, op, function)


def halves(*shape):
    return Drawn(shape, lambda rng, size: rng.integers(-2, 2, size) + 0.5)


def booleans_out(family):
    for op, function in COMPARISONS.items():
        family.case(op, "floats", function, floats([[1.0, 2.0, 3.0], [3.0, 2.0, 1.0]]), floats([1.0, 3.0, 1.0]))
        family.case(op, "integers", function, integers([[1], [2]]), integers([2, 1, 3]))
        family.case(op, "mixed", function, integers([1, 2, 3]), floats([1.0, 2.5, -3.0]))
        family.case(op, "number", lambda x, right: function(x, right), floats([1.0, 2.0, 3.0]), args={"right": 2.0})
        family.case(op, "empty", function, floats([]), floats(1.0))
        grid(family, op, function)
    for op, function in LOGIC.items():
        family.case(op, "booleans", function, booleans([True, True, False, False]),
                    booleans([True, False, True, False]))
        family.case(op, "stretched", function, booleans([[True], [False]]), booleans([True, False]))
        family.case(op, "floats", function, floats([0.0, 1.5, NAN, -0.0]), floats([0.0, 0.0, 2.0, 1.0]))


def with_number(family, op, function, side, number, x):
    def apply(x, **args):
        # torch has no remainder of a number by a tensor with a gradient of the number: a 0-d tensor serves.
        other = torch.tensor(number)
        return function(other, x) if side == "left" else function(x, other)

    family.case(op, f"number_{side}", apply, x, args={side: number})


def numbers(family):
    for op in ("add", "subtract", "multiply", "divide", "pow"):
        function, _, domain, _ = SMOOTH[op]
        for side in ("left", "right"):
            x = uniform(0.3, 3, 2, 2) if op in ("divide", "pow") else normal(2, 2)
            with_number(family, op, function, side, 2.5, x)
    for exponent in (2.0, 3.0, -1.0, 0.5, 1.0):
        def power(x, right):
            return torch.pow(x, right)

        x = uniform(0.3, 3, 4) if exponent == 0.5 else away_from([0.0], -3, 3, 4)
        family.case("pow", f"exponent{exponent}", power, x, args={"right": exponent})
    family.case("pow", "exponent0", lambda x, right: torch.pow(x, right), floats([0.0, 2.0, -1.5]), args={"right": 0.0})
    for op, function in CHOICES.items():
        family.case(op, "number_right", lambda x, right: function(x, torch.tensor(right)),
                    away_from([0.5], -3, 3, 2, 3), args={"right": 0.5})
    for op, function in {"add": torch.add, "subtract": torch.sub, "multiply": torch.mul}.items():
        family.case(op, "integers", function, integers([[1, -2, 3]]), integers([[4], [5]]))
        family.case(op, "promoted", function, integers([1, -2, 3]), normal(2, 3))
    family.case("divide", "promoted", torch.div, normal(2, 3), integers([1, -2, 4]))


def three(family):
    mask = booleans([[True, False, True], [False, False, True]])
    family.case("where", "same", torch.where, mask, normal(2, 3), normal(2, 3))
    family.case("where", "mask_row", torch.where, booleans([True, False, True]), normal(2, 3), normal(2, 3))
    family.case("where", "stretched", torch.where, mask, normal(2, 1), normal(3))
    family.case("where", "cube", torch.where, mask, normal(2, 1, 3), normal(1))
    family.case("where", "scalars", torch.where, booleans(False), normal(), normal())
    family.case("where", "empty", torch.where, booleans([True, False, True]), normal(0, 3), normal(3))
    family.case("where", "special", torch.where, booleans([True, False, True, False]), floats([NAN, NAN, INF, INF]),
                floats([1.0, 2.0, 3.0, -INF]), order=1)

    def prelu(x, slope):
        return torch.where(x > 0, x, x * slope)

    for name, x, slope in [("scalars", (), ()), ("row", (2, 3), (3,)), ("one", (2, 3), (1,)), ("same", (2, 2), (2, 2)),
                           ("cube", (2, 1, 3), (3,)), ("empty", (0, 3), (3,))]:
        family.case("prelu", name, prelu, away_from([0.0], -3, 3, *x), uniform(0.1, 0.5, *slope))
    family.case("prelu", "edges", torch.nn.functional.prelu, floats([0.0, 1000.0, -1000.0]), floats([0.25]), order=1)


def write(directory):
    family = Family("elementwise_binary")
    smooth(family)
    far_and_edges(family)
    remainders(family)
    choices(family)
    booleans_out(family)
    numbers(family)
    three(family)
    for op in ("add", "subtract", "multiply", "divide", "pow", "atan2", "hypot", "logaddexp"):
        grid(family, op, SMOOTH[op][0])
    grid(family, "xlogy", torch.xlogy)
    family.write(directory)
    return family
