// Ops that change shapes.
#include <doctest/doctest.h>

#include "message.hpp"
#include "xgrad/xgrad.hpp"

using namespace xg;

TEST_CASE("reshape and transpose") {
  Tensor x = reshape(arange(6), {2, -1});
  CHECK(all_equal(transpose(x), tensor({{0, 3}, {1, 4}, {2, 5}}, i64)));
}
