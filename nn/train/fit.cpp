#include "fit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "../../core/error/error.hpp"
#include "../checkpoint/model_file.hpp"
#include "../optim/clip.hpp"
#include "metrics.hpp"
#include "terminal.hpp"

namespace xg::nn {

using detail::now;

namespace {

/// The loss and the metrics over some batches.
struct Tally {
  Mean loss;
  std::vector<Metric> metrics;

  explicit Tally(const std::vector<Metric>& metrics) : metrics(metrics) {}
  void add(const LossStep::Result& result, const Tensor& x, const Tensor& y, double value, const Site& site) {
    check(result, site);
    loss.update(value, x.rank() == 0 ? 1 : static_cast<double>(x.shape()[0]));
    for (Metric& metric : metrics) metric.update(result.prediction, y);
  }
  void check(const LossStep::Result& result, const Site& site) const {
    if (!metrics.empty() && !result.prediction.defined())
      Complaint("fit", "metrics need a loss of the form loss(model(x), y)").at(site).raise<ValueError>();
  }
  void list(std::vector<Scalar>& into, const std::string& prefix) const {
    into.push_back({prefix + "loss", loss.compute()});
    for (const Metric& metric : metrics) into.push_back({prefix + metric.name(), metric.compute()});
  }
};

/// Calls `f(x, y)` for each batch; `f` returns whether to go on.
template <class F>
void each(const Batches& batches, const F& f) {
  struct Visitor final : Batches::Visitor {
    explicit Visitor(const F& f) : f(f) {}
    bool batch(const Tensor& x, const Tensor& y) override { return f(x, y); }
    const F& f;
  } visitor(f);
  batches.each(visitor);
}

Tally evaluated(const AnyModel& model, const LossStep& step, const Batches& batches, const std::vector<Metric>& metrics,
                const Site& site) {
  Evaluating evaluating(model);
  Tally tally(metrics);
  each(batches, [&](const Tensor& x, const Tensor& y) {
    LossStep::Result result = step(x, y, site);
    tally.add(result, x, y, result.loss.item(site), site);
    return true;
  });
  return tally;
}

class Fit {
 public:
  Fit(const AnyModel& model, Optimizer& optimizer, const LossStep& step, const Batches& batches,
      const FitOptions& options, const Site& site)
      : model_(model), optimizer_(optimizer), step_(step), batches_(batches), options_(options), site_(site) {
    check_options();
    if (!options.memory) memory_ = &own_memory_.emplace(model);
    history_.best_epoch = memory_->best_epoch;
    history_.best_value = memory_->best_value;
  }

  History run() {
    detail::Modes modes(model_);
    started_ = now();
    state_.last_epoch = options_.first_epoch + options_.epochs - 1;
    for (std::int64_t i = 0; i < options_.epochs && state_.stopped.empty(); ++i) {
      state_.epoch = options_.first_epoch + i;
      epoch(i + 1 == options_.epochs);
    }
    if (options_.restore_best) memory_->restore_weights(site_);
    history_.stopped = state_.stopped;
    return std::move(history_);
  }

 private:
  void check_options() {
    if (options_.monitor.empty()) monitor_ = options_.validation.defined() ? "val_loss" : "loss";
    else monitor_ = options_.monitor;
    auto number = [&](const char* name, double value) {
      if (!(value >= 0)) fail(fmt::format("{} must be at least 0, not {}", name, value));
    };
    number("epochs", static_cast<double>(options_.epochs));
    number("patience", static_cast<double>(options_.patience));
    number("min_delta", options_.min_delta);
    number("clip_norm", options_.clip_norm);
    std::vector<std::string> names = {"lr", "seconds", "loss"};
    for (const Metric& metric : options_.metrics) names.push_back(metric.name());
    if (options_.validation.defined())
      for (std::size_t i = 2, n = names.size(); i < n; ++i) names.push_back("val_" + names[i]);
    std::vector<Scalar> numbers;
    numbers.reserve(names.size());
    for (const std::string& name : names) numbers.push_back({name, 0});
    detail::check_names("fit", numbers, site_);
    if (std::find(names.begin(), names.end(), monitor_) == names.end())
      Complaint("fit", fmt::format("`{}`, which is to be monitored, is not computed", monitor_))
          .fact("computed", detail::listed(names))
          .at(site_)
          .raise<ValueError>();
    if (options_.schedule.wants_value() && options_.schedule.every() == Every::step)
      fail("a schedule that follows a number steps every epoch, as what it follows is known then");
    for (const Log* log : options_.logs)
      if (!log) fail("a log is a null pointer");
  }
  [[noreturn]] void fail(const std::string& what) const { Complaint("fit", what).at(site_).raise<ValueError>(); }

  void epoch(bool last) {
    train(model_);
    state_.batches = batches_.size();
    Tally tally(options_.metrics);
    std::optional<Progress> progress;
    if (options_.show) {
      ProgressOptions shown = options_.progress;
      shown.hold = true;
      std::int64_t last = state_.last_epoch;
      std::string label = fmt::format("epoch {:>{}}/{}", state_.epoch, std::to_string(last).size(), last);
      progress.emplace(state_.batches < 0 ? Progress::unknown : state_.batches, label, shown);
    }
    std::int64_t before = state_.step;
    auto pass = [&] {
      each(batches_, [&](const Tensor& x, const Tensor& y) {
        step(x, y, tally);
        if (progress) {
          progress->show("loss", tally.loss.compute());
          progress->advance();
        }
        return state_.stopped.empty();
      });
    };
    pass();
    if (state_.step == 0) pass();  // a loader that was saved behind its last batch has only now begun an epoch
    if (state_.step == before) fail(fmt::format("no batch came in epoch {}", state_.epoch));

    std::vector<Scalar> record;
    tally.list(record, "");
    if (options_.validation.defined())
      evaluated(model_, step_, options_.validation, options_.metrics, site_).list(record, "val_");
    if (progress)
      for (const Scalar& scalar : record) progress->show(scalar.name, scalar.value);
    record.push_back({"lr", optimizer_.learning_rate()});
    record.push_back({"seconds", now() - started_});
    progress.reset();
    history_.add(record, site_);
    for (Log* log : options_.logs) log->write(state_.epoch, record, site_);
    double monitored = history_[monitor_].back();
    judge(monitored, last);
    for (const FitCallback& callback : options_.on_epoch) callback(state_);
    if (options_.schedule.defined() && options_.schedule.every() == Every::epoch) options_.schedule.step(monitored);
  }

  void step(const Tensor& x, const Tensor& y, Tally& tally) {
    optimizer_.zero_grad();
    LossStep::Result result = step_(x, y, site_);
    tally.check(result, site_);  // before anything changes
    result.loss.backward(site_);
    state_.loss = result.loss.item(site_);
    state_.samples = x.rank() == 0 ? 1 : x.shape()[0];
    if (options_.clip_norm > 0) clip_grad_norm(optimizer_.parameters(), options_.clip_norm, 2, site_);
    optimizer_.step(site_);
    ++state_.step;
    tally.add(result, x, y, state_.loss, site_);
    if (options_.schedule.defined() && options_.schedule.every() == Every::step) options_.schedule.step(state_.loss);
    for (const FitCallback& callback : options_.on_step) callback(state_);
  }

  /// Keeps the best weights, and stops when there have been no better ones for long.
  void judge(double monitored, bool last) {
    auto better = [&](double than, double by) {
      return options_.best == Best::lowest ? monitored < than - by : monitored > than + by;
    };
    FitMemory& memory = *memory_;
    if (memory.best_epoch == 0 ? !std::isnan(monitored) : better(memory.best_value, 0)) {
      memory.best_epoch = history_.best_epoch = state_.epoch;
      memory.best_value = history_.best_value = monitored;
      if (options_.restore_best) memory.keep_weights();
      if (!options_.best_path.empty()) save(model_, options_.best_path, site_);
    }
    if (std::isnan(memory.to_beat) ? !std::isnan(monitored) : better(memory.to_beat, options_.min_delta)) {
      memory.to_beat = monitored;
      memory.waited = 0;
    } else if (++memory.waited >= options_.patience && options_.patience > 0 && !last) {
      state_.stop(fmt::format("{} has not got better for {} epochs", monitor_, memory.waited));
    }
  }

  const AnyModel& model_;
  Optimizer& optimizer_;
  const LossStep& step_;
  const Batches& batches_;
  const FitOptions& options_;
  const Site& site_;
  std::string monitor_;
  History history_;
  FitState state_{.optimizer = optimizer_, .history = history_};
  std::optional<FitMemory> own_memory_;
  FitMemory* memory_ = options_.memory;
  double started_ = 0;
};

}  // namespace

double Evaluation::operator[](const std::string& name) const {
  if (name == "loss") return loss;
  std::vector<std::string> names = {"loss"};
  for (const Scalar& metric : metrics) {
    if (metric.name == name) return metric.value;
    names.push_back(metric.name);
  }
  Complaint("Evaluation", fmt::format("nothing is called `{}`", name))
      .fact("names", detail::listed(names))
      .raise<ValueError>();
}

namespace detail {

Modes::Modes(const AnyModel& model) {
  struct Collect final : Walker {
    explicit Collect(std::vector<std::pair<Training*, bool>>& list) : list(list) {}
    void training(Training& training) override { list.emplace_back(&training, training.on); }
    std::vector<std::pair<Training*, bool>>& list;
  } collect(before_);
  model.walk(collect);
}

Modes::~Modes() {
  for (auto& [training, on] : before_) training->on = on;
}

History fit(const AnyModel& model, Optimizer& optimizer, const LossStep& step, const Batches& batches,
            const FitOptions& options, const Site& site) {
  return Fit(model, optimizer, step, batches, options, site).run();
}

Evaluation evaluate(const AnyModel& model, const LossStep& step, const Batches& batches,
                    const std::vector<Metric>& metrics, const Site& site) {
  Tally tally = evaluated(model, step, batches, metrics, site);
  Evaluation result{tally.loss.compute(), {}};
  for (const Metric& metric : tally.metrics) result.metrics.push_back({metric.name(), metric.compute()});
  return result;
}

}  // namespace detail
}  // namespace xg::nn
