// Gradient checks: what a rule says against what finite differences say.
#pragma once

#include "../ops/print.hpp"
#include "../transform/function.hpp"

namespace xg {

/// How gradients are checked. |analytic − numeric| ≤ atol + rtol·|numeric| must hold for every derivative.
struct GradCheckOptions {
  /// Step of the central differences, times max(1, |x|).
  double eps = 1e-6;
  double atol = 1e-5;
  double rtol = 1e-3;
  /// Derivatives that all differ by one and the same factor are wrong, however small the difference: a factor further
  /// from 1 than this fails within `rtol` too. Infinity: leave that out.
  double factor_tolerance = 1e-5;
  /// For large inputs: compares along random directions, a few evaluations an input, instead of element by element.
  bool fast = false;
  /// Of the random cotangents and directions.
  std::uint64_t seed = 0;
  /// Variables that f captures and that are checked like inputs: the parameters of a model, with their names.
  std::vector<std::pair<std::string, Tensor>> parameters = {};
};

/// What a gradient check found. Converts to bool: true when the gradients agree. Formats, and streams, as a report.
class GradCheck {
 public:
  GradCheck(bool passed, std::string report) : passed_(passed), report_(std::move(report)) {}
  explicit operator bool() const { return passed_; }
  /// On a mismatch: the op, the input, the worst element, both values, relative error, how many elements fail, and a
  /// likely cause where there is one.
  const std::string& report() const { return report_; }

 private:
  bool passed_;
  std::string report_;
};
std::ostream& operator<<(std::ostream& out, const GradCheck& check);

namespace detail {

/// `name`: what the function calls itself, or null.
GradCheck gradcheck(FunctionRef f, const char* name, const Tensors& x, const GradCheckOptions& options,
                    const Site& site);
GradCheck gradgradcheck(FunctionRef f, const char* name, const Tensors& x, const GradCheckOptions& options,
                        const Site& site);

template <class F>
const char* name_of_function(const F& f) {
  if constexpr (requires { static_cast<const char*>(f.name()); }) return f.name();
  else return nullptr;
}

}  // namespace detail

/// Checks the first derivatives of `f`, a callable of one to four tensors that returns a tensor or several, at the
/// given inputs: each ∂f_k/∂x_i by backward against its central difference. Inputs are f64 (f32 needs an `eps` of 1e-4
/// or more and tolerances to match); integers and booleans are passed on as they are. Checks too that f does the same
/// twice, in shape, dtype and every bit, that the rules are linear in the cotangent and give exactly 0 for 0, and that
/// they cope with undefined cotangents. Throws DTypeError for f32 with a small eps, ValueError when there is nothing to
/// check, and whatever f throws (PyTorch `autograd.gradcheck`).
template <class F>
GradCheck gradcheck(F&& f, const Tensor& a, const GradCheckOptions& options = {}, Site site = Site::here()) {
  return detail::gradcheck(detail::spread<1>(f), detail::name_of_function(f), {a}, options, site);
}
template <class F>
GradCheck gradcheck(F&& f, const Tensor& a, const Tensor& b, const GradCheckOptions& options = {},
                    Site site = Site::here()) {
  return detail::gradcheck(detail::spread<2>(f), detail::name_of_function(f), {a, b}, options, site);
}
template <class F>
GradCheck gradcheck(F&& f, const Tensor& a, const Tensor& b, const Tensor& c, const GradCheckOptions& options = {},
                    Site site = Site::here()) {
  return detail::gradcheck(detail::spread<3>(f), detail::name_of_function(f), {a, b, c}, options, site);
}
template <class F>
GradCheck gradcheck(F&& f, const Tensor& a, const Tensor& b, const Tensor& c, const Tensor& d,
                    const GradCheckOptions& options = {}, Site site = Site::here()) {
  return detail::gradcheck(detail::spread<4>(f), detail::name_of_function(f), {a, b, c, d}, options, site);
}
/// Of any number of inputs: `f` takes one `const Tensors&`.
template <class F>
GradCheck gradcheck(F&& f, const Tensors& inputs, const GradCheckOptions& options = {}, Site site = Site::here()) {
  auto call = [&f](const Tensors& x) -> Tensors { return detail::as_tensors(f(x)); };
  return detail::gradcheck(call, detail::name_of_function(f), inputs, options, site);
}

/// Checks the second derivatives of `f`: gradcheck of its gradients, for random cotangents, in the inputs and in the
/// cotangents (PyTorch `autograd.gradgradcheck`). Throws as gradcheck does.
template <class F>
GradCheck gradgradcheck(F&& f, const Tensor& a, const GradCheckOptions& options = {}, Site site = Site::here()) {
  return detail::gradgradcheck(detail::spread<1>(f), detail::name_of_function(f), {a}, options, site);
}
template <class F>
GradCheck gradgradcheck(F&& f, const Tensor& a, const Tensor& b, const GradCheckOptions& options = {},
                        Site site = Site::here()) {
  return detail::gradgradcheck(detail::spread<2>(f), detail::name_of_function(f), {a, b}, options, site);
}
template <class F>
GradCheck gradgradcheck(F&& f, const Tensor& a, const Tensor& b, const Tensor& c, const GradCheckOptions& options = {},
                        Site site = Site::here()) {
  return detail::gradgradcheck(detail::spread<3>(f), detail::name_of_function(f), {a, b, c}, options, site);
}
template <class F>
GradCheck gradgradcheck(F&& f, const Tensor& a, const Tensor& b, const Tensor& c, const Tensor& d,
                        const GradCheckOptions& options = {}, Site site = Site::here()) {
  return detail::gradgradcheck(detail::spread<4>(f), detail::name_of_function(f), {a, b, c, d}, options, site);
}
/// Of any number of inputs: `f` takes one `const Tensors&`.
template <class F>
GradCheck gradgradcheck(F&& f, const Tensors& inputs, const GradCheckOptions& options = {}, Site site = Site::here()) {
  auto call = [&f](const Tensors& x) -> Tensors { return detail::as_tensors(f(x)); };
  return detail::gradgradcheck(call, detail::name_of_function(f), inputs, options, site);
}

}  // namespace xg

template <>
struct fmt::formatter<xg::GradCheck> : xg::detail::Formatter {
  template <class Context>
  auto format(const xg::GradCheck& check, Context& context) const {
    return write(xg::detail::padded(check.report(), specification), context);
  }
};
