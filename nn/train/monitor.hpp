// A watch over a training: what its gradients and weights do, shown while it runs.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "../inspect/gradients.hpp"
#include "../optim/optimizer.hpp"
#include "erased.hpp"
#include "log.hpp"
#include "progress.hpp"

namespace xg::nn {

class Checkpoint;
class FitCallback;

struct MonitorOptions {
  /// Tensors are looked at in every n-th step; numbers are taken in all.
  std::int64_t every = 10;
  /// How many steps there will be in all, for the time left; 0: nobody knows. A `fit` says it itself.
  std::int64_t steps = 0;
  /// Looks only at parameters whose names start with one of these; none: at all.
  std::vector<std::string> only = {};
  /// Of the histograms; 0: none are made.
  int bins = 40;
  /// Each look is written here; histograms too where the log takes them, as TensorBoard does.
  std::vector<Log*> logs = {};
  std::string title = "training";
  /// Shows a dashboard where `progress.out` is a terminal, else `progress.lines` lines in all.
  bool show = true;
  ProgressOptions progress = {};
  /// Ctrl-C ends the training after the step that is under way; a second one ends the program. See Interrupt.
  bool interruptible = true;
  /// Where to save the model then; empty: nowhere.
  std::string save_path = "";
  /// What to save instead of the model.
  const Checkpoint* run = nullptr;
  /// How many looks are kept; when there are more, every second one is dropped.
  std::size_t keep = 256;
  /// Schedules end in small steps, so that those are no fault here.
  inspect::VerdictLimits limits = {.too_slow = 0};
};

/// What a monitor saw at one step.
struct MonitorLook {
  std::int64_t step = 0;
  double seconds = 0, loss = 0, learning_rate = 0;
  /// The numbers given by `show`.
  std::vector<Scalar> shown;
  /// Parameters first, then the tensors given to `watch`.
  std::vector<inspect::ParameterLook> tensors;
  /// Of the same tensors, as `bins` asks for.
  std::vector<inspect::Histogram> values, gradients;
};

/// Watches a training: `nn::Monitor monitor(model, optimizer, {.steps = 1000}); while (...) { ...; optimizer.step(); if
/// (!monitor.step(loss.item(), x.size(0))) break; }`, or in a `fit`: `{.on_step = {monitor.on_step()}, .on_epoch =
/// {monitor.on_epoch()}, .show = false}`.
///
/// At every n-th step it looks at each parameter, its gradient and its update: norms, extremes, histograms, verdicts.
/// On a terminal it draws the loss curve, the learning rate, throughput, gradients by layer and the time left;
/// elsewhere it prints lines. Refers to model, optimizer, logs and run, which must stay where they are.
class Monitor {
 public:
  /// Throws ValueError unless every ≥ 1, steps ≥ 0, bins ≥ 0, keep ≥ 2 and no log is a null pointer.
  Monitor(const AnyModel& model, const Optimizer& optimizer, const MonitorOptions& options = {},
          Site site = Site::here());
  /// Draws the last state and leaves the cursor below it.
  ~Monitor();
  Monitor(const Monitor&) = delete;
  Monitor& operator=(const Monitor&) = delete;

  /// A step was made; gradients are still there. False: Ctrl-C was pressed, all was saved and said, the loop is to end.
  /// `samples` in the batch give the throughput. Throws what a log throws.
  bool step(double loss, std::int64_t samples = 0, Site site = Site::here());
  /// A number to show from now on, say a validation loss.
  void show(const std::string& name, double value);
  /// Whether this step's tensors will be looked at.
  bool due() const;
  /// Looks at a tensor in this step, if it is due: an activation, with its gradient if `retain_grad` was called.
  void watch(const std::string& name, const Tensor& x);

  /// For `fit`.
  FitCallback on_step();
  FitCallback on_epoch();

  bool interrupted() const;
  std::int64_t steps() const;
  /// The looks that were kept, oldest first.
  const std::vector<MonitorLook>& looks() const;
  /// The loss over the steps, thinned out to some hundred points, each the mean of `loss_spacing()` steps.
  Series losses() const;
  double loss_spacing() const;
  /// |gradient| of each layer over the looks, for `plot` and `Figure`; NaN where it has none.
  std::vector<Series> gradient_norms() const;
  /// What the dashboard shows, as lines that fit into so many columns and rows.
  std::vector<std::string> dashboard(int columns = 80, int rows = 24) const;

 private:
  struct Body;
  std::unique_ptr<Body> body_;
};

}  // namespace xg::nn
