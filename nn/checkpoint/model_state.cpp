#include "model_state.hpp"

#include <fmt/format.h>

#include <cstring>
#include <unordered_map>

#include "../../core/error/error.hpp"

namespace xg::nn::detail {
namespace {

bool same_bits(const Array& a, const Array& b) {
  return a.dtype() == b.dtype() && a.shape() == b.shape() &&
         (a.size() == 0 ||
          std::memcmp(a.bytes(), b.bytes(), static_cast<std::size_t>(a.size()) * size_of(a.dtype())) == 0);
}

}  // namespace

ModelState::ModelState(const char* op, const AnyModel& model, const Site& site) {
  struct Visitor final : Walker {
    Visitor() : Walker(Names::all) {}
    void parameter(Parameter& p) override { meet(p); }
    void buffer(Buffer& b) override { meet(b); }
    void meet(const Tensor& tensor) {
      if (!tensor.defined()) return;
      if (!owners.emplace(path(), tensor.impl().get()).second && repeated.empty()) repeated = path();
      auto [at, is_new] = numbers.emplace(tensor.impl().get(), slots.size());
      if (is_new) slots.push_back({tensor, {}, nullptr});
      slots[at->second].names.push_back(path());
    }
    std::vector<Slot> slots;
    std::unordered_map<const void*, std::size_t> numbers;
    std::unordered_map<std::string, const void*> owners;
    std::string repeated;
  } visitor;
  model.walk(visitor);
  if (!visitor.repeated.empty())
    Complaint(op, "two tensors of the model are called `" + visitor.repeated + "`").at(site).raise<ValueError>();
  slots_ = std::move(visitor.slots);
}

void ModelState::collect(const std::string& prefix, std::vector<NamedArray>& arrays) const {
  for (const Slot& slot : slots_) arrays.push_back({prefix + slot.names[0], slot.tensor.array()});
}

void ModelState::check(const std::string& prefix, Given& given) {
  for (Slot& slot : slots_) {
    DType dtype = slot.tensor.dtype();
    const Shape& shape = slot.tensor.shape();
    bool met = false;
    for (const std::string& own : slot.names) {
      const std::string name = prefix + own;
      const Array* array = given.find(name);
      if (!array) continue;
      met = true;
      if (array->dtype() != dtype || array->shape() != shape)
        given.report.mismatched.push_back(name + ": is " + describe(array->dtype(), array->shape()) + ", wanted " +
                                          describe(dtype, shape));
      else if (slot.found && !same_bits(*slot.found, *array))
        given.report.mismatched.push_back(
            fmt::format("{}: differs from {}{}, which is the same tensor in the model", name, prefix, slot.names[0]));
      else slot.found = array;
    }
    if (!met) given.report.missing.push_back(prefix + slot.names[0]);
  }
}

void ModelState::load(const Site& site) const {
  for (const Slot& slot : slots_)
    if (slot.found) slot.tensor.assign(Tensor(*slot.found), site);
}

}  // namespace xg::nn::detail
