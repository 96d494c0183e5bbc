// Dropout: elements or whole channels left out at random in training.
#pragma once

#include "../../core/array/random.hpp"
#include "../module/module.hpp"

namespace xg::nn {

struct DropoutOptions {
  /// Where random numbers come from; null is the default generator. It must outlive the layer and its copies.
  Rng* rng = nullptr;
};

namespace detail {

class DropoutLayer {
 public:
  /// The probability that an element is left out.
  double p() const { return p_; }
  auto fields() { return nn::fields("training", training); }

  Training training;

 protected:
  DropoutLayer(const char* name, double p, const DropoutOptions& options, const Site& site);
  Tensor apply(Tensor (*op)(const Operand&, double, Rng&), const Operand& x) const;

 private:
  double p_;
  Rng* rng_;
};

}  // namespace detail

/// `dropout(x, p)` in training, x in evaluation. Made, throws ValueError unless 0 ≤ p ≤ 1. Draws from the default
/// generator or from `.rng`, the same bits with any number of threads.
class Dropout : public detail::DropoutLayer {
 public:
  explicit Dropout(double p = 0.5, const DropoutOptions& options = {}, Site site = Site::here());
  Tensor operator()(const Operand& x) const;
};

/// `dropout1d(x, p)` in training: whole channels of (N, C, L) or (C, L). Throws as Dropout, and ShapeError.
class Dropout1d : public detail::DropoutLayer {
 public:
  explicit Dropout1d(double p = 0.5, const DropoutOptions& options = {}, Site site = Site::here());
  Tensor operator()(const Operand& x) const;
};

/// `dropout2d(x, p)` in training: whole channels of (N, C, H, W) or (C, H, W). Throws as Dropout, and ShapeError.
class Dropout2d : public detail::DropoutLayer {
 public:
  explicit Dropout2d(double p = 0.5, const DropoutOptions& options = {}, Site site = Site::here());
  Tensor operator()(const Operand& x) const;
};

}  // namespace xg::nn
