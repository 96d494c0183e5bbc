#include "fit_memory.hpp"

#include <string>

namespace xg::nn {

FitMemory::FitMemory(const AnyModel& model) : tensors_(parameters(model)) {
  for (const Tensor& buffer : buffers(model)) tensors_.push_back(buffer);
  kept_.resize(tensors_.size());
}

void FitMemory::keep_weights() {
  for (std::size_t i = 0; i < tensors_.size(); ++i) kept_[i] = tensors_[i].array().copy();
}

void FitMemory::restore_weights(Site site) const {
  for (std::size_t i = 0; i < tensors_.size(); ++i)
    if (kept_[i]) tensors_[i].assign(Tensor(kept_[i]), site);
}

void FitMemory::state(StateVisitor& visitor) {
  visitor.visit("best_epoch", best_epoch, 0, StateVisitor::most_steps);
  visitor.visit("best_value", best_value);
  visitor.visit("to_beat", to_beat);
  visitor.visit("waited", waited, 0, StateVisitor::most_steps);
  for (std::size_t i = 0; i < tensors_.size(); ++i)
    visitor.visit(std::to_string(i), kept_[i], tensors_[i].shape(), tensors_[i].dtype());
}

}  // namespace xg::nn
