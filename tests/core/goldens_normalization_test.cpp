// Normalisation against PyTorch.
#include "goldens.hpp"

using namespace xg_test;

namespace {

/// Weight and bias among the inputs from `first` on; one that is not there is undefined.
struct Affine {
  Tensor weight, bias;
  Affine(const Tensors& x, const Arguments& args, std::size_t first) {
    if (args.flag("has_weight")) weight = x[first++];
    if (args.flag("has_bias")) bias = x[first];
  }
};

}  // namespace

TEST_CASE("normalisation agrees with PyTorch") {
  check_goldens(
      "normalization",
      {
          {"layer_norm",
           [](auto& x, auto& args) {
             Affine of(x, args, 1);
             return Tensors{layer_norm(x[0], args.shape("shape"), of.weight, of.bias, args.real("eps"))};
           }},
          {"rms_norm",
           [](auto& x, auto& args) {
             return Tensors{rms_norm(x[0], args.shape("shape"), x.size() > 1 ? x[1] : Tensor(), args.real("eps"))};
           }},
          {"batch_norm",
           [](auto& x, auto& args) {
             Affine of(x, args, 1);
             return Tensors{batch_norm(x[0], of.weight, of.bias, args.real("eps")).y};
           }},
          {"batch_norm_eval",
           [](auto& x, auto& args) {
             Affine of(x, args, 3);
             return Tensors{batch_norm_eval(x[0], x[1], x[2], of.weight, of.bias, args.real("eps"))};
           }},
          {"group_norm",
           [](auto& x, auto& args) {
             Affine of(x, args, 1);
             return Tensors{group_norm(x[0], args.integer("groups"), of.weight, of.bias, args.real("eps"))};
           }},
          {"instance_norm",
           [](auto& x, auto& args) {
             Affine of(x, args, 1);
             return Tensors{instance_norm(x[0], of.weight, of.bias, args.real("eps"))};
           }},
      });
}
