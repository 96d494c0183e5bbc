"""Arrays from nothing: values only. The wanted dtype is an argument, as it is in C++."""

import numpy
import torch
from golden import Family


def write(directory):
    family = Family("creation")

    def record(op, name, function, **args):
        dtype = {"f64": numpy.float64, "i64": numpy.int64, "boolean": bool}[args["dtype"]]
        family.case(op, name, lambda **_: torch.from_numpy(numpy.array(function(dtype))), args=args)

    for dtype in ("f64", "i64", "boolean"):
        for name, shape in {"scalar": [], "matrix": [2, 3], "empty": [0, 2]}.items():
            record("zeros", f"{name}_{dtype}", lambda d: numpy.zeros(shape, d), shape=shape, dtype=dtype)
            record("ones", f"{name}_{dtype}", lambda d: numpy.ones(shape, d), shape=shape, dtype=dtype)
    record("full", "f64", lambda d: numpy.full([2, 2], 2.5, d), shape=[2, 2], value=2.5, dtype="f64")
    record("full", "i64", lambda d: numpy.full([3], -7, d), shape=[3], value=-7, dtype="i64")
    record("full", "infinite", lambda d: numpy.full([1], numpy.inf, d), shape=[1], value=numpy.inf, dtype="f64")
    for name, n in {"three": 3, "one": 1, "none": 0}.items():
        record("eye", name, lambda d: numpy.eye(n, dtype=d), n=n, dtype="f64")
    for name, (start, stop, step, dtype) in {
        "integers": (0, 5, 1, "i64"), "from_two": (2, 9, 3, "i64"), "down": (5, -2, -2, "i64"),
        "none": (3, 3, 1, "i64"),
        "floats": (0.0, 1.0, 0.25, "f64"), "ragged": (0.5, 3.0, 0.75, "f64"), "floats_down": (1.0, -1.0, -0.5, "f64"),
    }.items():
        record("arange", name, lambda d: numpy.arange(start, stop, step, d), start=start, stop=stop, step=step,
               dtype=dtype)
    for name, (start, stop, count) in {"unit": (0.0, 1.0, 5), "thirds": (0.0, 1.0, 4), "down": (2.0, -3.0, 6),
                                       "one": (1.5, 9.0, 1), "none": (0.0, 1.0, 0), "wide": (-1e6, 1e6, 7)}.items():
        record("linspace", name, lambda d: numpy.linspace(start, stop, count, dtype=d), start=start, stop=stop,
               count=count, dtype="f64")
    family.write(directory)
    return family
