// Derivatives of functions: gradients, Jacobians, Hessians and their products with vectors.
//
// The inputs need not be variables: each transform differentiates with respect to inputs of its own. Where recording is
// on and an input is a variable, or the function captures one, the results can be differentiated again; otherwise they
// are constants. Integer and boolean inputs are passed on as they are; their derivative is an undefined tensor.
#pragma once

#include <array>

#include "function.hpp"

namespace xg {
namespace detail {

/// [f(x), ∂f/∂x...]
Tensors value_and_gradients(FunctionRef f, const Tensors& x, const Site& site);
Tensors vector_jacobian(FunctionRef f, const Tensors& x, const Tensor& v, const Site& site);
Tensor jacobian_vector(FunctionRef f, const Tensors& x, const Tensors& v, const Site& site);
Tensors jacobians(FunctionRef f, const Tensors& x, const Site& site);
/// ∂²f/∂x_i∂x_j, row by row.
Tensors hessians(FunctionRef f, const Tensors& x, const Site& site);
Tensors hessian_vector(FunctionRef f, const Tensors& x, const Tensors& v, const Site& site);

template <std::size_t N>
std::array<Tensor, N> to_array(const Tensors& list, std::size_t first = 0) {
  std::array<Tensor, N> result;
  for (std::size_t i = 0; i < N; ++i) result[i] = list[first + i];
  return result;
}
template <std::size_t N>
Tensors to_list(const Tensor (&array)[N]) {
  return Tensors(array, array + N);
}

}  // namespace detail

/// A value and its gradients: of one input a tensor, of several a std::array.
template <class G>
struct ValueAndGrad {
  Tensor value;
  G gradient;
};

/// f(x...) of one element and its gradients: `auto [loss, g] = value_and_grad(f, w)`,
/// `auto [loss, gradients] = value_and_grad(f, w, b)`. Throws ShapeError when f(x) has not one element
/// (JAX `value_and_grad`).
template <class F, class... More>
  requires(... && std::is_convertible_v<const More&, const Tensor&>)
auto value_and_grad(F&& f, const Operand& x, const More&... more) {
  constexpr std::size_t count = 1 + sizeof...(More);
  Tensors found = detail::value_and_gradients(detail::spread<count>(f), {x.tensor(), more...}, x.site());
  if constexpr (count == 1) return ValueAndGrad<Tensor>{found[0], found[1]};
  else return ValueAndGrad<std::array<Tensor, count>>{found[0], detail::to_array<count>(found, 1)};
}

/// vᵀ ∂f/∂x, of the shape of x, by one backward pass; v has the shape of f(x). Throws ShapeError and DTypeError when it
/// has not.
template <class F>
Tensor vjp(F&& f, const Tensor& x, const Tensor& v, Site site = Site::here()) {
  return detail::vector_jacobian(detail::spread<1>(f), {x}, v, site)[0];
}
/// Of several inputs: `auto [ga, gb] = vjp(f, {a, b}, v)`.
template <class F, std::size_t N>
std::array<Tensor, N> vjp(F&& f, const Tensor (&x)[N], const Tensor& v, Site site = Site::here()) {
  return detail::to_array<N>(detail::vector_jacobian(detail::spread<N>(f), detail::to_list(x), v, site));
}

/// ∂f/∂x v, of the shape of f(x): the derivative along v, which has the shape of x. Exact: it is the derivative of vjp
/// in its cotangent. Throws ShapeError and DTypeError for a v that does not fit.
template <class F>
Tensor jvp(F&& f, const Tensor& x, const Tensor& v, Site site = Site::here()) {
  return detail::jacobian_vector(detail::spread<1>(f), {x}, {v}, site);
}
/// Σ_i ∂f/∂x_i v_i of several inputs: `jvp(f, {a, b}, {va, vb})`; an undefined v is zero.
template <class F, std::size_t N>
Tensor jvp(F&& f, const Tensor (&x)[N], const Tensor (&v)[N], Site site = Site::here()) {
  return detail::jacobian_vector(detail::spread<N>(f), detail::to_list(x), detail::to_list(v), site);
}

/// ∂f/∂x of shape f(x).shape + x.shape, by one backward pass an element of f(x); of several inputs a std::array.
template <class F, class... More>
  requires(... && std::is_convertible_v<const More&, const Tensor&>)
auto jacobian(F&& f, const Operand& x, const More&... more) {
  constexpr std::size_t count = 1 + sizeof...(More);
  Tensors found = detail::jacobians(detail::spread<count>(f), {x.tensor(), more...}, x.site());
  if constexpr (count == 1) return found[0];
  else return detail::to_array<count>(found);
}

/// ∂²f/∂x² of an f(x) of one element, of shape x.shape + x.shape; of several inputs h[i][j] = ∂²f/∂x_i∂x_j. Throws
/// ShapeError when f(x) has not one element.
template <class F, class... More>
  requires(... && std::is_convertible_v<const More&, const Tensor&>)
auto hessian(F&& f, const Operand& x, const More&... more) {
  constexpr std::size_t count = 1 + sizeof...(More);
  Tensors found = detail::hessians(detail::spread<count>(f), {x.tensor(), more...}, x.site());
  if constexpr (count == 1) {
    return found[0];
  } else {
    std::array<std::array<Tensor, count>, count> h;
    for (std::size_t i = 0; i < count; ++i) h[i] = detail::to_array<count>(found, i * count);
    return h;
  }
}

/// ∂²f/∂x² v without the matrix: two backward passes. Throws ShapeError when f(x) has not one element, or v not the
/// shape of x.
template <class F>
Tensor hvp(F&& f, const Tensor& x, const Tensor& v, Site site = Site::here()) {
  return detail::hessian_vector(detail::spread<1>(f), {x}, {v}, site)[0];
}
/// Of several inputs: `auto [ha, hb] = hvp(f, {a, b}, {va, vb})`; an undefined v is zero.
template <class F, std::size_t N>
std::array<Tensor, N> hvp(F&& f, const Tensor (&x)[N], const Tensor (&v)[N], Site site = Site::here()) {
  return detail::to_array<N>(
      detail::hessian_vector(detail::spread<N>(f), detail::to_list(x), detail::to_list(v), site));
}

}  // namespace xg
