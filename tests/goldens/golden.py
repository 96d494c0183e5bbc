"""What every family of goldens shares: inputs, one recorded case, its checks, and the JSON it becomes."""

import json
import math
import os
import zlib

# The same bytes on every machine: no instruction set or thread count may change the order of a sum.
os.environ.setdefault("ATEN_CPU_CAPABILITY", "default")
os.environ.setdefault("OPENBLAS_CORETYPE", "Prescott")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import mpmath
import numpy
import torch

torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)

DTYPES = {torch.float64: "f64", torch.int64: "i64", torch.bool: "boolean"}
INF, NAN = math.inf, math.nan


# Inputs. A spec is drawn with the generator of its case, so a new case leaves the others as they were.
# Drawn numbers have four decimals: short to read, and exact as far as the JSON is concerned.


class Drawn:
    def __init__(self, shape, draw):
        self.shape, self.draw = shape, draw

    def __call__(self, rng):
        values = numpy.round(self.draw(rng, self.shape), 4)
        return torch.tensor(values, dtype=torch.float64)


def uniform(low, high, *shape):
    return Drawn(shape, lambda rng, size: rng.uniform(low, high, size))


def normal(*shape):
    return Drawn(shape, lambda rng, size: rng.normal(0, 1.2, size))


def away_from(kinks, low, high, *shape, gap=0.05):
    """Uniform, but at least `gap` from every kink: inputs where the op is smooth."""

    def draw(rng, size):
        values = rng.uniform(low, high, size)
        while True:
            near = numpy.zeros(size, bool)
            for kink in kinks:
                near |= abs(values - kink) < gap
            if not near.any():
                return values
            values = numpy.where(near, rng.uniform(low, high, size), values)

    return Drawn(shape, draw)


def positive_definite(*shape):
    def draw(rng, size):
        a = rng.normal(0, 1, size)
        return a @ numpy.swapaxes(a, -1, -2) + size[-1] * numpy.eye(size[-1])

    def symmetric(rng, size):
        a = numpy.round(draw(rng, size), 4)
        return numpy.tril(a) + numpy.swapaxes(numpy.tril(a, -1), -1, -2)

    return Drawn(shape, symmetric)


def well_conditioned(*shape):
    """A random matrix with a heavier, alternating diagonal: invertible, with either sign of determinant."""

    def draw(rng, size):
        signs = numpy.where(numpy.arange(size[-1]) % 2, -2.0, 2.0)
        return rng.normal(0, 0.7, size) + numpy.eye(size[-1]) * signs

    return Drawn(shape, draw)


def floats(values):
    return torch.tensor(values, dtype=torch.float64)


def integers(values):
    return torch.tensor(values, dtype=torch.int64)


def booleans(values):
    return torch.tensor(values, dtype=torch.bool)


def resolve(spec, rng):
    return spec(rng) if isinstance(spec, Drawn) else spec.clone()


# JSON. A finite float is its shortest decimal that reads back to the same double.


def number(value):
    if isinstance(value, float) and not math.isfinite(value):
        return "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"
    return value


def array(tensor):
    if tensor is None:
        return None
    tensor = tensor.detach()
    data = [number(v) for v in tensor.reshape(-1).tolist()]
    return {"shape": list(tensor.shape), "dtype": DTYPES[tensor.dtype], "data": data}


def plain(args):
    if isinstance(args, dict):
        return {key: plain(value) for key, value in args.items()}
    if isinstance(args, (list, tuple)):
        return [plain(value) for value in args]
    return number(args)


# Derivatives.


def zeros_for_none(gradients, tensors):
    # torch has two kinds of symbolic zero: None, and a tensor without storage.
    return [torch.zeros_like(t) if g is None or g._is_zerotensor() else g for g, t in zip(gradients, tensors)]


def gradients_of(outputs, wrt, cotangents, create_graph=False):
    if not wrt or not any(y.requires_grad for y in outputs):
        return [torch.zeros_like(t) for t in wrt]
    alive = [(y, c) for y, c in zip(outputs, cotangents) if y.requires_grad]
    found = torch.autograd.grad([y for y, _ in alive], wrt, [c for _, c in alive],
                                create_graph=create_graph, allow_unused=True)
    return zeros_for_none(found, wrt)


def as_tuple(value):
    return tuple(value) if isinstance(value, (tuple, list)) else (value,)


class Case:
    """One op at one point: outputs, first gradients, and gradients of the first gradients along directions."""

    def __init__(self, function, inputs, args, fixed, rng, cotangents=None):
        self.function, self.args, self.inputs = function, args, inputs
        self.active = [i for i, x in enumerate(inputs) if x.dtype == torch.float64 and i not in fixed]
        outputs = self.values(inputs)
        self.outputs = [y.detach().contiguous() for y in outputs]
        if cotangents is not None:
            self.cotangents = [None if c is None else floats(c) for c in cotangents]
        else:
            self.cotangents = [self.draw_like(y, rng) if y.dtype == torch.float64 else None for y in outputs]
        self.directions = [self.draw_like(inputs[i], rng) for i in self.active]
        self.differentiable = bool(self.active) and any(c is not None for c in self.cotangents)

    @staticmethod
    def draw_like(tensor, rng):
        return floats(numpy.round(rng.uniform(-2, 2, tuple(tensor.shape)), 3))

    def values(self, inputs):
        return as_tuple(self.function(*inputs, **self.args))

    def with_active(self, tensors):
        inputs = list(self.inputs)
        for i, t in zip(self.active, tensors):
            inputs[i] = t
        return inputs

    def first(self):
        leaves = [self.inputs[i].clone().requires_grad_() for i in self.active]
        outputs = self.values(self.with_active(leaves))
        pairs = [(y, c) for y, c in zip(outputs, self.cotangents) if c is not None]
        return gradients_of([y for y, _ in pairs], leaves, [c for _, c in pairs])

    def second(self):
        leaves = [self.inputs[i].clone().requires_grad_() for i in self.active]
        cotangents = [None if c is None else c.clone().requires_grad_() for c in self.cotangents]
        outputs = self.values(self.with_active(leaves))
        pairs = [(y, c) for y, c in zip(outputs, cotangents) if c is not None]
        first = gradients_of([y for y, _ in pairs], leaves, [c for _, c in pairs], create_graph=True)
        product = sum((g * v).sum() for g, v in zip(first, self.directions))
        wrt = leaves + [c for _, c in pairs]
        found = gradients_of([product], wrt, [torch.ones(())])
        return found[: len(leaves)], found[len(leaves):]

    # The gradients once more, by finite differences: a guard against ops composed or differentiated wrongly.

    def check(self, name, first, second):
        at = [self.inputs[i] for i in self.active]
        cotangents = [c for c in self.cotangents if c is not None]

        def loss(tensors):
            outputs = self.values(self.with_active(tensors[: len(at)]))
            pairs = zip((y for y, c in zip(outputs, self.cotangents) if c is not None), cotangents)
            return sum(float((y.detach() * c).sum()) for y, c in pairs)

        require_close(name + " first", first, differences(loss, at))
        if second is None:
            return

        def product(tensors):
            leaves = [t.clone().requires_grad_() for t in tensors[: len(at)]]
            outputs = [y for y, c in zip(self.values(self.with_active(leaves)), self.cotangents) if c is not None]
            found = gradients_of(outputs, leaves, list(tensors[len(at):]))
            return sum(float((g * v).sum()) for g, v in zip(found, self.directions))

        require_close(name + " second", second[0] + second[1], differences(product, at + cotangents))


def differences(function, at):
    """Central differences of fourth order, one element at a time."""
    step, found = 1e-4, []
    for which, tensor in enumerate(at):
        gradient = torch.zeros_like(tensor)
        for k in range(tensor.numel()):

            def moved(by):
                changed = [t.clone() for t in at]
                changed[which].view(-1)[k] += by
                return function(changed)

            wide, narrow = moved(2 * step) - moved(-2 * step), moved(step) - moved(-step)
            gradient.view(-1)[k] = (8 * narrow - wide) / (12 * step)
        found.append(gradient)
    return found


def require_close(name, found, expected, tolerance=2e-7):
    for f, e in zip(found, expected):
        if f.numel() and not (f - e).abs().max() <= tolerance * (1 + e.abs().max()):
            raise ValueError(f"{name}: torch {f.tolist()} but differences {e.tolist()}")


# Elementwise ops a second time, in many digits. Where torch is less accurate than the tests ask, these replace it.


def exactly(formula, case):
    """Outputs, first and second gradients of a single-output elementwise op of float inputs."""
    n, shape = len(case.inputs), case.outputs[0].shape
    points = [x.expand(shape).reshape(-1).tolist() for x in case.inputs]
    cotangent = case.cotangents[0].reshape(-1).tolist()
    directions = [None] * n
    for i, v in zip(case.active, case.directions):
        directions[i] = v.expand(shape).reshape(-1).tolist()
    y, first, second, along = [], [[] for _ in case.active], [[] for _ in case.active], []
    for k, c in enumerate(cotangent):
        at = tuple(mpmath.mpf(p[k]) for p in points)
        partial = {}

        def derivative(*orders):
            if orders not in partial:
                partial[orders] = formula(*at) if not any(orders) else mpmath.diff(formula, at, orders)
            return partial[orders]

        def unit(*axes):
            return [axes.count(i) for i in range(n)]

        y.append(derivative(*unit()))
        for place, i in enumerate(case.active):
            first[place].append(c * derivative(*unit(i)))
            second[place].append(c * sum(derivative(*unit(i, j)) * directions[j][k] for j in case.active))
        along.append(sum(derivative(*unit(j)) * directions[j][k] for j in case.active))

    def summed(column, i):  # over the axes that broadcasting added or stretched
        whole = numpy.array(column, dtype=object).reshape(tuple(shape))
        while whole.ndim > case.inputs[i].ndim:
            whole = numpy.array(whole.sum(0), dtype=object)
        for axis, size in enumerate(case.inputs[i].shape):
            if size != whole.shape[axis]:
                whole = whole.sum(axis, keepdims=True)
        return as_floats(whole, case.inputs[i].shape)

    return ([as_floats(y, shape)], [summed(f, i) for f, i in zip(first, case.active)],
            [summed(s, i) for s, i in zip(second, case.active)], [as_floats(along, shape)])


def as_floats(column, shape):
    flat = numpy.array(column, dtype=object).reshape(-1)
    return floats([float(v) for v in flat]).reshape(shape)


def relative_difference(a, b):
    if not a.numel():
        return 0.0
    relative = torch.where(a == b, torch.zeros(()), (a - b).abs() / b.abs().clamp(min=1e-290))
    return float(relative.nan_to_num(nan=INF).max())


class Family:
    """One JSON file: the cases of related ops."""

    def __init__(self, name):
        self.name, self.lines, self.seen, self.replaced = name, [], set(), []

    def case(self, op, name, function, *inputs, args=None, fixed=(), order=2, exact=None, cotangents=None,
             numpy_says=None, differences_agree=True, digits=60):
        """Records one case. `order` is the highest derivative kept; `fixed` lists inputs not differentiated."""
        label = f"{op}/{name}"
        if label in self.seen:
            raise ValueError(f"{label} is recorded twice")
        self.seen.add(label)
        rng = numpy.random.default_rng(zlib.crc32(f"{self.name}/{label}".encode()))
        case = Case(function, [resolve(x, rng) for x in inputs], args or {}, fixed, rng, cotangents)
        outputs, first, second = case.outputs, None, None
        if case.differentiable and order >= 1:
            first = case.first()
            second = case.second() if order >= 2 else None
        if exact is not None and order >= 2 and second is not None:
            with mpmath.workdps(digits):
                y, g, h, along = exactly(exact, case)
            pairs = list(zip(outputs + first + second[0] + second[1], y + g + h + along))
            if max(relative_difference(t, m) for t, m in pairs) > 1e-13:
                for t, m in pairs:
                    require_close(label, [t.nan_to_num(nan=0.0)], [torch.where(t.isnan(), 0.0, m)], 1e-9)
                self.replaced.append(label)
                outputs, first, second = y, g, (h, along)
        elif first is not None and order >= 2 and differences_agree:
            case.check(label, first, second)
        if numpy_says is not None:
            expected = as_tuple(numpy_says(*[x.numpy() for x in case.inputs]))
            for y, e in zip(outputs, expected, strict=True):
                e = numpy.asarray(e)
                same_shape = tuple(y.shape) == e.shape
                if not same_shape or not numpy.allclose(y.numpy(), e, rtol=1e-13, atol=1e-13, equal_nan=True):
                    raise ValueError(f"{label}: torch {y.tolist()} but numpy {e.tolist()}")
        self.lines.append(self.line(op, name, case, outputs, first, second))

    def line(self, op, name, case, outputs, first, second):
        record = {"op": op, "case": name, "inputs": [array(x) for x in case.inputs], "args": plain(case.args),
                  "outputs": [array(y) for y in outputs]}
        if first is None:
            record["skip_grad"] = True
        else:
            def spread(values):  # to one entry an input, null where it is not differentiated
                by_input = dict(zip(case.active, values))
                return [array(by_input.get(i)) for i in range(len(case.inputs))]

            record["cotangents"] = [array(c) for c in case.cotangents]
            record["grads"] = spread(first)
            if second is not None:
                with_cotangent = iter(second[1])
                record["second"] = {
                    "directions": spread(case.directions), "grads": spread(second[0]),
                    "cotangent_grads": [None if c is None else array(next(with_cotangent)) for c in case.cotangents]}
        return json.dumps(record, separators=(",", ":"), allow_nan=False)

    def write(self, directory):
        path = directory / f"{self.name}.json"
        path.write_text("[\n" + ",\n".join(self.lines) + "\n]\n")
        ops = len({label.split("/")[0] for label in self.seen})
        print(f"{path.name}: {ops} ops, {len(self.lines)} cases, {path.stat().st_size // 1024} KiB, "
              f"{len(self.replaced)} from mpmath")
