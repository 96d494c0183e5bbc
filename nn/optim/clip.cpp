#include "clip.hpp"

#include <algorithm>
#include <cmath>

#include "../../core/kernels/reduce.hpp"
#include "../../core/ops/arithmetic.hpp"
#include "../../core/ops/reduce.hpp"
#include "../../core/ops/rounding.hpp"
#include "../../core/ops/select.hpp"
#include "optimizer.hpp"

namespace xg::nn {
namespace {

/// Calls `f(gradient)` for the parameters that have one with numbers in it.
template <class F>
void each_gradient(const std::vector<Tensor>& parameters, const F& f) {
  for (const Tensor& parameter : parameters)
    if (const Tensor* g = parameter.find_grad(); g && g->size() > 0) f(parameter, *g);
}

double largest(const std::vector<Tensor>& parameters) {
  double most = 0;
  each_gradient(parameters, [&](const Tensor&, const Tensor& g) {
    double one = amax(abs(g)).item();
    if (one > most || std::isnan(one)) most = std::isnan(most) ? most : one;
  });
  return most;
}

double total_norm(const std::vector<Tensor>& parameters, double p, double scale = 1) {
  double total = 0;
  each_gradient(parameters, [&](const Tensor&, const Tensor& g) {
    Shape axes;
    for (std::int64_t axis = 0; axis < g.rank(); ++axis) axes.push_back(axis);
    double norm = kernels::norm(scale == 1 ? g.array() : (g * scale).array(), axes, p).first().as<double>();
    total += p == 2 ? norm * norm : std::pow(norm, p);
  });
  total = p == 2 ? std::sqrt(total) : std::pow(total, 1 / p);
  if (scale != 1 || (std::isfinite(total) && total > 0)) return total / scale;
  // Powers may overflow or vanish where the numbers do not: once more with the largest number scaled to 1.
  double most = largest(parameters);
  bool hopeless = std::isnan(total) || most == 0 || !std::isfinite(most);
  return hopeless ? total : total_norm(parameters, p, std::min(1 / most, 1e37));
}

}  // namespace

double clip_grad_norm(const std::vector<Tensor>& parameters, double max_norm, double p, Site site) {
  detail::OptionCheck check("clip_grad_norm", site);
  check.not_negative("max_norm", max_norm);
  check.require(p > 0, "p must be above 0");
  NoGrad guard;
  double norm = std::isinf(p) ? largest(parameters) : total_norm(parameters, p);
  double scale = max_norm / (norm + 1e-6);
  if (std::isfinite(norm) && scale < 1)
    each_gradient(parameters, [&](const Tensor& p, const Tensor& g) { p.set_grad(g * scale, site); });
  return norm;
}

void clip_grad_value(const std::vector<Tensor>& parameters, double limit, Site site) {
  detail::OptionCheck("clip_grad_value", site).not_negative("limit", limit);
  NoGrad guard;
  each_gradient(parameters, [&](const Tensor& p, const Tensor& g) { p.set_grad(clamp(g, -limit, limit), site); });
}

}  // namespace xg::nn
