"""Views and copies that move elements about: shapes, joins, splits, slices, padding, repetition."""

import numpy
import torch
from golden import Family, integers, normal


def reshaping(family):
    def both(op, name, function, reference, *shape, **args):
        family.case(op, name, function, normal(*shape), args=args, numpy_says=lambda x: reference(x, **args))

    def reshape(x, shape):
        return x.reshape(shape)

    for name, (source, target) in {"flat": ((2, 3), [6]), "inferred": ((2, 3, 2), [4, -1]), "same": ((2, 3), [2, 3]),
                                   "to_scalar": ((1, 1), []), "from_scalar": ((), [1, 1]), "empty": ((0, 3), [3, 0]),
                                   "inferred_flat": ((2, 3), [-1])}.items():
        both("reshape", name, reshape, reshape, *source, shape=target)
    family.case("reshape", "integers", reshape, integers([[1, 2], [3, 4]]), args={"shape": [4]})
    for name, source in {"scalar": (), "vector": (3,), "cube": (2, 1, 3), "empty": (2, 0)}.items():
        both("flatten", name, lambda x: x.reshape(-1), numpy.ravel, *source)
    for name, source in {"scalar": (), "vector": (3,), "matrix": (2, 3), "cube": (2, 1, 3), "empty": (0, 3)}.items():
        both("transpose", name, lambda x: x.permute(list(reversed(range(x.ndim)))), numpy.transpose, *source)
    for name, (source, axes) in {"cycle": ((2, 1, 3), [1, 2, 0]), "same": ((2, 3), [0, 1]),
                                 "negative": ((2, 1, 3), [-1, 0, -2]), "four": ((1, 2, 2, 2), [3, 1, 0, 2])}.items():
        both("permute", name, lambda x, axes: x.permute(axes), numpy.transpose, *source, axes=axes)
    for name, (source, start, end) in {"first_to_last": ((2, 1, 3), 0, -1), "last_to_first": ((2, 1, 3), -1, 0),
                                       "stay": ((2, 3), 1, 1)}.items():
        both("moveaxis", name, lambda x, source, destination: torch.movedim(x, source, destination), numpy.moveaxis,
             *source, source=start, destination=end)
    for name, (source, axis) in {"all": ((1, 2, 1), None), "one": ((1, 2, 1), 0), "negative": ((1, 2, 1), -1)}.items():
        both("squeeze", name, lambda x, axis: x.squeeze() if axis is None else x.squeeze(axis), numpy.squeeze,
             *source, axis=axis)
    for name, (source, axis) in {"front": ((2, 3), 0), "back": ((2, 3), -1), "inside": ((2, 3), 1),
                                 "scalar": ((), 0)}.items():
        both("expand_dims", name, lambda x, axis: x.unsqueeze(axis), numpy.expand_dims, *source, axis=axis)
    for name, (source, target) in {"scalar": ((), [2, 2]), "row": ((3,), [2, 3]), "column": ((2, 1), [2, 3]),
                                   "cube": ((1, 3), [2, 2, 3]), "same": ((2,), [2]), "empty": ((1, 3), [0, 3])}.items():
        both("broadcast_to", name, lambda x, shape: x.expand(shape), numpy.broadcast_to, *source, shape=target)


def joining(family):
    def many(op, name, function, reference, shapes, **args):
        family.case(op, name, lambda *xs, **a: function(xs, **a), *[normal(*s) for s in shapes], args=args,
                    numpy_says=lambda *xs: reference(xs, **args))

    def concatenate(xs, axis):
        return torch.cat(xs, axis)

    def stack(xs, axis):
        return torch.stack(xs, axis)

    for name, (shapes, axis) in {"rows": ([(2, 3), (1, 3)], 0), "columns": ([(2, 1), (2, 2), (2, 1)], 1),
                                 "negative": ([(2, 1, 2), (2, 1, 1)], -1), "one": ([(3,)], 0),
                                 "with_empty": ([(0, 2), (2, 2)], 0)}.items():
        many("concatenate", name, concatenate, numpy.concatenate, shapes, axis=axis)
    for name, (shapes, axis) in {"scalars": ([(), (), ()], 0), "rows": ([(3,), (3,)], 0), "columns": ([(3,), (3,)], 1),
                                 "negative": ([(2, 2), (2, 2)], -1), "one": ([(2,)], 0)}.items():
        many("stack", name, stack, numpy.stack, shapes, axis=axis)

    def split(x, sections, axis):  # a number of equal parts, or the indices at which parts begin
        return torch.tensor_split(x, sections, dim=axis)

    for name, (shape, sections, axis) in {"equal": ((4, 2), 2, 0), "equal_columns": ((2, 3), 3, 1),
                                          "at": ((2, 5), [1, 3], 1), "at_with_empty": ((3,), [1, 1], 0),
                                          "negative": ((2, 2, 4), 2, -1)}.items():
        family.case("split", name, split, normal(*shape), args={"sections": sections, "axis": axis},
                    numpy_says=lambda x: numpy.split(x, sections, axis))


def slicing(family):
    ALL, NEW, DOTS = "all", "newaxis", "ellipsis"

    def r(start, stop, step=1):
        return {"range": [start, stop, step]}

    def to_numpy(index):
        words = {ALL: slice(None), NEW: None, DOTS: Ellipsis}
        return tuple(slice(*part["range"]) if isinstance(part, dict) else words.get(part, part) for part in index)

    def sliced(x, index):
        # torch has no negative steps; where the elements come from does.
        origin = numpy.arange(x.numel()).reshape(x.shape)[to_numpy(index)]
        return x.reshape(-1)[torch.from_numpy(numpy.array(origin))]

    cases = {
        "row": ((3, 2), [1]), "last_row": ((3, 2), [-1]), "element": ((3, 2), [1, 0]), "column": ((3, 2), [ALL, 1]),
        "range": ((5,), [r(1, 4)]), "open_start": ((5,), [r(None, 3)]), "open_stop": ((5,), [r(2, None)]),
        "stepped": ((6,), [r(0, 6, 2)]), "stepped_ragged": ((6,), [r(1, 6, 3)]), "negative_ends": ((5,), [r(-4, -1)]),
        "reversed": ((5,), [r(None, None, -1)]), "backwards": ((6,), [r(4, 0, -2)]), "clipped": ((3,), [r(1, 100)]),
        "nothing": ((3,), [r(2, 1)]), "new_front": ((2, 3), [NEW, ALL]), "new_inside": ((2, 3), [ALL, NEW, r(0, 2)]),
        "ellipsis": ((2, 2, 3), [DOTS, 1]), "ellipsis_inside": ((2, 2, 3), [0, DOTS, r(0, 2)]),
        "mixed": ((2, 3, 4), [1, r(0, 3, 2), ALL]), "all_four": ((2, 3, 4), [ALL, 1, NEW, r(None, None, 3)]),
        "of_empty": ((0, 3), [ALL, r(0, 2)]),
    }
    for name, (shape, index) in cases.items():
        family.case("slice", name, sliced, normal(*shape), args={"index": index},
                    numpy_says=lambda x: x[to_numpy(index)])


def repeating(family):
    def pad(x, widths, mode, value):
        if mode == "constant":
            flat = [n for before, after in reversed(widths) for n in (before, after)]
            return torch.nn.functional.pad(x, flat, value=value)
        for axis, (before, after) in enumerate(widths):
            kind = {"reflect": "reflect", "replicate": "edge"}[mode]
            source = numpy.pad(numpy.arange(x.shape[axis]), (before, after), mode=kind)
            x = x.index_select(axis, torch.from_numpy(source))
        return x

    def padded(x, widths, mode, value):
        if mode == "constant":
            return numpy.pad(x, widths, constant_values=value)
        return numpy.pad(x, widths, mode={"reflect": "reflect", "replicate": "edge"}[mode])

    def both(op, name, function, reference, *shape, **args):
        family.case(op, name, function, normal(*shape), args=args, numpy_says=lambda x: reference(x, **args))

    for mode in ("constant", "reflect", "replicate"):
        for name, (shape, widths) in {"vector": ((4,), [[1, 2]]), "matrix": ((3, 2), [[1, 0], [1, 1]]),
                                      "one_axis": ((2, 3), [[0, 0], [2, 1]]),
                                      "cube": ((2, 2, 3), [[1, 0], [0, 1], [2, 2]]),
                                      "nothing": ((2, 2), [[0, 0], [0, 0]])}.items():
            value = 0.5 if name == "matrix" and mode == "constant" else 0.0
            both("pad", f"{mode}_{name}", pad, padded, *shape, widths=widths, mode=mode, value=value)
    both("pad", "constant_empty", pad, padded, 0, 2, widths=[[1, 1], [0, 0]], mode="constant", value=-1.0)
    for name, (shape, axes) in {"vector": ((4,), [0]), "rows": ((3, 2), [0]), "both": ((3, 2), [0, 1]),
                                "negative": ((2, 2, 3), [-1]), "empty": ((0, 3), [1])}.items():
        both("flip", name, lambda x, axes: torch.flip(x, axes), lambda x, axes: numpy.flip(x, tuple(axes)), *shape,
             axes=axes)
    for name, (shape, shift, axis) in {"vector": ((5,), 2, 0), "left": ((5,), -1, 0), "rows": ((3, 2), 1, 0),
                                       "columns": ((2, 4), 3, -1), "far": ((3,), 7, 0),
                                       "nothing": ((3,), 0, 0)}.items():
        both("roll", name, lambda x, shift, axis: torch.roll(x, shift, axis), numpy.roll, *shape,
             shift=shift, axis=axis)
    for name, (shape, reps) in {"vector": ((3,), [2]), "matrix": ((2, 2), [2, 1]), "more_axes": ((2,), [2, 2]),
                                "fewer_reps": ((2, 2), [2]), "none": ((2,), [0]), "scalar": ((), [3])}.items():
        both("tile", name, lambda x, reps: torch.tile(x, reps), numpy.tile, *shape, reps=reps)
    for name, (shape, n, axis) in {"vector": ((3,), 2, 0), "rows": ((2, 2), 3, 0), "columns": ((2, 2), 2, -1),
                                   "once": ((2, 2), 1, 1), "none": ((2,), 0, 0)}.items():
        both("repeat", name, lambda x, n, axis: torch.repeat_interleave(x, n, dim=axis),
             lambda x, n, axis: numpy.repeat(x, n, axis), *shape, n=n, axis=axis)


def write(directory):
    family = Family("shape")
    reshaping(family)
    joining(family)
    slicing(family)
    repeating(family)
    family.write(directory)
    return family
