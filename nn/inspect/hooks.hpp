// Hooks on modules: see, and replace, what goes in and comes out of any layer of any model.
#pragma once

#include <memory>
#include <type_traits>
#include <utility>

#include "../../core/graph/observer.hpp"
#include "../module/module.hpp"

namespace xg::nn {

namespace detail {

/// Hears the calls of one module.
class ModuleHook : Observer {
 public:
  template <class M>
  explicit ModuleHook(const M& module) : module_{&module, type_name<M>()}, observing_(*this) {}
  std::int64_t calls() const { return calls_; }

 protected:
  virtual void before(const Tensors&) {}
  virtual void after(Tensors&) {}

 private:
  void module_entered(const CalledModule& module, const Tensors& inputs) override;
  void module_left(const CalledModule& module, Tensors& outputs) override;

  CalledModule module_;
  std::int64_t calls_ = 0;
  Observing observing_;
};

/// Gives an output to a hook's function, which may return another.
template <class F>
void offer(F& f, Tensor& x) {
  if constexpr (std::is_void_v<std::invoke_result_t<F&, const Tensor&>>) f(x);
  else if (Tensor replaced = f(x); replaced.defined()) x = std::move(replaced);
}

}  // namespace detail

/// A hook on a module: it is there while this lives, on the thread that made it. May be moved and kept in containers,
/// not destroyed within a hook.
class [[nodiscard]] HookHandle {
 public:
  explicit HookHandle(std::unique_ptr<detail::ModuleHook> hook) : hook_(std::move(hook)) {}
  /// How often the module was called. 0 after a forward pass: the module does not tell that it is called, see
  /// ModuleCall.
  std::int64_t calls() const { return hook_ ? hook_->calls() : 0; }
  /// Takes the hook away.
  void remove() { hook_.reset(); }

 private:
  std::unique_ptr<detail::ModuleHook> hook_;
};

/// Calls `f(x)` with each tensor that goes into a module, before it runs: `auto hook = nn::before_forward(model.out,
/// [](const Tensor& x) { ... });`. The module is one of xgrad's layers, one in a Sequential or an nn::Layer, or one of
/// your own that has a ModuleCall; the model stays as it is (PyTorch `register_forward_pre_hook`).
template <class M, class F>
  requires std::is_invocable_v<F&, const Tensor&>
HookHandle before_forward(const M& module, F f) {
  struct Hook final : detail::ModuleHook {
    F f;
    Hook(const M& module, F f) : ModuleHook(module), f(std::move(f)) {}
    void before(const Tensors& inputs) override {
      for (const Tensor& x : inputs) f(x);
    }
  };
  return HookHandle(std::make_unique<Hook>(module, std::move(f)));
}

/// Calls `f(y)` with each tensor that a module returns; a tensor that `f` returns takes its place, and must be of the
/// same shape and dtype: ShapeError, DTypeError (PyTorch `register_forward_hook`).
template <class M, class F>
  requires std::is_invocable_v<F&, const Tensor&>
HookHandle after_forward(const M& module, F f) {
  struct Hook final : detail::ModuleHook {
    F f;
    Hook(const M& module, F f) : ModuleHook(module), f(std::move(f)) {}
    void after(Tensors& outputs) override {
      for (Tensor& y : outputs) detail::offer(f, y);
    }
  };
  return HookHandle(std::make_unique<Hook>(module, std::move(f)));
}

/// Calls `f(g)` with the gradient of each tensor that a module returned, when backward has it whole; a tensor that `f`
/// returns takes its place (PyTorch `register_full_backward_hook`). Gradients that come after the handle is gone are
/// left alone.
template <class M, class F>
  requires std::is_invocable_v<F&, const Tensor&>
HookHandle on_gradient(const M& module, F f) {
  struct Hook final : detail::ModuleHook {
    // Tensors outlive the handle: what they call is shared with it, and knows when it is gone.
    struct Shared {
      F f;
      bool is_gone = false;
    };
    std::shared_ptr<Shared> shared;
    Hook(const M& module, F f) : ModuleHook(module), shared(std::make_shared<Shared>(Shared{std::move(f)})) {}
    ~Hook() override { shared->is_gone = true; }
    void after(Tensors& outputs) override {
      for (const Tensor& y : outputs)
        if (y.requires_grad())
          on_grad(y, [shared = shared](const Tensor& g) {
            Tensor given = g;
            if (!shared->is_gone) detail::offer(shared->f, given);
            return given;
          });
    }
  };
  return HookHandle(std::make_unique<Hook>(module, std::move(f)));
}

}  // namespace xg::nn
