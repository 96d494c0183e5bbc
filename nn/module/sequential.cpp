#include "sequential.hpp"

#include "../../core/error/error.hpp"

namespace xg::nn {

Tensor Layer::operator()(const Operand& x) const {
  ModuleCall call(*this, x);
  if (!held_) Complaint("Layer", "it is empty").at(x.site()).mend("assign a module to it first").raise<ValueError>();
  return call(held_->call(x.tensor(), x.site()));
}

void detail::check_count(const char* what, std::int64_t count, const Site& site) {
  if (count < 0)
    Complaint(what, "there cannot be " + std::to_string(count) + " of something").at(site).raise<ValueError>();
}

}  // namespace xg::nn
