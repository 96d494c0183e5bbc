// What a model owns: parameters, which are trained, and buffers, which are only saved with it.
#pragma once

#include <concepts>

#include "../../core/ops/arithmetic.hpp"

namespace xg::nn {

class Parameter;
class Buffer;

namespace detail {

struct TieEnd;

/// A tensor that a model owns. It is a Tensor to every op, but copying it copies the values, and assigning to it
/// changes the values in place, so that who holds its tensor (an optimizer) goes on holding the model's own.
class Slot : public Tensor {
 public:
  Slot() = default;
  Slot(const Slot& other);
  Slot(Slot&& other) noexcept : Tensor(static_cast<Tensor&&>(other)), tie_(std::exchange(other.tie_, nullptr)) {}
  Slot& operator=(const Slot& other);
  Slot& operator=(Slot&& other);  // NOLINT(performance-noexcept-move-constructor): it copies values
  ~Slot() { untie(); }

  /// Whether `share` made others that are the same tensor.
  bool is_shared() const;
  /// Tells a shared slot that a walk through a model, of this number, has come to it: when it comes to all that are
  /// shared, their order in the model is known, by which a copy of a part is told from one of the whole.
  void note_place(std::uint64_t walk) const;

 protected:
  explicit Slot(const Tensor& tensor) : Tensor(tensor) {}
  void share_with(Slot& other);

 private:
  bool fits(const Slot& other) const;
  void untie();
  TieEnd* tie_ = nullptr;
};

/// What `share` gives: the slot to be one with.
template <class S>
struct Shared {
  S& original;
};

}  // namespace detail

/// A trainable tensor of a model: f32 or f64, a leaf of the graph (PyTorch `nn.Parameter`).
///
/// A copy is another leaf with the same values. Assignment, also `w -= 0.1 * g`, writes the new values into this very
/// leaf; only a parameter of another shape or dtype takes its place (make a new optimizer then). Moving moves the leaf.
/// Throws DTypeError when made from integers or booleans; ShapeError and DTypeError when a tensor that does not fit is
/// assigned.
class Parameter : public detail::Slot {
 public:
  /// No parameter, such as the bias of a layer without one; `defined()` is false.
  Parameter() = default;
  Parameter(const Tensor& value, Site site = Site::here()) : Slot(variable(value, site)) {}
  Parameter(const detail::Shared<Parameter>& shared) { share_with(shared.original); }

  Parameter& operator=(const Tensor& value);
  Parameter& operator=(const detail::Shared<Parameter>& shared);
};

/// A tensor that is saved with a model but not trained, such as running statistics (PyTorch `register_buffer`). Any
/// dtype; copied, assigned and moved as a Parameter is.
class Buffer : public detail::Slot {
 public:
  Buffer() = default;
  Buffer(const Tensor& value) : Slot(detach(value)) {}
  Buffer(const detail::Shared<Buffer>& shared) { share_with(shared.original); }

  Buffer& operator=(const Tensor& value);
  Buffer& operator=(const detail::Shared<Buffer>& shared);
};

// As assignment does, these write into the tensor that the model owns; on a plain Tensor they make another.
template <std::derived_from<detail::Slot> S>
S& operator+=(S& a, const Operand& b) {
  return a = add({a, b.site()}, b);
}
template <std::derived_from<detail::Slot> S>
S& operator-=(S& a, const Operand& b) {
  return a = subtract({a, b.site()}, b);
}
template <std::derived_from<detail::Slot> S>
S& operator*=(S& a, const Operand& b) {
  return a = multiply({a, b.site()}, b);
}
template <std::derived_from<detail::Slot> S>
S& operator/=(S& a, const Operand& b) {
  return a = divide({a, b.site()}, b);
}

/// Ties two parameters: after `head.weight = nn::share(token.weight)` both are one leaf. It is listed once, under its
/// first name, and stays tied within each copy of the model. A copy of a part is not tied to a copy of the whole that
/// is made after it, if the parameters of the model were listed before (an optimizer does).
inline detail::Shared<Parameter> share(Parameter& original) { return {original}; }
inline detail::Shared<Buffer> share(Buffer& original) { return {original}; }

/// Whether a model is being trained: a layer that behaves differently in evaluation (dropout, batch norm) has one as a
/// member, and `nn::train(model)` and `nn::eval(model)` set it.
struct Training {
  bool on = true;
  explicit operator bool() const { return on; }
};

}  // namespace xg::nn
