"""RNN, LSTM and GRU layers and their cells."""

import torch
from golden import Family, integers, normal, uniform
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

LAYERS = {"RNN": (nn.RNN, 1), "LSTM": (nn.LSTM, 4), "GRU": (nn.GRU, 3)}
CELLS = {"RNNCell": (nn.RNNCell, 1), "LSTMCell": (nn.LSTMCell, 4), "GRUCell": (nn.GRUCell, 3)}


def weights(gates, size, hidden, bias):
    """One direction's, in the order of torch."""
    shapes = [(gates * hidden, size), (gates * hidden, hidden)] + [(gates * hidden,)] * (2 * bias)
    return [uniform(-1, 1, *shape) for shape in shapes]


def layer(op):
    make, _ = LAYERS[op]

    def call(x, *others, hidden, layers, bidirectional, bias, nonlinearity, has_state, has_lengths):
        others = list(others)
        state = [others.pop(0) for _ in range(has_state * (1 + (op == "LSTM")))]
        lengths = others.pop() if has_lengths else None
        more = {"nonlinearity": nonlinearity} if op == "RNN" else {}
        module = make(x.shape[2], hidden, layers, batch_first=True, bidirectional=bidirectional, bias=bias, **more)
        for name, weight in zip([n for n, _ in module.named_parameters()], others, strict=True):
            delattr(module, name)
            setattr(module, name, weight)
        module._flat_weights = others
        time = x.shape[1]
        if has_lengths:
            x = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        y, after = module(x, *([tuple(state) if len(state) == 2 else state[0]] if state else []))
        if has_lengths:
            y, _ = pad_packed_sequence(y, batch_first=True, total_length=time)
        return (y, *after) if op == "LSTM" else (y, after)

    return call


def layers(family, op, name, x, hidden=2, layers=1, bidirectional=False, bias=True, nonlinearity="tanh", state=False,
           lengths=None):
    gates, directions = LAYERS[op][1], 1 + bidirectional
    inputs = [normal(*x)]
    if state:
        inputs += [normal(layers * directions, x[0], hidden)] * (1 + (op == "LSTM"))
    for number in range(layers):
        for _ in range(directions):
            inputs += weights(gates, directions * hidden if number else x[2], hidden, bias)
    if lengths:
        inputs.append(integers(lengths))
    family.case(op, name, layer(op), *inputs,
                args={"hidden": hidden, "layers": layers, "bidirectional": bidirectional, "bias": bias,
                      "nonlinearity": nonlinearity, "has_state": state, "has_lengths": lengths is not None})


def cell(op):
    make, _ = CELLS[op]

    def call(x, *others, hidden, bias, nonlinearity, has_state):
        others = list(others)
        state = [others.pop(0) for _ in range(has_state * (1 + (op == "LSTMCell")))]
        more = {"nonlinearity": nonlinearity} if op == "RNNCell" else {}
        module = make(x.shape[1], hidden, bias, **more)
        for name, weight in zip([n for n, _ in module.named_parameters()], others, strict=True):
            delattr(module, name)
            setattr(module, name, weight)
        return module(x, *([tuple(state) if len(state) == 2 else state[0]] if state else []))

    return call


def cells(family, op, name, x, hidden, bias=True, nonlinearity="tanh", state=True):
    inputs = [normal(*x)] + [normal(x[0], hidden)] * (state * (1 + (op == "LSTMCell")))
    family.case(op, name, cell(op), *inputs, *weights(CELLS[op][1], x[1], hidden, bias),
                args={"hidden": hidden, "bias": bias, "nonlinearity": nonlinearity, "has_state": state})


def write(directory):
    family = Family("recurrent")
    for op in LAYERS:
        layers(family, op, "plain", (2, 3, 3))
        layers(family, op, "state", (2, 2, 2), hidden=3, state=True)
        layers(family, op, "no_bias", (2, 2, 2), bias=False)
        layers(family, op, "one_step", (1, 1, 2), hidden=1)
        layers(family, op, "both_ways", (2, 3, 2), bidirectional=True, state=True)
        layers(family, op, "deep", (2, 2, 1), layers=3)
        layers(family, op, "deep_both_ways", (1, 2, 2), layers=2, bidirectional=True)
        layers(family, op, "lengths", (3, 4, 2), lengths=[2, 4, 1], state=True)
        layers(family, op, "short", (2, 3, 2), lengths=[2, 1])
        layers(family, op, "lengths_both_ways", (2, 3, 1), lengths=[1, 3], layers=2, bidirectional=True)
    layers(family, "RNN", "relu", (2, 3, 2), nonlinearity="relu", state=True)
    layers(family, "RNN", "relu_lengths", (2, 3, 2), nonlinearity="relu", lengths=[3, 2], bidirectional=True)
    for op in CELLS:
        cells(family, op, "plain", (2, 3), 2)
        cells(family, op, "no_bias", (3, 1), 2, bias=False)
        cells(family, op, "no_state", (2, 2), 3, state=False)
    cells(family, "RNNCell", "relu", (2, 3), 2, nonlinearity="relu")
    family.write(directory)
    return family
