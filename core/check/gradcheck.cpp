#include "gradcheck.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <ostream>

#include "../array/index_text.hpp"
#include "../error/error.hpp"
#include "../transform/trace.hpp"
#include "cause.hpp"

namespace xg {
namespace detail {
namespace {

constexpr std::int64_t most_derivatives = 1 << 24;
constexpr int directions = 4, probes = 64;

using Gradients = std::vector<std::vector<double>>;

/// The laws that every rule obeys, whatever the derivative: linear in the cotangent, and fine with undefined ones.
void check_cotangents(Subject& subject, const GradCheckOptions& options) {
  Dice dice(options.seed);
  Tensors g = subject.random_cotangents(dice);
  Gradients once = subject.pull(g), again = subject.pull(g), zero = subject.pull(subject.zero_cotangents());
  Tensors twice;
  for (const Tensor& one : g) {
    Array array = one.array().copy();
    visit_real(array.dtype(), [&](auto t) {
      for (std::int64_t i = 0; i < array.size(); ++i) array.fill<decltype(t)>()[i] *= 2;
    });
    twice.push_back(Tensor(array));
  }
  Gradients doubled = subject.pull(twice);
  auto where = [&](std::size_t s, std::size_t i) {
    return index_text(static_cast<std::int64_t>(i), subject.slots[s].values.shape()) + " of " + subject.slots[s].name;
  };
  for (std::size_t s = 0; s < once.size(); ++s)
    for (std::size_t i = 0; i < once[s].size(); ++i) {
      if (once[s][i] != again[s][i] && once[s][i] == once[s][i])
        throw Failure{fmt::format("two backward passes gave {} and {} at {}", once[s][i], again[s][i], where(s, i)),
                      "the rule is not deterministic"};
      if (zero[s][i] != 0) {
        bool ignores = once[s] == doubled[s];
        throw Failure{fmt::format("a cotangent of zero gave {} at {}", number_text(zero[s][i]), where(s, i)),
                      ignores ? "a missing cotangent: the rule gives the same whatever the cotangent is"
                      : std::isfinite(zero[s][i]) ? "the rule adds something that is not multiplied by the cotangent"
                                                  : "the rule multiplies the zero by inf or nan"};
      }
      double expected = 2 * once[s][i], tolerance = options.eps < 1e-4 ? 1e-9 : 1e-3;
      if (std::abs(doubled[s][i] - expected) > tolerance * (1 + std::abs(expected)))
        throw Failure{fmt::format("twice the cotangent gave {} instead of {} at {}", number_text(doubled[s][i]),
                                  number_text(expected), where(s, i)),
                      "the rule is not linear in the cotangent"};
    }
  if (g.size() == 1) return;
  for (std::size_t k = 0; k < g.size(); ++k) {
    Tensors only, others_zero = subject.zero_cotangents();
    only.resize(g.size());
    only[k] = others_zero[k] = g[k];
    if (subject.pull(only) != subject.pull(others_zero))
      throw Failure{"an undefined cotangent and one of zeros give different gradients", "undefined means zero"};
  }
}

/// Every derivative: all rows by backward, all columns by differences.
std::vector<Derivatives> every_derivative(Subject& subject, const GradCheckOptions& options) {
  std::vector<Derivatives> all(subject.slots.size());
  std::int64_t rows = subject.output_size();
  for (std::size_t s = 0; s < all.size(); ++s) {
    std::int64_t columns = subject.slots[s].size();
    all[s].rows = rows;
    for (std::int64_t j = 0; j < columns; ++j) all[s].columns.push_back(j);
    all[s].numeric.resize(static_cast<std::size_t>(rows * columns));
  }
  for (std::int64_t i = 0; i < rows; ++i) {
    Gradients row = subject.pull(subject.one_hot(i));
    for (std::size_t s = 0; s < all.size(); ++s)
      all[s].analytic.insert(all[s].analytic.end(), row[s].begin(), row[s].end());
  }
  for (std::size_t s = 0; s < all.size(); ++s) {
    std::int64_t columns = subject.slots[s].size();
    for (std::int64_t j = 0; j < columns; ++j) {
      std::vector<double> column = subject.difference(subject.slots[s], j, options.eps);
      for (std::int64_t i = 0; i < rows; ++i) all[s].numeric[i * columns + j] = column[i];
    }
  }
  return all;
}

std::vector<double> flat(const Tensors& g) {
  std::vector<double> all;
  for (const Tensor& one : g) {
    std::vector<double> numbers = numbers_of(one);
    all.insert(all.end(), numbers.begin(), numbers.end());
  }
  return all;
}

double dot(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

/// vᵀJu for random v and u: one row and a column a direction.
std::vector<Derivatives> along_directions(Subject& subject, const GradCheckOptions& options) {
  std::vector<Derivatives> all(subject.slots.size());
  Dice dice(options.seed + 1);
  for (std::size_t s = 0; s < all.size(); ++s) {
    all[s].rows = 1;
    for (int d = 0; d < directions; ++d) {
      Tensors v = subject.random_cotangents(dice);
      std::vector<double> u(static_cast<std::size_t>(subject.slots[s].size()));
      for (double& one : u) one = dice.sign();
      all[s].analytic.push_back(dot(subject.pull(v)[s], u));
      all[s].numeric.push_back(dot(flat(v), subject.difference_along(subject.slots[s], u, options.eps)));
    }
  }
  return all;
}

/// Single derivatives of vᵀf in one slot: those that should matter most, and some others.
Derivatives probed(Subject& subject, std::size_t s, const GradCheckOptions& options) {
  Dice dice(options.seed + 2);
  const Slot& slot = subject.slots[s];
  Tensors v = subject.random_cotangents(dice);
  std::vector<double> gradient = subject.pull(v)[s], weights = flat(v);
  std::vector<std::int64_t> order;
  for (std::int64_t j = 0; j < slot.size(); ++j) order.push_back(j);
  for (std::size_t j = 1; j < order.size(); ++j)
    std::swap(order[j], order[static_cast<std::size_t>(std::abs(dice.number()) * 1e9) % (j + 1)]);
  std::size_t most = std::min<std::size_t>(probes / 2, order.size());
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(most), order.end(),
                    [&](std::int64_t a, std::int64_t b) { return std::abs(gradient[a]) > std::abs(gradient[b]); });
  order.resize(std::min<std::size_t>(probes, order.size()));
  Derivatives found{order, 1, {}, {}};
  for (std::int64_t j : order) {
    found.analytic.push_back(gradient[j]);
    found.numeric.push_back(dot(weights, subject.difference(slot, j, options.eps)));
  }
  return found;
}

/// The worst derivative of one slot; `failing` is 0 when all agree.
Mismatch worst_of(const Derivatives& d, std::size_t slot, const GradCheckOptions& options) {
  Mismatch worst;
  worst.slot = slot;
  auto columns = static_cast<std::int64_t>(d.numeric.size()) / std::max<std::int64_t>(d.rows, 1);
  for (std::int64_t j = 0; j < columns; ++j) {
    bool fails = false;
    for (std::int64_t i = 0; i < d.rows; ++i) {
      double a = d.analytic[i * columns + j], n = d.numeric[i * columns + j];
      if (is_close(a, n, options)) continue;
      double excess = std::abs(a - n) / (options.atol + options.rtol * std::abs(n));
      if (!std::isfinite(excess)) excess = HUGE_VAL;
      if (!fails && worst.failing == 0) worst.excess = -1;
      fails = true;
      if (excess > worst.excess) worst = {slot, i, j, a, n, excess, worst.failing};
    }
    worst.failing += fails;
  }
  return worst;
}

/// A factor that is wrong though within the tolerance: one and the same for all derivatives, at steps of any size.
bool has_wrong_factor(Subject& subject, const Derivatives& d, std::size_t s, const GradCheckOptions& options,
                      Mismatch& found) {
  double factor = 0;
  if (!have_common_factor(d.analytic, d.numeric, HUGE_VAL, factor)) return false;
  double off = std::abs(factor - 1);
  if (!(off > options.factor_tolerance) || !have_common_factor(d.analytic, d.numeric, 0.05 * off, factor)) return false;
  auto columns = static_cast<std::int64_t>(d.columns.size());
  std::size_t at = 0;
  for (std::size_t i = 0; i < d.numeric.size(); ++i)
    if (std::abs(d.numeric[i]) > std::abs(d.numeric[at])) at = i;
  std::int64_t row = static_cast<std::int64_t>(at) / columns, column = static_cast<std::int64_t>(at) % columns;
  for (double steps : {2.0, 3.0, 5.0}) {
    double other = subject.difference(subject.slots[s], d.columns[column], steps * options.eps)[row];
    if (!(std::abs(other / d.numeric[at] - 1) <= 0.05 * off)) return false;
  }
  found = {s, row, column, d.analytic[at], d.numeric[at], 0, columns};
  return true;
}

std::string place(const Site& site) { return describe(Site{site.file, nullptr, site.line}); }

GradCheck fails(const std::string& title, const std::vector<std::pair<std::string, std::string>>& facts) {
  std::string report = title;
  for (const auto& [name, text] : facts)
    if (!text.empty()) report += fmt::format("\n  {:<9} {}", name, text);
  return GradCheck(false, report);
}

GradCheck mismatch(const std::string& title, Subject& subject, const std::vector<Derivatives>& all, Mismatch worst,
                   const GradCheckOptions& options, bool is_fast, const std::string& hint, const Site& site) {
  const Slot& slot = subject.slots[worst.slot];
  const Derivatives& here = all[worst.slot];
  double size = std::abs(worst.numeric), difference = std::abs(worst.analytic - worst.numeric);
  double relative = difference / size;
  std::string analytic = number_text(worst.analytic), numeric = number_text(worst.numeric);
  if (analytic == numeric)
    analytic = fmt::format("{:.12g}", worst.analytic), numeric = fmt::format("{:.12g}", worst.numeric);
  std::string cause = likely_cause(subject, all, worst, options);
  std::string at = "a random direction";
  if (!here.columns.empty())
    at = index_text(here.columns[worst.column], slot.values.shape()) + " of " + slot.name + ", " +
         (is_fast ? "random cotangent" : subject.output_place(worst.row));
  std::string count = here.columns.empty()
                          ? fmt::format("{} of {} random directions", worst.failing, here.numeric.size())
                          : fmt::format("{} of {} elements", worst.failing, here.columns.size());
  if (is_fast && !here.columns.empty()) count += fmt::format(" looked at, of {}", slot.size());
  return fails(fmt::format("{}: the gradient of {} is wrong", title, slot.name),
               {{"at", at},
                {"analytic", analytic},
                {"numeric", numeric},
                {"relative", std::isfinite(relative) ? fmt::format("error {:.3g}", relative) : std::string()},
                {"failing", count},
                {"cause", cause},
                {"note", hint},
                {"input", describe(slot.given)},
                {"called", place(site)}});
}

GradCheck run(const std::string& title, Subject& subject, const GradCheckOptions& options, bool is_second,
              const std::string& hint, const Site& site) {
  try {
    if (subject.values().shapes.empty()) subject.start();
    std::int64_t inputs = 0;
    for (const Slot& slot : subject.slots) inputs += slot.size();
    if (!options.fast && inputs * subject.output_size() > most_derivatives)
      Complaint(is_second ? "gradgradcheck" : "gradcheck",
                fmt::format("{} outputs by {} inputs are too many derivatives to compare one by one",
                            subject.output_size(), inputs))
          .at(site)
          .mend("{.fast = true} compares along random directions")
          .raise<ValueError>();
    std::vector<Derivatives> all =
        options.fast ? along_directions(subject, options) : every_derivative(subject, options);
    std::int64_t failing = 0;
    Mismatch worst;
    for (std::size_t s = 0; s < all.size(); ++s) {
      Mismatch one = worst_of(all[s], s, options);
      if (one.failing && (!failing || one.excess > worst.excess)) worst = one;
      failing += one.failing;
    }
    if (failing && options.fast) {
      Derivatives single = probed(subject, worst.slot, options);
      Mismatch one = worst_of(single, worst.slot, options);
      if (one.failing) all[worst.slot] = single, worst = one;
    }
    if (failing) return mismatch(title, subject, all, worst, options, options.fast, hint, site);
    check_cotangents(subject, options);
    double error = 0;
    std::size_t count = 0;
    for (std::size_t s = 0; s < all.size(); ++s) {
      if (!options.fast && has_wrong_factor(subject, all[s], s, options, worst))
        return mismatch(title, subject, all, worst, options, false, hint, site);
      count += all[s].numeric.size();
      for (std::size_t i = 0; i < all[s].numeric.size(); ++i)
        if (std::abs(all[s].numeric[i]) > options.atol)
          error = std::max(error, std::abs(all[s].analytic[i] / all[s].numeric[i] - 1));
    }
    return GradCheck(true, fmt::format("{}: {} {} agree, largest relative error {:.1e}", title, count,
                                       options.fast ? "random directions" : "derivatives", error));
  } catch (const Failure& failure) {
    return fails(title + ": " + failure.what, {{"cause", failure.cause}, {"note", hint}, {"called", place(site)}});
  }
}

}  // namespace

GradCheck gradcheck(FunctionRef f, const char* name, const Tensors& x, const GradCheckOptions& options,
                    const Site& site) {
  Subject subject("gradcheck", f, x, options, site);
  std::string title = "gradcheck";
  try {
    subject.start();
  } catch (const Failure& failure) {
    if (name) title += std::string(": ") + name;
    return fails(title + ": " + failure.what, {{"cause", failure.cause}, {"called", place(site)}});
  }
  title += ": " + (name ? std::string(name) : subject.op);
  return run(title, subject, options, false, "", site);
}

GradCheck gradgradcheck(FunctionRef f, const char* name, const Tensors& x, const GradCheckOptions& options,
                        const Site& site) {
  Subject plain("gradgradcheck", f, x, options, site);
  Trace once = trace(f, x);
  Tensors inputs = x;
  Dice dice(options.seed + 3);
  std::string title = "gradgradcheck";
  for (const Tensor& y : once.outputs)
    if (is_differentiable(y.dtype())) {
      if (inputs.size() == x.size()) title += std::string(": ") + (name ? name : y.op());
      inputs.push_back(dice.tensor(y.shape(), y.dtype()));
    }
  if (inputs.size() == x.size())
    Complaint("gradgradcheck", "the function returned nothing that has a gradient: nothing to check")
        .at(site)
        .raise<ValueError>();
  once = Trace();

  auto gradients = [&](const Tensors& all) -> Tensors {
    bool create = is_recording();
    Tensors given(all.begin(), all.begin() + x.size()), cotangents(all.begin() + x.size(), all.end());
    Trace traced = trace(f, given);
    Tensors real, wanted;
    for (const Tensor& y : traced.outputs)
      if (is_differentiable(y.dtype())) real.push_back(y);
    if (real.size() != cotangents.size())
      throw Failure{"two calls returned different numbers of tensors", "the function is not deterministic"};
    for (std::size_t i = 0; i < given.size(); ++i)
      if (is_differentiable(given[i].dtype())) wanted.push_back(traced.inputs[i]);
    for (const auto& [parameter_name, parameter] : options.parameters) wanted.push_back(parameter);
    return pull_back(real, wanted, cotangents, create, site);
  };
  Subject subject("gradgradcheck", gradients, inputs, options, site);
  for (const Slot& slot : plain.slots) subject.output_names.push_back("the gradient of " + slot.name);
  for (Slot& slot : subject.slots)
    if (!slot.is_parameter && slot.position >= x.size())
      slot.name = "cotangent " + std::to_string(slot.position - x.size());
  GradCheck second = run(title, subject, options, true, "", site);
  if (second) return second;
  GradCheck first = gradcheck(f, name, x, options, site);
  return GradCheck(
      false, second.report() + (first ? "\n  note      the first derivative is right"
                                      : "\n  note      the first derivative is wrong already: " + first.report()));
}

}  // namespace detail

std::ostream& operator<<(std::ostream& out, const GradCheck& check) { return out << check.report(); }

}  // namespace xg
