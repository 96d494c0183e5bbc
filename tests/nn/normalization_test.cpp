// Normalising layers: what they make of a batch, running statistics, stability, and errors.
#include "xgrad/testing.hpp"
#include "xgrad/xgrad.hpp"

#include <cmath>
#include <limits>

#include "names.hpp"

using namespace xg;

namespace {

/// x normalised over `axes`, composed of plain ops in f64.
Tensor reference(const Tensor& x, const Axes& axes, double eps) {
  Tensor wide = astype(x, f64), centred = wide - mean(wide, axes, keepdims);
  return centred / sqrt(mean(centred * centred, axes, keepdims) + eps);
}

}  // namespace

TEST_CASE("every norm is the composed formula, at any size") {
  Rng rng(1);
  for (const Shape& shape : {Shape{7, 5}, Shape{40, 130}, Shape{3, 6, 50}, Shape{2, 4, 17, 9}, Shape{1, 2, 5000}}) {
    CAPTURE(to_string(shape));
    Tensor x = 3 * randn(shape, rng) + 1;
    Axes samples = shape.size() == 2 ? Axes{0} : shape.size() == 3 ? Axes{0, 2} : Axes{0, 2, 3};
    CHECK(all_close(astype(layer_norm(x, {shape.back()}), f64), reference(x, -1, 1e-5), 1e-5, 1e-5));
    auto [y, middle, variance] = batch_norm(x);
    CHECK(all_close(astype(y, f64), reference(x, samples, 1e-5), 1e-5, 1e-5));
    CHECK(all_close(middle, mean(x, samples), 1e-5, 1e-5));
    CHECK(all_close(variance, var(x, samples, KeepDims::no, 0), 1e-5, 1e-5));
    CHECK(all_close(astype(batch_norm_eval(x, middle, variance), f64), astype(y, f64), 1e-4, 1e-5));
    if (shape.size() < 3) continue;
    Axes places = shape.size() == 3 ? Axes{2} : Axes{2, 3};
    CHECK(all_close(astype(instance_norm(x), f64), reference(x, places, 1e-5), 1e-5, 1e-5));
    Shape halves{shape[0], 2, shape.elements() / shape[0] / 2};
    Tensor grouped = reshape(reference(reshape(x, halves), 2, 1e-5), shape);
    CHECK(all_close(astype(group_norm(x, 2), f64), grouped, 1e-5, 1e-5));
  }
}

TEST_CASE("values far from 0 keep their variance, constants give the bias") {
  Rng rng(2);
  Tensor noise = randn({8, 300}, f64, rng), far = astype(noise + 1e5, f32), exact = astype(far, f64);
  CHECK(all_close(astype(layer_norm(far, {300}), f64), layer_norm(exact, {300}), 0, 1e-2));
  CHECK(all_close(batch_norm(far).variance, astype(var(exact, 0, KeepDims::no, 0), f32), 1e-5, 0));
  CHECK(all_close(batch_norm(reshape(far, {4, 2, 300})).variance,
                  astype(var(reshape(exact, {4, 2, 300}), {0, 2}, KeepDims::no, 0), f32), 1e-5, 0));
  Tensor constant = full({6, 10, 33}, 0.1), bias = randn({10}, rng);
  CHECK(all_equal(layer_norm(constant, {33}), zeros({6, 10, 33})));
  CHECK(all_equal(batch_norm(constant).y, zeros({6, 10, 33})));
  CHECK(all_equal(batch_norm(constant(all, all, 0)).y, zeros({6, 10})));
  CHECK(all_equal(group_norm(constant, 5, {}, bias), broadcast_to(expand_dims(bias, -1), {6, 10, 33})));
  CHECK(std::isnan(layer_norm(tensor({1.0, NAN}), {2}).to_vector()[0]));
}

TEST_CASE("fused gradients are the recorded ones, with any number of threads") {
  int before = threads();
  Rng rng(3);
  Tensor x = variable(randn({30, 8, 90}, rng)), g = randn({30, 8, 90}, rng), flat = variable(randn({700, 96}, rng));
  Tensor w = variable(rand({8}, rng)), b = variable(rand({8}, rng)), row = variable(rand({90}, rng));
  Tensor wide = variable(rand({96}, rng)), h = randn({700, 96}, rng);
  auto check = [&](auto op, const Tensors& inputs, const Tensor& cotangent) {
    std::vector<std::vector<double>> expected;
    for (int count : {1, 2, 3}) {
      set_threads(count);
      Tensor y = op();
      std::vector<std::vector<double>> found{y.to_vector()};
      for (const Tensor& t : grad(Tensors{y}, inputs, Tensors{cotangent}, retain_graph)) found.push_back(t.to_vector());
      if (expected.empty()) {
        expected = found;
        Tensors recorded = grad(Tensors{y}, inputs, Tensors{cotangent}, create_graph);
        for (std::size_t i = 0; i < inputs.size(); ++i)
          CHECK(all_close(tensor(found[i + 1]), flatten(recorded[i]), 1e-3, 1e-3));
      }
      CHECK(found == expected);
    }
  };
  check([&] { return layer_norm(x, {90}, row, row); }, {x, row}, g);
  check([&] { return layer_norm(flat, {96}, wide); }, {flat, wide}, h);
  check([&] { return rms_norm(x, {90}, row); }, {x, row}, g);
  check([&] { return batch_norm(x, w, b).y; }, {x, w, b}, g);
  check([&] { return batch_norm(flat, wide, wide).y; }, {flat, wide}, h);
  check([&] { return group_norm(x, 4, w, b); }, {x, w, b}, g);
  check([&] { return instance_norm(x, w, b); }, {x, w, b}, g);
  check([&] { return batch_norm_eval(x, w, b + 1, w, b); }, {x, w, b}, g);
  set_threads(before);
}

TEST_CASE("mixed dtypes and integers") {
  Tensor x = randn({4, 3}), w = variable(ones({3}, f64));
  Tensor y = layer_norm(x, {3}, w);
  CHECK(y.dtype() == f64);
  sum(y * y).backward();
  CHECK(w.grad().dtype() == f64);
  CHECK(layer_norm(tensor({{1, 2}, {3, 5}}, i64), {2}).dtype() == f64);
  Tensor narrow = variable(x);
  sum(square(layer_norm(narrow, {3}, w))).backward();
  CHECK(narrow.grad().dtype() == f32);
}

TEST_CASE("BatchNorm learns running statistics in training and uses them in evaluation") {
  nn::BatchNorm1d layer{2};
  CHECK(names(layer) == "weight bias");
  CHECK(names(nn::named_buffers(layer)) == "running_mean running_var num_batches_tracked");
  Tensor x = tensor({{1, 10}, {3, 10}, {5, 40}});
  Tensor y = layer(x);
  CHECK(all_close(mean(y, 0), zeros({2}), 0, 1e-6));
  CHECK(all_close(layer.running_mean, tensor({0.3, 2.0}), 1e-6));
  CHECK(all_close(layer.running_var, tensor({0.9 + 0.4, 0.9 + 30.0}), 1e-6));  // unbiased: 4 and 300
  CHECK(layer.num_batches_tracked.item<std::int64_t>() == 1);
  CHECK_FALSE(layer.running_mean.requires_grad());
  nn::eval(layer);
  Tensor before = copy(layer.running_mean);
  CHECK(all_close(layer(x), (x - layer.running_mean) / sqrt(layer.running_var + 1e-5), 1e-5));
  CHECK(all_equal(layer.running_mean, before));
  CHECK(layer(x(range(0, 1))).shape() == Shape{1, 2});  // one value is enough here
  nn::BatchNorm1d clone = layer;
  nn::train(layer);
  layer(x);
  CHECK(all_equal(clone.running_mean, before));
  CHECK_FALSE(all_equal(layer.running_mean, before));
  CHECK_FALSE(clone.training);

  nn::BatchNorm2d average{1, {.momentum = {}}};
  average(full({2, 1, 1, 2}, 1));
  average(full({2, 1, 1, 2}, 4));
  CHECK(average.running_mean.item() == doctest::Approx(2.5));
  nn::BatchNorm2d fixed{3, {.affine = false, .running = false}};
  CHECK(names(fixed).empty());
  CHECK(nn::named_buffers(fixed).empty());
  nn::eval(fixed);
  CHECK(all_close(mean(fixed(randn({4, 3, 2, 2})), {0, 2, 3}), zeros({3}), 0, 1e-5));
  nn::BatchNorm2d empty{3};
  CHECK(empty(zeros({0, 3, 2, 2})).shape() == Shape{0, 3, 2, 2});
  CHECK(empty.num_batches_tracked.item<std::int64_t>() == 0);
  nn::to(empty, f64);
  CHECK(empty.running_var.dtype() == f64);
  CHECK(empty(randn({2, 3, 2, 2}, f64)).dtype() == f64);
  {
    NoGrad off;
    empty(randn({2, 3, 2, 2}, f64));
  }
  CHECK(empty.num_batches_tracked.item<std::int64_t>() == 2);
}

TEST_CASE("BatchNorm inside a checkpoint learns once, and survives any count of batches from a file") {
  nn::BatchNorm1d plain{2}, inside = plain;
  Tensor x = variable(randn({8, 2}));
  sum(square(plain(x))).backward();
  sum(square(checkpoint([&](const Tensor& z) { return inside(z); }, x))).backward();
  CHECK(all_equal(inside.running_mean, plain.running_mean));
  CHECK(all_equal(inside.running_var, plain.running_var));
  CHECK(inside.num_batches_tracked.item<std::int64_t>() == 1);

  nn::BatchNorm1d average{2, {.momentum = {}}};
  for (std::int64_t count : {std::numeric_limits<std::int64_t>::max(), std::int64_t(-1)}) {
    average.num_batches_tracked.assign(tensor(count, i64));
    average(x);
    CHECK(all(isfinite(average.running_mean)).item<bool>());
    CHECK(average.num_batches_tracked.item<std::int64_t>() > 0);
  }
}

TEST_CASE("the gradients of normalising layers") {
  nn::BatchNorm1d batch{3};
  nn::BatchNorm2d images{2};
  nn::GroupNorm group{2, 4};
  nn::InstanceNorm1d instance{2, {.affine = true}};
  nn::RMSNorm rms{4};
  for (auto* layer : {&batch}) nn::to(*layer, f64);
  nn::to(images, f64);
  nn::to(group, f64);
  nn::to(instance, f64);
  nn::to(rms, f64);
  CHECK_MODEL_GRADIENTS(batch, randn({4, 3}, f64));
  CHECK_MODEL_GRADIENTS(images, randn({2, 2, 3, 2}, f64));
  CHECK_MODEL_GRADIENTS(group, randn({2, 4, 3}, f64));
  CHECK_MODEL_GRADIENTS(instance, randn({2, 2, 4}, f64));
  CHECK_MODEL_GRADIENTS(instance, randn({2, 4}, f64));
  CHECK_MODEL_GRADIENTS(rms, randn({3, 4}, f64));
  CHECK_SECOND_GRADIENTS([&](const Tensor& x) { return batch(x); }, randn({4, 3}, f64));
  CHECK_SECOND_GRADIENTS([&](const Tensor& x) { return group(x); }, randn({2, 4, 2}, f64));
  nn::eval(batch);
  CHECK_MODEL_GRADIENTS(batch, randn({4, 3}, f64));
}

TEST_CASE("GroupNorm, InstanceNorm and RMSNorm as layers") {
  Tensor x = randn({2, 6, 3, 2});
  nn::GroupNorm group{3, 6}, plain{1, 6, {.affine = false}};
  CHECK(names(group) == "weight bias");
  CHECK(names(plain).empty());
  group.weight = full({6}, 2);
  group.bias = full({6}, 1);
  CHECK(all_close(group(x), 2 * group_norm(x, 3) + 1, 1e-5, 1e-5));
  nn::InstanceNorm2d instance{6};
  CHECK(names(instance).empty());
  CHECK(names(nn::InstanceNorm2d{6, {.affine = true}}) == "weight bias");
  CHECK(all_close(instance(x(1)), instance(x)(1)));
  nn::RMSNorm rms{2, {.eps = 0}};
  CHECK(names(rms) == "weight");
  CHECK(names(nn::RMSNorm({3, 2}, {.affine = false})).empty());
  CHECK(all_close(rms(tensor({3.0, 4.0})), tensor({3 / std::sqrt(12.5), 4 / std::sqrt(12.5)}), 1e-6));
}

TEST_CASE("what normalising layers refuse") {
  struct Model {
    nn::BatchNorm1d one{3};
    nn::BatchNorm2d two{3, {.affine = false}};
    nn::GroupNorm group{2, 4};
    nn::InstanceNorm1d instance{4, {.affine = true}};
    nn::LayerNorm layer{4};
    nn::RMSNorm rms{4};
  } model;
  nn::parameters(model);
  nn::buffers(model);
  CHECK_THROWS_WITH_AS(model.one(ones({2, 4})),
                       doctest::Contains("BatchNorm1d: x has shape (2, 4), not (N, C) or (N, C, L) with 3 channels\n"
                                         "  layer  one\n"),
                       ShapeError);
  CHECK_THROWS_WITH_AS(model.one(ones({2, 3, 4, 4})), doctest::Contains("at  normalization_test.cpp:"), ShapeError);
  CHECK_THROWS_WITH_AS(model.two(ones({2, 3, 4})),
                       doctest::Contains("BatchNorm2d: x has shape (2, 3, 4), not (N, C, H, W) with 3 channels\n"
                                         "  layer  two\n"),
                       ShapeError);
  CHECK_THROWS_WITH_AS(
      model.one(ones({1, 3})),
      doctest::Contains("batch_norm: a channel has one value only, which has no variance: x has shape (1, 3)\n"
                        "  layer  one\n"),
      ValueError);
  CHECK(model.one.num_batches_tracked.item<std::int64_t>() == 0);
  CHECK_THROWS_WITH_AS(
      model.group(ones({2, 3})),
      doctest::Contains("GroupNorm: x has shape (2, 3), not (N, C, …) with 4 channels\n  layer  group"), ShapeError);
  CHECK_THROWS_WITH_AS(model.instance(ones({3, 2})),
                       doctest::Contains("InstanceNorm1d: x has shape (3, 2), not (N, C, L) or (C, L) with 4 channels"),
                       ShapeError);
  CHECK_THROWS_WITH_AS(model.instance(ones({2, 4, 1})),
                       doctest::Contains("instance_norm: a channel has one value only"), ValueError);
  CHECK_THROWS_WITH_AS(nn::InstanceNorm2d{4}(ones({2, 2})), doctest::Contains("(N, C, H, W) or (C, H, W)"), ShapeError);
  CHECK_THROWS_WITH_AS(
      model.layer(ones({2, 3})),
      doctest::Contains("layer_norm: x has shape (2, 3), which does not end in (4,)\n  layer  layer\n"), ShapeError);
  CHECK_THROWS_WITH_AS(model.rms(ones({2, 3})),
                       doctest::Contains("rms_norm: x has shape (2, 3), which does not end in (4,)\n  layer  rms\n"),
                       ShapeError);
  CHECK_THROWS_WITH_AS(nn::BatchNorm1d{0}, doctest::Contains("BatchNorm1d: there must be at least 1 channel, not 0"),
                       ValueError);
  CHECK_THROWS_WITH_AS(nn::InstanceNorm1d{-1}, doctest::Contains("InstanceNorm1d: there must be at least 1 channel"),
                       ValueError);
  CHECK_THROWS_WITH_AS(nn::GroupNorm(3, 4), doctest::Contains("GroupNorm: 3 groups do not divide 4 channels"),
                       ValueError);
  CHECK_THROWS_WITH_AS(nn::RMSNorm(Shape{}), doctest::Contains("RMSNorm: cannot normalise over the shape ()"),
                       ValueError);
}

TEST_CASE("what the norms refuse") {
  Tensor x = ones({2, 3});
  CHECK_THROWS_WITH_AS(layer_norm(x, {}), doctest::Contains("layer_norm: there are no axes to normalise over"),
                       ValueError);
  CHECK_THROWS_WITH_AS(layer_norm(x, {3}, ones({2})),
                       doctest::Contains("layer_norm: the weight has shape (2,), not (3,)"), ShapeError);
  CHECK_THROWS_WITH_AS(layer_norm(x, {3}, {}, ones({2})),
                       doctest::Contains("layer_norm: the bias has shape (2,), not (3,)"), ShapeError);
  CHECK_THROWS_WITH_AS(batch_norm(ones({3})), doctest::Contains("batch_norm: x has shape (3,), too few axes for (N, C"),
                       ShapeError);
  CHECK_THROWS_WITH_AS(batch_norm(x, ones({2})),
                       doctest::Contains("batch_norm: x has 3 channels, the weight has shape (2,)"), ShapeError);
  CHECK_THROWS_WITH_AS(batch_norm(x, {}, ones({2})), doctest::Contains("batch_norm: the bias has shape (2,), not (3,)"),
                       ShapeError);
  CHECK_THROWS_WITH_AS(batch_norm_eval(x, ones({2}), ones({3})),
                       doctest::Contains("batch_norm_eval: x has 3 channels, the statistics have shape (2,)"),
                       ShapeError);
  CHECK_THROWS_WITH_AS(group_norm(x, 2), doctest::Contains("group_norm: 2 groups do not divide 3 channels"),
                       ValueError);
  CHECK_THROWS_WITH_AS(instance_norm(x),
                       doctest::Contains("instance_norm: x has shape (2, 3), too few axes for (N, C, L"), ShapeError);
}
