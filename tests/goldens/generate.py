#!/usr/bin/python3
"""Writes the goldens beside this file: what PyTorch says of every op, its gradients and second gradients.

    apt install python3-torch python3-mpmath
    /usr/bin/python3 tests/goldens/generate.py [FAMILY...]

The same versions write the same bytes. README.md describes the format.
"""

import sys
from pathlib import Path

import golden  # first: it settles how torch computes
import numpy

import attention
import convolution
import creation
import elementwise_binary
import elementwise_unary
import indexing
import layers
import linalg
import losses
import normalization
import optimizers
import recurrent
import reductions
import schedules
import shape

FAMILIES = [attention, elementwise_unary, elementwise_binary, reductions, linalg, layers, normalization, shape,
            indexing, creation, convolution, recurrent, optimizers, schedules, losses]


def main(names):
    chosen = [f for f in FAMILIES if not names or f.__name__ in names]
    if unknown := set(names) - {f.__name__ for f in FAMILIES}:
        sys.exit(f"no such family: {', '.join(sorted(unknown))}")
    with numpy.errstate(all="ignore"):
        for family in chosen:
            family.write(Path(__file__).parent)
    print(f"torch {golden.torch.__version__}, numpy {numpy.__version__}, mpmath {golden.mpmath.__version__}")


if __name__ == "__main__":
    main(sys.argv[1:])
