"""Trajectories of optimizers: two parameters, one of which sometimes has no gradient, over a few steps."""

import numpy
import torch
from golden import Family, require_close, uniform

STEPS = 16


def loss_of(a, b):
    return 3 * (b @ a - 1).square().mean() + 0.5 * a.sin().sum() + 0.1 * b.pow(4).sum()


def trajectory(make):
    """The op: what the parameters are after each step. At the steps in `without`, b has no gradient."""

    def run(a, b, steps=STEPS, without=(), **options):
        a, b = a.clone().requires_grad_(), b.clone().requires_grad_()
        optimizer = make([a, b], **options)
        seen = [[], []]
        for step in range(steps):

            def closure():
                optimizer.zero_grad(set_to_none=True)
                loss = loss_of(a, b)
                loss.backward()
                if step in without:
                    b.grad = None
                return loss

            optimizer.step(closure)
            for values, p in zip(seen, (a, b)):
                values.append(p.detach().clone())
        return [torch.stack(values) for values in seen]

    return run


def with_betas(kind):
    def make(parameters, beta1=None, beta2=None, **options):
        if beta1 is not None:
            options["betas"] = (beta1, beta2)
        return kind(parameters, **options)

    return make


class NumpyOptimizer(torch.optim.Optimizer):
    """An optimizer of a few lines: `change(p's memory, options, w, g)` gives what is taken from w."""

    def __init__(self, parameters, **options):
        super().__init__(parameters, {**self.defaults_of, **options})

    def step(self, closure):
        closure()
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    w = p.detach().numpy()
                    w -= self.change(self.state[p], group, w, p.grad.numpy())


class Lion(NumpyOptimizer):
    """Not in torch 1.13: Chen et al. 2023, algorithm 2."""

    defaults_of = {"lr": 1e-4, "betas": (0.9, 0.99), "weight_decay": 0.0}

    def change(self, memory, o, w, g):
        (beta1, beta2), m = o["betas"], memory.get("m", 0 * w)
        memory["m"] = beta2 * m + (1 - beta2) * g
        return o["lr"] * (numpy.sign(beta1 * m + (1 - beta1) * g) + o["weight_decay"] * w)


class NAdam(NumpyOptimizer):
    """Dozat 2016. torch 1.13 has one factor too many in the product of the next step; later versions do not."""

    defaults_of = {"lr": 2e-3, "betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0.0, "momentum_decay": 4e-3}
    as_torch = False

    def change(self, memory, o, w, g):
        beta1, beta2 = o["betas"]
        g = g + o["weight_decay"] * w
        t, m, v, product = memory.get("all", (0, 0 * w, 0 * w, 1.0))
        t, m, v = t + 1, beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g * g
        now, following = (beta1 * (1 - 0.5 * 0.96 ** (k * o["momentum_decay"])) for k in (t, t + 1))
        product *= now
        memory["all"] = t, m, v, product
        next_product = product * following * (now if self.as_torch else 1)
        along = (1 - now) / (1 - product) * g + following / (1 - next_product) * m
        return o["lr"] * along / (numpy.sqrt(v / (1 - beta2**t)) + o["eps"])


class NAdamAsTorch(NAdam):
    as_torch = True


def check_nadam(options):
    a, b = torch.tensor([0.3, -0.7, 0.2]), torch.tensor([[0.5, 0.1, -0.4], [0.9, -0.8, 0.6]])
    ours, theirs = (trajectory(with_betas(kind))(a, b, **options) for kind in (NAdamAsTorch, torch.optim.NAdam))
    require_close("nadam", ours, theirs, 1e-13)


def adagrad(parameters, initial=0, **options):
    return torch.optim.Adagrad(parameters, initial_accumulator_value=initial, **options)


def lbfgs(parameters, **options):
    names = {"iterations": "max_iter", "evaluations": "max_eval", "gradient_tolerance": "tolerance_grad",
             "change_tolerance": "tolerance_change", "history": "history_size"}
    if options.pop("strong_wolfe", False):
        options["line_search_fn"] = "strong_wolfe"
    return torch.optim.LBFGS(parameters, **{names.get(key, key): value for key, value in options.items()})


OPTIMIZERS = {
    "sgd": (torch.optim.SGD, {
        "plain": {"lr": 0.1},
        "decay": {"lr": 0.1, "weight_decay": 0.1},
        "momentum": {"lr": 0.05, "momentum": 0.9},
        "dampening": {"lr": 0.05, "momentum": 0.9, "dampening": 0.5, "weight_decay": 0.1},
        "nesterov": {"lr": 0.05, "momentum": 0.9, "weight_decay": 0.1, "nesterov": True},
    }),
    "adam": (with_betas(torch.optim.Adam), {
        "default": {"lr": 0.1},
        "betas": {"lr": 0.1, "beta1": 0.8, "beta2": 0.95, "eps": 1e-3},
        "decay": {"lr": 0.1, "weight_decay": 0.3},
        "amsgrad": {"lr": 0.1, "beta1": 0.5, "beta2": 0.6, "amsgrad": True},
    }),
    "adamw": (with_betas(torch.optim.AdamW), {
        "default": {"lr": 0.1},
        "decay": {"lr": 0.1, "weight_decay": 0.3, "beta1": 0.8, "beta2": 0.95, "eps": 1e-3},
        "amsgrad": {"lr": 0.1, "beta1": 0.5, "beta2": 0.6, "amsgrad": True},
    }),
    "rmsprop": (torch.optim.RMSprop, {
        "default": {"lr": 0.05},
        "decay": {"lr": 0.05, "alpha": 0.8, "eps": 1e-2, "weight_decay": 0.3},
        "momentum": {"lr": 0.01, "momentum": 0.8},
        "centered": {"lr": 0.02, "centered": True, "eps": 1e-3},
        "centered_momentum": {"lr": 0.01, "centered": True, "momentum": 0.7, "weight_decay": 0.1},
    }),
    "adagrad": (adagrad, {
        "default": {"lr": 0.2},
        "decay": {"lr": 0.2, "lr_decay": 0.1, "weight_decay": 0.2, "eps": 1e-3},
        "initial": {"lr": 0.2, "initial": 0.5},
    }),
    "adadelta": (torch.optim.Adadelta, {
        "default": {},
        "decay": {"lr": 0.5, "rho": 0.7, "eps": 1e-3, "weight_decay": 0.2},
    }),
    "nadam": (with_betas(NAdam), {
        "default": {"lr": 0.05},
        "decay": {"lr": 0.05, "beta1": 0.8, "beta2": 0.95, "eps": 1e-3, "weight_decay": 0.2, "momentum_decay": 0.1},
    }),
    "radam": (with_betas(torch.optim.RAdam), {
        "default": {"lr": 0.05},
        "decay": {"lr": 0.05, "beta1": 0.8, "beta2": 0.9, "eps": 1e-3, "weight_decay": 0.2},
    }),
    "lbfgs": (lbfgs, {
        "plain": {"steps": 6, "lr": 0.5, "iterations": 4},
        "strong_wolfe": {"steps": 3, "iterations": 5, "strong_wolfe": True},
        "short_history": {"steps": 5, "iterations": 3, "history": 2, "strong_wolfe": True},
        "few_evaluations": {"steps": 5, "lr": 0.3, "iterations": 6, "evaluations": 3},
        "to_the_end": {"steps": 3, "strong_wolfe": True, "gradient_tolerance": 0.05, "change_tolerance": 1e-3},
    }),
    "lion": (with_betas(Lion), {
        "default": {"lr": 0.02},
        "decay": {"lr": 0.02, "beta1": 0.8, "beta2": 0.95, "weight_decay": 0.3},
    }),
}


def write(directory):
    family = Family("optimizers")
    for op, (make, cases) in OPTIMIZERS.items():
        for name, options in cases.items():
            if op == "nadam":
                check_nadam(options)
            args = options if "steps" in options else {**options, "without": [2, 7]}
            family.case(op, name, trajectory(make), uniform(-1, 1, 3), uniform(-1, 1, 2, 3), args=args, fixed=(0, 1))
    family.write(directory)
