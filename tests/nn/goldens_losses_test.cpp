// Losses against PyTorch.
#include "../core/goldens.hpp"

using namespace xg_test;

namespace {

nn::Reduction reduction(const Arguments& args) {
  std::string name = args.text("reduction");
  return name == "mean" ? nn::Reduction::mean : name == "sum" ? nn::Reduction::sum : nn::Reduction::none;
}

template <auto f>
Tensors plain(const Tensors& x, const Arguments& args) {
  return {f(x[0], x[1], reduction(args))};
}

template <auto f>
Tensors binary_loss(const Tensors& x, const Arguments& args) {
  return {f(x[0], x[1], {.weight = x.size() > 2 ? x[2] : Tensor(), .reduction = reduction(args)})};
}
Tensors bce_positive(const Tensors& x, const Arguments& args) {
  return {nn::binary_cross_entropy_with_logits(x[0], x[1], {.positive_weight = x[2], .reduction = reduction(args)})};
}

template <auto f>
Tensors among_classes(const Tensors& x, const Arguments& args) {
  nn::CrossEntropyOptions options{.reduction = reduction(args)};
  if (x.size() > 2) options.weight = x[2];
  if (args.given("label_smoothing")) options.label_smoothing = args.real("label_smoothing");
  if (args.given("ignore_index")) options.ignore_index = args.integer("ignore_index");
  return {f(x[0], x[1], options)};
}

template <auto f>
Tensors of_margin(const Tensors& x, const Arguments& args) {
  return {f(x[0], x[1], {.margin = args.real("margin"), .reduction = reduction(args)})};
}
template <auto f>
Tensors of_pair(const Tensors& x, const Arguments& args) {
  return {f(x[0], x[1], x[2], {.margin = args.real("margin"), .reduction = reduction(args)})};
}

Tensors smooth_l1(const Tensors& x, const Arguments& args) {
  return {nn::smooth_l1(x[0], x[1], {.beta = args.real("beta"), .reduction = reduction(args)})};
}
Tensors huber(const Tensors& x, const Arguments& args) {
  return {nn::huber(x[0], x[1], {.delta = args.real("delta"), .reduction = reduction(args)})};
}
Tensors kl_div(const Tensors& x, const Arguments& args) {
  return {nn::kl_div(x[0], x[1], {.log_target = args.flag("log_target"), .reduction = reduction(args)})};
}
Tensors gaussian_nll(const Tensors& x, const Arguments& args) {
  return {nn::gaussian_nll(x[0], x[1], x[2],
                           {.full = args.flag("full"), .eps = args.real("eps"), .reduction = reduction(args)})};
}
Tensors poisson_nll(const Tensors& x, const Arguments& args) {
  return {nn::poisson_nll(x[0], x[1],
                          {.log_input = args.flag("log_input"),
                           .full = args.flag("full"),
                           .eps = args.real("eps"),
                           .reduction = reduction(args)})};
}
Tensors triplet_margin(const Tensors& x, const Arguments& args) {
  return {nn::triplet_margin(x[0], x[1], x[2],
                             {.margin = args.real("margin"),
                              .p = args.real("p"),
                              .eps = args.real("eps"),
                              .swap = args.flag("swap"),
                              .reduction = reduction(args)})};
}

}  // namespace

TEST_CASE("losses agree with PyTorch") {
  check_goldens("losses", {
                              {"mse", plain<nn::mse>},
                              {"l1", plain<nn::l1>},
                              {"smooth_l1", smooth_l1},
                              {"huber", huber},
                              {"bce", binary_loss<nn::binary_cross_entropy>},
                              {"bce_logits", binary_loss<nn::binary_cross_entropy_with_logits>},
                              {"bce_logits_positive", bce_positive},
                              {"cross_entropy", among_classes<nn::cross_entropy>},
                              {"cross_entropy_weight", among_classes<nn::cross_entropy>},
                              {"nll", among_classes<nn::nll>},
                              {"nll_weight", among_classes<nn::nll>},
                              {"kl_div", kl_div},
                              {"gaussian_nll", gaussian_nll},
                              {"poisson_nll", poisson_nll},
                              {"hinge", of_margin<nn::hinge>},
                              {"hinge_embedding", of_margin<nn::hinge_embedding>},
                              {"margin_ranking", of_pair<nn::margin_ranking>},
                              {"cosine_embedding", of_pair<nn::cosine_embedding>},
                              {"triplet_margin", triplet_margin},
                          });
}
