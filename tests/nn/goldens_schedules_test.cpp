// Learning rates of schedules against PyTorch.
#include "../core/goldens.hpp"

using namespace xg_test;

namespace {

constexpr std::int64_t steps = 24;

template <class T>
void read(const Arguments& args, const char* name, T& option) {
  if (!args.given(name)) return;
  if constexpr (std::is_same_v<T, bool>) option = args.flag(name);
  else if constexpr (std::is_same_v<T, std::int64_t>) option = args.integer(name);
  else if constexpr (std::is_same_v<T, double>) option = args.real(name);
  else {
    Shape list = args.shape(name);
    option.assign(list.begin(), list.end());
  }
}

nn::StepCurve step_curve(const Arguments& args) {
  nn::StepCurve curve;
  read(args, "every", curve.every);
  read(args, "factor", curve.factor);
  return curve;
}
nn::MultiStepCurve multi_step_curve(const Arguments& args) {
  nn::MultiStepCurve curve;
  read(args, "milestones", curve.milestones);
  read(args, "factor", curve.factor);
  return curve;
}
nn::ExponentialCurve exponential_curve(const Arguments& args) { return {.factor = args.real("factor")}; }
nn::LinearCurve linear_curve(const Arguments& args) {
  nn::LinearCurve curve;
  read(args, "steps", curve.steps);
  read(args, "start", curve.start);
  read(args, "end", curve.end);
  return curve;
}
nn::PolynomialCurve polynomial_curve(const Arguments& args) {
  nn::PolynomialCurve curve;
  read(args, "steps", curve.steps);
  read(args, "power", curve.power);
  return curve;
}
nn::CosineCurve cosine_curve(const Arguments& args) {
  nn::CosineCurve curve;
  read(args, "steps", curve.steps);
  read(args, "lowest", curve.lowest);
  return curve;
}
nn::CosineRestartsCurve cosine_restarts_curve(const Arguments& args) {
  nn::CosineRestartsCurve curve;
  read(args, "steps", curve.steps);
  read(args, "growth", curve.growth);
  read(args, "lowest", curve.lowest);
  return curve;
}
nn::OneCycleCurve one_cycle_curve(const Arguments& args) {
  nn::OneCycleCurve curve;
  read(args, "steps", curve.steps);
  read(args, "highest", curve.highest);
  read(args, "rising", curve.rising);
  read(args, "start_divisor", curve.start_divisor);
  read(args, "end_divisor", curve.end_divisor);
  read(args, "straight", curve.straight);
  read(args, "three_phases", curve.three_phases);
  read(args, "cycle_momentum", curve.cycle_momentum);
  read(args, "lowest_momentum", curve.lowest_momentum);
  read(args, "highest_momentum", curve.highest_momentum);
  return curve;
}

nn::Curve curve_of(const Arguments& args) {
  std::string kind = args.text("kind");
  if (kind == "step") return step_curve(args);
  if (kind == "multi_step") return multi_step_curve(args);
  if (kind == "exponential") return exponential_curve(args);
  if (kind == "linear") return linear_curve(args);
  if (kind == "polynomial") return polynomial_curve(args);
  if (kind == "cosine") return cosine_curve(args);
  throw std::invalid_argument(kind + " is no curve");
}
nn::SequenceCurve sequence_curve(const Arguments& args) {
  nn::SequenceCurve sequence;
  read(args, "milestones", sequence.milestones);
  for (const Arguments& one : args.list("curves")) sequence.curves.push_back(curve_of(one));
  return sequence;
}
nn::ProductCurve product_curve(const Arguments& args) {
  nn::ProductCurve product;
  for (const Arguments& one : args.list("curves")) product.curves.push_back(curve_of(one));
  return product;
}

/// Learning rates and momenta (steps + 1, groups) of an optimizer with a group for each base rate.
template <class Make, class Step>
Tensors rates(const Tensor& bases, const Make& make, const Step& step) {
  std::vector<nn::ParameterGroup<nn::SgdOptions>> groups;
  for (double lr : bases.to_vector()) groups.push_back({{variable(0.0)}, {.lr = lr, .momentum = 0.5}});
  nn::SGD optimizer(groups);
  auto schedule = make(optimizer);
  std::vector<double> seen, momenta;
  for (std::int64_t i = 0; i <= steps; ++i) {
    for (std::size_t group = 0; group < optimizer.groups(); ++group) {
      seen.push_back(optimizer.learning_rate(group));
      momenta.push_back(optimizer.momentum(group));
    }
    if (i < steps) step(schedule, i);
  }
  auto table = [](const std::vector<double>& values) { return reshape(tensor(values, f64), {steps + 1, -1}); };
  return {table(seen), table(momenta)};
}

template <class Schedule, auto curve>
Tensors along(const Tensors& x, const Arguments& args) {
  return rates(
      x[0], [&](nn::Optimizer& optimizer) { return Schedule(optimizer, curve(args)); },
      [](Schedule& schedule, std::int64_t) { schedule.step(); });
}

Tensors plateau(const Tensors& x, const Arguments& args) {
  nn::PlateauOptions options;
  read(args, "factor", options.factor);
  read(args, "patience", options.patience);
  read(args, "threshold", options.threshold);
  read(args, "relative", options.relative);
  read(args, "maximize", options.maximize);
  read(args, "cooldown", options.cooldown);
  read(args, "lowest", options.lowest);
  read(args, "eps", options.eps);
  std::vector<double> metrics = args.reals("metrics");
  return rates(
      x[0], [&](nn::Optimizer& optimizer) { return nn::PlateauSchedule(optimizer, options); },
      [&](nn::PlateauSchedule& schedule, std::int64_t i) { schedule.step(metrics[i]); });
}

}  // namespace

TEST_CASE("schedules set the learning rates that PyTorch's do") {
  check_goldens("schedules", {
                                 {"step", along<nn::StepSchedule, step_curve>},
                                 {"multi_step", along<nn::MultiStepSchedule, multi_step_curve>},
                                 {"exponential", along<nn::ExponentialSchedule, exponential_curve>},
                                 {"linear", along<nn::LinearSchedule, linear_curve>},
                                 {"polynomial", along<nn::PolynomialSchedule, polynomial_curve>},
                                 {"cosine", along<nn::CosineSchedule, cosine_curve>},
                                 {"cosine_restarts", along<nn::CosineRestartsSchedule, cosine_restarts_curve>},
                                 {"one_cycle", along<nn::OneCycleSchedule, one_cycle_curve>},
                                 {"sequence", along<nn::SequenceSchedule, sequence_curve>},
                                 {"product", along<nn::ProductSchedule, product_curve>},
                                 {"plateau", plateau},
                             });
}
