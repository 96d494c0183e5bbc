// The ordinary training loop, and the evaluation of a model.
#pragma once

#include <string>
#include <vector>

#include "../module/module.hpp"
#include "../optim/optimizer.hpp"
#include "erased.hpp"
#include "fit_memory.hpp"
#include "history.hpp"
#include "log.hpp"
#include "progress.hpp"

namespace xg::nn {

namespace detail {

/// Remembers the modes of a model, and puts them back at the end of its life.
class Modes {
 public:
  explicit Modes(const AnyModel& model);
  ~Modes();
  Modes(const Modes&) = delete;
  Modes& operator=(const Modes&) = delete;

 private:
  std::vector<std::pair<Training*, bool>> before_;
};

}  // namespace detail

/// While it lives, a model is in evaluation mode and nothing is recorded on this thread; then each Training member and
/// the recording are what they were before.
class Evaluating {
 public:
  explicit Evaluating(const AnyModel& model) : modes_(model) { eval(model); }

 private:
  detail::Modes modes_;
  NoGrad no_grad_;
};

/// What `evaluate` finds.
struct Evaluation {
  /// The mean loss over the samples; NaN when there are none.
  double loss;
  std::vector<Scalar> metrics;
  /// "loss", or a metric by name; throws ValueError for another.
  double operator[](const std::string& name) const;
};

/// What callbacks see, and how they stop the training.
struct FitState {
  /// From 1, and steps since training began.
  std::int64_t epoch = 0, step = 0;
  /// The last epoch's number; batches in an epoch, -1 when nobody knows; samples in the last batch.
  std::int64_t last_epoch = 0, batches = -1, samples = 0;
  /// Of the last batch; its gradients are still there.
  double loss = 0;
  Optimizer& optimizer;
  /// The epochs so far; for `on_epoch` this one too.
  const History& history;
  /// Ends the training after this step, or this epoch.
  void stop(std::string why = "a callback stopped it") { stopped = std::move(why); }
  std::string stopped = {};
};

/// Which value of what is monitored is the best.
enum class Best { lowest, highest };

struct FitOptions {
  std::int64_t epochs = 1;
  /// Evaluated after each epoch.
  Batches validation = {};
  /// Of the learning rate: `{schedule, nn::Every::step}`.
  FitSchedule schedule = {};
  /// Gradients are scaled down to this 2-norm, see clip_grad_norm; 0: they are not.
  double clip_norm = 0;
  /// Computed over training and validation batches: "accuracy" and "val_accuracy".
  std::vector<Metric> metrics = {};
  /// What tells good epochs: "val_loss" unless told, or "loss" where nothing is validated.
  std::string monitor = "";
  Best best = Best::lowest;
  /// Stops when what is monitored has not got better by more than min_delta for this many epochs; 0: never.
  std::int64_t patience = 0;
  double min_delta = 0;
  /// Gives the model the weights of its best epoch at the end.
  bool restore_best = false;
  /// Where to save the model (see `save`) whenever it is the best so far; empty: nowhere.
  std::string best_path = "";
  /// Where the best epoch and the epochs since are remembered, for training that is resumed; null: within this call.
  FitMemory* memory = nullptr;
  /// Called after each step and each epoch, in this order.
  std::vector<FitCallback> on_step = {}, on_epoch = {};
  /// Each epoch's numbers are written here.
  std::vector<Log*> logs = {};
  /// The first epoch's number, for training that goes on.
  std::int64_t first_epoch = 1;
  /// One bar, or one line, an epoch; or nothing.
  bool show = true;
  ProgressOptions progress = {.lines = 1};
};

namespace detail {
History fit(const AnyModel& model, Optimizer& optimizer, const LossStep& step, const Batches& batches,
            const FitOptions& options, const Site& site);
Evaluation evaluate(const AnyModel& model, const LossStep& step, const Batches& batches,
                    const std::vector<Metric>& metrics, const Site& site);
}  // namespace detail

/// Trains: for each epoch, for each batch (x, y), zero_grad, backward of the loss (see LossStep), clipping, step of the
/// optimizer and of a schedule per step; then validates. Returns each epoch's "loss", metrics, "val_loss", "val_…" of
/// the metrics, "lr" and "seconds". The model is in training mode meanwhile, in its own modes at the end. Throws
/// ValueError for options that make no sense, and when no batch comes.
template <class M, class L, class R>
History fit(M& model, Optimizer& optimizer, L&& loss, R&& batches, const FitOptions& options = {},
            Site site = Site::here()) {
  return detail::fit(model, optimizer, LossStep(model, loss), Batches(batches), options, site);
}

/// The mean loss and metrics of a model over batches, in evaluation mode and unrecorded; its modes are put back
/// (Keras `evaluate`).
template <class M, class L, class R>
Evaluation evaluate(M& model, R&& batches, L&& loss, const std::vector<Metric>& metrics = {},
                    Site site = Site::here()) {
  return detail::evaluate(model, LossStep(model, loss), Batches(batches), metrics, site);
}

}  // namespace xg::nn
