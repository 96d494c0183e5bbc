// A layer of one's own, with parameters of its own: what docs/models.md and docs/inspect.md quote.
#include <fmt/core.h>

#include <xgrad/inspect.hpp>
#include <xgrad/xgrad.hpp>
using namespace xg;

struct Gate {
  nn::Parameter weight = nn::init::xavier_normal({8, 8});
  nn::Parameter bias = zeros({8});
  nn::Buffer calls = zeros({}, i64);    // saved with the model, not trained
  Tensor shift = variable(zeros({8}));  // no part of the model: neither listed, trained nor saved, one for all copies

  Tensor operator()(const Tensor& x) const {
    nn::ModuleCall call(*this, x);  // tells hooks and reports
    return call(x * sigmoid(linear(x, weight, bias)) + shift);
  }
};

struct Silent {
  Gate gate;
  Tensor operator()(const Tensor& x) const { return gate(x); }
};

int main() {
  Silent model, copy = model;
  bool listed = nn::named_parameters(model).size() == 2 && nn::named_buffers(model).size() == 1;
  copy.gate.bias += 1;
  copy.gate.shift.assign(ones({8}));
  bool copied = all_equal(model.gate.bias, zeros({8})) && all_equal(model.gate.shift, ones({8}));

  auto told = nn::after_forward(model.gate, [](const Tensor& y) { return 0 * y; });
  auto untold = nn::after_forward(model, [](const Tensor& y) { return y + 1; });
  Tensor y = model(ones({2, 8}));
  fmt::print("{} calls of the gate, {} of the model around it\n", told.calls(), untold.calls());
  return listed && copied && told.calls() == 1 && untold.calls() == 0 && all_equal(y, zeros({2, 8})) ? 0 : 1;
}
