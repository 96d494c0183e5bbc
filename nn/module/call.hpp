// ModuleCall: lets a module tell who inspects the program that it is being called, and what it returns.
#pragma once

#include "../../core/graph/observer.hpp"
#include "walk.hpp"

namespace xg::nn {

namespace detail {

/// Tensors among arguments; numbers are none.
inline void collect(Tensors& list, const Operand& x) {
  if (!x.is_number()) list.push_back(x.tensor());
}
inline void collect(Tensors& list, const Tensor& x) {
  if (x.defined()) list.push_back(x);
}
template <class X>
  requires(!std::is_convertible_v<const X&, const Operand&>)
void collect(Tensors&, const X&) {}

/// Calls `f(tensor)` for the tensors of what a module returns: a tensor, a list of them, or a plain struct of both.
template <class Y, class F>
void for_each_output(Y& y, const F& f) {
  if constexpr (std::is_base_of_v<Tensor, Y>) {
    if (y.defined()) f(y);
  } else if constexpr (requires { y.begin() != y.end(); }) {
    for (auto& element : y) for_each_output(element, f);
  } else if constexpr (std::is_aggregate_v<Y> && std::is_class_v<Y>) {
    with_members(y, [&](auto&... member) { (for_each_output(member, f), ...); });
  }
}

}  // namespace detail

/// While it lives, a module is being called: summaries, graphs, reports and hooks then see the module, and what it
/// returns. xgrad's layers have one each; a module of your own that has none is still seen as the place of the layers
/// in it, though without what it returns.
///
///     Tensor operator()(const Tensor& x) const {
///       nn::ModuleCall call(*this, x);
///       return call(out(relu(hidden(x))));
///     }
///
/// It costs nothing but a glance when nobody inspects.
class ModuleCall : xg::detail::ModuleFrame {
 public:
  template <class M, class... X>
  explicit ModuleCall(const M& module, const X&... inputs) {
    if (xg::detail::is_observed(xg::detail::thread_state())) [[unlikely]]
      announce(module, -1, false, inputs...);
  }
  /// For what calls modules that may not announce themselves: `number` is that of the module in a container, or -1.
  template <class M, class... X>
  static ModuleCall of_part(const M& module, std::int64_t number, const X&... inputs) {
    return ModuleCall(Part{number}, module, inputs...);
  }

  /// Passes on what the module returns; a tensor in it may be replaced by a hook.
  template <class Y>
  Y operator()(Y y) {
    if (is_open_) [[unlikely]]
      tell(y);
    return y;
  }

 private:
  struct Part {
    std::int64_t number;
  };
  template <class M, class... X>
  ModuleCall(Part part, const M& module, const X&... inputs) {
    // A function in an nn::Layer is that layer.
    if (part.number < 0 && !detail::may_hold<M>) return;
    if (xg::detail::is_observed(xg::detail::thread_state())) [[unlikely]]
      announce(module, part.number, true, inputs...);
  }

  template <class M, class... X>
  [[gnu::noinline, gnu::cold]] void announce(const M& module, std::int64_t number, bool by_container,
                                             const X&... inputs) {
    Tensors list;
    (detail::collect(list, inputs), ...);
    open({&module, type_name<M>(), number}, list, by_container);
  }
  template <class Y>
  [[gnu::noinline, gnu::cold]] void tell(Y& y) {
    Tensors outputs;
    detail::for_each_output(y, [&](Tensor& t) { outputs.push_back(t); });
    close(outputs);
    std::size_t i = 0;
    detail::for_each_output(y, [&](Tensor& t) { t = outputs[i++]; });
  }
};

}  // namespace xg::nn
