// Indexing: slices, index tensors and masks by NumPy's rules, with their gradients.
#include <doctest/doctest.h>

#include "message.hpp"
#include "xgrad/xgrad.hpp"

using namespace xg;

TEST_CASE("a slice is a view whose gradient goes back where it came from") {
  Tensor x = variable(reshape(arange(12.0, f64), {3, 4}));
  Tensor y = x(range(none, none, -2), 1);
  CHECK(all_equal(y, tensor({9, 1}, f64)));
  CHECK(y.array().shares_storage_with(x.array()));
  y.backward({.seed = tensor({2.0, 3.0}, f64)});
  CHECK(all_equal(x.grad(), tensor({{0, 3, 0, 0}, {0, 0, 0, 0}, {0, 2, 0, 0}}, f64)));
}
