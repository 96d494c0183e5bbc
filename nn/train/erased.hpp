// The parts of a training loop that are templates: a loader, a model with its loss, a metric, a schedule, a callback.
// Each is turned into one small object here, so that the loop itself is compiled once.
#pragma once

#include <concepts>
#include <string>
#include <type_traits>
#include <utility>

#include "../../core/array/counted.hpp"
#include "../../core/graph/tensor.hpp"

namespace xg::nn {

/// Batches (x, y) as an argument: any range whose elements fall into two tensors, such as a loader or a
/// `std::vector<std::pair<Tensor, Tensor>>`. Refers to the range, which must outlive it.
class Batches {
 public:
  struct Visitor {
    /// False: no more.
    virtual bool batch(const Tensor& x, const Tensor& y) = 0;

   protected:
    ~Visitor() = default;
  };

  /// No batches at all; `defined()` is false.
  Batches() = default;
  template <class R>
    requires(!std::is_same_v<std::remove_cv_t<R>, Batches>)
  Batches(R& range)
      : range_(const_cast<std::remove_cv_t<R>*>(&range)), count_([](void* range) -> std::int64_t {
          if constexpr (requires(R& r) { r.size(); }) return static_cast<std::int64_t>(static_cast<R*>(range)->size());
          else return -1;
        }),
        each_([](void* range, Visitor& visitor) {
          for (auto&& batch : *static_cast<R*>(range)) {
            auto& [x, y] = batch;
            if (!visitor.batch(x, y)) break;
          }
        }) {}

  bool defined() const { return range_ != nullptr; }
  /// How many; -1 when the range does not say.
  std::int64_t size() const { return count_(range_); }
  void each(Visitor& visitor) const { each_(range_, visitor); }

 private:
  void* range_ = nullptr;
  std::int64_t (*count_)(void*) = nullptr;
  void (*each_)(void*, Visitor&) = nullptr;
};

namespace detail {

/// A callable that says what it takes: a function, or an object whose call operator is neither a template nor
/// overloaded.
template <class F>
concept OneForm = std::is_function_v<std::remove_pointer_t<F>> || requires { &F::operator(); };

/// f(x...), where an `f` that takes operands is told the user's line.
template <class F, class... X>
Tensor call_at(const Site& site, F& f, const X&... x) {
  if constexpr (OneForm<F> && std::is_invocable_v<F&, decltype(Operand(x, site))...>) return f(Operand(x, site)...);
  else return f(x...);
}

}  // namespace detail

/// A model and its loss as an argument; lives for one call. The loss is `loss(model(x), y)`, where a third argument of
/// options is left at its defaults (`nn::cross_entropy` itself will do), or `loss(model, x, y)` for what is not of that
/// form: an autoencoder's, say.
class LossStep {
 public:
  struct Result {
    Tensor prediction;  // undefined when the loss calls the model itself
    Tensor loss;
  };
  template <class M, class L>
  LossStep(M& model, L& loss)
      : model_(const_cast<std::remove_cv_t<M>*>(&model)), loss_((const void*)&loss),
        run_([](void* model, const void* loss, const Tensor& x, const Tensor& y, const Site& site) -> Result {
          M& m = *static_cast<M*>(model);
          L& l = *(L*)loss;  // may be a function
          if constexpr (std::is_invocable_v<L&, M&, const Tensor&, const Tensor&>) {
            return {Tensor(), l(m, x, y)};
          } else {
            Tensor prediction = detail::call_at(site, m, x);
            if constexpr (requires { l(Operand(prediction, site), Operand(y, site), {}); })
              return {prediction, l(Operand(prediction, site), Operand(y, site), {})};
            else return {prediction, detail::call_at(site, l, prediction, y)};
          }
        }) {}

  /// `site`: the user's line, for errors of a model or loss that is the library's own.
  Result operator()(const Tensor& x, const Tensor& y, const Site& site) const {
    return run_(model_, loss_, x, y, site);
  }

 private:
  void* model_;
  const void* loss_;
  Result (*run_)(void*, const void*, const Tensor&, const Tensor&, const Site&);
};

namespace detail {

/// Something shared by reference count, behind virtual functions.
struct Counted {
  Count references;
  virtual ~Counted() = default;
  static void destroy(Counted* object) { delete object; }
};

struct MetricBody : Counted {
  virtual void update(const Tensor& prediction, const Tensor& y) = 0;
  virtual double compute() const = 0;
  virtual void reset() = 0;
  virtual MetricBody* copy() const = 0;
};

template <class M>
struct MetricOf final : MetricBody {
  M metric;
  explicit MetricOf(M metric) : metric(std::move(metric)) {}
  void update(const Tensor& prediction, const Tensor& y) override { metric.update(prediction, y); }
  double compute() const override { return metric.compute(); }
  void reset() override { metric.reset(); }
  MetricBody* copy() const override { return new MetricOf(metric); }
};

template <class State>
struct CallbackBody : Counted {
  virtual void call(State& state) = 0;
};

template <class F, class State>
struct CallbackOf final : CallbackBody<State> {
  F f;
  explicit CallbackOf(F f) : f(std::move(f)) {}
  void call(State& state) override { f(state); }
};

}  // namespace detail

/// A named metric for `fit` and `evaluate`: anything with `update(prediction, y)`, `compute()` and `reset()`, such as
/// `nn::Metric("accuracy", nn::Accuracy())`. Copies begin anew.
class Metric {
 public:
  template <class M>
    requires requires(M metric, const Tensor& x) {
      metric.update(x, x);
      { metric.compute() } -> std::convertible_to<double>;
      metric.reset();
    }
  Metric(std::string name, M metric) : name_(std::move(name)), body_(new detail::MetricOf<M>(std::move(metric))) {}
  Metric(const Metric& other) : name_(other.name_), body_(other.body_->copy()) { reset(); }
  Metric(Metric&&) = default;
  Metric& operator=(Metric other) noexcept {
    std::swap(name_, other.name_);
    std::swap(body_, other.body_);
    return *this;
  }

  const std::string& name() const { return name_; }
  void update(const Tensor& prediction, const Tensor& y) { body_->update(prediction, y); }
  double compute() const { return body_->compute(); }
  void reset() { body_->reset(); }

 private:
  std::string name_;
  Ref<detail::MetricBody> body_;
};

/// When a schedule moves on.
enum class Every { step, epoch };

/// A schedule of the learning rate for `fit`: anything with `step()`, or with `step(double)`, which gets the number
/// that `fit` monitors. Refers to the schedule, which must outlive it.
class FitSchedule {
 public:
  FitSchedule() = default;
  template <class S>
    requires(
                requires(S& schedule) { schedule.step(); } || requires(S& schedule) { schedule.step(0.5); })
  FitSchedule(S& schedule, Every every)
      : schedule_(&schedule), step_([](void* schedule, double monitored) {
          if constexpr (requires(S& s) { s.step(); }) static_cast<S*>(schedule)->step();
          else static_cast<S*>(schedule)->step(monitored);
        }),
        every_(every), wants_value_(!requires(S& s) { s.step(); }) {}

  bool defined() const { return schedule_ != nullptr; }
  Every every() const { return every_; }
  /// Whether it follows what is monitored.
  bool wants_value() const { return wants_value_; }
  void step(double monitored) const { step_(schedule_, monitored); }

 private:
  void* schedule_ = nullptr;
  void (*step_)(void*, double) = nullptr;
  Every every_ = Every::epoch;
  bool wants_value_ = false;
};

struct FitState;

/// A function for `fit` to call: `[&](nn::FitState& state) { if (...) state.stop(); }`.
class FitCallback {
 public:
  template <class F>
    requires std::is_invocable_v<F&, FitState&>
  FitCallback(F f) : body_(new detail::CallbackOf<F, FitState>(std::move(f))) {}
  void operator()(FitState& state) const { body_->call(state); }

 private:
  Ref<detail::CallbackBody<FitState>> body_;
};

}  // namespace xg::nn
