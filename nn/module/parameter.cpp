#include "parameter.hpp"

#include <algorithm>
#include <memory>
#include <mutex>
#include <vector>

namespace xg::nn {
namespace detail {

/// Shared by the slots that are one tensor.
struct Tie {
  Tensor tensor;
  std::uint64_t walk = 0;  // the last walk that met some of them, and which
  std::vector<TieEnd*> met = {};
};
struct TieEnd {
  std::shared_ptr<Tie> tie;
  std::size_t place = 0;  // among them in the order of members, from 1, once a walk has met them all
};

namespace {

Tensor copied(const Tensor& from) {
  if (!from.defined()) return Tensor();
  Tensor to = from.requires_grad() ? variable(from, from.site()) : Tensor(from.array());
  xg::detail::copy_name(from, to);
  return to;
}

std::mutex ties;  // several threads may list or copy one model

/// A model with tied slots is being copied, member by member. The slots reached so far belong to one copy; meeting one
/// of them again, or one that stands before the last, means that another copy has begun.
struct Round {
  std::weak_ptr<Tie> from, to;
  std::vector<const Slot*> reached;
  std::size_t last_place;

  bool goes_on_with(const Slot* slot, std::size_t place) const {
    return std::find(reached.begin(), reached.end(), slot) == reached.end() && !(place && place < last_place);
  }
};

TieEnd* copied(const TieEnd& end, const Slot* slot) {
  static thread_local std::vector<Round> rounds;
  std::lock_guard lock(ties);
  const std::shared_ptr<Tie>& from = end.tie;
  std::erase_if(rounds, [](const Round& round) { return round.from.expired() || round.to.expired(); });
  auto round = std::find_if(rounds.begin(), rounds.end(), [&](const Round& r) { return r.from.lock() == from; });
  std::shared_ptr<Tie> to;
  if (round != rounds.end()) {
    if (round->goes_on_with(slot, end.place)) to = round->to.lock();
    else rounds.erase(round);
  }
  if (!to) {
    to = std::make_shared<Tie>(Tie{copied(from->tensor)});
    round = rounds.insert(rounds.end(), {from, to, {}, 0});
  }
  round->reached.push_back(slot);
  round->last_place = end.place;
  if (round->reached.size() == static_cast<std::size_t>(from.use_count())) rounds.erase(round);
  return new TieEnd{to, end.place};
}

}  // namespace

Slot::Slot(const Slot& other) : Tensor(other.tie_ ? Tensor() : copied(other)) {
  if (!other.tie_) return;
  tie_ = copied(*other.tie_, &other);
  Tensor::operator=(tie_->tie->tensor);
}

void Slot::untie() { delete std::exchange(tie_, nullptr); }

void Slot::note_place(std::uint64_t walk) const {
  if (!tie_) return;
  std::lock_guard lock(ties);
  Tie& tie = *tie_->tie;
  if (std::exchange(tie.walk, walk) != walk) tie.met.clear();
  tie.met.push_back(tie_);
  if (tie.met.size() != static_cast<std::size_t>(tie_->tie.use_count())) return;
  for (std::size_t i = 0; i < tie.met.size(); ++i) tie.met[i]->place = i + 1;
}

bool Slot::is_shared() const { return tie_ && tie_->tie.use_count() > 1; }

void Slot::share_with(Slot& other) {
  if (this == &other) return;
  if (!other.tie_) other.tie_ = new TieEnd{std::make_shared<Tie>(Tie{other})};
  untie();
  tie_ = new TieEnd{other.tie_->tie};
  Tensor::operator=(other);
}

bool Slot::fits(const Slot& other) const {
  return defined() && other.defined() && shape() == other.shape() && dtype() == other.dtype();
}

Slot& Slot::operator=(const Slot& other) {
  if (this == &other) return *this;
  if (!fits(other)) *this = Slot(other);
  else if (impl().get() != other.impl().get()) assign(other);
  return *this;
}

Slot& Slot::operator=(Slot&& other) {  // NOLINT(performance-noexcept-move-constructor)
  if (this == &other) return *this;
  if (!fits(other)) {
    untie();
    tie_ = std::exchange(other.tie_, nullptr);
    Tensor::operator=(static_cast<Tensor&&>(other));
  } else if (impl().get() != other.impl().get()) {
    assign(other);
  }
  return *this;
}

}  // namespace detail

Parameter& Parameter::operator=(const Tensor& value) {
  if (defined()) assign(value);
  else *this = Parameter(value);
  return *this;
}

Parameter& Parameter::operator=(const detail::Shared<Parameter>& shared) {
  share_with(shared.original);
  return *this;
}

Buffer& Buffer::operator=(const Tensor& value) {
  if (defined()) assign(value);
  else *this = Buffer(value);
  return *this;
}

Buffer& Buffer::operator=(const detail::Shared<Buffer>& shared) {
  share_with(shared.original);
  return *this;
}

}  // namespace xg::nn
