#include "observer.hpp"

#include <exception>

#include "record.hpp"

namespace xg {
namespace detail {

// While observers are told of something, none is installed: what they compute is their own affair.
struct Announcement {
  Announcement() : observing(std::exchange(state.observing, nullptr)) {}
  ~Announcement() { state.observing = observing; }
  Announcement(const Announcement&) = delete;
  Announcement& operator=(const Announcement&) = delete;

  /// Tells every observer, also after one has thrown, so that none misses an end; then throws the first exception.
  template <class F>
  void tell(const F& f) const {
    std::exception_ptr thrown;
    for (const Observing* one = observing; one; one = one->before_) try {
        f(one->observer_);
      } catch (...) {
        if (!thrown) thrown = std::current_exception();
      }
    if (thrown) std::rethrow_exception(thrown);
  }

  ThreadState& state = thread_state();
  const Observing* observing;
};

void tell_computed(const char* name, const Operands& inputs, const Tensor* outputs, std::size_t count) {
  const Site& scope = call_scope();
  Tensors list(outputs, outputs + count);
  Site site = scope || inputs.empty() ? scope : inputs[0].site();
  Announcement().tell([&](Observer& o) { o.op_computed({name, site, inputs, list}); });
}

void tell_backward(const Tensors& outputs) {
  Announcement().tell([&](Observer& o) { o.backward_started(outputs); });
}
void tell_backward_ended() {
  Announcement().tell([](Observer& o) { o.backward_ended(); });
}
void tell_rule(const Node& node, const Tensors& cotangents) {
  Announcement().tell([&](Observer& o) { o.rule_started(node, cotangents); });
}
void tell_rule_ended(const Node& node, const Tensors& cotangents, const Tensors& gradients) {
  Announcement().tell([&](Observer& o) { o.rule_ended(node, cotangents, gradients); });
}

void ModuleFrame::open(const CalledModule& module, const Tensors& inputs, bool by_container) {
  ModuleFrame*& innermost = thread_state().frame;
  if (innermost && innermost->by_container_ && innermost->module_.is(module)) {
    innermost->by_container_ = false;
    return;
  }
  module_ = module;
  try {
    Announcement().tell([&](Observer& o) { o.module_entered(module_, inputs); });
  } catch (...) {  // all have heard that it was entered, and must hear that it is left
    Tensors none;
    Announcement().tell([&](Observer& o) { o.module_left(module_, none); });
    throw;
  }
  by_container_ = by_container;
  before_ = std::exchange(innermost, this);
  is_open_ = true;
}

void ModuleFrame::close(Tensors& outputs) {
  is_open_ = false;
  thread_state().frame = before_;
  Announcement().tell([&](Observer& o) { o.module_left(module_, outputs); });
}

void ModuleFrame::close() {
  Tensors none;
  close(none);
}

}  // namespace detail

Observing::Observing(Observer& observer) : observer_(observer), before_(detail::thread_state().observing) {
  detail::thread_state().observing = this;
}
Observing::~Observing() {
  const Observing** link = &detail::thread_state().observing;
  while (*link && *link != this) link = &(*link)->before_;
  if (*link) *link = before_;
}

}  // namespace xg
