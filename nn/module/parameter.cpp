#include "parameter.hpp"

#include <algorithm>
#include <memory>
#include <vector>

namespace xg::nn {
namespace detail {

/// Shared by the slots that are one tensor.
struct Tie {
  Tensor tensor;
};
struct TieEnd {
  std::shared_ptr<Tie> tie;
};

namespace {

Tensor copied(const Tensor& from) {
  if (!from.defined()) return Tensor();
  Tensor to = from.requires_grad() ? variable(from, from.site()) : Tensor(from.array());
  xg::detail::copy_name(from, to);
  return to;
}

/// A model with tied slots is being copied, member by member. The slots reached so far belong to one copy; meeting one
/// of them again means that another copy has begun.
struct Round {
  std::weak_ptr<Tie> from, to;
  std::vector<const Slot*> reached;
};

std::shared_ptr<Tie> copied(const std::shared_ptr<Tie>& from, const Slot* slot) {
  static thread_local std::vector<Round> rounds;
  std::erase_if(rounds, [](const Round& round) { return round.from.expired() || round.to.expired(); });
  auto round = std::find_if(rounds.begin(), rounds.end(), [&](const Round& r) { return r.from.lock() == from; });
  std::shared_ptr<Tie> to;
  if (round != rounds.end()) {
    if (std::find(round->reached.begin(), round->reached.end(), slot) == round->reached.end()) to = round->to.lock();
    else rounds.erase(round);
  }
  if (!to) {
    to = std::make_shared<Tie>(Tie{copied(from->tensor)});
    round = rounds.insert(rounds.end(), {from, to, {}});
  }
  round->reached.push_back(slot);
  if (round->reached.size() == static_cast<std::size_t>(from.use_count())) rounds.erase(round);
  return to;
}

}  // namespace

Slot::Slot(const Slot& other) : Tensor(other.tie_ ? Tensor() : copied(other)) {
  if (!other.tie_) return;
  tie_ = new TieEnd{copied(other.tie_->tie, &other)};
  Tensor::operator=(tie_->tie->tensor);
}

void Slot::untie() { delete std::exchange(tie_, nullptr); }

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

Slot& Slot::operator=(Slot&& other) {
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
