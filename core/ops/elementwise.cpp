#include "elementwise.hpp"

namespace xg::detail {

namespace {

void fill(const FormulaKernels& block, const void* formula, const Met& met, const kernels::ArrayRefs& to) {
  kernels::ArrayRefs from;
  for (std::size_t i = 0; i < met.arrays.size(); ++i) from.push_back(&met.arrays[i]);
  kernels::elementwise(block.of(met.dtype), formula, to, from);
}

}  // namespace

Array run_formula(const FormulaKernels& block, const void* formula, const Met& met) {
  Array value(met.shape, met.dtype);
  fill(block, formula, met, {&value});
  return value;
}

Arrays run_formula(const FormulaKernels& block, const void* formula, const Met& met, std::size_t outputs) {
  Arrays values;
  kernels::ArrayRefs to;
  for (std::size_t k = 0; k < outputs; ++k) values.push_back(Array(met.shape, met.dtype));
  for (const Array& value : values) to.push_back(&value);
  fill(block, formula, met, to);
  return values;
}

Tensors run_vjp(const FormulaKernels& block, const void* function, TensorRefs g, TensorRefs saved, const Wants& wants) {
  const Tensor* some = nullptr;
  for (const Tensor& cotangent : g)
    if (cotangent.defined()) some = &cotangent;
  DType dtype = some->dtype();
  MetArrays inputs;
  auto take = [&](const Array& array) {
    if (array.dtype() == dtype) inputs.refer(array);
    else inputs.make(array.cast(dtype));
  };
  for (const Tensor& cotangent : g) {
    if (cotangent.defined()) take(cotangent.array());
    else inputs.make(Array(Number(0), dtype));
  }
  for (const Tensor& value : saved) take(value.array());

  kernels::VjpContext context{function, {}};
  Tensors gradients;
  const Array* any = nullptr;
  for (std::size_t i = 0; i < wants.size(); ++i) {
    context.wanted[i] = wants[i];
    gradients.push_back(wants[i] ? Tensor(Array(some->shape(), dtype)) : Tensor());
    if (wants[i]) any = &gradients[i].array();
  }
  kernels::ArrayRefs to, from;
  for (const Tensor& gradient : gradients) to.push_back(gradient.defined() ? &gradient.array() : any);
  for (std::size_t i = 0; i < inputs.size(); ++i) from.push_back(&inputs[i]);
  kernels::elementwise(block.of(dtype), &context, to, from);
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
  return record("vjp_product", run_formula(product_kernels, &product, met), {g, slope},
                [g, slope](const Tensor& h, const Wants& wants) -> Tensors {
                  return {wants[0] ? vjp_product(h, slope) : Tensor(), wants[1] ? vjp_product(h, g) : Tensor()};
                });
}

}  // namespace xg::detail
