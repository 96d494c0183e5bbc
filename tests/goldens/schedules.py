"""Learning rates, and momenta, that schedules set: one row a step, one column a group, before step 1 first."""

import warnings

import torch
from golden import Family, floats
from torch.optim import lr_scheduler as schedulers

STEPS = 24


def make(optimizer, kind, milestones=None, curves=None, **options):
    if kind == "sequence":
        return schedulers.SequentialLR(optimizer, [make(optimizer, **c) for c in curves], milestones)
    if kind == "product":
        return schedulers.ChainedScheduler([make(optimizer, **c) for c in curves])
    known = {
        "step": (schedulers.StepLR, {"every": "step_size", "factor": "gamma"}),
        "multi_step": (schedulers.MultiStepLR, {"factor": "gamma"}),
        "exponential": (schedulers.ExponentialLR, {"factor": "gamma"}),
        "linear": (schedulers.LinearLR, {"steps": "total_iters", "start": "start_factor", "end": "end_factor"}),
        "polynomial": (schedulers.PolynomialLR, {"steps": "total_iters"}),
        "cosine": (schedulers.CosineAnnealingLR, {"steps": "T_max", "lowest": "eta_min"}),
        "cosine_restarts": (schedulers.CosineAnnealingWarmRestarts,
                            {"steps": "T_0", "growth": "T_mult", "lowest": "eta_min"}),
        "one_cycle": (schedulers.OneCycleLR,
                      {"steps": "total_steps", "highest": "max_lr", "rising": "pct_start",
                       "start_divisor": "div_factor", "end_divisor": "final_div_factor",
                       "three_phases": "three_phase", "lowest_momentum": "base_momentum",
                       "highest_momentum": "max_momentum"}),
    }
    scheduler, names = known[kind]
    given = {names.get(key, key): value for key, value in options.items()}
    if milestones is not None:
        given["milestones"] = milestones
    if kind == "one_cycle":
        given["anneal_strategy"] = "linear" if given.pop("straight", False) else "cos"
        given.setdefault("max_lr", [group["lr"] for group in optimizer.param_groups])
    return scheduler(optimizer, **given)


def rates(base, metrics=None, **options):
    groups = [{"params": [torch.zeros(1, requires_grad=True)], "lr": lr} for lr in base.tolist()]
    optimizer = torch.optim.SGD(groups, lr=1.0, momentum=0.5)
    if metrics is not None:
        options = {{"lowest": "min_lr"}.get(key, key): value for key, value in options.items()}
        options["threshold_mode"] = "rel" if options.pop("relative", True) else "abs"
        options["mode"] = "max" if options.pop("maximize", False) else "min"
        scheduler = schedulers.ReduceLROnPlateau(optimizer, **options)
    else:
        scheduler = make(optimizer, **options)
    seen = []
    for step in range(STEPS + 1):
        seen.append([[group[key] for group in optimizer.param_groups] for key in ("lr", "momentum")])
        if step == STEPS:
            break
        optimizer.step()
        scheduler.step(*([] if metrics is None else [metrics[step]]))
    return [floats(row) for row in zip(*seen)]


CASES = {
    "step": {"usual": {"every": 3}, "half": {"every": 1, "factor": 0.5}},
    "multi_step": {"usual": {"milestones": [2, 5, 5, 20], "factor": 0.3}, "first": {"milestones": [1]}},
    "exponential": {"usual": {"factor": 0.9}},
    "linear": {"warm_up": {}, "down": {"steps": 8, "start": 1, "end": 0.25}},
    "polynomial": {"line": {}, "square": {"steps": 10, "power": 2.5}},
    "cosine": {"usual": {"steps": 10}, "lowest": {"steps": 24, "lowest": 0.01}},
    "cosine_restarts": {"usual": {"steps": 5}, "growing": {"steps": 3, "growth": 2, "lowest": 0.001}},
    "one_cycle": {
        "own": {"steps": 25}, "highest": {"steps": 25, "highest": 2.0, "rising": 0.4, "start_divisor": 10},
        "three": {"steps": 25, "three_phases": True, "end_divisor": 100},
        "straight": {"steps": 25, "straight": True, "lowest_momentum": 0.5, "highest_momentum": 0.9},
        "fixed_momentum": {"steps": 25, "cycle_momentum": False},
    },
    "sequence": {
        "warm_up_then_cosine": {"milestones": [5], "curves": [{"kind": "linear"}, {"kind": "cosine", "steps": 19}]},
        "three": {"milestones": [4, 9], "curves": [
            {"kind": "linear", "steps": 4, "start": 0.1}, {"kind": "exponential", "factor": 0.9},
            {"kind": "step", "every": 5}]},
    },
    "product": {
        "three": {"curves": [{"kind": "linear"}, {"kind": "exponential", "factor": 0.9},
                             {"kind": "multi_step", "milestones": [7, 12]}]},
        "cosine": {"curves": [{"kind": "linear"}, {"kind": "cosine", "steps": 30}]},
    },
}

FALLING = [1.0, 0.9, 0.95, 0.91, 0.90001, 0.899, 0.5, 0.6, 0.5, 0.5, 0.51, 0.4999, 0.55, 0.7, 0.8, 0.49, 0.49, 0.49, 0.4,
           0.41, 0.42, 0.43, 0.44, 0.45]
PLATEAUS = {
    "patient": {"patience": 2},
    "eager": {"patience": 0, "factor": 0.5, "cooldown": 2},
    "absolute": {"patience": 1, "relative": False, "threshold": 0.05, "lowest": 0.003},
    "maximize": {"patience": 2, "maximize": True, "factor": 0.3},
    "maximize_absolute": {"patience": 3, "maximize": True, "relative": False, "threshold": 0.0, "eps": 0.05},
}


def write(directory):
    warnings.simplefilter("ignore")
    family = Family("schedules")
    for kind, cases in CASES.items():
        for name, options in cases.items():
            family.case(kind, name, rates, floats([0.1, 0.7]), args={"kind": kind, **options}, fixed=(0,))
    for name, options in PLATEAUS.items():
        metrics = [1 - m for m in FALLING] if options.get("maximize") else FALLING
        family.case("plateau", name, rates, floats([0.1, 0.7]), args={"metrics": metrics, **options}, fixed=(0,))
    family.write(directory)
