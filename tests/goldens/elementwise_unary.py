"""Elementwise ops of one tensor: functions, roundings, activations, tests of numbers."""

import mpmath as mp
import torch
import torch.nn.functional as F
from golden import INF, NAN, Family, away_from, booleans, floats, integers, uniform

ANY = (-3.0, 3.0)
POSITIVE = (0.1, 4.0)
EVERYTHING = [0.0, -0.0, 0.5, -0.5, 1.0, -1.0, 1e-300, -1e-300, 1e300, -1e300, 1000.0, -1000.0, INF, -INF, NAN]

# op: (torch's function, the same in 60 digits, domain, more points of the domain, points where torch's value is
# not the limit of the function: inf times 0, inf by inf, the sign of nan)
SMOOTH = {
    "negative": (torch.neg, lambda x: -x, ANY, [1e10], []),
    "square": (torch.square, lambda x: x * x, ANY, [1e10, 1e-5], []),
    "sqrt": (torch.sqrt, mp.sqrt, POSITIVE, [1e-10, 1e10], []),
    "rsqrt": (torch.rsqrt, lambda x: 1 / mp.sqrt(x), POSITIVE, [1e-10, 1e10], [-0.0]),
    "reciprocal": (torch.reciprocal, lambda x: 1 / x, POSITIVE, [-0.3, -7.0, 1e-8, 1e8], []),
    "exp": (torch.exp, mp.exp, ANY, [-40.0, 40.0, 1e-12], []),
    "exp2": (torch.exp2, lambda x: mp.power(2, x), ANY, [-40.0, 40.0, 1e-12], []),
    "expm1": (torch.expm1, mp.expm1, ANY, [-40.0, 40.0, 1e-12, -1e-7], []),
    "log": (torch.log, mp.log, POSITIVE, [1e-10, 1e10, 1.0000001], []),
    "log2": (torch.log2, lambda x: mp.log(x, 2), POSITIVE, [1e-10, 1e10, 1.0000001], []),
    "log10": (torch.log10, mp.log10, POSITIVE, [1e-10, 1e10, 1.0000001], []),
    "log1p": (torch.log1p, mp.log1p, (-0.9, 4.0), [1e-12, -1e-7, 1e10, -0.99999], []),
    "sin": (torch.sin, mp.sin, ANY, [100.5, -1000.25, 1e-9], []),
    "cos": (torch.cos, mp.cos, ANY, [100.5, -1000.25, 1e-9], []),
    "tan": (torch.tan, mp.tan, (-1.4, 1.4), [100.5, -1000.25, 1e-9, 1.57], []),
    "asin": (torch.asin, mp.asin, (-0.95, 0.95), [1e-9, 0.9999, -0.9999], []),
    "acos": (torch.acos, mp.acos, (-0.95, 0.95), [1e-9, 0.9999, -0.9999], []),
    "atan": (torch.atan, mp.atan, ANY, [1e-9, 1e5, -1e5], []),
    "sinh": (torch.sinh, mp.sinh, ANY, [1e-9, 40.0, -40.0], []),
    "cosh": (torch.cosh, mp.cosh, ANY, [1e-9, 40.0, -40.0], []),
    "tanh": (torch.tanh, mp.tanh, ANY, [1e-9, 12.0, -12.0], []),
    "asinh": (torch.asinh, mp.asinh, ANY, [1e-9, 1e5, -1e5], []),
    "acosh": (torch.acosh, mp.acosh, (1.1, 4.0), [1.0001, 1e5], []),
    "atanh": (torch.atanh, mp.atanh, (-0.95, 0.95), [1e-9, 0.9999, -0.9999], []),
    "erf": (torch.erf, mp.erf, ANY, [1e-9, 5.5, -5.5], []),
    "erfc": (torch.erfc, mp.erfc, ANY, [1e-9, 5.5, -5.5, 20.0], []),
    "lgamma": (torch.lgamma, lambda x: mp.log(abs(mp.gamma(x))), POSITIVE, [1e-5, 30.5, -0.5, -1.3, -2.7, 1e5], []),
    "digamma": (torch.digamma, mp.digamma, POSITIVE, [1e-5, 30.5, -0.5, -1.3, -2.7, 1e5], [-INF]),
    "sigmoid": (torch.sigmoid, lambda x: 1 / (1 + mp.exp(-x)), ANY, [-30.0, 30.0], []),
    "logsigmoid": (F.logsigmoid, lambda x: -mp.log1p(mp.exp(-x)), ANY, [-30.0, 30.0], []),
    "silu": (F.silu, lambda x: x / (1 + mp.exp(-x)), ANY, [-30.0, 30.0], [-INF]),
    "mish": (F.mish, lambda x: x * mp.tanh(mp.log1p(mp.exp(x))), ANY, [-30.0, 15.0], [-INF]),
    "softsign": (F.softsign, lambda x: x / (1 + abs(x)), ANY, [-30.0, 30.0, 1e5], [INF, -INF]),
}

# Smooth functions that settle: value and both gradients at arguments where a careless formula gives inf or nan.
SETTLING = ["sigmoid", "logsigmoid", "silu", "mish", "softsign", "tanh", "erf", "erfc", "atan", "asinh"]
FAR, FAR_DIGITS = [-1000.0, -200.0, 200.0, 1000.0], 1000  # 1 + exp(-1000) needs 435 digits

# First gradients at the edge of a domain and at kinks.
EDGES = {
    "sqrt": [0.0, INF], "rsqrt": [0.0, INF], "reciprocal": [0.0, INF, -INF], "log": [0.0, INF], "log2": [0.0, INF],
    "log10": [0.0, INF], "log1p": [-1.0, INF], "exp": [-1000.0, 1000.0, INF, -INF], "exp2": [-2000.0, 2000.0],
    "expm1": [-1000.0, 1000.0, 0.0], "asin": [1.0, -1.0, 0.0], "acos": [1.0, -1.0, 0.0], "acosh": [1.0],
    "atanh": [1.0, -1.0, 0.0], "sigmoid": [0.0, INF, -INF], "tanh": [0.0, INF, -INF], "erf": [0.0, INF, -INF],
    "logsigmoid": [0.0], "softsign": [0.0, -0.0], "square": [0.0, INF, -INF], "tan": [0.0], "atan": [0.0, INF, -INF],
    "sinh": [0.0, 1000.0, -1000.0], "cosh": [0.0, 1000.0, -1000.0],
}

# op: (torch's function, kinks, the points of its edge case)
PIECEWISE = {
    "abs": (torch.abs, [0.0], [0.0, -0.0, INF, -INF]),
    "sign": (torch.sign, [0.0], [0.0, INF, -INF]),
    "floor": (torch.floor, [-2, -1, 0, 1, 2], [0.0, 1.0, -2.0]),
    "ceil": (torch.ceil, [-2, -1, 0, 1, 2], [0.0, 1.0, -2.0]),
    "trunc": (torch.trunc, [-2, -1, 0, 1, 2], [0.0, 1.0, -2.0]),
    "round": (torch.round, [-2.5, -1.5, -0.5, 0.5, 1.5, 2.5], [0.5, 1.5, 2.5, -0.5, -1.5]),
    "relu": (F.relu, [0.0], [0.0, -0.0, 1000.0, -1000.0, INF, -INF]),
    "relu6": (F.relu6, [0.0, 6.0], [0.0, 6.0, 1000.0, -1000.0]),
    # torch 1.13 lacks the second derivative of its own hardsigmoid.
    "hardsigmoid": (lambda x: F.relu6(x + 3) / 6, [-3.0, 3.0], [-3.0, 3.0, 0.0, 1000.0, -1000.0]),
    "hardswish": (F.hardswish, [-3.0, 3.0], [-3.0, 3.0, 0.0, 1000.0, -1000.0]),
    "selu": (F.selu, [0.0], [1000.0, -1000.0]),
}
NOT_LIMITS = {"sign": [NAN], "hardswish": [-INF], "hardsigmoid": [NAN], "relu6": [], "selu": []}

def gelu(x, tanh):
    return F.gelu(x, approximate="tanh" if tanh else "none")


def gelu_erf(x):
    return x * mp.erfc(-x / mp.sqrt(2)) / 2


def gelu_tanh(x):
    return x * (1 + mp.tanh(mp.sqrt(2 / mp.pi) * (x + mp.mpf("0.044715") * x**3))) / 2


def shapes(low, high, kinks=()):
    yield "scalar", away_from(kinks, low, high)
    yield "vector", away_from(kinks, low, high, 6)
    yield "cube", away_from(kinks, low, high, 2, 1, 3)
    yield "empty", uniform(low, high, 0, 3)


def smooth(family):
    for op, (function, formula, (low, high), wide, not_limits) in SMOOTH.items():
        for name, x in shapes(low, high, [0.0] if op == "softsign" else []):
            family.case(op, name, function, x, exact=formula)
        family.case(op, "wide", function, floats(wide), exact=formula)
        family.case(op, "special", function, floats(without(EVERYTHING, not_limits)), order=0)
        if op in SETTLING:
            family.case(op, "far", function, floats(FAR), exact=formula, digits=FAR_DIGITS)
        if op in EDGES:
            points = EDGES[op]
            family.case(op, "edges", function, floats(points), order=1, cotangents=[[1.5] * len(points)])


def without(points, left_out):
    return [p for p in points if repr(p) not in map(repr, left_out)]


def piecewise(family):
    for op, (function, kinks, edges) in PIECEWISE.items():
        span = 7.0 if op in ("relu6", "hardsigmoid", "hardswish") else 3.0
        for name, x in shapes(-span, span, kinks):
            family.case(op, name, function, x)
        points = without(EVERYTHING + [1.5, 2.5, -2.5, 1e15 + 0.5], NOT_LIMITS.get(op, []))
        family.case(op, "special", function, floats(points), order=0)
        family.case(op, "edges", function, floats(edges), order=1, cotangents=[[1.5] * len(edges)])


def parametric(family):
    def both(op, variants, function, kinks, edges=()):
        """One vector and one cube a variant; `kinks` and `edges` may depend on the arguments."""
        for name, args in variants.items():
            at = kinks(args) if callable(kinks) else kinks
            family.case(op, name, function, away_from(at, -3, 3, 5), args=args)
            family.case(op, f"{name}_cube", function, away_from(at, -3, 3, 2, 1, 3), args=args)
            ends = edges(args) if callable(edges) else edges
            if ends:
                family.case(op, f"{name}_edges", function, floats(ends), args=args, order=1)

    both("leaky_relu", {"slope01": {"slope": 0.01}, "slope3": {"slope": 0.3}},
         lambda x, slope: F.leaky_relu(x, slope), [0.0], [0.0, -0.0, 1000.0, -1000.0])
    both("elu", {"alpha1": {"alpha": 1.0}}, lambda x, alpha: F.elu(x, alpha), [0.0], [0.0, 1000.0, -1000.0])
    both("elu", {"alpha2": {"alpha": 2.5}}, lambda x, alpha: F.elu(x, alpha), [0.0], [1000.0, -1000.0])
    both("celu", {"alpha1": {"alpha": 1.0}, "alpha2": {"alpha": 2.5}},
         lambda x, alpha: F.celu(x, alpha), [0.0], [0.0, 1000.0, -1000.0])
    both("hardtanh", {"unit": {"min": -1.0, "max": 1.0}, "wide": {"min": -0.5, "max": 2.0}},
         lambda x, min, max: F.hardtanh(x, min, max), lambda a: [a["min"], a["max"]],
         lambda a: [a["min"], a["max"], 1000.0, -1000.0])
    both("clamp", {"both": {"min": -0.5, "max": 1.25}, "below": {"min": 0.25, "max": None},
                   "above": {"min": None, "max": 0.75}},
         lambda x, min, max: torch.clamp(x, min, max), lambda a: [b for b in a.values() if b is not None],
         lambda a: [b for b in a.values() if b is not None] + [INF, -INF])
    family.case("clamp", "special", lambda x, min, max: torch.clamp(x, min, max), floats(EVERYTHING),
                args={"min": -0.75, "max": 0.75}, order=0)

    for beta in (1.0, 2.0, 0.5):
        def formula(x, beta=beta):
            return mp.log1p(mp.exp(beta * x)) / beta

        def softplus(x, beta):
            return F.softplus(x, beta, 20.0)

        name, args = f"beta{beta}", {"beta": beta}
        family.case("softplus", name, softplus, uniform(-3, 3, 5), args=args, exact=formula)
        family.case("softplus", f"{name}_cube", softplus, uniform(-3, 3, 2, 1, 3), args=args, exact=formula)
        # Above 20 / beta it is the identity, which the exact formula is not.
        family.case("softplus", f"{name}_low", softplus, floats([-300.0, -30.0, 0.0, 15.0]), args=args,
                    exact=formula)
        family.case("softplus", f"{name}_identity", softplus, floats([41.0, 300.0, 1000.0, INF]), args=args, order=1)
        family.case("softplus", f"{name}_special", softplus, floats(EVERYTHING), args=args, order=0)

    for tanh, formula in ((False, gelu_erf), (True, gelu_tanh)):
        name, args = "tanh" if tanh else "erf", {"tanh": tanh}
        for shape, x in shapes(-3, 3):
            family.case("gelu", f"{name}_{shape}", gelu, x, args=args, exact=formula)
        family.case("gelu", f"{name}_wide", gelu, floats([-5.0, 5.0, 1e-9, 0.0]), args=args, exact=formula)
        family.case("gelu", f"{name}_far", gelu, floats(FAR), args=args, exact=formula,
                    digits=FAR_DIGITS)
        # A finite argument whose cube overflows is nan in torch's derivative, so values only.
        family.case("gelu", f"{name}_special", gelu, floats(without(EVERYTHING, [-INF])), args=args, order=0)


def tests_of_numbers(family):
    for op, function in {"isnan": torch.isnan, "isinf": torch.isinf, "isfinite": torch.isfinite}.items():
        family.case(op, "special", function, floats(EVERYTHING))
        family.case(op, "scalar", function, floats(INF))
        family.case(op, "integers", function, integers([[0, 3], [-1, 7]]))
    family.case("logical_not", "booleans", torch.logical_not, booleans([[True, False], [False, True]]))
    family.case("logical_not", "floats", torch.logical_not, floats([0.0, -0.0, 1.5, NAN, INF]))
    family.case("logical_not", "integers", torch.logical_not, integers([0, 3, -1]))
    for op, function in {"abs": torch.abs, "negative": torch.neg, "sign": torch.sign, "square": torch.square}.items():
        family.case(op, "integers", function, integers([0, 3, -4]))


def write(directory):
    family = Family("elementwise_unary")
    smooth(family)
    piecewise(family)
    parametric(family)
    tests_of_numbers(family)
    family.write(directory)
    return family
