#include "transform.hpp"

#include "../error/error.hpp"
#include "../graph/backward.hpp"
#include "../ops/concatenate.hpp"
#include "../ops/create.hpp"
#include "../ops/shape.hpp"
#include "trace.hpp"

namespace xg::detail {
namespace {

/// The only output of the function, attached to the graph or not.
const Tensor& only_output(const char* op, const Trace& traced, const Site& site) {
  if (traced.outputs.size() != 1)
    Complaint(op, "the function returned " + std::to_string(traced.outputs.size()) + " tensors instead of one")
        .at(site)
        .raise<ValueError>();
  const Tensor& y = traced.outputs[0];
  if (!is_differentiable(y.dtype()))
    Complaint(op, std::string("gradients exist for f32 and f64, the function returned ") + name_of(y.dtype()))
        .fact("f(x)", describe(y))
        .at(site)
        .raise<DTypeError>();
  return y;
}

const Tensor& one_element(const char* op, const Trace& traced, const Site& site) {
  const Tensor& y = only_output(op, traced, site);
  if (y.size() != 1)
    Complaint(op, "the function must return one element, not shape " + to_string(y.shape()))
        .fact("f(x)", describe(y))
        .at(site)
        .mend("sum or average it, or use jacobian")
        .raise<ShapeError>();
  return y;
}

void check_vector(const char* op, const Tensor& v, const Tensor& like, const char* likes_name, const Site& site) {
  if (!v.defined()) return;
  auto complain = [&](const std::string& what) {
    return Complaint(op, what).fact("v", describe(v)).fact(likes_name, describe(like)).at(site);
  };
  if (v.shape() != like.shape())
    complain("v has shape " + to_string(v.shape()) + ", " + likes_name + " " + to_string(like.shape()))
        .raise<ShapeError>();
  if (v.dtype() != like.dtype())
    complain(std::string("v is ") + name_of(v.dtype()) + ", " + likes_name + " " + name_of(like.dtype()))
        .raise<DTypeError>();
}

void check_vectors(const char* op, const Tensors& v, const Tensors& x, const Site& site) {
  for (std::size_t i = 0; i < x.size(); ++i) check_vector(op, v[i], x[i], "x", site);
}

bool wants_gradient(const Tensors& list) {
  for (const Tensor& t : list)
    if (t.requires_grad()) return is_recording();
  return false;
}

Tensor ones_like_output(const Tensor& y) { return Tensor(Array::full(y.shape(), 1, y.dtype())); }

/// 1 at element k.
Tensor one_hot(const Tensor& y, std::int64_t k) {
  Array array = Array::zeros(y.shape(), y.dtype());
  visit_real(y.dtype(), [&](auto zero) { array.fill<decltype(zero)>()[k] = 1; });
  return Tensor(array);
}

/// ∂y/∂x_i for every x_i, a backward pass an element of y.
Tensors rows_of(const Tensor& y, const Tensors& x, bool is_open, const Site& site) {
  std::vector<Tensors> rows(x.size());
  for (std::int64_t k = 0; k < y.size(); ++k) {
    Tensors row = pull_back({y}, x, {one_hot(y, k)}, is_open, site);
    for (std::size_t i = 0; i < x.size(); ++i) rows[i].push_back(row[i]);
  }
  Tensors result;
  NoGrad recording(!is_open);
  for (std::size_t i = 0; i < x.size(); ++i) {
    Shape shape = y.shape();
    for (std::int64_t length : x[i].shape()) shape.push_back(length);
    if (!is_differentiable(x[i].dtype())) result.push_back(Tensor());
    else if (rows[i].empty()) result.push_back(zeros(shape, x[i].dtype()));
    else result.push_back(reshape(stack(Operands(rows[i], site)), shape));
  }
  return result;
}

/// Gradients that can be differentiated once more.
Tensors first_gradients(const Tensor& y, const Tensors& x, const Site& site) {
  return pull_back({y}, x, {ones_like_output(y)}, true, site);
}

}  // namespace

Tensors value_and_gradients(FunctionRef f, const Tensors& x, const Site& site) {
  Trace traced = trace(f, x);
  const Tensor& y = one_element("value_and_grad", traced, site);
  Tensors result = pull_back({y}, traced.inputs, {ones_like_output(y)}, traced.is_open, site);
  result.insert(0, traced.is_open ? y : Tensor(y.array()));
  return result;
}

Tensors vector_jacobian(FunctionRef f, const Tensors& x, const Tensor& v, const Site& site) {
  Trace traced = trace(f, x);
  const Tensor& y = only_output("vjp", traced, site);
  check_vector("vjp", v, y, "f(x)", site);
  return pull_back({y}, traced.inputs, {v}, traced.is_open || wants_gradient({v}), site);
}

Tensor jacobian_vector(FunctionRef f, const Tensors& x, const Tensors& v, const Site& site) {
  check_vectors("jvp", v, x, site);
  Trace traced = trace(f, x);
  const Tensor& y = only_output("jvp", traced, site);
  bool is_open = traced.is_open || wants_gradient(v);
  // g(u) = uᵀJ is linear in u, whatever u is, and its own pullback in u is v ↦ Jv.
  NoGrad recording(false);
  Tensor u = variable(Tensor(Array::zeros(y.shape(), y.dtype())), site);
  Tensors g = pull_back({y}, traced.inputs, {u}, true, site);
  return pull_back(g, {u}, v, is_open, site)[0];
}

Tensors jacobians(FunctionRef f, const Tensors& x, const Site& site) {
  Trace traced = trace(f, x);
  return rows_of(only_output("jacobian", traced, site), traced.inputs, traced.is_open, site);
}

Tensors hessians(FunctionRef f, const Tensors& x, const Site& site) {
  Trace traced = trace(f, x);
  Tensors gradients = first_gradients(one_element("hessian", traced, site), traced.inputs, site);
  Tensors result;
  for (const Tensor& g : gradients) {
    Tensors rows;
    if (g.defined()) rows = rows_of(g, traced.inputs, traced.is_open, site);
    rows.resize(x.size());
    for (const Tensor& row : rows) result.push_back(row);
  }
  return result;
}

Tensors hessian_vector(FunctionRef f, const Tensors& x, const Tensors& v, const Site& site) {
  check_vectors("hvp", v, x, site);
  Trace traced = trace(f, x);
  Tensors gradients = first_gradients(one_element("hvp", traced, site), traced.inputs, site);
  return pull_back(gradients, traced.inputs, v, traced.is_open || wants_gradient(v), site);
}

}  // namespace xg::detail
