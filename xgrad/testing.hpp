// The front door for tests: gradient checks as doctest assertions. Includes doctest.
#pragma once

#include <doctest/doctest.h>

#include "../core/check/gradcheck.hpp"
#include "../core/graph/tensor.hpp"

/// `CHECK_GRADIENTS(f, inputs...)`: passes when gradcheck does, else shows its report. Options may come last.
#define CHECK_GRADIENTS(...) DOCTEST_CHECK(::xg::gradcheck(__VA_ARGS__))
/// The same for second derivatives.
#define CHECK_SECOND_GRADIENTS(...) DOCTEST_CHECK(::xg::gradgradcheck(__VA_ARGS__))
/// `CHECK_MODEL_GRADIENTS(model, inputs...)`: the gradients of a model's output in its inputs and in every parameter,
/// which a report calls by its name. Needs f64 parameters: `nn::to(model, f64)`.
#define CHECK_MODEL_GRADIENTS(model, ...) \
  DOCTEST_CHECK(::xg::testing::check_model(model, ::xg::nn::named_parameters(model), __VA_ARGS__))

namespace xg::testing {

/// gradcheck of `model(inputs...)`, also in `parameters`, pairs of a name and a variable.
template <class Model, class Parameters, class... Inputs>
GradCheck check_model(Model& model, const Parameters& parameters, const Inputs&... inputs) {
  GradCheckOptions options;
  for (const auto& [name, parameter] : parameters)
    options.parameters.emplace_back(name, static_cast<const Tensor&>(parameter));
  return gradcheck([&](const Tensors& x) { return detail::spread<sizeof...(Inputs)>(model)(x); }, Tensors{inputs...},
                   options);
}

}  // namespace xg::testing

namespace doctest {

template <>
struct StringMaker<xg::Tensor> {
  static String convert(const xg::Tensor& x) { return xg::describe(x).c_str(); }
};
template <>
struct StringMaker<xg::Shape> {
  static String convert(const xg::Shape& shape) { return xg::to_string(shape).c_str(); }
};
template <>
struct StringMaker<xg::GradCheck> {
  static String convert(const xg::GradCheck& check) { return check.report().c_str(); }
};

}  // namespace doctest
