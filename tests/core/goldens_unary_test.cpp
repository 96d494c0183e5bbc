// Elementwise functions of one tensor against PyTorch, each element by itself.
#include "goldens.hpp"

using namespace xg_test;

// Where the last column is not 2, derivatives come from the function's value, or are differences of terms that cancel
// far out: too small to see beside the rest of the array.
TEST_CASE("elementwise functions of one tensor agree with PyTorch") {
  check_goldens(
      "elementwise_unary",
      {
          {"negative", unary<negative>, 2},
          {"square", unary<square>, 2},
          {"sqrt", unary<sqrt>, 2},
          {"rsqrt", unary<rsqrt>, 2},
          {"reciprocal", unary<reciprocal>, 2},
          {"exp", unary<exp>, 2},
          {"exp2", unary<exp2>, 2},
          {"expm1", unary<expm1>, 2},
          {"log", unary<log>, 2},
          {"log2", unary<log2>, 2},
          {"log10", unary<log10>, 2},
          {"log1p", unary<log1p>, 2},
          {"sin", unary<sin>, 2},
          {"cos", unary<cos>, 2},
          {"tan", unary<tan>, 2},
          {"asin", unary<asin>, 1},
          {"acos", unary<acos>, 1},
          {"atan", unary<atan>, 2},
          {"sinh", unary<sinh>, 2},
          {"cosh", unary<cosh>, 2},
          {"tanh", unary<tanh>, 0},
          {"asinh", unary<asinh>, 2},
          {"acosh", unary<acosh>, 2},
          {"atanh", unary<atanh>, 1},
          {"erf", unary<erf>, 2},
          {"erfc", unary<erfc>, 2},
          {"lgamma", unary<lgamma>, 2},
          {"digamma", unary<digamma>, 2},
          {"sigmoid", unary<sigmoid>, 0},
          {"logsigmoid", unary<logsigmoid>, 1},
          {"silu", unary<silu>, 1},
          {"mish", [](auto& x, auto&) { return Tensors{mish(x[0])}; }, 1},
          {"softsign", unary<softsign>, 2},
          {"abs", unary<abs>, 2},
          {"sign", unary<sign>, 2},
          {"floor", unary<floor>, 2},
          {"ceil", unary<ceil>, 2},
          {"trunc", unary<trunc>, 2},
          {"round", unary<round>, 2},
          {"relu", unary<relu>, 2},
          {"relu6", unary<relu6>, 2},
          {"hardsigmoid", unary<hardsigmoid>, 2},
          {"hardswish", unary<hardswish>, 2},
          {"selu", unary<selu>, 2},
          {"leaky_relu", [](auto& x, auto& args) { return Tensors{leaky_relu(x[0], args.real("slope"))}; }, 2},
          {"elu", [](auto& x, auto& args) { return Tensors{elu(x[0], args.real("alpha"))}; }, 2},
          {"celu", [](auto& x, auto& args) { return Tensors{celu(x[0], args.real("alpha"))}; }, 2},
          {"hardtanh", [](auto& x, auto& args) { return Tensors{hardtanh(x[0], args.real("min"), args.real("max"))}; },
           2},
          {"clamp",
           [](auto& x, auto& args) {
             auto bound = [&](const char* name) { return args.given(name) ? Bound(args.real(name)) : Bound(none); };
             return Tensors{clamp(x[0], bound("min"), bound("max"))};
           },
           2},
          {"softplus", [](auto& x, auto& args) { return Tensors{softplus(x[0], args.real("beta"))}; }, 1},
          {"gelu",
           [](auto& x, auto& args) {
             return Tensors{gelu(x[0], args.flag("tanh") ? Approximate::tanh : Approximate::none)};
           },
           1},
          {"isnan", unary<isnan>, 2},
          {"isinf", unary<isinf>, 2},
          {"isfinite", unary<isfinite>, 2},
          {"logical_not", unary<logical_not>, 2},
      });
}
