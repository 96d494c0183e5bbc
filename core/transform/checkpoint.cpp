#include "checkpoint.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>
#include <vector>

#include "../array/random.hpp"
#include "../error/error.hpp"
#include "../graph/backward.hpp"
#include "../graph/record.hpp"
#include "trace.hpp"

namespace xg::detail {
namespace {

/// Where the inside of a checkpoint hangs on the graph outside: outputs of older nodes, each once.
class Border {
 public:
  void add(const Edge& edge) {
    if (numbers_.emplace(std::pair(edge.node.get(), edge.output), edges_.size()).second) edges_.push_back(edge);
  }
  /// -1: unknown.
  std::ptrdiff_t number(const Edge& edge) const {
    auto found = numbers_.find(std::pair(edge.node.get(), edge.output));
    return found == numbers_.end() ? -1 : static_cast<std::ptrdiff_t>(found->second);
  }
  const std::vector<Edge>& edges() const { return edges_; }

 private:
  std::map<std::pair<Node*, std::uint32_t>, std::size_t> numbers_;
  std::vector<Edge> edges_;
};

/// f(x), recorded, so that every output that takes gradients has a node of its own.
Tensors run(Function& f, const Tensors& x, std::uint64_t start) {
  Tensors y = f(x);
  for (Tensor& one : y)
    if (one.requires_grad() && one.impl()->node->sequence < start) one = alias(one);
  return y;
}

[[noreturn]] void other_path() {
  Complaint("checkpoint", "the function did something else when it was computed again")
      .at(call_scope())
      .mend("it must not depend on what changes between the forward and the backward pass")
      .raise<GradError>();
}

[[noreturn]] void other_numbers() {
  Complaint("checkpoint", "the function drew other random numbers when it was computed again")
      .at(call_scope())
      .mend("draw from the default generator, which is replayed, or from one that the function makes")
      .raise<GradError>();
}

/// A few of an output's elements, by which another one is told.
std::vector<double> sample_of(const Array& y) {
  constexpr std::int64_t most = 256;
  std::vector<double> sample;
  sample.reserve(static_cast<std::size_t>(std::min(y.size(), most)));
  visit(y.dtype(), [&](auto t) {
    const auto* data = y.data<decltype(t)>();
    for (std::int64_t i = 0, step = y.size() / most + 1; i < y.size(); i += step) {
      std::int64_t at = 0, rest = i;
      for (std::size_t axis = y.shape().size(); axis-- > 0; rest /= y.shape()[axis])
        at += rest % y.shape()[axis] * y.strides()[axis];
      sample.push_back(static_cast<double>(data[at]));
    }
  });
  return sample;
}

/// Whether they are the same but for rounding, which may change with the number of threads.
bool are_alike(const std::vector<double>& a, const std::vector<double>& b, DType dtype) {
  double largest = 0;
  for (double value : a)
    if (std::isfinite(value)) largest = std::max(largest, std::abs(value));
  double relative = dtype == DType::f32 ? 1e-4 : 1e-9, absolute = relative / 100 * largest;
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](double x, double y) {
    return x == y || std::abs(x - y) <= relative * std::abs(x) + absolute || (std::isnan(x) && std::isnan(y));
  });
}

/// Where a generator starts and what is drawn from it and others.
struct Draws {
  RngState start;
  std::uint64_t trace = 0;
};

constinit thread_local bool replaying = false;

/// While it lives, layers learn nothing from what they see: they have seen it.
class Replay {
 public:
  Replay() : before_(std::exchange(replaying, true)) {}
  ~Replay() { replaying = before_; }
  Replay(const Replay&) = delete;
  Replay& operator=(const Replay&) = delete;

 private:
  bool before_;
};

/// f(), and what its draws changed the trace to; they count in the trace of a checkpoint around this one too.
template <class F>
Tensors traced(Draws& draws, const F& f) {
  std::uint64_t before = std::exchange(draw_trace(), 0);
  Tensors y = f();
  draws.trace = draw_trace();
  draw_trace() += 3 * before;
  return y;
}

/// The rule: computes the inside again, cuts it off at the border, and pulls the cotangents back to there.
Tensors pull_back_again(Function& f, const Tensors& x, const Border& border, const Draws& draws,
                        const std::vector<std::vector<double>>& samples, const Tensors& g, const Wants& wants) {
  bool create = is_recording();
  NoGrad recording(false);
  std::uint64_t start = next_sequence();
  Tensors y;
  {
    Rng again(draws.start.seed);
    again.set_state(draws.start);
    DefaultRngScope generator(again);
    Replay replay;
    Draws repeated;
    y = traced(repeated, [&] { return run(f, x, start); });
    if (repeated.trace != draws.trace) other_numbers();
  }
  if (y.size() != g.size()) other_path();
  for (std::size_t k = 0; k < y.size(); ++k)
    if (!are_alike(samples[k], sample_of(y[k].array()), y[k].dtype())) other_path();

  // Every edge across the border is led through an alias, as old as the oldest inside. Backward stops there, and a
  // recorded one goes on to the outside when it is itself differentiated.
  Tensors ends;
  ends.resize(border.edges().size());
  for (Edge* edge : edges_out(y, start)) {
    std::ptrdiff_t k = border.number(*edge);
    if (k < 0) other_path();
    Tensor& end = ends[static_cast<std::size_t>(k)];
    if (!end.defined()) {
      end = alias(stand_in(*edge));
      end.impl()->node->sequence = start;
    }
    *edge = {end.impl()->node, 0};
  }

  Tensors inside;
  for (std::size_t k = 0; k < y.size(); ++k)
    if (g[k].defined() && g[k].shape() != y[k].shape()) other_path();
  for (std::size_t k = 0; k < ends.size(); ++k)
    if (ends[k].defined() && wants[k]) inside.push_back(ends[k]);
  Tensors found = pull_back(y, inside, g, create, call_scope());
  Tensors gradients;
  std::size_t next = 0;
  for (std::size_t k = 0; k < ends.size(); ++k)
    gradients.push_back(ends[k].defined() && wants[k] ? found[next++] : Tensor());
  return gradients;
}

}  // namespace

Tensors checkpoint(Ref<Function> f, const Tensors& x, const Site& site) {
  if (!is_recording()) return (*f)(x);
  // The first run is recorded too: its graph tells what f captures, and is gone when this function returns.
  Draws draws{default_rng().state()};
  std::uint64_t start = next_sequence();
  Tensors y = traced(draws, [&] { return run(*f, x, start); });
  Border border;
  for (Edge* edge : edges_out(y, start)) border.add(*edge);
  if (border.edges().empty()) return y;

  Tensors ends;
  Arrays values;
  for (const Edge& edge : border.edges()) ends.push_back(stand_in(edge));
  std::vector<std::vector<double>> samples;
  for (const Tensor& one : y) {
    values.push_back(one.array());
    samples.push_back(sample_of(one.array()));
  }
  return record_all("checkpoint", values, Operands(ends, site),
                    [f, x, draws, border = std::move(border), samples = std::move(samples)](
                        const Tensors& g, const Wants& wants) -> Tensors {
                      return pull_back_again(*f, x, border, draws, samples, g, wants);
                    });
}

}  // namespace xg::detail

bool xg::is_replaying() { return xg::detail::replaying; }
