// record(): the one way an op enters the graph. Value and rule stand together.
#pragma once

#include "node.hpp"

namespace xg {
namespace detail {

/// What becomes of an op: whether it is recorded, and whether someone observes it.
struct Fate {
  bool recorded, observed;
};
/// It is recorded when recording is on and an input wants a gradient.
Fate fate_of(const Operands& inputs);
/// Makes the node with its edges; outputs still to be described.
Node* begin_node(const char* name, const Operands& inputs, std::uint32_t outputs, std::size_t closure_bytes,
                 std::size_t closure_alignment);
/// A tensor for output `output` of `node`; a plain constant when its dtype has no gradients.
Tensor attach(Node* node, std::uint32_t output, Array&& value);
Tensors attached(Node* node, const Tensors& values);
/// The tensor of a node of one output, and of an op without a node, of which observers are told.
Tensor finish(Node* node, Array&& value, const Operands& inputs, Fate fate);
Tensor finish(const char* name, Array&& value, const Operands& inputs, Fate fate);
/// Tells observers that an op was computed.
[[gnu::cold]] void tell_computed(const char* name, const Operands& inputs, const Tensor* outputs, std::size_t count);
[[noreturn]] void no_rule(const char* name, const Operands& inputs);

template <class F, bool many>
struct Closure {
  using G = std::conditional_t<many, Tensors, Tensor>;
  static constexpr bool takes_output = std::is_invocable_v<F&, const G&, const Wants&, const G&>;
  static constexpr bool takes_wants = std::is_invocable_v<F&, const G&, const Wants&>;
  static_assert(takes_output || takes_wants || std::is_invocable_v<F&, const G&>,
                "a rule is called as rule(g), rule(g, wants) or rule(g, wants, y) and returns Tensors");

  // What is kept of the outputs: nothing unless the rule asks for them.
  struct Nothing {};
  using Kept = std::conditional_t<!takes_output, Nothing, G>;  // constants: the node must not keep itself alive

  F rule;
  [[no_unique_address]] Kept kept;

  static Tensors run(Node& node, void* closure, const Tensors& g, const Wants& wants) {
    auto& self = *static_cast<Closure*>(closure);
    if constexpr (takes_output) {
      // Only a rule that is recorded needs to know where its output came from.
      if constexpr (many) {
        if (is_recording()) return self.rule(g, wants, attached(&node, self.kept));
        return self.rule(g, wants, self.kept);
      } else {
        if (is_recording()) return self.rule(g[0], wants, attach(&node, 0, Array(self.kept.array())));
        return self.rule(g[0], wants, self.kept);
      }
    } else if constexpr (takes_wants) {
      if constexpr (many) return self.rule(g, wants);
      else return self.rule(g[0], wants);
    } else {
      if constexpr (many) return self.rule(g);
      else return self.rule(g[0]);
    }
  }
  static void drop(void* closure) { static_cast<Closure*>(closure)->~Closure(); }
  static constexpr RuleTable table{run, drop};
};

}  // namespace detail

/// Records an op: its name (a string that lives on), its value, its inputs, and the rule that turns the cotangent of
/// the value into cotangents of the inputs, written in differentiable ops.
///
/// The rule is `[](const Tensor& g)`, `[](g, const Wants& wants)` or `[](g, wants, const Tensor& y)` and returns one
/// tensor an input; an undefined one is zero. It may return gradients in the broadcast shape: the engine sums them to
/// the input's. It must not capture the op's own output; it gets it as `y`. Sources: HIPS autograd's `defvjp`,
/// PyTorch's `autograd.Function`.
template <class F>
Tensor record(const char* name, Array value, const Operands& inputs, F rule) {
  detail::Fate fate = detail::fate_of(inputs);
  if (!fate.recorded || !is_differentiable(value.dtype())) return detail::finish(name, std::move(value), inputs, fate);
  using Closure = detail::Closure<F, false>;
  detail::Node* node = detail::begin_node(name, inputs, 1, sizeof(Closure), alignof(Closure));
  auto* closure = new (node->closure) Closure{std::move(rule), {}};
  node->rule = &Closure::table;
  if constexpr (Closure::takes_output) closure->kept = Tensor(value);
  return detail::finish(node, std::move(value), inputs, fate);
}
template <class F>
Tensor record(const char* name, const Tensor& value, const Operands& inputs, F rule) {
  return record(name, value.array(), inputs, std::move(rule));
}

/// Records an op of several outputs. The rule gets one cotangent an output (undefined: zero) and returns one an input.
template <class F>
Tensors record_all(const char* name, const Arrays& values, const Operands& inputs, F rule) {
  Tensors results;
  detail::Fate fate = detail::fate_of(inputs);
  if (!fate.recorded) {
    for (const Array& value : values) results.push_back(Tensor(value));
    if (fate.observed) detail::tell_computed(name, inputs, results.data(), results.size());
    return results;
  }
  using Closure = detail::Closure<F, true>;
  detail::Node* made =
      detail::begin_node(name, inputs, static_cast<std::uint32_t>(values.size()), sizeof(Closure), alignof(Closure));
  Ref<detail::Node> node(made);
  auto* closure = new (node->closure) Closure{std::move(rule), {}};
  node->rule = &Closure::table;
  if constexpr (Closure::takes_output)
    for (const Array& value : values) closure->kept.push_back(Tensor(value));
  for (std::uint32_t i = 0; i < values.size(); ++i) results.push_back(detail::attach(made, i, Array(values[i])));
  if (fate.observed) detail::tell_computed(name, inputs, results.data(), results.size());
  return results;
}

/// Records nothing: an op without a rule. Throws GradError when an input wants a gradient.
inline Tensor record(const char* name, Array value, const Operands& inputs) {
  detail::Fate fate = detail::fate_of(inputs);
  if (fate.recorded && is_differentiable(value.dtype())) detail::no_rule(name, inputs);
  return detail::finish(name, std::move(value), inputs, fate);
}
inline Tensor record(const char* name, const Tensor& value, const Operands& inputs) {
  return record(name, value.array(), inputs);
}

}  // namespace xg
