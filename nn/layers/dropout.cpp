#include "dropout.hpp"

#include "../../core/ops/dropout.hpp"

namespace xg::nn {

detail::DropoutLayer::DropoutLayer(const char* name, double p, const DropoutOptions& options, const Site& site)
    : p_(p), rng_(options.rng) {
  xg::detail::check_dropout(name, p, site);
}

Tensor detail::DropoutLayer::apply(Tensor (*op)(const Operand&, double, Rng&), const Operand& x) const {
  return training ? op(x, p_, rng_ ? *rng_ : default_rng()) : x.tensor();
}

Dropout::Dropout(double p, const DropoutOptions& options, Site site) : DropoutLayer("Dropout", p, options, site) {}
Dropout1d::Dropout1d(double p, const DropoutOptions& options, Site site)
    : DropoutLayer("Dropout1d", p, options, site) {}
Dropout2d::Dropout2d(double p, const DropoutOptions& options, Site site)
    : DropoutLayer("Dropout2d", p, options, site) {}

Tensor Dropout::operator()(const Operand& x) const { return ModuleCall(*this, x)(apply(dropout, x)); }
Tensor Dropout1d::operator()(const Operand& x) const { return ModuleCall(*this, x)(apply(dropout1d, x)); }
Tensor Dropout2d::operator()(const Operand& x) const { return ModuleCall(*this, x)(apply(dropout2d, x)); }

}  // namespace xg::nn
