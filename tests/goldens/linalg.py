"""Products, triangles, factorisations, solutions of linear systems."""

import numpy
import torch
from golden import Family, floats, integers, normal, positive_definite, well_conditioned


def products(family):
    shapes = {
        "matrices": ((2, 3), (3, 4)), "vectors": ((3,), (3,)), "matrix_vector": ((2, 3), (3,)),
        "vector_matrix": ((3,), (3, 2)), "batched": ((2, 2, 3), (2, 3, 2)), "batch_left": ((2, 2, 3), (3, 2)),
        "batch_right": ((2, 3), (2, 3, 2)), "batches_stretched": ((2, 1, 2, 3), (2, 3, 2)),
        "batch_one": ((1, 2, 2), (3, 2, 1)), "batch_vector": ((2, 2, 3), (3,)), "vector_batch": ((3,), (2, 3, 2)),
        "row_column": ((1, 3), (3, 1)), "column_row": ((3, 1), (1, 2)), "ones": ((1, 1), (1, 1)),
        "inner_empty": ((2, 0), (0, 3)), "no_rows": ((0, 3), (3, 2)), "no_batch": ((0, 2, 3), (3, 2)),
        "empty_vectors": ((0,), (0,)),
    }
    for name, (a, b) in shapes.items():
        family.case("matmul", name, torch.matmul, normal(*a), normal(*b), numpy_says=numpy.matmul)
    family.case("matmul", "integers", torch.matmul, integers([[1, 2], [3, -4]]), integers([[0, 1], [5, 6]]))
    for name, n in {"five": 5, "one": 1, "empty": 0}.items():
        family.case("dot", name, torch.dot, normal(n), normal(n), numpy_says=numpy.dot)
    for name, (n, m) in {"wide": (2, 3), "one": (1, 1), "empty": (0, 2)}.items():
        family.case("outer", name, torch.outer, normal(n), normal(m), numpy_says=numpy.outer)


def sums_of_products(family):
    cases = {
        "matmul": ("ij,jk->ik", (2, 3), (3, 2)), "implicit": ("ij,jk", (2, 3), (3, 2)),
        "implicit_order": ("ba", (2, 3)), "transpose": ("ij->ji", (2, 3)), "trace": ("ii->", (3, 3)),
        "diagonal": ("ii->i", (3, 3)), "diagonal_of_batch": ("bii->bi", (2, 3, 3)), "sum": ("ij->", (2, 3)),
        "rows": ("ij->i", (2, 3)), "dot": ("i,i->", (4,), (4,)), "outer": ("i,j->ij", (2,), (3,)),
        "hadamard": ("ij,ij->ij", (2, 3), (2, 3)), "batched": ("bij,bjk->bik", (2, 2, 3), (2, 3, 2)),
        "attention": ("bqd,bkd->bqk", (2, 2, 3), (2, 4, 3)), "bilinear": ("bi,oij,bj->bo", (2, 2), (2, 2, 3), (2, 3)),
        "ellipsis": ("...ij,...jk->...ik", (2, 2, 3), (3, 2)), "ellipsis_front": ("...i->...", (2, 3)),
        "scalar_factor": (",ij->ij", (), (2, 2)), "summed_alone": ("ij,k->i", (2, 3), (2,)),
        "chain": ("ij,jk,kl->il", (2, 2), (2, 3), (3, 2)), "permuted": ("abc,cd->dba", (2, 1, 3), (3, 2)),
        "empty": ("ij,jk->ik", (2, 0), (0, 2)),
    }
    for name, (spec, *shapes) in cases.items():
        family.case("einsum", name, lambda *xs, spec: torch.einsum(spec, *xs), *[normal(*s) for s in shapes],
                    args={"spec": spec}, numpy_says=lambda *xs: numpy.einsum(spec, *xs))


def triangles(family):
    for name, shape in {"square": (3, 3), "batched": (2, 2, 3), "empty": (0, 3)}.items():
        family.case("matrix_transpose", name, lambda x: x.mT, normal(*shape),
                    numpy_says=lambda x: numpy.swapaxes(x, -1, -2))
    for name, shape in {"square": (3, 3), "wide": (2, 4), "tall": (3, 2), "one": (1, 1)}.items():
        def trace(x):
            return torch.diagonal(x).sum()

        family.case("trace", name, trace, normal(*shape), numpy_says=numpy.trace)
    for k in (0, 1, -1):
        for name, shape in {"vector": (3,), "square": (3, 3), "wide": (2, 4), "tall": (4, 2)}.items():
            family.case("diag", f"{name}_k{k}", lambda x, k: torch.diag(x, k), normal(*shape), args={"k": k},
                        numpy_says=lambda x: numpy.diag(x, k))
    for op, function, reference in (("tril", torch.tril, numpy.tril), ("triu", torch.triu, numpy.triu)):
        for k in (0, 1, -1, -3):
            for name, shape in {"square": (3, 3), "wide": (2, 4), "batched": (2, 3, 2)}.items():
                if k == 0 or name == "wide":
                    family.case(op, f"{name}_k{k}", lambda x, k: function(x, k), normal(*shape), args={"k": k},
                                numpy_says=lambda x: reference(x, k))


def systems(family):
    for name, (a, b) in {"vector": ((3, 3), (3,)), "matrix": ((3, 3), (3, 2)), "batched": ((2, 2, 2), (2, 2, 3)),
                         "one": ((1, 1), (1, 1)), "four": ((4, 4), (4, 1))}.items():
        family.case("solve", name, torch.linalg.solve, well_conditioned(*a), normal(*b), numpy_says=numpy.linalg.solve)
    family.case("solve", "pivoting", torch.linalg.solve, floats([[0.0, 2.0], [1.5, 0.25]]), normal(2))

    def triangular(a, b, upper, unit):
        if b.ndim == 1:
            return triangular(a, b[:, None], upper, unit)[:, 0]
        return torch.linalg.solve_triangular(a, b, upper=upper, unitriangular=unit)

    for upper in (False, True):
        for unit in (False, True):
            for name, (a, b) in {"matrix": ((3, 3), (3, 2)), "batched": ((2, 2, 2), (2, 2, 1)),
                                 "vector": ((3, 3), (3,))}.items():
                # The other triangle is full of numbers that must be ignored.
                family.case("triangular_solve", f"{name}_{'upper' if upper else 'lower'}{'_unit' if unit else ''}",
                            triangular, well_conditioned(*a), normal(*b), args={"upper": upper, "unit": unit})
    for name, shape in {"square": (3, 3), "batched": (2, 2, 2), "one": (1, 1), "four": (4, 4)}.items():
        family.case("inv", name, torch.linalg.inv, well_conditioned(*shape), numpy_says=numpy.linalg.inv)
        family.case("det", name, torch.linalg.det, well_conditioned(*shape), numpy_says=numpy.linalg.det)
        family.case("slogdet", name, sign_and_log, well_conditioned(*shape), numpy_says=numpy.linalg.slogdet)
        # The lower triangle is read, the gradient is symmetric: differences in one element alone do not apply.
        family.case("cholesky", name, torch.linalg.cholesky, positive_definite(*shape),
                    numpy_says=numpy.linalg.cholesky, differences_agree=False)
    swapped = floats([[0.0, 1.0, 0.5], [2.0, 0.25, 0.0], [0.0, 0.0, 3.0]])
    family.case("det", "odd_permutation", torch.linalg.det, swapped)
    family.case("slogdet", "odd_permutation", sign_and_log, swapped)
    family.case("inv", "pivoting", torch.linalg.inv, swapped)
    family.case("det", "singular", torch.linalg.det, floats([[1.0, 2.0], [2.0, 4.0]]), order=0)
    family.case("slogdet", "singular", sign_and_log, floats([[1.0, 2.0], [2.0, 4.0]]), order=0)
    for shape in ((3, 3), (2, 2, 2)):
        # A symmetric function of its argument, as cholesky is used: here differences do apply.
        def through(x):
            return torch.linalg.cholesky(x @ x.mT + 0.5 * torch.eye(x.shape[-1]))

        family.case("cholesky_of_gram", f"rank{len(shape)}", through, normal(*shape))


def sign_and_log(x):
    found = torch.linalg.slogdet(x)
    return found.sign, found.logabsdet


def write(directory):
    family = Family("linalg")
    products(family)
    sums_of_products(family)
    triangles(family)
    systems(family)
    family.write(directory)
    return family
