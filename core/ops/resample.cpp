#include "resample.hpp"

#include "../graph/record.hpp"

namespace xg::detail {

Tensor resample(const char* op, const Operand& x, const kernels::AxisMaps& maps) {
  return record(op, kernels::resample(x.array(real(x.dtype())), maps), {x}, [op, maps](const Tensor& g) -> Tensors {
    kernels::AxisMaps turned;
    for (const kernels::AxisMap& map : maps) turned.push_back(map.transposed());
    return {resample(op, g, turned)};
  });
}

}  // namespace xg::detail
