// What can be done with any model: name its parameters, train and freeze it, change its dtype.
#pragma once

#include "call.hpp"
#include "walk.hpp"

namespace xg::nn {

/// Any model as an argument: a module, a parameter, or a container of them. Lives for one call.
///
/// A model is a plain struct whose members are layers, parameters, buffers, other models, or arrays, vectors, maps,
/// optionals, tuples, variants, unique and shared pointers of these; other members are left alone. A class that is no
/// plain struct lists its fields, see `fields`.
class AnyModel {
 public:
  template <class M>
    requires(!std::is_same_v<M, AnyModel>)
  AnyModel(const M& model)
      // Parameters are handles: a const model's values may change. Only train, eval and the like, which take the
      // model by reference, change anything else.
      : object_(const_cast<M*>(&model)),
        walk_([](void* object, Walker& walker) { detail::walk(*static_cast<M*>(object), walker); }) {
    static_assert(detail::may_hold<M>,
                  "this class is not a plain struct, so it must list its fields: "
                  "auto fields() { return nn::fields(\"weight\", weight, \"bias\", bias); }");
  }

  void walk(Walker& walker) const { walk_(object_, walker); }

 private:
  void* object_;
  void (*walk_)(void*, Walker&);
};

/// A tensor of a model and where it is: `for (auto& [name, p] : nn::named_parameters(model))`.
struct NamedTensor {
  std::string name;
  Tensor tensor;
};

/// The parameters of a model with their names, such as "blocks.0.weight", in the order of the members. A shared
/// parameter is listed once, under its first name; one that is undefined (a layer without bias) is not listed.
///
/// Listing a model's parameters, here or in `parameters`, `to`, `freeze` and so on, also gives each tensor its path as
/// its name, unless it has one by `named`. Errors then say which layer of the model they met: `layer  blocks.0`. So a
/// model whose parameters an optimizer was given has named layers, and so have its copies; a step costs nothing.
std::vector<NamedTensor> named_parameters(const AnyModel& model);
std::vector<NamedTensor> named_buffers(const AnyModel& model);
/// The same without names: what an optimizer takes.
std::vector<Tensor> parameters(const AnyModel& model);
std::vector<Tensor> buffers(const AnyModel& model);
/// How many numbers a model trains: the sizes of its parameters that are not frozen.
std::int64_t count_parameters(const AnyModel& model);

/// Converts parameters, and buffers of real numbers, to f32 or f64 in place: optimizers keep working. Gradients are
/// dropped. Throws DTypeError for other dtypes.
void to(const AnyModel& model, DType dtype, Site site = Site::here());
/// Sets the Training members of a model: dropout drops, batch norm learns (PyTorch `model.train()`).
void train(const AnyModel& model, bool on = true);
/// The opposite (PyTorch `model.eval()`).
void eval(const AnyModel& model);
/// Stops training a model, a layer, or a parameter: ops no longer record it, its gradient is dropped, optimizers pass
/// over it (PyTorch `requires_grad_(false)`).
void freeze(const AnyModel& model);
/// Trains it again.
void unfreeze(const AnyModel& model, Site site = Site::here());
/// Forgets the gradients of all parameters.
void zero_grad(const AnyModel& model);

/// Calls `f(name, module)` or `f(module)` for a model and each module in it, outer ones first, where `f` accepts it:
/// `for_each_module(model, [](nn::Linear& layer) { ... })` meets the linear layers. An nn::Layer is met as such; what
/// is in it, `layer.get<nn::Linear>()` tells.
template <class M, class F>
void for_each_module(M& model, F f) {
  struct Path : Walker {
  } path;
  detail::walk_modules(model, path, f);
}

}  // namespace xg::nn
