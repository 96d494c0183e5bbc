"""Indexing by integer and boolean tensors, gathering, scattering, filling."""

import numpy
import torch
from golden import Family, booleans, integers, normal


def by_tensors(family):
    def to_python(index, tensors):
        found = []
        for part in index:
            if isinstance(part, dict):
                found.append(tensors[part["tensor"]] if "tensor" in part else slice(*part["range"]))
            else:
                found.append(slice(None) if part == "all" else part)
        return tuple(found)

    def indexed(*inputs, index):
        return inputs[0][to_python(index, inputs)]

    def says(*inputs, index):
        return inputs[0][to_python(index, inputs)]

    T1, T2, ALL = {"tensor": 1}, {"tensor": 2}, "all"
    cases = {
        "vector": ((5,), [T1], [integers([3, 0, 3])]),
        "negative": ((5,), [T1], [integers([-1, 2, -5])]),
        "rows": ((3, 2), [T1], [integers([2, 0, 2, 1])]),
        "rows_by_matrix": ((3, 2), [T1], [integers([[2, 0], [1, 1]])]),
        "row_by_scalar": ((3, 2), [T1], [integers(1)]),
        "columns": ((2, 4), [ALL, T1], [integers([3, 1, 1])]),
        "pairs": ((3, 4), [T1, T2], [integers([0, 2, 0]), integers([1, 3, 1])]),
        "pairs_stretched": ((3, 4), [T1, T2], [integers([[0], [2]]), integers([1, 3, 0])]),
        "inner_pair": ((2, 3, 2), [ALL, T1, T2], [integers([2, 0]), integers([1, 1])]),
        "with_range": ((3, 4), [T1, {"range": [1, 3, 1]}], [integers([2, 2])]),
        "none_chosen": ((3, 2), [T1], [integers([])]),
        "mask": ((2, 3), [T1], [booleans([[True, False, True], [False, True, False]])]),
        "mask_rows": ((3, 2), [T1], [booleans([True, False, True])]),
        "mask_columns": ((2, 3), [ALL, T1], [booleans([False, True, True])]),
        "mask_none": ((3,), [T1], [booleans([False, False, False])]),
        "mask_all": ((2, 2), [T1], [booleans([[True, True], [True, True]])]),
    }
    for name, (shape, index, tensors) in cases.items():
        family.case("index", name, indexed, normal(*shape), *tensors, args={"index": index},
                    numpy_says=lambda *inputs: says(*inputs, index=index))


def along_an_axis(family):
    def take(x, index, axis):
        if axis is None:
            x, axis = x.reshape(-1), 0
        axis %= x.ndim
        flat = torch.where(index < 0, index + x.shape[axis], index).reshape(-1)
        return x.index_select(axis, flat).reshape(x.shape[:axis] + index.shape + x.shape[axis + 1:])

    for name, (shape, axis, index) in {
        "vector": ((5,), 0, [3, 0, 3]), "rows": ((3, 2), 0, [2, 2, 0]), "columns": ((2, 3), 1, [0, 2]),
        "by_matrix": ((2, 3), -1, [[0, 2], [1, 1]]), "flat": ((2, 3), None, [5, 0, 5]), "scalar": ((3, 2), 0, 1),
        "negative": ((4,), 0, [-1, -4]), "nothing": ((3, 2), 0, []),
    }.items():
        family.case("take", name, take, normal(*shape), integers(index), args={"axis": axis},
                    numpy_says=lambda x, i: numpy.take(x, i, axis))

    def gather(x, index, axis):
        return torch.gather(x, axis, index)

    for name, (shape, axis, index) in {
        "vector": ((4,), 0, [3, 3, 0]), "columns": ((2, 3), 1, [[0, 2], [1, 1]]),
        "rows": ((3, 2), 0, [[2, 0], [2, 1], [0, 0], [1, 1]]), "last": ((2, 1, 3), -1, [[[2, 0]], [[1, 1]]]),
        "one": ((3, 4), 1, [[3], [0], [2]]), "nothing": ((2, 3), 1, numpy.zeros((2, 0), int).tolist()),
    }.items():
        family.case("gather", name, gather, normal(*shape), integers(index), args={"axis": axis},
                    numpy_says=lambda x, i: numpy.take_along_axis(x, i.astype(int), axis))

    def scatter_add(x, index, source, axis):
        return torch.scatter_add(x, axis, index, source)

    for name, (shape, axis, index) in {
        "vector": ((4,), 0, [3, 3, 0]), "columns": ((2, 3), 1, [[0, 2], [1, 1]]),
        "rows": ((3, 2), 0, [[2, 0], [2, 1], [0, 0], [1, 1]]), "last": ((2, 1, 3), -1, [[[2, 0]], [[1, 1]]]),
        "nothing": ((2, 3), 1, numpy.zeros((2, 0), int).tolist()),
    }.items():
        where = integers(index)
        family.case("scatter_add", name, scatter_add, normal(*shape), where, normal(*where.shape), args={"axis": axis})


def filling(family):
    def masked_fill(x, mask, value):
        return torch.masked_fill(x, mask, value)

    mask = booleans([[True, False, True], [False, False, True]])
    for name, (shape, which, value) in {
        "same": ((2, 3), mask, -1.5), "row": ((2, 3), booleans([True, False, True]), 0.0),
        "minus_infinity": ((2, 3), mask, float("-inf")), "column": ((2, 3), booleans([[True], [False]]), 2.0),
        "scalar": ((), booleans(True), 3.0), "empty": ((0, 3), booleans([True, False, True]), 1.0),
        "none": ((3,), booleans([False, False, False]), 1.0),
    }.items():
        family.case("masked_fill", name, masked_fill, normal(*shape), which, args={"value": value},
                    differences_agree=value != float("-inf"))

    def one_hot(index, classes):
        return (index[..., None] == torch.arange(classes)).to(torch.float64)

    for name, (index, classes) in {"vector": ([2, 0, 3], 4), "matrix": ([[1, 0], [2, 2]], 3), "scalar": (1, 2),
                                   "empty": ([], 3)}.items():
        family.case("one_hot", name, one_hot, integers(index), args={"classes": classes})


def write(directory):
    family = Family("indexing")
    by_tensors(family)
    along_an_axis(family)
    filling(family)
    family.write(directory)
    return family
