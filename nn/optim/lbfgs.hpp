// L-BFGS: steps along an approximation of Newton's direction, for losses without noise.
#pragma once

#include "optimizer.hpp"

namespace xg::nn {

struct LbfgsOptions {
  double lr = 1;
  /// How many directions one step goes along, at most.
  std::int64_t iterations = 20;
  /// How many times one step computes the loss, at most; 0 is 5/4 of the iterations.
  std::int64_t evaluations = 0;
  /// The step ends where no number of the gradient is larger,
  double gradient_tolerance = 1e-7;
  /// and where the loss or all parameters change by less.
  double change_tolerance = 1e-9;
  /// How many past changes make up the curvature.
  std::int64_t history = 100;
  /// Searches along each direction until the strong Wolfe conditions hold, instead of going lr along it.
  bool strong_wolfe = false;
};

/// Limited-memory BFGS: `step(closure)` computes the loss up to 25 times, and goes along −H g, where H approximates the
/// inverse Hessian from the last changes of parameters and gradient. Nocedal and Wright, "Numerical optimization"
/// (2006), chapters 3 and 7; PyTorch's `LBFGS` takes the same steps. Remembers 16 bytes · history a number, in f64.
/// `step()` and `minimize` without a closure throw ValueError; when the closure throws, the parameters are as they
/// were. A direction that is not finite ends the step. Throws ValueError: no parameters, options that make no sense.
class LBFGS : public Optimizer {
 public:
  explicit LBFGS(const std::vector<Tensor>& parameters, const LbfgsOptions& options = {}, Site site = Site::here());

  const LbfgsOptions& options() const { return options_; }
  void state(StateVisitor& visitor) override;

 private:
  /// What the next step goes on from; arrays are flat, over all parameters.
  struct Memory {
    std::int64_t iterations = 0;
    double length = 0, scale = 1;  // of the last direction, and of the first approximation
    Array direction, gradient;
    std::vector<Array> changes, slopes;  // of parameters and gradient, the oldest first; empty ones at the end
    std::vector<double> inverses;        // 1 / (change · slope)
    void forget() { iterations = 0, length = 0, scale = 1, inverses.clear(); }
  };
  class Run;

  Knobs knobs(std::size_t) override { return {&options_.lr, nullptr}; }
  double advance(const Closure* closure, const Site& site) override;
  bool needs_closure() const override { return true; }

  LbfgsOptions options_;
  Memory memory_;
};

}  // namespace xg::nn
