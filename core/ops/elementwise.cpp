#include "elementwise.hpp"

namespace xg::detail {

Arrays run_formula(const FormulaKernels& block, const void* formula, const Met& met, std::size_t outputs) {
  Arrays values;
  for (std::size_t k = 0; k < outputs; ++k) values.push_back(Array(met.shape, met.dtype));
  kernels::elementwise(block.of(met.dtype), formula, values.data(), outputs, met.arrays.data(), met.arrays.size());
  return values;
}

Tensors run_vjp(const FormulaKernels& block, const void* function, const Tensors& g, const Tensors& saved,
                const Wants& wants) {
  const Tensor* some = nullptr;
  for (const Tensor& cotangent : g)
    if (cotangent.defined()) some = &cotangent;
  DType dtype = some->dtype();
  const Shape& shape = some->shape();
  SmallVector<Array, 8> inputs, outputs;
  for (const Tensor& cotangent : g)
    inputs.push_back(cotangent.defined() ? cotangent.array().cast(dtype) : Array(Number(0), dtype));
  for (const Tensor& value : saved) inputs.push_back(value.array().cast(dtype));
  kernels::VjpContext context{function, {}};
  Array any;
  for (std::size_t i = 0; i < wants.size(); ++i) {
    context.wanted[i] = wants[i];
    outputs.push_back(wants[i] ? Array(shape, dtype) : Array());
    if (wants[i]) any = outputs[i];
  }
  Tensors gradients;
  for (Array& output : outputs) {
    gradients.push_back(output ? Tensor(output) : Tensor());
    if (!output) output = any;
  }
  kernels::elementwise(block.of(dtype), &context, outputs.data(), outputs.size(), inputs.data(), inputs.size());
  return gradients;
}

namespace {

constexpr auto product = [](auto g, auto slope) { return where(g == 0, 0, g * slope); };

// out, g, slope -> g·slope, 0 where g is 0
constexpr FormulaKernels product_kernels{kernels::formula_block<float, decltype(product), 2, 1>,
                                         kernels::formula_block<double, decltype(product), 2, 1>};

}  // namespace

Tensor vjp_product(const Tensor& g, const Tensor& slope) {
  if (!slope.defined()) return Tensor();
  Met met = meet("vjp_product", {g, slope}, true);
  Arrays value = run_formula(product_kernels, &product, met, 1);
  return record("vjp_product", std::move(value[0]), {g, slope},
                [g, slope](const Tensor& h, const Wants& wants) -> Tensors {
                  return {wants[0] ? vjp_product(h, slope) : Tensor(), wants[1] ? vjp_product(h, g) : Tensor()};
                });
}

}  // namespace xg::detail
