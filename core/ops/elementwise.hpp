// elementwise(): an op from a formula. This is how xgrad's own elementwise ops are made, and it is open to users.
#pragma once

#include "../graph/meet.hpp"
#include "../graph/record.hpp"
#include "../kernels/activations.hpp"
#include "../kernels/elementwise.hpp"
#include "../kernels/formula_kernel.hpp"
#include "arithmetic.hpp"
#include "functions.hpp"
#include "vjp_product.hpp"

namespace xg {

/// A number as a 0-d constant of the dtype of `like`, for formulas that run on tensors.
inline Tensor constant_like(const Operand& c, const Tensor& like) { return Tensor(c.array(like.dtype())); }

namespace detail {

/// How many inputs a formula takes: the first count it can be called with.
template <class F, class L, class... More>
constexpr std::size_t arity() {
  if constexpr (std::is_invocable_v<const F&, L, More...>) return 1 + sizeof...(More);
  else if constexpr (sizeof...(More) < 7) return arity<F, L, L, More...>();
  else return 0;
}

template <class F, std::size_t inputs, class L>
constexpr std::size_t result_count() {
  return []<std::size_t... i>(std::index_sequence<i...>) {
    using Results = decltype(kernels::as_tuple(std::declval<const F&>()(((void)i, std::declval<L>())...)));
    return std::tuple_size_v<Results>;
  }(std::make_index_sequence<inputs>());
}

/// The kernels of one formula for f32 and f64, by dtype.
struct FormulaKernels {
  kernels::Block f32, f64;
  kernels::Block of(DType dtype) const { return dtype == DType::f32 ? f32 : f64; }
};

/// Runs a formula's kernel on operands that have met: one array, or several, of the common shape and dtype.
Array run_formula(const FormulaKernels& block, const void* formula, const Met& met);
Arrays run_formula(const FormulaKernels& block, const void* formula, const Met& met, std::size_t outputs);

/// One tensor or several, where they are: a list of its own would count references.
class TensorRefs {
 public:
  TensorRefs(const Tensor& one) : first_(&one), last_(&one + 1) {}
  TensorRefs(const Tensors& several) : first_(several.begin()), last_(several.end()) {}
  const Tensor* begin() const { return first_; }
  const Tensor* end() const { return last_; }

 private:
  const Tensor *first_, *last_;
};

/// Runs a vjp kernel: cotangents (an undefined one is zero) and saved values to one gradient an input.
Tensors run_vjp(const FormulaKernels& block, const void* function, TensorRefs g, TensorRefs saved, const Wants& wants);

template <class F, class D>
class Formula {
  using Probe = Lane<float>;

 public:
  static constexpr std::size_t inputs = arity<F, Probe>();
  static_assert(inputs >= 1,
                "a formula is a generic lambda of one to eight inputs, [](auto x, auto y) { ... }, and calls functions "
                "of xgrad by their bare names: exp(x), not std::exp(x)");
  static constexpr std::size_t outputs = result_count<F, inputs, Probe>();
  static_assert(outputs >= 1 && outputs <= 4, "a formula has one to four outputs: return x, or std::tuple{x, y}");

  static constexpr FormulaKernels value_kernels{kernels::formula_block<float, F, inputs, outputs>,
                                                kernels::formula_block<double, F, inputs, outputs>};

  /// Tensor for one output, Tensors for several.
  static auto apply(const char* name, const F& f, const D& d, const Operands& operands) {
    Met met = meet(name, operands, true);
    if constexpr (outputs > 1) {
      return record_all(name, run_formula(value_kernels, &f, met, outputs), operands,
                        [f, saved = tensors(operands, met.dtype)](const Tensors& g, const Wants& wants) -> Tensors {
                          return derived(f, g, saved, wants);
                        });
    } else if constexpr (std::is_same_v<D, Derived>) {
      return record(name, run_formula(value_kernels, &f, met), operands,
                    [f, saved = tensors(operands, met.dtype)](const Tensor& g, const Wants& wants) -> Tensors {
                      return derived(f, g, saved, wants);
                    });
    } else {
      return stated(name, d, operands, run_formula(value_kernels, &f, met), met.dtype);
    }
  }

 private:
  static Tensors tensors(const Operands& operands, DType dtype) {
    Tensors result;
    for (const Operand& operand : operands) result.push_back(operand.tensor(dtype));
    return result;
  }

  static Tensors derived(const F& f, TensorRefs g, const Tensors& x, const Wants& wants) {
    if (!is_recording()) {
      static constexpr FormulaKernels block{kernels::formula_vjp_block<float, F, inputs, outputs>,
                                            kernels::formula_vjp_block<double, F, inputs, outputs>};
      return run_vjp(block, &f, g, x, wants);
    }
    // Recorded: the formula runs on duals over tensors, one direction an input.
    DType dtype = DType::f32;
    for (const Tensor& cotangent : g)
      if (cotangent.defined()) dtype = cotangent.dtype();
    NumbersScope numbers(dtype);
    Tensors gradients;
    gradients.resize(inputs);
    auto one = [&]<std::size_t i, std::size_t... j>(std::integral_constant<std::size_t, i>, std::index_sequence<j...>) {
      if (!wants[i]) return;
      auto argument = [&]<std::size_t a>(std::integral_constant<std::size_t, a>) {
        if constexpr (a == i) return Dual<Tensor>{x[a], constant_like(1, x[a])};
        else return x[a];
      };
      auto results = kernels::as_tuple(f(argument(std::integral_constant<std::size_t, j>())...));
      [&]<std::size_t... k>(std::index_sequence<k...>) {
        auto add_up = [&](const auto& result, const Tensor& cotangent) {
          if constexpr (is_dual<std::decay_t<decltype(result)>>)
            if (cotangent.defined()) {
              Tensor part = vjp_product(cotangent, result.tangent);
              gradients[i] = gradients[i].defined() ? gradients[i] + part : part;
            }
        };
        (add_up(std::get<k>(results), g.begin()[k]), ...);
      }(std::make_index_sequence<outputs>());
    };
    [&]<std::size_t... i>(std::index_sequence<i...>) {
      (one(std::integral_constant<std::size_t, i>(), std::make_index_sequence<inputs>()), ...);
    }(std::make_index_sequence<inputs>());
    return gradients;
  }

  template <class R>
  static Tensors slopes_times(const Tensor& g, const R& slopes, const Wants& wants) {
    Tensors gradients;
    std::apply(
        [&](const auto&... slope) {
          std::size_t i = 0;
          ((gradients.push_back(wants[i] ? vjp_product(g, constant(slope, g)) : Tensor()), ++i), ...);
        },
        slopes);
    return gradients;
  }

  template <class R>
  static Tensor stated(const char* name, const FromInput<R>& rule, const Operands& operands, Array&& value,
                       DType dtype) {
    return record(name, std::move(value), operands,
                  [rule, x = tensors(operands, dtype)](const Tensor& g, const Wants& wants) -> Tensors {
                    static constexpr FormulaKernels block{kernels::stated_vjp_block<float, R, inputs, inputs>,
                                                          kernels::stated_vjp_block<double, R, inputs, inputs>};
                    if (!is_recording()) return run_vjp(block, &rule.derivative, g, x, wants);
                    NumbersScope numbers(g.dtype());
                    return [&]<std::size_t... i>(std::index_sequence<i...>) {
                      return slopes_times(g, kernels::as_tuple(rule.derivative(x[i]...)), wants);
                    }(std::make_index_sequence<inputs>());
                  });
  }
  template <class R>
  static Tensor stated(const char* name, const FromOutput<R>& rule, const Operands& operands, Array&& value, DType) {
    return record(name, std::move(value), operands,
                  [rule](const Tensor& g, const Wants& wants, const Tensor& y) -> Tensors {
                    static constexpr FormulaKernels block{kernels::stated_vjp_block<float, R, inputs, 1>,
                                                          kernels::stated_vjp_block<double, R, inputs, 1>};
                    if (!is_recording()) return run_vjp(block, &rule.derivative, g, y, wants);
                    NumbersScope numbers(g.dtype());
                    return slopes_times(g, kernels::as_tuple(rule.derivative(y)), wants);
                  });
  }
};

}  // namespace detail

/// An op made of a formula, to be called with tensors and numbers.
template <class F, class D = Derived>
class Elementwise {
  using Formula = detail::Formula<F, D>;
  static constexpr std::size_t inputs = Formula::inputs;

 public:
  constexpr Elementwise(const char* name, F formula, D derivative)
      : name_(name), formula_(formula), derivative_(derivative) {}

  const char* name() const { return name_; }

  auto operator()(const Operand& a) const
    requires(inputs == 1)
  {
    return call({a});
  }
  auto operator()(const Operand& a, const Operand& b) const
    requires(inputs == 2)
  {
    return call({a, b});
  }
  auto operator()(const Operand& a, const Operand& b, const Operand& c) const
    requires(inputs == 3)
  {
    return call({a, b, c});
  }
  auto operator()(const Operand& a, const Operand& b, const Operand& c, const Operand& d) const
    requires(inputs == 4)
  {
    return call({a, b, c, d});
  }
  auto operator()(const Operand& a, const Operand& b, const Operand& c, const Operand& d, const Operand& e) const
    requires(inputs == 5)
  {
    return call({a, b, c, d, e});
  }
  auto operator()(const Operand& a, const Operand& b, const Operand& c, const Operand& d, const Operand& e,
                  const Operand& f) const
    requires(inputs == 6)
  {
    return call({a, b, c, d, e, f});
  }
  auto operator()(const Operand& a, const Operand& b, const Operand& c, const Operand& d, const Operand& e,
                  const Operand& f, const Operand& g) const
    requires(inputs == 7)
  {
    return call({a, b, c, d, e, f, g});
  }
  auto operator()(const Operand& a, const Operand& b, const Operand& c, const Operand& d, const Operand& e,
                  const Operand& f, const Operand& g, const Operand& h) const
    requires(inputs == 8)
  {
    return call({a, b, c, d, e, f, g, h});
  }

 private:
  auto call(const Operands& operands) const { return Formula::apply(name_, formula_, derivative_, operands); }

  const char* name_;
  F formula_;
  D derivative_;
};

/// An elementwise op from a formula, a generic lambda over numbers: `elementwise("mish", [](auto x) { return x *
/// tanh(log1p(exp(x))); })`. One to eight inputs, which broadcast; one output, or two to four as a std::tuple. The
/// value and the derivative are each one fused SIMD pass; derivatives exist to any order. Inside, use + - * /,
/// comparisons, `where(condition, a, b)` instead of if, and any elementwise function of xgrad. Integer and boolean
/// inputs are computed as f64 and take no gradient. Where a cotangent is exactly 0, so is the gradient.
template <class F>
constexpr Elementwise<F> elementwise(const char* name, F formula) {
  return {name, formula, {}};
}

/// The same with the derivative stated by hand, where a derived one would lose precision or meet inf/inf:
/// `elementwise("sigmoid", f, from_output([](auto y) { return y * (1 - y); }))`.
template <class F, class D>
constexpr Elementwise<F, FromInput<D>> elementwise(const char* name, F formula, FromInput<D> derivative) {
  return {name, formula, derivative};
}
template <class F, class D>
constexpr Elementwise<F, FromOutput<D>> elementwise(const char* name, F formula, FromOutput<D> derivative) {
  return {name, formula, derivative};
}

}  // namespace xg
