// Creation, shapes and indexing against PyTorch and NumPy.
#include "goldens.hpp"

using namespace xg_test;

namespace {

Tensors pick(const Tensors& x, const Arguments& args) {
  std::vector<Index> i = args.index(x);
  return {x[0](i[0], i[1], i[2], i[3], i[4], i[5], i[6], i[7])};
}

// The goldens list where parts begin, as NumPy does; xgrad the lengths of the parts.
Tensors split_at(const Tensors& x, const Arguments& args) {
  std::int64_t axis = args.integer("axis");
  if (!args.is_list("sections")) return split(x[0], args.integer("sections"), axis);
  Shape lengths;
  std::int64_t before = 0;
  for (std::int64_t begin : args.shape("sections")) {
    lengths.push_back(begin - before);
    before = begin;
  }
  lengths.push_back(x[0].size(axis) - before);
  return split(x[0], lengths, axis);
}

Tensors pad_with(const Tensors& x, const Arguments& args) {
  std::vector<PadWidth> widths;
  for (const Shape& width : args.shapes("widths")) widths.push_back({width[0], width[1]});
  std::string mode = args.text("mode");
  PadOptions options;
  options.mode = mode == "reflect" ? PadMode::reflect : mode == "replicate" ? PadMode::replicate : PadMode::constant;
  if (args.given("value")) options.value = args.real("value");
  return {pad(x[0], widths, options)};
}

}  // namespace

TEST_CASE("creation agrees with NumPy") {
  check_goldens(
      "creation",
      {
          {"zeros", [](auto&, auto& args) { return Tensors{zeros(args.shape("shape"), args.dtype())}; }},
          {"ones", [](auto&, auto& args) { return Tensors{ones(args.shape("shape"), args.dtype())}; }},
          {"full",
           [](auto&, auto& args) { return Tensors{full(args.shape("shape"), args.number("value"), args.dtype())}; }},
          {"eye", [](auto&, auto& args) { return Tensors{eye(args.integer("n"), args.dtype())}; }},
          {"arange",
           [](auto&, auto& args) {
             return Tensors{arange(args.number("start"), args.number("stop"), args.number("step"), args.dtype())};
           }},
          {"linspace",
           [](auto&, auto& args) {
             return Tensors{linspace(args.real("start"), args.real("stop"), args.integer("count"), args.dtype())};
           }},
      });
}

TEST_CASE("ops that move elements about agree with PyTorch") {
  check_goldens(
      "shape",
      {
          {"reshape", [](auto& x, auto& args) { return Tensors{reshape(x[0], args.shape("shape"))}; }},
          {"flatten", [](auto& x, auto&) { return Tensors{flatten(x[0])}; }},
          {"transpose", [](auto& x, auto&) { return Tensors{transpose(x[0])}; }},
          {"permute", [](auto& x, auto& args) { return Tensors{permute(x[0], args.axes())}; }},
          {"moveaxis",
           [](auto& x, auto& args) {
             return Tensors{moveaxis(x[0], args.integer("source"), args.integer("destination"))};
           }},
          {"squeeze",
           [](auto& x, auto& args) {
             return Tensors{args.given("axis") ? squeeze(x[0], args.integer("axis")) : squeeze(x[0])};
           }},
          {"expand_dims", [](auto& x, auto& args) { return Tensors{expand_dims(x[0], args.integer("axis"))}; }},
          {"broadcast_to", [](auto& x, auto& args) { return Tensors{broadcast_to(x[0], args.shape("shape"))}; }},
          {"concatenate", [](auto& x, auto& args) { return Tensors{concatenate(x, args.integer("axis"))}; }},
          {"stack", [](auto& x, auto& args) { return Tensors{stack(x, args.integer("axis"))}; }},
          {"split", split_at},
          {"slice", pick},
          {"pad", pad_with},
          {"flip", [](auto& x, auto& args) { return Tensors{flip(x[0], args.axes())}; }},
          {"roll",
           [](auto& x, auto& args) { return Tensors{roll(x[0], args.integer("shift"), args.integer("axis"))}; }},
          {"tile", [](auto& x, auto& args) { return Tensors{tile(x[0], args.shape("reps"))}; }},
          {"repeat",
           [](auto& x, auto& args) { return Tensors{repeat(x[0], args.integer("n"), args.integer("axis"))}; }},
      });
}

TEST_CASE("indexing agrees with PyTorch") {
  check_goldens(
      "indexing",
      {
          {"index", pick},
          {"take",
           [](auto& x, auto& args) {
             return Tensors{args.given("axis") ? take(x[0], x[1], args.integer("axis")) : take(x[0], x[1])};
           }},
          {"gather", [](auto& x, auto& args) { return Tensors{gather(x[0], x[1], args.integer("axis"))}; }},
          {"scatter_add",
           [](auto& x, auto& args) { return Tensors{scatter_add(x[0], x[1], x[2], args.integer("axis"))}; }},
          {"masked_fill", [](auto& x, auto& args) { return Tensors{masked_fill(x[0], x[1], args.real("value"))}; }},
          {"one_hot", [](auto& x, auto& args) { return Tensors{one_hot(x[0], args.integer("classes"), f64)}; }},
      });
}
