#!/usr/bin/python3
"""Writes pytorch_cnn.safetensors, the weights of a small PyTorch network, and pytorch_cnn_outputs.safetensors, some
images and what the network makes of them. examples/07_pytorch_weights.cpp loads both. Needs python3-torch.

The format is simple enough to be written by hand: the length of a JSON header as 8 bytes, the header, the numbers.
"""
import json
import struct
from pathlib import Path

import torch
from torch import nn


class Cnn(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 6, 3, stride=2, padding=1)
        self.norm = nn.BatchNorm2d(6)
        self.deep = nn.ModuleList([nn.Conv2d(6, 8, 3, padding=1, groups=2), nn.Conv2d(8, 8, 3, dilation=2, padding=2)])
        self.out = nn.Linear(8 * 3 * 3, 10)

    def forward(self, x):
        h = nn.functional.gelu(self.norm(self.conv(x)))
        for layer in self.deep:
            h = torch.tanh(layer(h))
        return self.out(nn.functional.max_pool2d(h, 2).flatten(1))


def save(tensors, path):
    names = {torch.float32: "F32", torch.int64: "I64"}
    header, data = {}, b""
    # The largest numbers first, so that all are aligned.
    for name, tensor in sorted(tensors.items(), key=lambda item: (-item[1].element_size(), item[0])):
        bytes_ = tensor.contiguous().numpy().tobytes()
        header[name] = {
            "dtype": names[tensor.dtype],
            "shape": list(tensor.shape),
            "data_offsets": [len(data), len(data) + len(bytes_)],
        }
        data += bytes_
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


torch.manual_seed(7)
torch.set_num_threads(1)
model = Cnn()
# Some training, so that no weight and no running statistic is what it was at first.
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for step in range(20):
    x = torch.randn(16, 1, 12, 12)
    loss = nn.functional.cross_entropy(model(x), (x.mean((1, 2, 3)) > 0).long())
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
model.eval()
x = torch.randn(4, 1, 12, 12)
with torch.no_grad():
    y = model(x)
folder = Path(__file__).parent
save(model.state_dict(), folder / "pytorch_cnn.safetensors")
save({"x": x, "y": y}, folder / "pytorch_cnn_outputs.safetensors")
