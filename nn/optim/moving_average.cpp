#include "moving_average.hpp"

#include <algorithm>

#include "../../core/error/error.hpp"
#include "../../core/ops/elementwise.hpp"
#include "../module/state.hpp"
#include "optimizer.hpp"

namespace xg::nn {

MovingAverage::MovingAverage(const AnyModel& model, const MovingAverageOptions& options, Site site)
    : options_(options), tensors_(parameters(model)), parameters_(tensors_.size()) {
  detail::OptionCheck check("MovingAverage", site);
  check.below_one("decay", options.decay);
  check.require(!tensors_.empty(), "the model has no parameters");
  for (const Tensor& buffer : buffers(model)) tensors_.push_back(buffer);
  for (const Tensor& t : tensors_) averages_.push_back(t.array().copy());
}

void MovingAverage::update(Site site) {
  if (is_swapped_)
    Complaint("MovingAverage", "the weights are swapped for their averages and cannot be taken in")
        .at(site)
        .mend("let what swap_in returned end first")
        .raise<ValueError>();
  double t = static_cast<double>(updates_ + 1);
  double kept = options_.warm_up ? std::min(options_.decay, (1 + t) / (10 + t)) : options_.decay;
  auto mix = elementwise("moving_average", [kept](auto a, auto w) { return kept * a + (1 - kept) * w; });
  NoGrad guard;
  for (std::size_t i = 0; i < tensors_.size(); ++i) {
    const Array& now = tensors_[i].array();
    averages_[i] = i < parameters_ ? mix(average(i), Tensor(now)).array() : now.copy();
  }
  ++updates_;
}

MovingAverage::Swapped MovingAverage::swap_in(Site site) {
  if (is_swapped_) Complaint("MovingAverage", "the averages are swapped in already").at(site).raise<ValueError>();
  swap(site);
  return Swapped(*this, site);
}

Tensor MovingAverage::average(std::size_t i) const {
  const Array& now = tensors_[i].array();
  return Tensor(averages_[i] ? averages_[i].cast(now.dtype()) : now);  // a state may be loaded that lacks some
}

void MovingAverage::swap(const Site& site) {
  for (std::size_t i = 0; i < tensors_.size(); ++i) {
    Array now = tensors_[i].array();
    tensors_[i].assign(average(i), site);
    averages_[i] = now;
  }
  is_swapped_ = !is_swapped_;
}

void MovingAverage::state(StateVisitor& visitor) {
  if (is_swapped_)
    Complaint("MovingAverage", "the averages are swapped in and cannot be saved or loaded")
        .mend("let what swap_in returned end first")
        .raise<ValueError>();
  visitor.visit("updates", updates_, 0, StateVisitor::most_steps);
  for (std::size_t i = 0; i < averages_.size(); ++i)
    visitor.visit(std::to_string(i), averages_[i], tensors_[i].shape(), tensors_[i].dtype());
}

}  // namespace xg::nn
