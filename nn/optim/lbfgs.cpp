#include "lbfgs.hpp"

#include <algorithm>
#include <cmath>

#include "../../core/ops/arithmetic.hpp"
#include "../../core/ops/concatenate.hpp"
#include "../../core/ops/create.hpp"
#include "../../core/ops/reduce.hpp"
#include "../../core/ops/rounding.hpp"
#include "../../core/ops/shape.hpp"
#include "../../core/ops/slice.hpp"
#include "../module/state.hpp"

namespace xg::nn {
namespace {

double product(const Tensor& a, const Tensor& b) { return sum(a * b).item(); }
double largest(const Tensor& x) { return x.size() == 0 ? 0 : amax(xg::abs(x)).item(); }

std::int64_t total_size(const std::vector<Tensor>& parameters) {
  std::int64_t total = 0;
  for (const Tensor& p : parameters) total += p.size();
  return total;
}

/// A point on the line that is searched.
struct Point {
  double at, loss, slope;
  Tensor gradient;
};

/// The minimum between `least` and `most` of the cubic through two points with their slopes. Nocedal and Wright (3.59).
double cubic_minimum(const Point& a, const Point& b, double least, double most) {
  double d = a.slope + b.slope - 3 * (a.loss - b.loss) / (a.at - b.at), square = d * d - a.slope * b.slope;
  if (!(square >= 0)) return (least + most) / 2;
  const Point &left = a.at <= b.at ? a : b, &right = a.at <= b.at ? b : a;
  double root = std::sqrt(square);
  double best = right.at - (right.at - left.at) * ((right.slope + root - d) / (right.slope - left.slope + 2 * root));
  return std::isfinite(best) ? std::min(std::max(best, least), most) : (least + most) / 2;
}

}  // namespace

/// One step under way.
class LBFGS::Run {
 public:
  Run(LBFGS& optimizer, const Closure& closure, const Site& site)
      : optimizer_(optimizer), o_(optimizer.options_), memory_(optimizer.memory_), closure_(closure), site_(site),
        x_(gather([](const Tensor& p) { return p; })) {
    // A state from outside may be of any kind.
    std::size_t remembered = 0;
    while (remembered < memory_.changes.size() && memory_.changes[remembered] && memory_.slopes[remembered])
      ++remembered;
    if (memory_.inverses.size() != remembered) memory_.inverses.clear();
    if (!memory_.direction || !memory_.gradient) memory_.iterations = 0;
  }

  double operator()() {
    NoGrad guard;
    double first = evaluate(), loss = first;
    Tensor g = gradient();
    if (largest(g) <= o_.gradient_tolerance) return first;
    std::int64_t most = o_.evaluations ? o_.evaluations : o_.iterations * 5 / 4;
    for (std::int64_t iteration = 1;; ++iteration) {
      bool is_first = memory_.iterations == 0;
      Tensor d = is_first ? -g : direction(g);
      double before = loss, slope = product(g, d);
      if (!std::isfinite(slope) || !std::isfinite(sum(xg::abs(d)).item())) {
        memory_.forget();  // it cannot be gone on from
        break;
      }
      ++memory_.iterations;
      memory_.direction = d.array();
      memory_.gradient = g.array();
      memory_.length = is_first ? std::min(1.0, 1 / sum(xg::abs(g)).item()) * o_.lr : o_.lr;
      if (!(slope <= -o_.change_tolerance)) break;
      if (o_.strong_wolfe) {
        Point found = search(d, {0, loss, slope, g});
        loss = found.loss, g = found.gradient, memory_.length = found.at;
      }
      x_ = x_ + memory_.length * d;
      move_to(x_);
      if (iteration == o_.iterations) break;
      if (!o_.strong_wolfe) {
        loss = evaluate();
        g = gradient();
      }
      if (evaluations_ >= most || largest(g) <= o_.gradient_tolerance ||
          largest(d) * std::abs(memory_.length) <= o_.change_tolerance || std::abs(loss - before) < o_.change_tolerance)
        break;
    }
    return first;
  }

  void move_to(const Tensor& x) const {
    NoGrad guard;
    std::int64_t offset = 0;
    for (const Tensor& p : optimizer_.parameters()) {
      if (p.requires_grad())
        p.assign(reshape(astype(x(range(offset, offset + p.size())), p.dtype()), p.shape()), site_);
      offset += p.size();
    }
  }

 private:
  /// Something of each parameter, or zeros, end to end in f64.
  template <class F>
  Tensor gather(const F& of) const {
    NoGrad guard;
    Tensors parts;
    for (const Tensor& p : optimizer_.parameters()) {
      Tensor part = of(p);
      parts.push_back(part.defined() ? Tensor(part.array().cast(f64).reshaped({p.size()})) : zeros({p.size()}, f64));
    }
    return Tensor(concatenate(parts, 0).array().copy());
  }
  Tensor gradient() const {
    return gather([](const Tensor& p) { return p.has_grad() ? p.grad() : Tensor(); });
  }

  double evaluate() {
    NoGrad recorded(false);
    ++evaluations_;
    return closure_();
  }

  /// −H g, after the last change has been remembered: the recursion of two loops, Nocedal and Wright 7.4.
  Tensor direction(const Tensor& g) {
    Tensor slope = g - Tensor(memory_.gradient), change = Tensor(memory_.direction) * memory_.length;
    double curvature = product(slope, change), scale = curvature / product(slope, slope);
    auto &changes = memory_.changes, &slopes = memory_.slopes;
    auto& inverses = memory_.inverses;
    if (curvature > 1e-10 && scale > 0 && std::isfinite(scale)) {
      if (inverses.size() == changes.size()) {
        std::rotate(changes.begin(), changes.begin() + 1, changes.end());
        std::rotate(slopes.begin(), slopes.begin() + 1, slopes.end());
        inverses.erase(inverses.begin());
      }
      changes[inverses.size()] = change.array();
      slopes[inverses.size()] = slope.array();
      inverses.push_back(1 / curvature);
      memory_.scale = scale;
    }
    std::vector<double> weights(inverses.size());
    Tensor d = -g;
    for (std::size_t i = inverses.size(); i-- > 0;) {
      weights[i] = product(Tensor(changes[i]), d) * inverses[i];
      d = d - weights[i] * Tensor(slopes[i]);
    }
    d = d * memory_.scale;
    for (std::size_t i = 0; i < inverses.size(); ++i)
      d = d + (weights[i] - product(Tensor(slopes[i]), d) * inverses[i]) * Tensor(changes[i]);
    return d;
  }

  Point point(const Tensor& d, double at) {
    move_to(x_ + at * d);
    double loss = evaluate();
    Tensor g = gradient();
    return {at, loss, product(g, d), g};
  }

  /// A point where the strong Wolfe conditions hold, or the lowest of those that were tried: Nocedal and Wright,
  /// algorithms 3.5 and 3.6.
  Point search(const Tensor& d, const Point& start) {
    constexpr double enough_decrease = 1e-4, enough_flatness = 0.9;
    constexpr int most_trials = 25;
    // Where the loss is not defined, the line leads up: every comparison with NaN is false.
    auto is_sound = [](const Point& p) { return std::isfinite(p.loss) && std::isfinite(p.slope); };
    auto too_high = [&](const Point& p) {
      return !is_sound(p) || !(p.loss <= start.loss + enough_decrease * p.at * start.slope);
    };
    auto is_flat = [&](const Point& p) { return std::abs(p.slope) <= -enough_flatness * start.slope; };
    // Ever longer steps, until a minimum lies between the last two.
    Point before = start, now = point(d, memory_.length);
    int trials = 0;
    for (; trials < most_trials; ++trials) {
      if (too_high(now) || (trials > 1 && now.loss >= before.loss)) break;
      if (is_flat(now)) return now;
      if (now.slope >= 0) break;
      double next = cubic_minimum(before, now, now.at + 0.01 * (now.at - before.at), now.at * 10);
      before = now;
      now = point(d, next);
    }
    if (trials == most_trials) return !is_sound(now) || start.loss <= now.loss ? start : now;
    // Ever closer together around it.
    bool was_lower = !is_sound(now) || before.loss <= now.loss;
    Point low = was_lower ? before : now, high = was_lower ? now : before;
    double longest = largest(d);
    bool was_close = false;
    for (; trials < most_trials && std::abs(high.at - low.at) * longest >= o_.change_tolerance; ++trials) {
      double least = std::min(low.at, high.at), most = std::max(low.at, high.at), margin = 0.1 * (most - least);
      double next = cubic_minimum(low, high, least, most);
      bool is_close = std::min(most - next, next - least) < margin;
      if (is_close && (was_close || next >= most || next <= least)) {
        next = std::abs(next - most) < std::abs(next - least) ? most - margin : least + margin;
        is_close = false;
      }
      was_close = is_close;
      now = point(d, next);
      if (too_high(now) || now.loss >= low.loss) {
        high = now;
        if (is_sound(high) && high.loss < low.loss) std::swap(low, high);
        continue;
      }
      if (is_flat(now)) return now;
      if (now.slope * (high.at - low.at) >= 0) high = low;
      low = now;
    }
    return low;
  }

  LBFGS& optimizer_;
  const LbfgsOptions& o_;
  Memory& memory_;
  const Closure& closure_;
  const Site& site_;
  std::int64_t evaluations_ = 0;

 public:
  Tensor x_;
};

LBFGS::LBFGS(const std::vector<Tensor>& parameters, const LbfgsOptions& options, Site site)
    : Optimizer("LBFGS"), options_(options) {
  detail::OptionCheck check(name_, site);
  check.not_negative("lr", options.lr);
  check.at_least("iterations", options.iterations, 1);
  check.at_least("evaluations", options.evaluations, 0);
  check.not_negative("gradient_tolerance", options.gradient_tolerance);
  check.not_negative("change_tolerance", options.change_tolerance);
  check.at_least("history", options.history, 1);
  add_group(parameters, site);
  memory_.changes.resize(static_cast<std::size_t>(options.history));
  memory_.slopes.resize(static_cast<std::size_t>(options.history));
}

double LBFGS::advance(const Closure* closure, const Site& site) {
  Memory before = memory_;
  Run run(*this, *closure, site);
  Tensor x = run.x_;
  try {
    return run();
  } catch (...) {
    run.move_to(x);
    memory_ = before;
    throw;
  }
}

void LBFGS::state(StateVisitor& visitor) {
  Optimizer::state(visitor);
  Shape flat = {total_size(parameters())};
  visitor.visit("iterations", memory_.iterations, 0, StateVisitor::most_steps);
  visitor.visit("length", memory_.length);
  visitor.visit("scale", memory_.scale);
  visitor.visit("direction", memory_.direction, flat, f64);
  visitor.visit("gradient", memory_.gradient, flat, f64);
  visitor.visit("inverses", memory_.inverses);
  for (std::size_t i = 0; i < memory_.changes.size(); ++i) {
    auto scope = visitor.enter(std::to_string(i));
    visitor.visit("change", memory_.changes[i], flat, f64);
    visitor.visit("slope", memory_.slopes[i], flat, f64);
  }
}

}  // namespace xg::nn
