#include "observer.hpp"

#include <exception>

#include "record.hpp"
#include "unobserved.hpp"

namespace xg {
namespace detail {
namespace {

// Observers are numbered from 1 as they are installed; those with lower numbers than `heard_from` do not hear.
constinit thread_local std::uint64_t last_number = 0, heard_from = 0;

}  // namespace

Unobserved::Unobserved() : before_(std::exchange(heard_from, last_number + 1)) {}
Unobserved::~Unobserved() { heard_from = before_; }

// Tells observers of something. Meanwhile they hear of nothing: what they compute is their own affair.
struct Announcement {
  Announcement() : next(thread_state().observing), before(std::exchange(innermost, this)) {}
  ~Announcement() { innermost = before; }
  Announcement(const Announcement&) = delete;
  Announcement& operator=(const Announcement&) = delete;

  /// Whether there is anyone to be told.
  static bool has_hearers() {
    const Observing* last = thread_state().observing;
    return last && last->number_ >= heard_from;
  }

  /// Tells every observer, also after one has thrown, so that none misses an end; then throws the first exception.
  template <class F>
  static void tell(const F& f) {
    if (!has_hearers()) return;
    Announcement announcement;
    Unobserved others;
    std::exception_ptr thrown;
    while (const Observing* one = announcement.next) {
      if (one->number_ < others.before_) break;
      announcement.next = one->before_;
      try {
        f(one->observer_);
      } catch (...) {
        if (!thrown) thrown = std::current_exception();
      }
    }
    if (thrown) std::rethrow_exception(thrown);
  }

  /// An observer goes, perhaps because one of those that are being told lets it.
  static void forget(const Observing* gone) {
    for (Announcement* one = innermost; one; one = one->before)
      if (one->next == gone) one->next = gone->before_;
  }

  static constinit thread_local Announcement* innermost;
  const Observing* next;  // who is told next
  Announcement* before;
};
constinit thread_local Announcement* Announcement::innermost = nullptr;

void tell_computed(const char* name, const Operands& inputs, const Tensor* outputs, std::size_t count) {
  const Site& scope = call_scope();
  Tensors list(outputs, outputs + count);
  Site site = scope || inputs.empty() ? scope : inputs[0].site();
  Announcement::tell([&](Observer& o) { o.op_computed({name, site, inputs, list}); });
}

void tell_backward(const Tensors& outputs) {
  Announcement::tell([&](Observer& o) { o.backward_started(outputs); });
}
void tell_backward_ended() {
  Announcement::tell([](Observer& o) { o.backward_ended(); });
}
void tell_rule(const Node& node, const Tensors& cotangents) {
  Announcement::tell([&](Observer& o) { o.rule_started(node, cotangents); });
}
void tell_rule_ended(const Node& node, const Tensors& cotangents, const Tensors& gradients) {
  Announcement::tell([&](Observer& o) { o.rule_ended(node, cotangents, gradients); });
}

void ModuleFrame::open(const CalledModule& module, const Tensors& inputs, bool by_container) {
  if (!Announcement::has_hearers()) return;
  ModuleFrame*& innermost = thread_state().frame;
  if (innermost && innermost->by_container_ && innermost->module_.is(module)) {
    innermost->by_container_ = false;
    return;
  }
  module_ = module;
  try {
    Announcement::tell([&](Observer& o) { o.module_entered(module_, inputs); });
  } catch (...) {  // all have heard that it was entered, and must hear that it is left
    Tensors none;
    Announcement::tell([&](Observer& o) { o.module_left(module_, none); });
    throw;
  }
  by_container_ = by_container;
  before_ = std::exchange(innermost, this);
  is_open_ = true;
}

void ModuleFrame::close(Tensors& outputs) {
  is_open_ = false;
  thread_state().frame = before_;
  Announcement::tell([&](Observer& o) { o.module_left(module_, outputs); });
}

void ModuleFrame::close() {
  Tensors none;
  close(none);
}

}  // namespace detail

Observing::Observing(Observer& observer)
    : observer_(observer), number_(++detail::last_number), before_(detail::thread_state().observing) {
  detail::thread_state().observing = this;
}
Observing::~Observing() {
  detail::Announcement::forget(this);
  const Observing** link = &detail::thread_state().observing;
  while (*link && *link != this) link = &(*link)->before_;
  if (*link) *link = before_;
}

}  // namespace xg
