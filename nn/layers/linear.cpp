#include "linear.hpp"

#include "../../core/error/error.hpp"
#include "../../core/ops/matmul.hpp"
#include "../init/init.hpp"

namespace xg::nn {

Linear::Linear(std::int64_t in, std::int64_t out, const LinearOptions& options, Site site) {
  if (in < 0 || out < 0)
    Complaint("Linear", "sizes cannot be negative: in " + std::to_string(in) + ", out " + std::to_string(out))
        .at(site)
        .raise<ValueError>();
  CallScope scope(site);
  weight = Parameter(init::fan_in_uniform({out, in}, in), site);
  if (options.bias) bias = Parameter(init::fan_in_uniform({out}, in), site);
}

Tensor Linear::operator()(const Operand& x) const { return ModuleCall(*this, x)(linear(x, weight, bias)); }

Bilinear::Bilinear(std::int64_t first, std::int64_t second, std::int64_t out, const LinearOptions& options, Site site) {
  if (first < 0 || second < 0 || out < 0)
    Complaint("Bilinear", "sizes cannot be negative: first " + std::to_string(first) + ", second " +
                              std::to_string(second) + ", out " + std::to_string(out))
        .at(site)
        .raise<ValueError>();
  weight = Parameter(init::fan_in_uniform({out, first, second}, first), site);
  if (options.bias) bias = Parameter(init::fan_in_uniform({out}, first), site);
}

Tensor Bilinear::operator()(const Operand& a, const Operand& b) const {
  return ModuleCall(*this, a, b)(bilinear(a, b, weight, bias));
}

}  // namespace xg::nn
