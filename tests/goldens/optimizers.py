"""Trajectories of optimizers: two parameters, one of which sometimes has no gradient, over a few steps."""

import torch
from golden import Family, floats, uniform

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
}


def write(directory):
    family = Family("optimizers")
    for op, (make, cases) in OPTIMIZERS.items():
        for name, options in cases.items():
            args = options if "steps" in options else {**options, "without": [2, 7]}
            family.case(op, name, trajectory(make), uniform(-1, 1, 3), uniform(-1, 1, 2, 3), args=args, fixed=(0, 1))
    family.write(directory)
