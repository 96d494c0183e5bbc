#include "module.hpp"

#include "../../core/error/error.hpp"
#include "../../core/graph/node.hpp"

namespace xg::nn {

std::size_t Walker::enter(std::string_view name) {
  std::size_t before = path_.size();
  if (before && !name.empty()) path_ += '.';
  path_ += name;
  return before;
}

std::size_t Walker::enter(std::size_t number) { return enter(std::to_string(number)); }

bool Walker::arrives_first(const void* shared) {
  auto is_within = [&](const std::string& path) { return path.empty() || path_.starts_with(path + '.'); };
  for (const auto& [met, path] : shared_)
    if (met == shared && (names_ == Names::first || is_within(path))) return false;
  shared_.push_back({shared, path_});
  return true;
}

namespace {

/// Calls `f(walker, slot)` for the parameters, or the buffers, of a model that are defined, each once. They are named
/// by their paths, so that errors can say which layer they met, except where `named` is false: in what runs every step.
template <class Kind, bool named = true, class F>
void for_each(const AnyModel& model, F f) {
  struct Visitor final : Walker {
    explicit Visitor(F& f) : f(f) {}
    void meet(const detail::Slot& slot) {
      if (!slot.defined()) return;
      if constexpr (named) slot.note_place(walk);
      if (slot.is_shared() && !arrives_first(slot.impl().get())) return;
      if constexpr (named) xg::detail::name_by_path(slot, path());
      f(*this, slot);
    }
    void parameter(Parameter& p) override {
      if constexpr (std::is_same_v<Kind, Parameter>) meet(p);
    }
    void buffer(Buffer& b) override {
      if constexpr (std::is_same_v<Kind, Buffer>) meet(b);
    }
    F& f;
    std::uint64_t walk = xg::detail::next_sequence();
  } visitor(f);
  model.walk(visitor);
}

template <class Kind>
std::vector<NamedTensor> list_names(const AnyModel& model) {
  std::vector<NamedTensor> list;
  for_each<Kind>(model, [&](const Walker& at, const Tensor& t) { list.push_back({at.path(), t}); });
  return list;
}

template <class Kind>
std::vector<Tensor> list(const AnyModel& model) {
  std::vector<Tensor> list;
  for_each<Kind>(model, [&](const Walker&, const Tensor& t) { list.push_back(t); });
  return list;
}

/// Converts a leaf in place, so that it stays the tensor that others hold.
void convert(const Tensor& leaf, DType dtype, const Site& site) {
  if (leaf.dtype() == dtype) return;
  leaf.zero_grad();
  leaf.edit(site);  // graphs recorded before refuse to run backward through it
  leaf.impl()->array = leaf.array().cast(dtype);
  if (leaf.requires_grad()) leaf.impl()->node->outputs[0].dtype = dtype;
}

}  // namespace

std::vector<NamedTensor> named_parameters(const AnyModel& model) { return list_names<Parameter>(model); }
std::vector<NamedTensor> named_buffers(const AnyModel& model) { return list_names<Buffer>(model); }
std::vector<Tensor> parameters(const AnyModel& model) { return list<Parameter>(model); }
std::vector<Tensor> buffers(const AnyModel& model) { return list<Buffer>(model); }

std::int64_t count_parameters(const AnyModel& model) {
  std::int64_t count = 0;
  for_each<Parameter>(model, [&](const Walker&, const Tensor& p) { count += p.requires_grad() ? p.size() : 0; });
  return count;
}

void to(const AnyModel& model, DType dtype, Site site) {
  if (!is_differentiable(dtype))
    Complaint("nn::to", std::string("parameters are f32 or f64, not ") + name_of(dtype)).at(site).raise<DTypeError>();
  for_each<Parameter>(model, [&](const Walker&, const Tensor& p) { convert(p, dtype, site); });
  for_each<Buffer>(model, [&](const Walker&, const Tensor& b) {
    if (is_differentiable(b.dtype())) convert(b, dtype, site);
  });
}

void train(const AnyModel& model, bool on) {
  struct Switch final : Walker {
    void training(Training& training) override { training.on = on; }
    bool on = true;
  } walker;
  walker.on = on;
  model.walk(walker);
}

void eval(const AnyModel& model) { train(model, false); }

void freeze(const AnyModel& model) {
  for_each<Parameter>(model, [](const Walker&, const Tensor& p) {
    p.zero_grad();
    p.impl()->set_leaf({});
  });
}

void unfreeze(const AnyModel& model, Site site) {
  for_each<Parameter>(model, [&](const Walker&, const Tensor& p) {
    if (!p.requires_grad()) p.impl()->set_leaf(xg::detail::Node::make_leaf(p, site));
  });
}

void zero_grad(const AnyModel& model) {
  for_each<Parameter, false>(model, [](const Walker&, const Tensor& p) { p.zero_grad(); });
}

}  // namespace xg::nn
