#include "tensor.hpp"

#include <fmt/format.h>

#include <mutex>

#include "../error/error.hpp"
#include "node.hpp"
#include "observer.hpp"
#include "record.hpp"

namespace xg {
namespace detail {

TensorImpl::TensorImpl(Array&& values) : array(std::move(values)) {}
TensorImpl::TensorImpl(Array&& values, Ref<Node>&& maker, std::uint32_t which)
    : output(which), node(std::move(maker)), array(std::move(values)) {}
TensorImpl::~TensorImpl() = default;

TensorImpl* TensorImpl::make(Array&& array) {
  return new (memory::allocate(sizeof(TensorImpl))) TensorImpl(std::move(array));
}

TensorImpl* TensorImpl::make(Array&& array, Ref<Node>&& node, std::uint32_t output) {
  return new (memory::allocate(sizeof(TensorImpl))) TensorImpl(std::move(array), std::move(node), output);
}

void TensorImpl::destroy(TensorImpl* impl) {
  if (impl->label) {
    if (impl->node) impl->node->forget_tensor(impl);
    delete impl->label;
  }
  impl->~TensorImpl();
  memory::free(impl, sizeof(TensorImpl));
}

TensorImpl::Label& TensorImpl::make_label() {
  if (!label) label = new Label;
  if (node && node->is_leaf) node->closure = this;
  return *label;
}

void TensorImpl::set_leaf(Ref<Node>&& leaf) {
  if (node) node->forget_tensor(this);
  node = std::move(leaf);
  if (label && node) node->closure = this;
}

void add_hook(const Tensor& x, Hook* hook, const Site& site) {
  if (!x.requires_grad()) {
    delete hook;
    Complaint("on_grad", "no gradient flows through this tensor")
        .fact("x", describe(x))
        .at(site)
        .mend("a variable, or the result of an op on one")
        .raise<GradError>();
  }
  x.impl()->node->watch(x.impl()->output).hooks.push_back(hook);
}

}  // namespace detail

void Tensor::undefined(const Site& site) {
  Complaint("tensor", "an undefined tensor has no shape, dtype or values")
      .at(site)
      .mend("`defined()` tells; a default-constructed Tensor and a zero gradient are undefined")
      .raise<ValueError>();
}

std::int64_t Tensor::size(std::int64_t axis, Site site) const {
  return shape()[normal_axis("size", axis, rank(), site)];
}

Number Tensor::only_element(const Site& site) const {
  if (size() != 1)
    Complaint("item", "a tensor of shape " + to_string(shape()) + " is not one number").at(site).raise<ShapeError>();
  return impl_->array.first();
}

bool Tensor::is_leaf() const { return !requires_grad() || impl_->node->is_leaf; }

const char* Tensor::op() const { return requires_grad() ? impl_->node->name : "constant"; }

Site Tensor::site() const { return requires_grad() ? impl_->node->site : Site(); }

const std::string& Tensor::name() const {
  static const std::string none;
  return impl_ && impl_->label ? impl_->label->name : none;
}

Tensor named(const Tensor& x, std::string name) {
  x.shape();  // defined?
  auto& label = x.impl()->make_label();
  label.name = std::move(name);
  label.is_path = false;
  return x;
}

namespace detail {

void name_by_path(const Tensor& x, const std::string& path) {
  static std::mutex mutex;  // several threads may list the parameters of one model
  std::lock_guard lock(mutex);
  const TensorImpl::Label* label = x.impl()->label;
  if (path.empty()) return;
  if (label && !label->name.empty()) {
    const std::string& name = label->name;
    if (!label->is_path || name == path || (name.ends_with(path) && name[name.size() - path.size() - 1] == '.')) return;
  }
  auto& given = x.impl()->make_label();
  given.name = path;
  given.is_path = true;
}

void copy_name(const Tensor& from, const Tensor& to) {
  const TensorImpl::Label* label = from.impl()->label;
  if (label && !label->name.empty()) to.impl()->make_label() = TensorImpl::Label{label->name, label->is_path, {}};
}

}  // namespace detail

std::string describe(const Tensor& tensor) {
  if (!tensor.defined()) return "undefined";
  std::string text = std::string(name_of(tensor.dtype())) + " " + to_string(tensor.shape());
  if (!tensor.name().empty()) text += "  `" + tensor.name() + "`";
  if (tensor.requires_grad()) {
    text += std::string("  ") + tensor.op();
    if (Site site = tensor.site()) text += ", " + describe(Site{site.file, nullptr, site.line});
  }
  return text;
}

std::string describe(const Operand& operand) {
  if (!operand.is_number()) return describe(operand.tensor());
  const Number& number = operand.number();
  return "number " + (number.kind == DType::f64 ? fmt::format("{:.6g}", number.real) : std::to_string(number.integer));
}

// Leaves.

Tensor variable(const Tensor& value, Site site) {
  if (!is_differentiable(value.dtype()))
    Complaint("variable", std::string("gradients exist for f32 and f64, not for ") + name_of(value.dtype()))
        .fact("value", describe(value))
        .at(site)
        .mend("astype(value, f32)")
        .raise<DTypeError>();
  return Tensor(Ref(detail::TensorImpl::make(Array(value.array()), detail::Node::make_leaf(value, site), 0)));
}

Tensor detach(const Operand& x) {
  Tensor y(x.array());
  if (detail::is_observed(detail::thread_state())) [[unlikely]]
    detail::tell_computed("detach", {x}, &y, 1);
  return y;
}

void Tensor::assign(const Tensor& value, Site site) const {
  shape();  // defined?
  if (!is_leaf())
    Complaint("assign", "only leaves can be given new values")
        .fact("x", describe(*this))
        .at(site)
        .mend("assign to the variable it was computed from, or keep a new tensor")
        .raise<GradError>();
  if (value.shape() != shape())
    Complaint("assign", "the shapes differ: " + to_string(shape()) + " and " + to_string(value.shape()))
        .fact("x", describe(*this))
        .fact("value", describe(value))
        .at(site)
        .raise<ShapeError>();
  if (value.dtype() != dtype())
    Complaint("assign", std::string("the dtypes differ: ") + name_of(dtype()) + " and " + name_of(value.dtype()))
        .fact("x", describe(*this))
        .fact("value", describe(value))
        .at(site)
        .mend("astype(value, x.dtype())")
        .raise<DTypeError>();
  Array fresh = value.array().contiguous();
  impl_->array = std::move(fresh);  // arrays never change under others' eyes, so the buffer may be shared
  impl_->changed_at = detail::change_of_leaf();
  impl_->make_label().changed = site;
}

Array& Tensor::edit(Site site) const {
  shape();  // defined?
  if (!is_leaf())
    Complaint("edit", "only leaves can be changed in place").fact("x", describe(*this)).at(site).raise<GradError>();
  if (!impl_->array.is_sole_owner() || !impl_->array.is_contiguous()) impl_->array = impl_->array.copy();
  impl_->changed_at = detail::change_of_leaf();
  impl_->make_label().changed = site;
  return impl_->array;
}

void Tensor::check_unchanged() const {
  if (impl_->changed_at <= detail::thread_state().running) return;
  Complaint("backward", "a leaf was changed after the op that needs its old values")
      .fact("leaf", describe(*this))
      .fact("op", "recorded at " + describe(detail::call_scope()))
      .fact("changed", "at " + describe(impl_->label->changed))
      .mend("run backward before `assign` and optimizer steps, or forward again after them")
      .raise<GradError>();
}

// Gradients that were left behind.

const Tensor* Tensor::find_grad() const {
  if (!requires_grad()) return nullptr;
  const detail::Watch* watch = impl_->node->outputs[impl_->output].watch;
  return watch && watch->grad.defined() ? &watch->grad : nullptr;
}

Tensor Tensor::grad(Site site) const {
  if (has_grad()) return impl_->node->outputs[impl_->output].watch->grad;
  Complaint complaint("grad", "this tensor has no gradient");
  complaint.fact("x", describe(*this)).at(site);
  if (!requires_grad()) complaint.mend("make it a variable(...) before the forward pass");
  else if (is_leaf()) complaint.mend("call backward() on a loss that depends on it");
  else complaint.mend("call retain_grad(x) before backward(), or use grad(loss, x)");
  complaint.raise<GradError>();
}

void Tensor::zero_grad() const {
  if (has_grad()) impl_->node->outputs[impl_->output].watch->grad = Tensor();
}

void Tensor::set_grad(const Tensor& g, Site site) const {
  if (!requires_grad())
    Complaint("set_grad", "this tensor takes no gradient").fact("x", describe(*this)).at(site).raise<GradError>();
  if (g.defined() && g.shape() != shape())
    Complaint("set_grad", "the shapes differ: " + to_string(shape()) + " and " + to_string(g.shape()))
        .at(site)
        .raise<ShapeError>();
  if (g.defined() && g.dtype() != dtype())
    Complaint("set_grad", std::string("the dtypes differ: ") + name_of(dtype()) + " and " + name_of(g.dtype()))
        .at(site)
        .raise<DTypeError>();
  impl_->node->watch(impl_->output).grad = g;
}

void retain_grad(const Tensor& x, Site site) {
  if (!x.requires_grad())
    Complaint("retain_grad", "no gradient flows through this tensor")
        .fact("x", describe(x))
        .at(site)
        .raise<GradError>();
  x.impl()->node->watch(x.impl()->output).retain = true;
}

// Recording.

bool is_recording() { return detail::thread_state().recording; }

NoGrad::NoGrad(bool off) : before_(detail::thread_state().recording) { detail::thread_state().recording = !off; }
NoGrad::~NoGrad() { detail::thread_state().recording = before_; }

// Operands.

const Shape Operand::scalar_shape;

void Operand::undefined() const {
  Complaint("operand", "an undefined tensor was passed to an op")
      .at(site_)
      .mend("a default-constructed Tensor holds nothing; `defined()` tells")
      .raise<ValueError>();
}

DType Operand::number_dtype() const {
  if (DType numbers = detail::thread_state().numbers; is_differentiable(numbers)) return numbers;
  return number_.kind == DType::f64 ? DType::f32 : number_.kind;
}

DType promote(const Operand& a, const Operand& b) {
  if (a.is_number() && !b.is_number()) return promote(b.dtype(), a.number());
  if (b.is_number() && !a.is_number()) return promote(a.dtype(), b.number());
  return promote(a.dtype(), b.dtype());
}

}  // namespace xg
