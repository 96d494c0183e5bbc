// The front door of xgrad: tensors, ops, gradients, and neural-network layers.
#pragma once

#include "../core/array/memory.hpp"
#include "../core/array/threads.hpp"
#include "../core/error/error.hpp"
#include "../core/graph/backward.hpp"
#include "../core/graph/record.hpp"
#include "../core/graph/tensor.hpp"
#include "../core/ops/arithmetic.hpp"
#include "../core/ops/functions.hpp"
#include "../core/ops/matmul.hpp"
#include "../core/ops/reduce.hpp"
#include "../core/ops/softmax.hpp"
#include "../core/transform/checkpoint.hpp"
#include "../core/transform/transform.hpp"
#include "../nn/module/module.hpp"
