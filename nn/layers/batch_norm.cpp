#include "batch_norm.hpp"

#include "../../core/error/error.hpp"
#include "../../core/ops/create.hpp"
#include "../../core/ops/normalize.hpp"
#include "../../core/transform/checkpoint.hpp"
#include "../module/state.hpp"

namespace xg::nn {

detail::BatchNormLayer::BatchNormLayer(const char* name, std::int64_t channels, const BatchNormOptions& options,
                                       const Site& site)
    : name_(name), channels_(channels), options_(options) {
  if (channels < 1)
    Complaint(name, "there must be at least 1 channel, not " + std::to_string(channels)).at(site).raise<ValueError>();
  if (options.affine) {
    weight = Parameter(ones({channels}), site);
    bias = Parameter(zeros({channels}), site);
  }
  if (!options.running) return;
  running_mean = Buffer(zeros({channels}));
  running_var = Buffer(ones({channels}));
  num_batches_tracked = Buffer(zeros({}, i64));
}

Tensor detail::BatchNormLayer::apply(const Operand& x, std::int64_t least_rank, std::int64_t most_rank,
                                     const char* layouts) const {
  std::int64_t rank = x.shape().rank();
  if (rank < least_rank || rank > most_rank || x.shape()[1] != channels_)
    Complaint(name_, "x has shape " + to_string(x.shape()) + ", not " + layouts + " with " + std::to_string(channels_) +
                         " channels")
        .layer(weight.defined() ? weight.name() : running_mean.name())
        .fact("x", describe(x))
        .at(x.site())
        .raise<ShapeError>();
  if (!training && options_.running) return batch_norm_eval(x, running_mean, running_var, weight, bias, options_.eps);
  auto [y, mean, variance] = batch_norm(x, weight, bias, options_.eps);
  if (training && options_.running && !is_replaying()) learn(mean, variance, x.shape().elements() / channels_);
  return y;
}

void detail::BatchNormLayer::learn(const Tensor& mean, const Tensor& variance, std::int64_t values) const {
  if (values == 0) return;
  std::int64_t& tracked = num_batches_tracked.edit().fill<std::int64_t>()[0];
  // A file may say anything. The last number stays: momentum 1/n is 0 by then.
  std::int64_t batches = tracked = std::min(std::max<std::int64_t>(tracked, 0), StateVisitor::most_steps) + 1;
  double momentum = options_.momentum.value_or(1 / static_cast<double>(batches));
  auto move = [&](const Buffer& running, const Tensor& batch, double factor) {
    Array from = batch.array().cast(DType::f64);
    const double* newest = from.data<double>();
    Array& to = running.edit();
    visit_real(to.dtype(), [&](auto t) {
      using T = decltype(t);
      T* values = to.fill<T>();
      for (std::int64_t c = 0; c < to.size(); ++c)
        values[c] = static_cast<T>((1 - momentum) * static_cast<double>(values[c]) + momentum * factor * newest[c]);
    });
  };
  move(running_mean, mean, 1);
  move(running_var, variance, static_cast<double>(values) / static_cast<double>(values - 1));
}

BatchNorm1d::BatchNorm1d(std::int64_t channels, const BatchNormOptions& options, Site site)
    : BatchNormLayer("BatchNorm1d", channels, options, site) {}
BatchNorm2d::BatchNorm2d(std::int64_t channels, const BatchNormOptions& options, Site site)
    : BatchNormLayer("BatchNorm2d", channels, options, site) {}

Tensor BatchNorm1d::operator()(const Operand& x) const {
  return ModuleCall(*this, x)(apply(x, 2, 3, "(N, C) or (N, C, L)"));
}
Tensor BatchNorm2d::operator()(const Operand& x) const { return ModuleCall(*this, x)(apply(x, 4, 4, "(N, C, H, W)")); }

}  // namespace xg::nn
