// From xtensor to tensors and back, without copies where none is needed.
#pragma once

#include <memory>

#include "../error/error.hpp"
#include "../graph/tensor.hpp"
#include "xtensor_include.hpp"

namespace xg {
namespace detail {

template <class T>
inline constexpr bool has_dtype =
    std::is_same_v<T, bool> || std::is_same_v<T, std::int64_t> || std::is_same_v<T, float> || std::is_same_v<T, double>;

/// Containers that own their elements on the heap: moved in, they are taken over.
template <class C>
inline constexpr bool owns_elements = false;
template <class EC, xt::layout_type L, class SC, class Tag>
inline constexpr bool owns_elements<xt::xarray_container<EC, L, SC, Tag>> = true;
template <class EC, std::size_t N, xt::layout_type L, class Tag>
inline constexpr bool owns_elements<xt::xtensor_container<EC, N, L, Tag>> = true;

template <class T>
using ViewBuffer = xt::xbuffer_adaptor<const T*, xt::smart_ownership, std::shared_ptr<Ref<Storage>>>;

template <class T, int rank>
struct ViewOf {
  using type = xt::xtensor_adaptor<ViewBuffer<T>, rank, xt::layout_type::dynamic>;
};
template <class T>
struct ViewOf<T, -1> {
  using type = xt::xarray_adaptor<ViewBuffer<T>, xt::layout_type::dynamic>;
};

void check_view(const Tensor& x, DType dtype, int rank, const Site& site);

}  // namespace detail

/// A constant with the values of any xtensor expression: evaluated once; a container that is moved in is taken over,
/// not copied, and keeps its layout. float, double, bool stay; other integers become i64.
template <class E>
  requires xt::is_xexpression<std::decay_t<E>>::value
Tensor from_xt(E&& expression) {
  using D = std::decay_t<E>;
  using Value = std::decay_t<typename D::value_type>;
  static_assert(std::is_arithmetic_v<Value>, "from_xt takes expressions of real numbers, integers or booleans");
  using T = std::conditional_t<detail::has_dtype<Value>, Value,
                               std::conditional_t<std::is_integral_v<Value>, std::int64_t, double>>;
  Shape shape;
  for (auto length : expression.shape()) shape.push_back(static_cast<std::int64_t>(length));
  if constexpr (detail::owns_elements<D> && std::is_same_v<T, Value> && !std::is_lvalue_reference_v<E> &&
                !std::is_const_v<std::remove_reference_t<E>>) {
    auto owner = std::make_unique<D>(std::forward<E>(expression));
    Strides strides;
    for (auto stride : owner->strides()) strides.push_back(static_cast<std::int64_t>(stride));
    auto* data = reinterpret_cast<std::byte*>(owner->data());
    auto storage = Storage::adopt(data, static_cast<std::size_t>(shape.elements()) * sizeof(T), owner.get(),
                                  [](void* container) { delete static_cast<D*>(container); });
    owner.release();
    return Tensor(Array(std::move(storage), data, shape, strides, dtype_of<T>()));
  } else {
    Array result(shape, dtype_of<T>());
    auto target = xt::adapt(result.fill<T>(), static_cast<std::size_t>(result.size()), xt::no_ownership(),
                            std::vector<std::size_t>(shape.begin(), shape.end()));
    xt::noalias(target) = std::forward<E>(expression);
    return Tensor(std::move(result));
  }
}

/// The values of `x` as a read-only xtensor container, without a copy: `xt_view<double>(x)`, or `xt_view<double, 2>(x)`
/// with the rank fixed. Strides are x's own. The view keeps the buffer alive. Throws DTypeError when T is not x's
/// dtype, ShapeError when the rank differs.
template <class T, int rank = -1>
auto xt_view(const Tensor& x, Site site = Site::here()) {
  static_assert(detail::has_dtype<T>, "xt_view<T>: T is float, double, std::int64_t or bool");
  detail::check_view(x, dtype_of<T>(), rank, site);
  using View = typename detail::ViewOf<T, rank>::type;
  const Array& array = x.array();
  auto shape = xtl::make_sequence<typename View::shape_type>(array.shape().size(), std::size_t(0));
  auto strides = xtl::make_sequence<typename View::strides_type>(array.shape().size(), std::ptrdiff_t(0));
  for (std::size_t i = 0; i < array.shape().size(); ++i) {
    shape[i] = static_cast<typename View::shape_type::value_type>(array.shape()[i]);
    strides[i] = static_cast<typename View::strides_type::value_type>(array.strides()[i]);
  }
  detail::ViewBuffer<T> buffer(array.data<T>(), static_cast<std::size_t>(array.size()),
                               std::make_shared<Ref<Storage>>(array.storage()));
  return View(std::move(buffer), shape, strides);
}

/// The values of `x` as an xarray of its own.
template <class T>
xt::xarray<T> to_xt(const Tensor& x, Site site = Site::here()) {
  return xt_view<T>(x, site);
}

}  // namespace xg
