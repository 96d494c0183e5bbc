// Callables of tensors behind one type, so that what works on them stays out of headers.
#pragma once

#include <utility>

#include "../graph/tensor.hpp"

namespace xg::detail {

inline Tensors as_tensors(const Tensor& y) { return {y}; }
inline Tensors as_tensors(Tensors y) { return y; }
/// Arrays, vectors and other lists of tensors.
template <class List>
  requires(!std::is_convertible_v<const List&, const Tensor&>)
Tensors as_tensors(const List& list) {
  Tensors y;
  for (const Tensor& one : list) y.push_back(one);
  return y;
}

/// A callable from Tensors to Tensors that lives at least as long as the call it is passed to.
class FunctionRef {
 public:
  template <class F>
    requires(!std::is_same_v<F, FunctionRef>)
  FunctionRef(const F& f)
      : f_(&f), call_([](const void* f, const Tensors& x) -> Tensors { return (*static_cast<const F*>(f))(x); }) {}
  Tensors operator()(const Tensors& x) const { return call_(f_, x); }

 private:
  const void* f_;
  Tensors (*call_)(const void*, const Tensors&);
};

template <class F, std::size_t... i>
Tensors call_with(F& f, const Tensors& x, std::index_sequence<i...>) {
  return as_tensors(f(x[i]...));
}

/// `f` of N tensors, which returns a tensor or a list of them, as a function of one list. Refers to `f`.
template <std::size_t N, class F>
auto spread(F& f) {
  return [&f](const Tensors& x) -> Tensors { return call_with(f, x, std::make_index_sequence<N>()); };
}

/// A callable from Tensors to Tensors that is kept.
struct Function {
  Count references;
  virtual ~Function() = default;
  virtual Tensors operator()(const Tensors& x) = 0;
  static void destroy(Function* f) { delete f; }
};

template <std::size_t N, class F>
Ref<Function> keep(F f) {
  struct Kept : Function {
    F f;
    explicit Kept(F f) : f(std::move(f)) {}
    Tensors operator()(const Tensors& x) override { return call_with(f, x, std::make_index_sequence<N>()); }
  };
  return Ref<Function>(new Kept(std::move(f)));
}

}  // namespace xg::detail
