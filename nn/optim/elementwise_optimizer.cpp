#include "elementwise_optimizer.hpp"

#include <algorithm>

#include "../../core/array/threads.hpp"
#include "../module/state.hpp"

namespace xg::nn::detail {
namespace {

constexpr std::int64_t grain = std::int64_t(1) << 14;

/// What is remembered, ready to be changed in place: `initial` at first, then as it was left, in the dtype of `value`.
std::byte* remembered(Array& array, const Array& value, double initial) {
  if (!array) array = Array::full(value.shape(), initial, value.dtype());
  else if (array.dtype() != value.dtype()) array = array.cast(value.dtype());
  else if (!array.is_sole_owner() || !array.is_contiguous()) array = array.copy();
  return array.fill_bytes();
}

}  // namespace

void ElementwiseOptimizer::prepare(std::size_t group, std::size_t i, const UpdateRule& rule, const Site& site) {
  const Tensor& p = parameters()[i];
  const Tensor* g = p.find_grad();
  if (!g) return;
  const Array* gradient = &g->array();
  if (!gradient->is_contiguous()) {
    contiguous_.push_back(gradient->copy());
    gradient = &contiguous_.back();
  }
  Memory& memory = memories_[i];
  Array& value = p.edit(site);
  Update& update = updates_.emplace_back();
  update.kernel = value.dtype() == f32 ? rule.f32 : rule.f64;
  update.size = value.size();
  update.element_bytes = static_cast<std::int64_t>(size_of(value.dtype()));
  update.pointers[0] = value.fill_bytes();
  update.pointers[1] = const_cast<std::byte*>(gradient->bytes());
  update.operands = 2;
  for (std::size_t k = 0; k < most_arrays; ++k)
    if (rule.arrays >> k & 1) update.pointers[update.operands++] = remembered(memory.arrays[k], value, rule.initial);
  update.memory = &memory;
  update.group = group;
}

double ElementwiseOptimizer::advance(const Closure*, const Site& site) {
  memories_.resize(parameters().size());
  updates_.clear();
  contiguous_.clear();
  for (std::size_t group = 0, i = 0; group < groups(); ++group)
    for (UpdateRule how = rule(group); i < group_end(group); ++i) prepare(group, i, how, site);
  // Parameters that made equally many steps get equal numbers.
  const Update* last = nullptr;
  StepCount before;
  for (Update& update : updates_) {
    StepCount& count = update.memory->count;
    if (last && last->group == update.group && count == before) {
      count = last->memory->count;
      std::copy(last->numbers, last->numbers + most_numbers, update.numbers);
    } else {
      before = count;
      advance_numbers(update.group, count, update.numbers);
    }
    last = &update;
  }
  run();
  contiguous_.clear();
  return 0;
}

void ElementwiseOptimizer::run() const {
  std::int64_t total = 0;
  for (const Update& update : updates_) total += update.size;
  if (total < 2 * grain) {
    for (const Update& update : updates_) update.kernel(update.numbers, update.pointers, update.size);
    return;
  }
  // The parameters one behind the other, cut in pieces wherever it may be.
  parallel_for(total, grain, [&](std::int64_t first, std::int64_t last) {
    for (const Update& update : updates_) {
      std::int64_t from = std::max<std::int64_t>(0, first), to = std::min(last, update.size);
      if (from < to) {
        std::byte* pointers[2 + most_arrays];
        for (std::size_t k = 0; k < update.operands; ++k)
          pointers[k] = update.pointers[k] + from * update.element_bytes;
        update.kernel(update.numbers, pointers, to - from);
      }
      first -= update.size;
      last -= update.size;
    }
  });
}

void ElementwiseOptimizer::state(StateVisitor& visitor) {
  Optimizer::state(visitor);
  memories_.resize(parameters().size());
  for (std::size_t i = 0; i < memories_.size(); ++i) {
    auto scope = visitor.enter(std::to_string(i));
    const Tensor& p = parameters()[i];
    visitor.visit("steps", memories_[i].count.steps, 0, StateVisitor::most_steps);
    for (std::size_t k = 0; k < most_arrays; ++k)
      if (array_names_[k]) visitor.visit(array_names_[k], memories_[i].arrays[k], p.shape(), p.dtype());
  }
}

}  // namespace xg::nn::detail
