// Observers: what they hear of ops, rules and backward passes, in which order, and that they hear nothing of
// themselves.
#include "xgrad/testing.hpp"
#include "xgrad/xgrad.hpp"

#include "core/graph/observer.hpp"
#include "core/inspect/graph.hpp"

#include <cmath>
#include <optional>

using namespace xg;

namespace {

/// Writes down what it hears.
struct Scribe : Observer {
  std::string heard;
  bool wants_shapes = false;

  void op_computed(const ComputedOp& op) override {
    heard += std::string(op.node() ? "+" : "-") + op.name + " ";
    lines.push_back(op.site.line);
    if (wants_shapes) heard += to_string(op.inputs[0].shape()) + "->" + to_string(op.outputs[0].shape()) + " ";
  }
  void backward_started(const Tensors& outputs) override { heard += fmt::format("<{} ", outputs.size()); }
  void rule_started(const detail::Node& node, const Tensors& g) override {
    heard += std::string("[") + node.name + (g[0].defined() ? " " : "? ");
  }
  void rule_ended(const detail::Node& node, const Tensors&, const Tensors& gradients) override {
    CHECK(gradients.size() == node.input_count);
    for (std::uint32_t i = 0; i < node.input_count; ++i) {
      if (!node.edges[i].node) continue;
      CHECK(gradients[i].shape() == node.edges[i].node->outputs[node.edges[i].output].shape);
    }
    heard += "] ";
  }
  void backward_ended() override { heard += "> "; }

  std::vector<int> lines;
};

struct Thrower : Observer {
  const char* at;
  explicit Thrower(const char* at) : at(at) {}
  void op_computed(const ComputedOp& op) override {
    if (std::string(op.name) == at) throw GradError("stop");
  }
  void rule_ended(const detail::Node& node, const Tensors&, const Tensors&) override {
    if (std::string("rule of ") + node.name == at) throw GradError("stop");
  }
};

}  // namespace

TEST_CASE("an observer hears of ops, recorded or not, with the user's line") {
  Scribe scribe;
  Tensor x = variable(ones({2, 3}));
  relu(x);  // unheard
  {
    Observing scope(scribe);
    Tensor y = tanh(x);
    NoGrad off;
    relu(y);
    greater(x, 0);
  }
  relu(x);  // unheard
  CHECK(scribe.heard == "+tanh -relu -greater ");
  CHECK(scribe.lines[0] == __LINE__ - 7);
  CHECK(scribe.lines[1] == __LINE__ - 6);
}

TEST_CASE("ops of several outputs, and ops without a rule, are heard of") {
  Scribe scribe;
  scribe.wants_shapes = true;
  Observing scope(scribe);
  Tensor x = variable(reshape(arange(6.0), {2, 3}));
  scribe.heard = "";
  split(x, 3, 1);
  CHECK(scribe.heard.find("(2, 3)->(2, 1)") != std::string::npos);
}

TEST_CASE("an observer hears of a backward pass: rules in their order, what they compute, sums over broadcast axes") {
  Tensor w = variable(full({3}, 2.0)), x = ones({2, 3});
  Tensor loss = sum(tanh(x * w));
  Scribe scribe;
  Observing scope(scribe);
  loss.backward();
  CHECK(scribe.heard.starts_with("<1 [sum "));
  CHECK(scribe.heard.ends_with("] > "));
  CHECK(scribe.heard.find("] [tanh ") != std::string::npos);
  CHECK(scribe.heard.find("] [multiply ") != std::string::npos);
  for (int line : scribe.lines) CHECK(line == __LINE__ - 8);  // what rules compute carries the line of their op
}

TEST_CASE("observers hear one after another, and what they compute is not heard of") {
  struct Counter : Observer {
    int& turn;
    int heard = 0, when = 0;
    explicit Counter(int& turn) : turn(turn) {}
    void op_computed(const ComputedOp& op) override {
      ++heard;
      when = ++turn;
      relu(op.outputs[0]);
    }
  };
  int turn = 0;
  Counter outer(turn), inner(turn);
  Observing first(outer);
  {
    Observing second(inner);
    exp(ones({2}));
  }
  CHECK(inner.heard == 1);
  CHECK(outer.heard == 1);
  CHECK(inner.when < outer.when);
  exp(ones({2}));
  CHECK(inner.heard == 1);
  CHECK(outer.heard == 2);
}

TEST_CASE("observers may come and go while they are told of something") {
  Tensor x = variable(ones({2}));
  struct Guest : Observer {
    int heard = 0, wanted = 1;
    std::optional<Observing> here;
    void op_computed(const ComputedOp&) override {
      if (++heard == wanted) here.reset();
    }
  };
  Scribe old;
  Guest first, second;
  Observing scope(old);
  first.here.emplace(first);
  second.here.emplace(second);
  second.wanted = 2;
  exp(x);  // `first` leaves by itself
  tanh(x);
  relu(x);
  CHECK(first.heard == 1);
  CHECK(second.heard == 2);
  CHECK(old.heard == "+exp +tanh +relu ");

  // One lets the next one go, which is then told nothing, and brings another, which hears of what comes.
  struct Host : Observer {
    Guest& guest;
    Scribe& brought;
    std::optional<Observing> of_brought;
    explicit Host(Guest& guest, Scribe& brought) : guest(guest), brought(brought) {}
    void op_computed(const ComputedOp& op) override {
      if (of_brought) return;
      guest.here.reset();
      of_brought.emplace(brought);
      square(op.outputs[0]);  // the one brought hears it, the others do not
    }
  };
  Guest third;
  third.wanted = 100;
  Scribe brought;
  Host host(third, brought);
  third.here.emplace(third);
  old.heard.clear();
  {
    Observing here(host);
    exp(x);
    tanh(x);
  }
  relu(x);
  host.of_brought.reset();
  sin(x);
  CHECK(third.heard == 0);
  CHECK(brought.heard == "+square +tanh +relu ");
  CHECK(old.heard == "+exp +tanh +relu +sin ");
}

TEST_CASE("observers may come and go within the rules of a graph that is looked at") {
  Scribe old, made;
  std::optional<Observing> of_old, of_made;
  of_old.emplace(old);
  Tensor x = variable(tensor({1.0, 2.0}));
  Tensor y = record("switching", exp(detach(x)), {x}, [&](const Tensor& g) {
    of_old.reset();
    if (!of_made) of_made.emplace(made);
    return Tensors{g};
  });
  inspect::graph_of(sum(y));
  old.heard.clear();
  tanh(x);
  of_made.reset();
  tanh(x);
  CHECK(old.heard.empty());
  CHECK(made.heard.ends_with("+tanh "));
}

TEST_CASE("an observer that throws fails the op or the pass, and leaves no gradient behind") {
  Tensor x = variable(ones({2}));
  {
    Thrower thrower("exp");
    Observing scope(thrower);
    CHECK_THROWS_AS(exp(x), GradError);
    CHECK_NOTHROW(tanh(x));
  }
  Tensor loss = sum(exp(x));
  {
    Thrower thrower("rule of exp");
    Observing scope(thrower);
    CHECK_THROWS_AS(loss.backward({.retain_graph = true}), GradError);
    CHECK(!x.has_grad());
  }
  loss.backward();
  CHECK(x.grad().to_vector()[0] == doctest::Approx(std::exp(1.0)));
}

TEST_CASE("a leaf's node knows its named tensor while that lives") {
  Tensor y;
  {
    Tensor x = named(variable(ones({2})), "x");
    y = exp(x);
    const detail::Node& leaf = *y.impl()->node->edges[0].node;
    REQUIRE(leaf.leaf_tensor());
    CHECK(leaf.leaf_tensor()->label->name == "x");
    CHECK(leaf.leaf_tensor() == x.impl().get());
  }
  sum(y).backward({.retain_graph = true});
  Tensor plain = variable(ones({2}));
  CHECK(!plain.impl()->node->leaf_tensor());
  Tensor z = exp(named(variable(1.0), "gone"));
  sum(z).backward();
}

TEST_CASE("type_name is the name of the type") {
  CHECK(type_name<int>() == "int");
  CHECK(type_name<Tensor>().ends_with("Tensor"));
}

TEST_CASE("what cuts a path to a gradient is heard of") {
  Tensor x = variable(tensor({3.0, 1.0}));
  Scribe scribe;
  Observing scope(scribe);
  detach(x), argmax(x), argsort(x), isfinite(x), logical_not(x), count_nonzero(x), any(x);
  CHECK(scribe.heard.find("-detach -argmax -argsort ") == 0);
  CHECK(scribe.heard.find("-isfinite -logical_not -count_nonzero -any ") != std::string::npos);
}
