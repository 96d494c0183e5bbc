// Tensor: an array and, where a gradient is wanted, its place in the computation graph. One pointer.
#pragma once

#include <concepts>
#include <iosfwd>
#include <string>
#include <type_traits>
#include <vector>

#include "../array/array.hpp"
#include "index.hpp"

namespace xg {

class Tensor;
class Tensors;

namespace detail {

struct Node;

// What a Tensor points to. `node` is where gradients arrive: the op that made it, or a leaf's own node.
struct TensorImpl {
  Count references;
  std::uint32_t output = 0;      // which of the node's outputs this is
  std::uint64_t changed_at = 0;  // sequence number of the last assign; 0 when never
  Ref<Node> node;
  Array array;
  struct Label {
    std::string name;
    bool is_path = false;  // a model gave the name, not the user
    Site changed;
  };
  Label* label = nullptr;

  explicit TensorImpl(Array&& array);
  TensorImpl(Array&& array, Ref<Node>&& node, std::uint32_t output);
  ~TensorImpl();
  static TensorImpl* make(Array&& array);
  static TensorImpl* make(Array&& array, Ref<Node>&& node, std::uint32_t output);
  static void destroy(TensorImpl* impl);

  Label& make_label();
  /// Gives it a leaf's node, or none.
  void set_leaf(Ref<Node>&& leaf);
};

}  // namespace detail

struct BackwardOptions;

class Tensor {
 public:
  /// No tensor: in gradients it stands for zero.
  Tensor() = default;
  /// A constant.
  explicit Tensor(Array&& array) : impl_(detail::TensorImpl::make(std::move(array))) {}
  explicit Tensor(const Array& array) : Tensor(Array(array)) {}
  // A template, so that braces with a number in them are never taken for a pointer.
  template <std::same_as<Ref<detail::TensorImpl>> R>
  explicit Tensor(R impl) : impl_(std::move(impl)) {}

  bool defined() const { return static_cast<bool>(impl_); }
  const Shape& shape(Site site = Site::here()) const { return look(site).shape(); }
  /// Length of `axis`; negative counts from the end.
  std::int64_t size(std::int64_t axis, Site site = Site::here()) const;
  /// Number of elements.
  std::int64_t size(Site site = Site::here()) const { return look(site).size(); }
  std::int64_t rank(Site site = Site::here()) const { return look(site).rank(); }
  DType dtype(Site site = Site::here()) const { return look(site).dtype(); }

  /// The only element as a C++ number; throws ShapeError when there are more or none.
  template <class T = double>
    requires std::is_arithmetic_v<T>
  T item(Site site = Site::here()) const {
    return only_element(site).as<T>();
  }
  /// All elements, row-major, as C++ numbers (NumPy `ravel().tolist()`).
  template <class T = double>
    requires std::is_arithmetic_v<T>
  std::vector<T> to_vector(Site site = Site::here()) const {
    Array values = look(site).cast(dtype_of<T>()).contiguous();
    if constexpr (std::is_same_v<T, bool> || sizeof(T) == size_of(dtype_of<T>())) {
      using Stored = std::conditional_t<std::is_integral_v<T> && !std::is_same_v<T, bool>, std::int64_t, T>;
      const Stored* data = values.data<Stored>();
      return std::vector<T>(data, data + values.size());
    } else {
      const std::int64_t* data = values.data<std::int64_t>();
      return std::vector<T>(data, data + values.size());
    }
  }

  /// Views and picks: `x(all, range(0, 3), newaxis, i)`, `x(mask)`, `x(indices)`. Differentiable; NumPy's meaning.
  /// Throws IndexError (out of range, too many indices) and DTypeError (index tensors are i64 or boolean).
  Tensor operator()(Index i0, Index i1 = {}, Index i2 = {}, Index i3 = {}, Index i4 = {}, Index i5 = {}, Index i6 = {},
                    Index i7 = {}) const;

  // The graph.
  /// Whether gradients flow to or through this tensor.
  bool requires_grad() const { return impl_ && impl_->node; }
  /// Made by `variable` (or a constant), not by an op.
  bool is_leaf() const;
  /// Name of the op that made it; "leaf" or "constant".
  const char* op() const;
  /// Where the op was called.
  Site site() const;
  /// The name given by `named`; empty when there is none.
  const std::string& name() const;

  /// Computes gradients of this tensor and adds them to `.grad()` of every leaf it depends on. A tensor of more than
  /// one element needs a seed cotangent. Throws GradError: nothing to differentiate, no seed, the graph is gone (call
  /// with `.retain_graph = true` the first time), a leaf changed since forward. On a throw no `.grad()` has changed.
  void backward(Site site = Site::here()) const;
  void backward(const BackwardOptions& options, Site site = Site::here()) const;
  /// The gradient that `backward` left here; throws GradError when there is none.
  Tensor grad(Site site = Site::here()) const;
  bool has_grad() const { return find_grad() != nullptr; }
  /// The gradient without a copy of its handle; null when there is none.
  const Tensor* find_grad() const;
  void zero_grad() const;
  /// Replaces the gradient: used to clip, scale, or clear it (an undefined tensor). Throws ShapeError, DTypeError.
  void set_grad(const Tensor& g, Site site = Site::here()) const;

  /// Gives a leaf new values (same shape and dtype). Graphs recorded earlier refuse to run backward through it if
  /// they need the old ones. Throws GradError on a tensor made by an op, ShapeError, DTypeError.
  void assign(const Tensor& value, Site site = Site::here()) const;

  /// The values. Inside a backward pass, throws GradError if the leaf was changed after the running node was recorded.
  const Array& array(Site site = Site::here()) const {
    if (!impl_) undefined(site);
    if (impl_->changed_at) check_unchanged();
    return impl_->array;
  }
  const Ref<detail::TensorImpl>& impl() const { return impl_; }

  // An op that only its argument finds, see ops/activations.hpp.
  friend Tensor mish(const Operand& x);

  /// A leaf's own array for changing in place (optimizers): copied first when shared. Counts as an `assign`.
  Array& edit(Site site = Site::here()) const;

 private:
  const Array& look(const Site& site) const {
    if (!impl_) undefined(site);
    return impl_->array;
  }
  [[noreturn]] static void undefined(const Site& site);
  void check_unchanged() const;
  Number only_element(const Site& site) const;

  Ref<detail::TensorImpl> impl_;
};

/// A short list of tensors; an undefined one stands for a zero gradient.
class Tensors : public SmallVector<Tensor, 3> {
 public:
  using SmallVector::SmallVector;
  Tensors() = default;
  Tensors(std::initializer_list<Tensor> tensors) : SmallVector(tensors) {}
  Tensors(const std::vector<Tensor>& tensors) : SmallVector(tensors.begin(), tensors.end()) {}
};

/// How `backward` runs.
struct BackwardOptions {
  /// Keep what the nodes saved, so that backward can run again.
  bool retain_graph = false;
  /// Record the backward pass too, so that gradients can be differentiated; implies retain_graph.
  bool create_graph = false;
  /// The cotangent of the tensor itself (PyTorch's `gradient`); needed unless it has one element.
  Tensor seed = {};
};

/// One argument of an op: a tensor or a plain number as the user passed it, and the place where. Lives for one call.
class Operand {
 public:
  /// Throws ValueError on an undefined tensor.
  Operand(const Tensor& tensor, Site site = Site::here()) : tensor_(&tensor), site_(site) {
    if (!tensor.defined()) undefined();
  }
  template <class T>
    requires std::is_arithmetic_v<T>
  Operand(T number, Site site = Site::here()) : number_(number), site_(site) {}

  bool is_number() const { return tensor_ == nullptr; }
  const Number& number() const { return number_; }
  const Site& site() const { return site_; }
  bool requires_grad() const { return tensor_ && tensor_->requires_grad(); }
  /// Of a number: boolean, i64, or f32 (the default dtype) for reals.
  DType dtype() const { return tensor_ ? tensor_->dtype() : number_dtype(); }
  const Shape& shape() const { return tensor_ ? tensor_->shape() : scalar_shape; }
  const detail::TensorImpl& impl() const { return *tensor_->impl(); }
  /// The tensor; a number becomes a 0-d constant.
  Tensor tensor() const { return tensor_ ? *tensor_ : Tensor(Array(number_, dtype())); }
  /// The tensor as it is; a number becomes a 0-d constant of `dtype`.
  Tensor tensor(DType dtype) const { return tensor_ ? *tensor_ : Tensor(Array(number_, dtype)); }
  Array array() const { return tensor_ ? tensor_->array() : Array(number_, dtype()); }
  /// The tensor's array itself; not for numbers.
  const Array& own_array() const { return tensor_->array(); }
  /// The values in `dtype`.
  Array array(DType dtype) const { return tensor_ ? tensor_->array().cast(dtype) : Array(number_, dtype); }

 private:
  [[noreturn]] void undefined() const;
  DType number_dtype() const;
  static const Shape scalar_shape;
  const Tensor* tensor_ = nullptr;
  Number number_ = 0;
  Site site_;
};

/// Several arguments: `stack({a, b})`, `concatenate(tensors, 1)`. Lives for one call: of operands in braces it is only
/// a view.
class Operands {
 public:
  Operands(Site site = Site::here()) : site_(site) {}
  Operands(std::initializer_list<Operand> operands) : first_(std::data(operands)), size_(operands.size()) {}
  Operands(const Tensors& tensors, Site site = Site::here()) : Operands(tensors.begin(), tensors.end(), site) {}
  Operands(const std::vector<Tensor>& tensors, Site site = Site::here())
      : Operands(tensors.begin(), tensors.end(), site) {}
  Operands(const Operands&) = delete;
  Operands& operator=(const Operands&) = delete;

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  const Operand* begin() const { return first_; }
  const Operand* end() const { return first_ + size_; }
  const Operand& operator[](std::size_t i) const { return first_[i]; }
  /// Where the user passed them.
  const Site& site() const { return empty() ? site_ : first_->site(); }

 private:
  template <class I>
  Operands(I first, I last, const Site& site) : site_(site) {
    for (; first != last; ++first) own_.push_back(Operand(*first, site));
    first_ = own_.data();
    size_ = own_.size();
  }

  const Operand* first_ = nullptr;
  std::size_t size_ = 0;
  Site site_;  // for none
  std::vector<Operand> own_;
};

/// The dtype two operands meet in: NumPy promotion; a number adopts the tensor's dtype.
DType promote(const Operand& a, const Operand& b);

/// "f32 (32, 784)  relu, net.cpp:41": dtype, shape and origin of an operand, for messages.
std::string describe(const Operand& operand);
std::string describe(const Tensor& tensor);

// Leaves.

/// A leaf that gradients are computed for, with the values of `value` (f32 or f64; throws DTypeError else).
Tensor variable(const Tensor& value, Site site = Site::here());
/// A 0-d leaf.
template <class T>
  requires std::is_arithmetic_v<T>
Tensor variable(T value, DType dtype = f32, Site site = Site::here()) {
  return variable(Tensor(Array(Number(value), dtype)), site);
}
/// The same values without the graph (PyTorch `detach`).
Tensor detach(const Operand& x);
/// Gives a tensor a name for messages and reports; returns it.
Tensor named(const Tensor& x, std::string name);

namespace detail {
/// Gives a tensor of a model its path there as a name. A name that the user gave stays, and so does a longer path, when
/// only a part of the model is walked.
void name_by_path(const Tensor& x, const std::string& path);
/// The name of a copy: that of its original.
void copy_name(const Tensor& from, const Tensor& to);
}  // namespace detail

// Watching gradients.

/// Keeps the gradient of a tensor made by an op, so that `.grad()` shows it after backward.
void retain_grad(const Tensor& x, Site site = Site::here());

namespace detail {
struct Hook {
  virtual ~Hook() = default;
  virtual Tensor call(const Tensor& g) = 0;  // undefined: leave the gradient as it is
};
void add_hook(const Tensor& x, Hook* hook, const Site& site);
}  // namespace detail

/// Calls `f(gradient)` whenever backward has the whole gradient of `x`; a tensor that `f` returns replaces it.
template <class F>
void on_grad(const Tensor& x, F f, Site site = Site::here()) {
  struct Call : detail::Hook {
    F f;
    explicit Call(F f) : f(std::move(f)) {}
    Tensor call(const Tensor& g) override {
      if constexpr (std::is_void_v<std::invoke_result_t<F&, const Tensor&>>) {
        f(g);
        return Tensor();
      } else {
        return f(g);
      }
    }
  };
  detail::add_hook(x, new Call(std::move(f)), site);
}

// Recording.

/// Whether ops are being recorded on this thread.
bool is_recording();

/// While it lives, ops on this thread are not recorded (PyTorch `no_grad`); `NoGrad(false)` records again within one.
class NoGrad {
 public:
  explicit NoGrad(bool off = true);
  ~NoGrad();
  NoGrad(const NoGrad&) = delete;
  NoGrad& operator=(const NoGrad&) = delete;

 private:
  bool before_;
};

}  // namespace xg
