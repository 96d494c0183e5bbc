// Reductions, scans and sorting against PyTorch.
#include "goldens.hpp"

using namespace xg_test;

namespace {

template <Tensor (*whole)(const Operand&), Tensor (*along)(const Operand&, std::int64_t, KeepDims)>
Tensors position(const Tensors& x, const Arguments& args) {
  return {args.given("axis") ? along(x[0], args.integer("axis"), args.keep()) : whole(x[0])};
}

template <Tensor (*f)(const Operand&, const Axes&, KeepDims, std::int64_t)>
Tensors spread(const Tensors& x, const Arguments& args) {
  return {f(x[0], args.axes(), args.keep(), args.integer("ddof"))};
}

template <ValuesIndices (*f)(const Operand&, std::int64_t, KeepDims)>
Tensors extreme(const Tensors& x, const Arguments& args) {
  auto [values, indices] = f(x[0], args.integer("axis"), args.keep());
  return {values, indices};
}

}  // namespace

TEST_CASE("reductions, scans and sorting agree with PyTorch") {
  check_goldens(
      "reductions",
      {
          {"sum", reduction<sum>},
          {"mean", reduction<mean>},
          {"prod", reduction<prod>},
          {"amax", reduction<amax>},
          {"amin", reduction<amin>},
          {"logsumexp", reduction<logsumexp>},
          {"var", spread<var>},
          {"std", spread<xg::std>},
          {"norm", [](auto& x, auto& args) { return Tensors{norm(x[0], args.real("p"), args.axes(), args.keep())}; }},
          {"argmax", position<argmax, argmax>},
          {"argmin", position<argmin, argmin>},
          {"softmax", along_axis<softmax>},
          {"log_softmax", along_axis<log_softmax>},
          {"cumsum", along_axis<cumsum>},
          {"cumprod", along_axis<cumprod>},
          {"all", [](auto& x, auto& args) { return Tensors{all(x[0], args.axes(), args.keep())}; }},
          {"any", reduction<any>},
          {"max_with_indices", extreme<max>},
          {"min_with_indices", extreme<min>},
          {"sort",
           [](auto& x, auto& args) {
             // The goldens leave the indices to argsort.
             return Tensors{sort(x[0], args.integer("axis"), {.descending = args.flag("descending")}).values};
           }},
          {"argsort",
           [](auto& x, auto& args) {
             return Tensors{argsort(x[0], args.integer("axis"), {.descending = args.flag("descending")})};
           }},
          {"topk",
           [](auto& x, auto& args) {
             auto [values, indices] =
                 topk(x[0], args.integer("k"), {.axis = args.integer("axis"), .largest = args.flag("largest")});
             return Tensors{values, indices};
           }},
      });
}
