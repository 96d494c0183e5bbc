// The front door for tests: gradient checks as doctest assertions. Includes doctest.
#pragma once

#include <doctest/doctest.h>

#include "../core/check/gradcheck.hpp"
#include "../core/graph/tensor.hpp"
#include "../nn/module/module.hpp"

/// `CHECK_GRADIENTS(f, inputs...)`: passes when gradcheck does, else shows its report. Options may come last.
#define CHECK_GRADIENTS(...) DOCTEST_CHECK(::xg::gradcheck(__VA_ARGS__))
/// The same for second derivatives.
#define CHECK_SECOND_GRADIENTS(...) DOCTEST_CHECK(::xg::gradgradcheck(__VA_ARGS__))
/// `CHECK_MODEL_GRADIENTS(model, inputs...)`: the gradients of a model's output in its inputs and in every parameter
/// that is not frozen, which a report calls by its name. A GradCheckOptions may come last. Needs f64 parameters:
/// `nn::to(model, f64)`.
#define CHECK_MODEL_GRADIENTS(...) DOCTEST_CHECK(::xg::testing::ModelCheck{::xg::Site::here()}(__VA_ARGS__))

namespace xg::testing {

/// gradcheck of `model(inputs...)` in its inputs and parameters, called at `site`.
struct ModelCheck {
  Site site;

  template <class Model, class... Arguments>
  GradCheck operator()(Model&& model, const Arguments&... arguments) const {
    constexpr std::size_t count = (std::size_t(0) + ... + !std::is_same_v<Arguments, GradCheckOptions>);
    GradCheckOptions options;
    Tensors inputs;
    auto take = [&](const auto& argument) {
      if constexpr (std::is_same_v<std::decay_t<decltype(argument)>, GradCheckOptions>) options = argument;
      else inputs.push_back(argument);
    };
    (take(arguments), ...);
    for (const nn::NamedTensor& parameter : nn::named_parameters(model))
      if (parameter.tensor.requires_grad()) options.parameters.emplace_back(parameter.name, parameter.tensor);
    return gradcheck([&](const Tensors& x) { return detail::spread<count>(model)(x); }, inputs, options, site);
  }
};

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
