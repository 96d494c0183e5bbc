#include "curves.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace xg::nn {
namespace {

constexpr double pi = 3.14159265358979323846;

double share(std::int64_t step, std::int64_t steps) {
  return static_cast<double>(std::min(step, steps)) / static_cast<double>(steps);
}

double falling_cosine(double from, double to, double share) {
  return to + (from - to) * (1 + std::cos(pi * share)) / 2;
}

void check_milestones(const detail::OptionCheck& check, const std::vector<std::int64_t>& milestones) {
  std::int64_t last = 0;
  for (std::int64_t milestone : milestones) {
    check.require(milestone >= last, "milestones must be steps in ascending order");
    last = milestone;
  }
}

/// How many milestones were reached.
std::size_t reached(const std::vector<std::int64_t>& milestones, std::int64_t step) {
  return static_cast<std::size_t>(std::upper_bound(milestones.begin(), milestones.end(), step) - milestones.begin());
}

}  // namespace

double StepCurve::rate(double base, std::int64_t step) const {
  std::int64_t drops = step / every;
  return base * std::pow(factor, static_cast<double>(drops));
}
void StepCurve::check(const detail::OptionCheck& check) const {
  check.at_least("every", every, 1);
  check.not_negative("factor", factor);
}

double MultiStepCurve::rate(double base, std::int64_t step) const {
  return base * std::pow(factor, static_cast<double>(reached(milestones, step)));
}
void MultiStepCurve::check(const detail::OptionCheck& check) const {
  check_milestones(check, milestones);
  check.not_negative("factor", factor);
}

double ExponentialCurve::rate(double base, std::int64_t step) const {
  return base * std::pow(factor, static_cast<double>(step));
}
void ExponentialCurve::check(const detail::OptionCheck& check) const { check.positive("factor", factor); }

double LinearCurve::rate(double base, std::int64_t step) const {
  return base * (start + (end - start) * share(step, steps));
}
void LinearCurve::check(const detail::OptionCheck& check) const {
  check.at_least("steps", steps, 1);
  check.not_negative("start", start);
  check.not_negative("end", end);
}

double PolynomialCurve::rate(double base, std::int64_t step) const {
  return base * std::pow(1 - share(step, steps), power);
}
void PolynomialCurve::check(const detail::OptionCheck& check) const {
  check.at_least("steps", steps, 1);
  check.not_negative("power", power);
}

double CosineCurve::rate(double base, std::int64_t step) const {
  return falling_cosine(base, lowest, static_cast<double>(step % (2 * steps)) / static_cast<double>(steps));
}
void CosineCurve::check(const detail::OptionCheck& check) const {
  check.at_least("steps", steps, 1);
  check.not_negative("lowest", lowest);
}

double CosineRestartsCurve::rate(double base, std::int64_t step) const {
  std::int64_t length = steps;
  if (growth == 1) step %= length;
  else
    for (constexpr std::int64_t longest = std::numeric_limits<std::int64_t>::max(); step >= length;) {
      step -= length;
      length = length > longest / growth ? longest : length * growth;
    }
  return falling_cosine(base, lowest, share(step, length));
}
void CosineRestartsCurve::check(const detail::OptionCheck& check) const {
  check.at_least("steps", steps, 1);
  check.at_least("growth", growth, 1);
  check.not_negative("lowest", lowest);
}

namespace {

/// Where a cycle stands: how far in which of its phases.
struct Phase {
  int number;
  double share;
};

Phase phase_of(const OneCycleCurve& curve, std::int64_t step) {
  double all = static_cast<double>(curve.steps), now = std::min(static_cast<double>(step), all - 1);
  double ends[] = {curve.rising * all - 1, curve.three_phases ? 2 * curve.rising * all - 2 : all - 1, all - 1};
  double start = 0;
  for (int number = 0;; start = ends[number++])
    if (now <= ends[number] || number == 2 || (number == 1 && !curve.three_phases))
      return {number, ends[number] > start ? (now - start) / (ends[number] - start) : 1};
}

double between(const OneCycleCurve& curve, double from, double to, double share) {
  return curve.straight ? from + (to - from) * share : falling_cosine(from, to, share);
}

}  // namespace

double OneCycleCurve::rate(double base, std::int64_t step) const {
  double top = highest == 0 ? base : highest, start = top / start_divisor, end = start / end_divisor;
  double corners[] = {start, top, three_phases ? start : end, end};
  Phase phase = phase_of(*this, step);
  return between(*this, corners[phase.number], corners[phase.number + 1], phase.share);
}
double OneCycleCurve::momentum(std::int64_t step) const {
  double corners[] = {highest_momentum, lowest_momentum, highest_momentum, highest_momentum};
  Phase phase = phase_of(*this, step);
  return between(*this, corners[phase.number], corners[phase.number + 1], phase.share);
}
void OneCycleCurve::check(const detail::OptionCheck& check) const {
  check.at_least("steps", steps, 1);
  check.not_negative("highest", highest);
  check.require(rising >= 0 && rising <= 1, "rising must be a share from 0 to 1");
  check.positive("start_divisor", start_divisor);
  check.positive("end_divisor", end_divisor);
  check.below_one("lowest_momentum", lowest_momentum);
  check.below_one("highest_momentum", highest_momentum);
}

double SequenceCurve::rate(double base, std::int64_t step) const {
  std::size_t place = reached(milestones, step);
  return curves[place].rate(base, place == 0 ? step : step - milestones[place - 1]);
}
void SequenceCurve::check(const detail::OptionCheck& check) const {
  check.require(curves.size() == milestones.size() + 1, "there must be one milestone between each two curves");
  check_milestones(check, milestones);
  for (const Curve& curve : curves) curve.check(check);
}

double ProductCurve::rate(double base, std::int64_t step) const {
  for (const Curve& curve : curves) base = curve.rate(base, step);
  return base;
}
void ProductCurve::check(const detail::OptionCheck& check) const {
  for (const Curve& curve : curves) curve.check(check);
}

}  // namespace xg::nn
