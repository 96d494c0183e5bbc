#include "xtensor_bridge.hpp"

namespace xg::detail {

void check_view(const Tensor& x, DType dtype, int rank, const Site& site) {
  if (x.dtype() != dtype)
    Complaint("xt_view", std::string("the tensor is ") + name_of(x.dtype()) + ", the view wants " + name_of(dtype))
        .fact("x", describe(x))
        .at(site)
        .mend(std::string("xt_view of the tensor's own type, or astype(x, ") + name_of(dtype) + ") first")
        .raise<DTypeError>();
  if (rank >= 0 && x.rank() != rank)
    Complaint("xt_view", "the tensor has " + std::to_string(x.rank()) + " axes, the view wants " + std::to_string(rank))
        .fact("x", describe(x))
        .at(site)
        .raise<ShapeError>();
}

}  // namespace xg::detail
