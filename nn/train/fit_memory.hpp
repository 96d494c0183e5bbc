// What fit remembers from epoch to epoch, so that it can go on where another run stopped.
#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

#include "../module/module.hpp"
#include "../module/state.hpp"

namespace xg::nn {

/// The best epoch so far, its weights if `fit` keeps them, and how long there has been no better one. `fit` makes one
/// for itself; for training that is to be resumed, give it yours and add that to the Checkpoint:
///
///     nn::FitMemory memory(model);
///     run.add("fit", memory);
///     nn::fit(model, optimizer, loss, batches, {.patience = 3, .restore_best = true, .memory = &memory});
///
/// It refers to the model's parameters and buffers.
class FitMemory {
 public:
  explicit FitMemory(const AnyModel& model);

  /// The number of the best epoch, 0 before there is one, and what was monitored then.
  std::int64_t best_epoch = 0;
  double best_value = 0;
  /// What an epoch must beat by FitOptions::min_delta, NaN before there is one; and for how many none has.
  double to_beat = NAN;
  std::int64_t waited = 0;

  /// Keeps the weights as they are now.
  void keep_weights();
  /// Gives the model what was kept; without that, leaves it as it is.
  void restore_weights(Site site = Site::here()) const;
  /// Lists all of it for saving and loading.
  void state(StateVisitor& visitor);

 private:
  std::vector<Tensor> tensors_;
  std::vector<Array> kept_;  // an undefined one: none
};

}  // namespace xg::nn
