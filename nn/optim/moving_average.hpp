// Moving averages of a model's weights, which often do better than the weights themselves.
#pragma once

#include "../module/module.hpp"

namespace xg::nn {

class StateVisitor;

struct MovingAverageOptions {
  /// How much of the average an update keeps.
  double decay = 0.999;
  /// Keeps less in the first updates, (1 + t) / (10 + t) at the update t, so that the start is soon forgotten.
  bool warm_up = false;
};

/// An exponential moving average of the parameters of a model: a ← decay a + (1 − decay) w, from the weights as they
/// are at first. Buffers, such as the statistics of batch norms, are copied as they are. It follows the model's own
/// tensors, so the model may be moved and assigned to, and takes up as much memory as they do.
///
///     nn::MovingAverage average(model, {.decay = 0.99});
///     for (...) { optimizer.minimize(loss(model)); average.update(); }
///     { auto swapped = average.swap_in(); evaluate(model); }   // and back
///     Model smooth = average.copy_of(model);
///
/// Throws ValueError unless 0 ≤ decay < 1 and the model has parameters.
class MovingAverage {
 public:
  explicit MovingAverage(const AnyModel& model, const MovingAverageOptions& options = {}, Site site = Site::here());

  /// Takes in the weights as they are now; call it after each optimizer step. Throws ValueError while swapped in.
  void update(Site site = Site::here());
  /// How many updates were made.
  std::int64_t updates() const { return updates_; }

  /// Gives the weights of the model back when it ends. The average must live as long.
  class Swapped {
   public:
    Swapped(const Swapped&) = delete;
    Swapped& operator=(const Swapped&) = delete;
    ~Swapped() { average_.swap(site_); }

   private:
    friend class MovingAverage;
    Swapped(MovingAverage& average, const Site& site) : average_(average), site_(site) {}
    MovingAverage& average_;
    Site site_;
  };
  /// The model computes with the averages while what is returned lives. Throws ValueError if it does so already.
  [[nodiscard]] Swapped swap_in(Site site = Site::here());

  /// A copy of the model, which must be the one averaged, that has the averages for weights.
  template <class M>
  M copy_of(const M& model, Site site = Site::here()) {
    auto swapped = swap_in(site);
    return model;
  }

  /// Lists the averages for saving and loading. Throws ValueError while swapped in.
  void state(StateVisitor& visitor);

 private:
  Tensor average(std::size_t i) const;
  void swap(const Site& site);

  MovingAverageOptions options_;
  std::vector<Tensor> tensors_;  // parameters, then buffers
  std::size_t parameters_;
  std::vector<Array> averages_;  // while swapped in, the weights
  std::int64_t updates_ = 0;
  bool is_swapped_ = false;
};

}  // namespace xg::nn
