// Tensors of random numbers, from the default generator (see `seed`) or from one that is passed.
#pragma once

#include "../array/random.hpp"
#include "../graph/tensor.hpp"

namespace xg {

/// Uniform over [0, 1). Throws ValueError for a bad shape, DTypeError for a dtype that is not f32 or f64.
Tensor rand(const Shape& shape, DType dtype = f32, Rng& rng = default_rng(), Site site = Site::here());
Tensor rand(const Shape& shape, Rng& rng, Site site = Site::here());
/// Normal with mean 0 and variance 1. Throws as `rand`.
Tensor randn(const Shape& shape, DType dtype = f32, Rng& rng = default_rng(), Site site = Site::here());
Tensor randn(const Shape& shape, Rng& rng, Site site = Site::here());
/// Integers uniform over [low, high), i64. Throws ValueError unless low < high.
Tensor randint(std::int64_t low, std::int64_t high, const Shape& shape, Rng& rng = default_rng(),
               Site site = Site::here());
/// The shape and dtype of `x`.
Tensor rand_like(const Operand& x, Rng& rng = default_rng());
Tensor randn_like(const Operand& x, Rng& rng = default_rng());

/// 1 with probability p, else 0, each element for itself. Throws ValueError unless 0 ≤ p ≤ 1.
Tensor bernoulli(double p, const Shape& shape, DType dtype = f32, Rng& rng = default_rng(), Site site = Site::here());
/// The same with a probability an element, in its shape and dtype.
Tensor bernoulli(const Tensor& p, Rng& rng = default_rng(), Site site = Site::here());

/// 0 … n − 1 in random order, i64. Throws ValueError for a negative n.
Tensor randperm(std::int64_t n, Rng& rng = default_rng(), Site site = Site::here());
/// `x` with its slices along `axis` in random order (NumPy `Generator.permuted` of whole slices). Differentiable.
Tensor shuffle(const Operand& x, std::int64_t axis = 0, Rng& rng = default_rng());

}  // namespace xg
