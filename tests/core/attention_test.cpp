// Attention by blocks: equal to the formula at any size and in all masks, the same bits with any number of threads,
// memory, and errors. Positions: what they promise.
#include "message.hpp"
#include "xgrad/testing.hpp"
#include "xgrad/xgrad.hpp"

#include <cmath>

using namespace xg;

namespace {

/// softmax(scale · q kᵀ + masks) v in plain ops.
Tensor formula(const Tensor& q, const Tensor& k, const Tensor& v, const AttentionOptions& options) {
  return detail::attention_with_weights(q, k, v, options, Site::here()).y;
}

Tensor bars(const Shape& shape, double p, Rng& rng) { return rand(shape, rng) < p; }

}  // namespace

TEST_CASE("attention by blocks is the formula, in every mask, over block boundaries") {
  Rng rng(1);
  for (const auto& sizes : {std::array<std::int64_t, 3>{5, 7, 3}, {130, 300, 16}, {300, 300, 8}, {300, 130, 5}}) {
    std::int64_t queries = sizes[0], keys = sizes[1], width = sizes[2];
    CAPTURE(queries);
    Tensor q = variable(randn({2, 3, queries, width}, rng)), k = variable(randn({2, 3, keys, width}, rng));
    Tensor v = variable(randn({2, 3, keys, width + 1}, rng)), g = randn({2, 3, queries, width + 1}, rng);
    Tensor added = variable(randn({3, queries, keys}, rng));
    Tensor padding = bars({2, keys}, 0.4, rng);
    std::vector<AttentionOptions> all{
        {},
        {.causal = true},
        {.mask = bars({queries, keys}, 0.3, rng)},
        {.mask = bars({2, 1, queries, 1}, 0.3, rng), .key_padding = padding},
        {.mask = added, .key_padding = padding, .causal = true},
        {.mask = added, .scale = -0.2},
        {.mask = bars({keys}, 0.5, rng), .key_padding = padding, .causal = true},
    };
    for (const AttentionOptions& options : all) {
      Tensors inputs{q, k, v};
      if (options.mask.defined() && options.mask.requires_grad()) inputs.push_back(options.mask);
      Tensor y = scaled_dot_product_attention(q, k, v, options), expected = formula(q, k, v, options);
      CHECK(all_close(y, expected, 1e-4, 1e-5));
      Tensors fused = grad(Tensors{y}, inputs, Tensors{g}, retain_graph);
      Tensors composed = grad(Tensors{expected}, inputs, Tensors{g});
      Tensors recorded = grad(Tensors{y}, inputs, Tensors{g}, create_graph);
      for (std::size_t i = 0; i < inputs.size(); ++i) {
        CHECK(all_close(fused[i], composed[i], 1e-3, 1e-4));
        CHECK(all_close(recorded[i], composed[i], 1e-3, 1e-4));
      }
    }
  }
}

TEST_CASE("attention: first and second derivatives in all masks") {
  Rng rng(2);
  Tensor q = randn({2, 3, 2}, f64, rng), k = randn({2, 4, 2}, f64, rng), v = randn({2, 4, 3}, f64, rng);
  Tensor added = randn({3, 4}, f64, rng), barred = tensor({{0, 1, 0, 0}, {1, 1, 1, 1}, {0, 0, 1, 1}}, boolean);
  Tensor padding = tensor({{1, 0, 0, 1}, {0, 0, 0, 0}}, boolean);
  std::vector<AttentionOptions> all{{},
                                    {.causal = true},
                                    {.mask = barred},
                                    {.key_padding = padding},
                                    {.mask = barred, .key_padding = padding, .causal = true, .scale = 0.4}};
  for (const AttentionOptions& options : all) {
    auto f = [&](const Tensor& a, const Tensor& b, const Tensor& c) {
      return scaled_dot_product_attention(a, b, c, options);
    };
    CHECK_GRADIENTS(f, q, k, v);
    CHECK_SECOND_GRADIENTS(f, q, k, v);
  }
  auto with_mask = [&](const Tensor& a, const Tensor& b, const Tensor& c, const Tensor& m) {
    return scaled_dot_product_attention(a, b, c, {.mask = m, .key_padding = padding, .causal = true});
  };
  CHECK_GRADIENTS(with_mask, q, k, v, added);
  CHECK_SECOND_GRADIENTS(with_mask, q, k, v, added);
}

TEST_CASE("attention: the same bits with any number of threads, forward and back") {
  int before = threads();
  Rng rng(3);
  Tensor q = variable(randn({3, 2, 200, 16}, rng)), k = variable(randn({3, 2, 300, 16}, rng));
  Tensor v = variable(randn({3, 2, 300, 16}, rng)), mask = variable(randn({200, 300}, rng)), g = randn({3, 2, 200, 16});
  std::vector<std::vector<double>> expected;
  for (int count : {1, 2, 3}) {
    set_threads(count);
    Rng draws(7);
    std::vector<std::vector<double>> found;
    for (const AttentionOptions& options :
         {AttentionOptions{.causal = true}, AttentionOptions{.mask = mask, .dropout = 0.2, .rng = &draws}}) {
      Tensor y = scaled_dot_product_attention(q, k, v, options);
      found.push_back(y.to_vector());
      for (const Tensor& t : grad(Tensors{y}, Tensors{q, k, v}, Tensors{g}, retain_graph))
        found.push_back(t.to_vector());
    }
    if (expected.empty()) expected = found;
    CHECK(found == expected);
  }
  set_threads(before);
}

TEST_CASE("attention: dropout leaves weights out and keeps their expectation") {
  Rng rng(4);
  Tensor q = variable(randn({2, 150, 8}, f64, rng)), k = variable(randn({2, 270, 8}, f64, rng));
  Tensor v = variable(randn({2, 270, 8}, f64, rng)), g = randn({2, 150, 8}, f64, rng);
  // The kernel and the formula draw the same numbers, so that values and gradients agree to the last few digits.
  Rng a(5), b(5);
  Tensor y = scaled_dot_product_attention(q, k, v, {.causal = true, .dropout = 0.3, .rng = &a});
  auto [expected, weights] =
      detail::attention_with_weights(q, k, v, {.causal = true, .dropout = 0.3, .rng = &b}, Site::here());
  CHECK(a.state() == b.state());
  CHECK(all_close(y, expected, 1e-10, 1e-12));
  Tensors fused = grad(Tensors{y}, Tensors{q, k, v}, Tensors{g}, retain_graph);
  Tensors composed = grad(Tensors{expected}, Tensors{q, k, v}, Tensors{g}, retain_graph);
  Tensors recorded = grad(Tensors{y}, Tensors{q, k, v}, Tensors{g}, create_graph);
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(all_close(fused[i], composed[i], 1e-9, 1e-11));
    CHECK(all_close(recorded[i], composed[i], 1e-9, 1e-11));
  }
  CHECK(mean(sum(weights, -1)).item() == doctest::Approx(1).epsilon(0.05));
  CHECK(all_equal(scaled_dot_product_attention(q, k, v, {.dropout = 1}), zeros({2, 150, 8}, f64)));
  Rng once(6);
  scaled_dot_product_attention(q, k, v, {.rng = &once});
  CHECK(once.state().position == 0);  // without dropout nothing is drawn
}

TEST_CASE("attention: a fully masked query is quiet") {
  Tensor q = variable(randn({2, 3, 4})), k = variable(randn({2, 5, 4})), v = variable(randn({2, 5, 4}));
  Tensor padding = tensor({{1, 1, 1, 1, 1}, {0, 0, 1, 1, 1}}, boolean);
  Tensor y = scaled_dot_product_attention(q, k, v, {.key_padding = padding});
  CHECK(all_equal(y(0), zeros({3, 4})));
  sum(y).backward();
  for (const Tensor& t : {q, k, v})
    CHECK(all_equal(t.grad()(0), zeros(t.shape() == q.shape() ? Shape{3, 4} : Shape{5, 4})));
  CHECK(all_close(y(1), scaled_dot_product_attention(q(1), k(1, range(0, 2)), v(1, range(0, 2))), 1e-5));
  CHECK(all_equal(v.grad()(1, range(2, 5)), zeros({3, 4})));
  // More queries than keys: the first see nothing.
  Tensor late = scaled_dot_product_attention(k, q, q, {.causal = true});
  CHECK(all_equal(late(all, range(0, 2)), zeros({2, 2, 4})));
  CHECK(all_equal(late(all, 2), q(all, 0)));
  // A mask of −∞ is a bar too.
  Tensor lowest = where(padding(1), -INFINITY, 0);
  CHECK(all_close(scaled_dot_product_attention(q(1), k(1), v(1), {.mask = lowest}), y(1), 1e-5));
}

TEST_CASE("causal attention looks at no future and needs no memory for it") {
  Rng rng(8);
  Tensor q = randn({1, 600, 8}, rng), v = randn({1, 600, 8}, rng);
  Tensor whole = scaled_dot_product_attention(q, q, v, {.causal = true});
  Tensor part = scaled_dot_product_attention(q(all, range(0, 450)), q(all, range(0, 450)), v(all, range(0, 450)),
                                             {.causal = true});
  CHECK(all_close(whole(all, range(0, 450)), part, 1e-5));
  // The last queries alone, as in decoding.
  CHECK(all_close(scaled_dot_product_attention(q(all, range(590, 600)), q, v, {.causal = true}),
                  whole(all, range(590, 600)), 1e-5));
  for (bool causal : {false, true}) {
    Tensor x = variable(randn({1, 4, 1024, 16}, rng));
    std::int64_t scores = 4 * 1024 * 1024 * 4, live = memory_stats().live_bytes;
    reset_peak_memory();
    sum(scaled_dot_product_attention(x, x, x, {.causal = causal})).backward();
    CHECK(memory_stats().peak_bytes - live < scores / 5);
  }
}

TEST_CASE("attention: what does not fit is said") {
  Tensor q = randn({2, 3, 4}), k = randn({2, 5, 4}), v = randn({2, 5, 6});
  auto shape_error = [](const Tensor& q, const Tensor& k, const Tensor& v, const AttentionOptions& options = {}) {
    return message<ShapeError>([&] { scaled_dot_product_attention(q, k, v, options); }, "attention_test.cpp");
  };
  CHECK(shape_error(randn({4}), k, v) ==
        "scaled_dot_product_attention: q, k and v must have axes of positions and of numbers, not shape (4,)");
  CHECK(shape_error(randn({2, 3, 5}), k, v) == "scaled_dot_product_attention: widths differ: q has 5, k 4");
  CHECK(shape_error(q, k, q) == "scaled_dot_product_attention: there are 5 keys but 3 values");
  CHECK(shape_error(randn({3, 3, 4}), k, v) ==
        "scaled_dot_product_attention: leading axes do not broadcast: (3,), (2,) and (2,)");
  CHECK(shape_error(q, k, v, {.mask = zeros({4, 5})}) ==
        "scaled_dot_product_attention: the mask of shape (4, 5) does not broadcast to the scores (2, 3, 5)");
  CHECK(shape_error(q, k, v, {.mask = zeros({4, 2, 3, 5})}) ==
        "scaled_dot_product_attention: the mask of shape (4, 2, 3, 5) does not broadcast to the scores (2, 3, 5)");
  CHECK(shape_error(q, k, v, {.key_padding = zeros({2, 4}, boolean)}) ==
        "scaled_dot_product_attention: the key padding has shape (2, 4), not (2, 5)");
  auto dtype_error = [&](const AttentionOptions& options) {
    return message<DTypeError>([&] { scaled_dot_product_attention(q, k, v, options); }, "attention_test.cpp");
  };
  CHECK(dtype_error({.mask = zeros({3, 5}, i64)}) ==
        "scaled_dot_product_attention: the mask is of i64, which is neither boolean nor real");
  CHECK(dtype_error({.key_padding = zeros({2, 5})}) ==
        "scaled_dot_product_attention: the key padding is of f32, not boolean");
  CHECK(message<ValueError>([&] { scaled_dot_product_attention(q, k, v, {.dropout = 1.5}); }, "attention_test.cpp") ==
        "scaled_dot_product_attention: 1.5 is no probability");
}

TEST_CASE("positions") {
  Tensor p = sinusoidal_positions(4, 6, 2, 1e4, f64);
  for (std::int64_t t = 0; t < 4; ++t)
    for (std::int64_t i = 0; i < 3; ++i) {
      double angle = static_cast<double>(t + 2) * std::pow(1e4, -static_cast<double>(i) / 3);
      CHECK(p(t, 2 * i).item() == doctest::Approx(std::sin(angle)).epsilon(1e-12));
      CHECK(p(t, 2 * i + 1).item() == doctest::Approx(std::cos(angle)).epsilon(1e-12));
    }
  CHECK(all_close(sinusoidal_positions(4, 5), sinusoidal_positions(4, 5, 0)(all, range(0, 5))));
  CHECK(sinusoidal_positions(3, 5).shape() == Shape{3, 5});
  CHECK(message<ValueError>([] { sinusoidal_positions(-1, 2); }, "attention_test.cpp") ==
        "sinusoidal_positions: sizes cannot be negative: count -1, width 2");
  // Turning keeps lengths, and products depend on the distance only.
  Rng rng(9);
  Tensor x = broadcast_to(randn({1, 8}, f64, rng), {6, 8}), y = broadcast_to(randn({1, 8}, f64, rng), {6, 8});
  for (bool interleaved : {false, true}) {
    Tensor a = rotary(x, {.interleaved = interleaved}), b = rotary(y, {.interleaved = interleaved});
    CHECK(all_close(sum(square(a), -1), sum(square(x), -1), 1e-12));
    CHECK(all_close(a(0), x(0)));
    Tensor products = matmul(a, matrix_transpose(b));
    CHECK(products(1, 4).item() == doctest::Approx(products(2, 5).item()).epsilon(1e-12));
    CHECK(products(4, 1).item() == doctest::Approx(products(5, 2).item()).epsilon(1e-12));
    CHECK(all_close(rotary(x, {.first = 2, .interleaved = interleaved})(0), a(2), 1e-12));
  }
  CHECK(message<ShapeError>(
            [] {
              rotary(randn({2, 3}));
            },
            "attention_test.cpp") == "rotary: x has shape (2, 3), not (…, positions, an even width)");
  Tensor bias = alibi(8, 3, 3, f64);
  CHECK(all_equal(bias(0), tensor({{0, -0.5, -1}, {-0.5, 0, -0.5}, {-1, -0.5, 0}}, f64)));
  CHECK(bias(7, 1, 0).item() == -1.0 / 256);
  Tensor six = alibi(6, 1, 2, f64)(all, 0, 0);  // the slopes the paper gives for a number that is no power of two
  CHECK(all_close(six, -tensor({0.25, 0.0625, 0.015625, 0.00390625, 0.5, 0.125}, f64), 1e-15));
  CHECK(message<ValueError>([] { alibi(0, 2, 3); }, "attention_test.cpp") ==
        "alibi: sizes are out of range: heads 0, queries 2, keys 3");
}
