// The convolutional network of examples/04_fashion_cnn.cpp, which stays whole there so that it can be read alone.
#pragma once

#include "xgrad/xgrad.hpp"

namespace bench {

using namespace xg;

struct Block {
  nn::Conv2d conv;
  nn::BatchNorm2d norm;
  Block(std::int64_t in, std::int64_t out) : conv(in, out, 3, {.padding = 1}), norm(out) {}
  Tensor operator()(const Tensor& x) const { return relu(norm(max_pool2d(conv(x), 2))); }
  auto fields() { return nn::fields("conv", conv, "norm", norm); }
};

struct Cnn {
  Block first{1, 24}, second{24, 48}, third{48, 96};
  nn::Linear out{96 * 3 * 3, 10};
  Tensor operator()(const Tensor& x) const { return out(flatten(third(second(first(x))), 1)); }
};

}  // namespace bench
