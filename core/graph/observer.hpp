// Observer: hears of every op, rule and layer that runs on a thread. What inspection is made of; nothing when none is
// there.
#pragma once

#include <string_view>

#include "node.hpp"

namespace xg {

namespace detail {
struct Announcement;
class Unobserved;
}  // namespace detail

/// An op that was computed. A view of the call: it lives as long.
struct ComputedOp {
  const char* name;
  /// Where the user called it; inside a rule, the op that the rule belongs to.
  Site site;
  const Operands& inputs;
  const Tensors& outputs;

  /// The node it was recorded as; null when it was not.
  detail::Node* node() const {
    for (const Tensor& y : outputs)
      if (y.requires_grad()) return y.impl()->node.get();
    return nullptr;
  }
};

/// A module that is being called: any object with a type. An object and its first member have one address, so it takes
/// both to tell modules apart.
struct CalledModule {
  const void* address;
  /// As type_name has it.
  std::string_view type;
  /// Its number in the container that calls it, such as a Sequential; -1: none calls it.
  std::int64_t number = -1;

  bool is(const CalledModule& other) const { return address == other.address && type == other.type; }
};

/// Hears what happens on the thread that it is installed on, by an Observing. Derive from it and override what matters.
/// What an observer computes itself is not observed by those that are told of the same. It may throw, except from
/// `module_left` without outputs and `backward_ended`; the op, rule or call that it heard of then fails.
class Observer {
 public:
  virtual ~Observer() = default;

  /// An op was computed: of the forward pass, or within a rule.
  virtual void op_computed(const ComputedOp&) {}

  /// A backward pass starts at `outputs`; passes may run inside of one another.
  virtual void backward_started(const Tensors& /*outputs*/) {}
  /// The rule of a node is about to run: with one cotangent an output, undefined where it is zero.
  virtual void rule_started(const detail::Node&, const Tensors& /*cotangents*/) {}
  /// It has run. The gradients are of the shapes of the inputs, undefined where none is wanted or it is zero.
  virtual void rule_ended(const detail::Node&, const Tensors& /*cotangents*/, const Tensors& /*gradients*/) {}
  /// A backward pass ended, or was left by an exception.
  virtual void backward_ended() {}

  /// A module is called. The inputs are tensors among its arguments.
  virtual void module_entered(const CalledModule&, const Tensors& /*inputs*/) {}
  /// It returns these tensors, which may be replaced by others of the same shapes; none when an exception leaves it.
  virtual void module_left(const CalledModule&, Tensors& /*outputs*/) {}
};

/// Installs an observer on this thread while it lives. Observers hear one after another, the one installed last first.
/// One that is made or destroyed while observers are told of something hears of what comes next, or of nothing more.
class Observing {
 public:
  explicit Observing(Observer& observer);
  ~Observing();
  Observing(const Observing&) = delete;
  Observing& operator=(const Observing&) = delete;

 private:
  friend struct detail::Announcement;
  friend class detail::Unobserved;
  Observer& observer_;
  std::uint64_t number_;             // higher than those of all before
  mutable const Observing* before_;  // it may go before those installed after it
};

/// The name of a type as the compiler prints it: "nn::Linear" or "xg::nn::Linear".
template <class T>
constexpr std::string_view type_name() {
  std::string_view text = __PRETTY_FUNCTION__;
  std::size_t start = text.find("T = ") + 4;
#ifdef __clang__
  return text.substr(start, text.rfind(']') - start);
#else
  return text.substr(start, text.rfind("; std::string_view") - start);
#endif
}

namespace detail {

/// False in a library without observers: what bench/observing compares with.
#ifdef XGRAD_UNOBSERVED
inline constexpr bool can_be_observed = false;
#else
inline constexpr bool can_be_observed = true;
#endif
/// Whether someone observes this thread: the glance that inspection costs where none is installed.
inline bool is_observed(const ThreadState& state) { return can_be_observed && state.observing; }

/// What backward tells observers, if there are any.
[[gnu::cold]] void tell_backward(const Tensors& outputs);
[[gnu::cold]] void tell_backward_ended();
[[gnu::cold]] void tell_rule(const Node& node, const Tensors& cotangents);
[[gnu::cold]] void tell_rule_ended(const Node& node, const Tensors& cotangents, const Tensors& gradients);

/// A call of a module that is under way and was announced.
class ModuleFrame {
 public:
  ModuleFrame() = default;
  ModuleFrame(const ModuleFrame&) = delete;
  ModuleFrame& operator=(const ModuleFrame&) = delete;
  ~ModuleFrame() {
    if (is_open_) close();
  }

 protected:
  /// Tells observers. A module that its container announced is not announced again when it does so itself.
  void open(const CalledModule& module, const Tensors& inputs, bool by_container);
  /// Tells them what it returns.
  void close(Tensors& outputs);

  bool is_open_ = false;

 private:
  void close();
  CalledModule module_{};
  ModuleFrame* before_ = nullptr;
  bool by_container_ = false;  // and the module has not announced itself yet
};

}  // namespace detail
}  // namespace xg
