// explain and graph_of: values, cotangents and local derivatives are right, graphs and gradients stay untouched, long
// graphs are folded, and what cannot be explained is refused.
#include "xgrad/inspect.hpp"
#include "xgrad/testing.hpp"
#include "xgrad/xgrad.hpp"

#include "core/inspect/derivatives.hpp"
#include "message.hpp"
#include "op_table.hpp"

#include <cmath>

using namespace xg;
using inspect::explain;
using inspect::graph_of;

namespace {

const inspect::GraphNode& node(const inspect::Graph& graph, const std::string& op_or_name) {
  for (const auto& node : graph.nodes)
    if (node.op == op_or_name || node.name == op_or_name) return node;
  throw std::runtime_error("no " + op_or_name);
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("the chain rule of numbers is multiplied out") {
  Tensor w = named(variable(2.0, f64), "w"), x = named(variable(0.25, f64), "x");
  Tensor y = square(tanh(w * x));
  inspect::Graph graph = graph_of(y);
  REQUIRE(graph.nodes.size() == 5);
  CHECK(graph.nodes[0].op == "square");
  double t = std::tanh(0.5), slope = 1 - t * t;
  const auto& squared = node(graph, "square");
  CHECK(squared.outputs[0].value.mean == doctest::Approx(t * t));
  CHECK(squared.inputs[0].local == doctest::Approx(2 * t));
  const auto& tanh_node = node(graph, "tanh");
  CHECK(tanh_node.outputs[0].cotangent.mean == doctest::Approx(2 * t));
  CHECK(tanh_node.inputs[0].local == doctest::Approx(slope));
  CHECK(tanh_node.inputs[0].product == doctest::Approx(2 * t * slope));
  CHECK(tanh_node.site.line == __LINE__ - 12);
  CHECK(node(graph, "w").outputs[0].cotangent.mean == doctest::Approx(2 * t * slope * 0.25));
  CHECK(node(graph, "x").outputs[0].cotangent.mean == doctest::Approx(2 * t * slope * 2));
  CHECK(node(graph, "w").outputs[0].value.mean == 2);
  y.backward();
  CHECK(w.grad().item() == node(graph, "w").outputs[0].cotangent.mean);
}

TEST_CASE("cotangents are those of backward, over broadcast axes, several uses and several outputs") {
  Tensor w = named(variable(randn({3})), "w"), x = named(variable(randn({4, 3})), "x");
  Tensors parts = split(exp(x * w), 3, 1);
  Tensor loss = sum(parts[0] * parts[2]) + mean(w * w);
  inspect::Graph graph = graph_of(loss);
  loss.backward();
  for (const Tensor& leaf : {w, x})
    CHECK(node(graph, leaf.name()).outputs[0].cotangent.norm == doctest::Approx(sqrt(sum(square(leaf.grad()))).item()));
}

TEST_CASE("explaining changes nothing and calls no hook") {
  Tensor x = variable(randn({4}));
  int calls = 0;
  on_grad(x, [&](const Tensor&) { ++calls; });
  Tensor h = exp(x);
  on_grad(h, [&](const Tensor&) { ++calls; });
  retain_grad(h);
  Tensor loss = sum(h * h);
  MemoryStats before = memory_stats();
  explain(loss);
  CHECK(memory_stats().live_nodes == before.live_nodes);
  CHECK(memory_stats().live_bytes == before.live_bytes);
  CHECK(calls == 0);
  CHECK(!x.has_grad());
  CHECK(!h.has_grad());
  loss.backward({.retain_graph = true});
  CHECK(calls == 2);
  std::vector<double> grad = x.grad().to_vector();
  explain(loss);
  CHECK(x.grad().to_vector() == grad);
  loss.backward();
}

TEST_CASE("a table has the op, the line, the shape, norms and words") {
  Tensor w = named(variable(full({2, 3}, 2.0)), "layer.weight");
  std::string text = to_string(explain(sum(tanh(w))));
  CHECK(contains(text, "2 ops and 1 leaf, in the order of the backward pass"));
  CHECK(contains(text, "tanh          explain_test.cpp:" + std::to_string(__LINE__ - 2) + "  (2, 3)"));
  CHECK(contains(text, "dy/dx = 1 − y²"));
  CHECK(contains(text, "layer.weight"));
  CHECK(contains(text, "4.899"));  // |w| = √(6 · 4)
  CHECK(fmt::format("{}", explain(sum(w))).ends_with("the number.\n"));
}

TEST_CASE("values that nobody kept are told of") {
  Tensor x = variable(ones({2}));
  std::string text = to_string(explain(sum(2 * x + 1)));
  CHECK(contains(text, "·"));
  CHECK(contains(text, "inspect::KeepValues keep"));
}

TEST_CASE("repeats are folded") {
  Tensor h = zeros({2, 4}), w = named(variable(randn({4, 4})), "w");
  for (int i = 0; i < 2000; ++i) h = tanh(matmul(h, w) + 0.1);
  inspect::Explanation explanation = explain(mean(h));
  CHECK(explanation.graph.nodes.size() == 6002);
  CHECK(explanation.rows.size() == 6);
  CHECK(contains(to_string(explanation), "⋮ the 3 ops above × 1999 more"));
  std::size_t covered = 0;
  for (const auto& row : explanation.rows) covered += row.count;
  CHECK(covered == explanation.graph.nodes.size());
}

TEST_CASE("a graph without repeats is cut in the middle") {
  Tensor x = variable(ones({1})), y = x;
  for (int i = 0; i < 300; ++i)
    y = reshape(y, Shape(static_cast<std::size_t>(1 + (i * i) % 7), 1)) + (i % 3 ? y(0) : y);
  inspect::Explanation explanation = explain(sum(y), {.rows = 20});
  CHECK(explanation.rows.size() <= 20);
  std::size_t covered = 0;
  for (const auto& row : explanation.rows) covered += row.count;
  CHECK(covered == explanation.graph.nodes.size());
}

TEST_CASE("odd graphs are explained: a leaf alone, no elements, numbers that are not finite, hostile names") {
  Tensor leaf = named(variable(3.0), "a\"<b>\n|");
  CHECK(contains(to_string(explain(leaf)), "a\"<b> |"));
  CHECK(contains(to_string(explain(sum(exp(variable(zeros({0, 3})))))), "(0, 3)"));
  CHECK(contains(to_string(explain(sum(log(variable(tensor({-1.0, 2.0})))))), "nan"));
  CHECK(contains(to_string(explain(sum(log(variable(tensor({0.0, 2.0})))))), "inf"));
  inspect::ExplainOptions options;
  options.seed = tensor({2.0, 0.0});
  CHECK(graph_of(exp(variable(zeros({2}))), {.seed = options.seed}).nodes[1].outputs[0].cotangent.norm == 2);
}

TEST_CASE("what cannot be explained is refused") {
  Tensor x = variable(ones({2})), loss = sum(exp(x));
  CHECK(message<GradError>([&] { explain(ones({2})); }) ==
        "inspect: there is no graph: the tensor depends on no variable");
  CHECK(message<ValueError>([&] { explain(Tensor()); }, "explain_test.cpp") ==
        "tensor: an undefined tensor has no shape, dtype or values");
  CHECK(message<ShapeError>([&] { explain(loss, {.seed = ones({3})}); }, "explain_test.cpp") ==
        "inspect: the seed has shape (3,), the tensor ()");
  CHECK(message<DTypeError>([&] { explain(loss, {.seed = astype(ones({}), f64)}); }) ==
        "inspect: the seed is f64, the tensor f32");
  loss.backward();
  CHECK(message<GradError>([&] { explain(loss); }, "retain_graph") ==
        "inspect: the graph is gone: a backward pass ran through `sum`");
  Tensor y = sum(exp(x) * x);
  x.assign(zeros({2}));
  CHECK(message<GradError>([&] { explain(y); }) ==
        "backward: a leaf was changed after the op that needs its old values");
}

TEST_CASE("derivatives in words") {
  CHECK(inspect::derivative_in_words("tanh") == "dy/dx = 1 − y²");
  CHECK(inspect::derivative_in_words("my own op") == "by the formula of the op");
  for (const char* op : {"add", "linear", "conv2d", "scaled_dot_product_attention", "lstm", "cross_entropy", "where"})
    CHECK(inspect::derivative_in_words(op) != "by the formula of the op");
}

TEST_CASE("every op of the op table, and what its rule is made of, has its derivative in words") {
  std::set<std::string> found;
  for (const op_table::Rows& (*rows)() :
       {op_table::elementwise_rows, op_table::activation_rows, op_table::reduction_rows, op_table::layer_rows,
        op_table::linalg_rows, op_table::normalization_rows, op_table::recurrent_rows, op_table::shape_rows,
        op_table::convolution_rows, op_table::attention_rows})
    found.merge(op_table::recorded_ops(rows()));
  CHECK(found.size() > 150);
  std::string missing;
  for (const std::string& op : found)
    if (inspect::derivative_in_words(op) == "by the formula of the op") missing += op + " ";
  CHECK(missing == "");
}

TEST_CASE("numbers in few columns") {
  CHECK(inspect::short_number(-0.0) == "0");
  CHECK(inspect::short_number(NAN) == "nan");
  CHECK(inspect::short_bytes(999) == "999 B");
  CHECK(inspect::short_bytes(1234567) == "1.23 MB");
  CHECK(inspect::short_seconds(1.5e-6) == "1.5 µs");
  CHECK(inspect::short_seconds(2.5) == "2.5 s");
}
