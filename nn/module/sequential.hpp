// Models made of other modules: one after another, of a kind chosen at run time, or many alike.
#pragma once

#include "../../core/graph/node.hpp"
#include "call.hpp"
#include "module.hpp"

namespace xg::nn {

namespace detail {

// What a callable without templates and overloads takes.
template <class A>
struct Takes {
  template <class R>
  static A argument(R (*)(A));
  template <class R, class C>
  static A argument(R (C::*)(A) const);
};
template <class F>
concept TakesOperand = requires(F f) { Takes<const Operand&>::argument(f); } ||
                       requires { Takes<const Operand&>::argument(&F::operator()); };

/// Calls a layer, number so and so of its container, with what the layer before it gave. Ops and xgrad's own layers
/// are told where the user called.
template <class F, class X>
auto call(const F& layer, std::int64_t number, const X& x, const Site& site) {
  ModuleCall call = ModuleCall::of_part(layer, number, x);
  if constexpr (TakesOperand<F> && std::is_convertible_v<const X&, const Tensor&>) return call(layer(Operand(x, site)));
  else return call(layer(x));
}

}  // namespace detail

/// Layers one after another: `nn::Sequential model{nn::Linear{784, 128}, relu, nn::Linear{128, 10}}`. A layer is
/// anything that can be called with what the one before it gives: a module, a function, a lambda. In the model's names
/// they are "0", "1", … (PyTorch's). An op whose name is overloaded, such as `tanh`, goes in as a layer: `nn::Tanh{}`.
template <class... Layers>
class Sequential {
 public:
  explicit Sequential(Layers... layers) : layers_(std::move(layers)...) {}

  auto operator()(const Operand& x) const { return ModuleCall(*this, x)(run<0>(x.tensor(), x.site())); }
  /// The layers as a std::tuple; `get<i>()` is one of them.
  auto& fields() { return layers_; }
  template <std::size_t i>
  auto& get() {
    return std::get<i>(layers_);
  }
  template <std::size_t i>
  const auto& get() const {
    return std::get<i>(layers_);
  }
  static constexpr std::size_t size() { return sizeof...(Layers); }

 private:
  template <std::size_t i, class X>
  auto run(X x, const Site& site) const {
    if constexpr (i == sizeof...(Layers)) return x;
    else return run<i + 1>(detail::call(std::get<i>(layers_), i, x, site), site);
  }

  std::tuple<Layers...> layers_;
};

/// Any module or function from a tensor to a tensor, chosen at run time: `std::vector<nn::Layer>`. A value: a copy is
/// deep, and what is in it is walked with the model and named as if it stood there itself. An empty one throws
/// ValueError when called.
class Layer {
 public:
  Layer() = default;
  template <class M>
    requires(!std::is_same_v<M, Layer> && std::is_invocable_r_v<Tensor, const M&, const Tensor&>)
  Layer(M module) : held_(new Of<M>(std::move(module))) {}
  Layer(const Layer& other) : held_(other.held_ ? other.held_->copy() : nullptr) {}
  Layer(Layer&& other) noexcept : held_(std::exchange(other.held_, nullptr)) {}
  Layer& operator=(Layer other) noexcept {
    std::swap(held_, other.held_);
    return *this;
  }
  ~Layer() { delete held_; }

  explicit operator bool() const { return held_; }
  Tensor operator()(const Operand& x) const;
  /// What is in it if that is an M, else null: `layer.get<nn::Linear>()`.
  template <class M>
  M* get() const {
    return held_ && held_->kind() == &tag<M> ? &static_cast<Of<M>*>(held_)->module : nullptr;
  }
  void walk(Walker& walker) {
    if (held_) held_->walk(walker);
  }

 private:
  template <class M>
  static constexpr char tag = 0;
  struct Held {
    virtual ~Held() = default;
    virtual Held* copy() const = 0;
    virtual Tensor call(const Tensor& x, const Site& site) const = 0;
    virtual void walk(Walker& walker) = 0;
    virtual const void* kind() const = 0;
  };
  template <class M>
  struct Of final : Held {
    explicit Of(M module) : module(std::move(module)) {}
    Held* copy() const override { return new Of(module); }
    Tensor call(const Tensor& x, const Site& site) const override { return detail::call(module, -1, x, site); }
    void walk(Walker& walker) override {
      if constexpr (detail::may_hold<M>) detail::walk(module, walker);
    }
    const void* kind() const override { return &tag<M>; }
    M module;
  };

  Held* held_ = nullptr;
};

namespace detail {
void check_count(const char* what, std::int64_t count, const Site& site);
}

/// `count` modules from `make()`, each with initial values of its own, as a std::vector: `nn::repeat(6, [] { return
/// Block{64}; })`. `make` may take the number of the one it makes, from 0. Throws ValueError for a negative count.
template <class F>
auto repeat(std::int64_t count, const F& make, Site site = Site::here()) {
  detail::check_count("repeat", count, site);
  auto one = [&]([[maybe_unused]] std::int64_t i) {
    if constexpr (std::is_invocable_v<const F&, std::int64_t>) return make(i);
    else return make();
  };
  std::vector<decltype(one(0))> modules;
  modules.reserve(static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < count; ++i) modules.push_back(one(i));
  return modules;
}

}  // namespace xg::nn
