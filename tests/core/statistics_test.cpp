// Summaries of numbers, histograms, and tables of text.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "core/array/index_text.hpp"
#include "core/inspect/statistics.hpp"
#include "core/inspect/table.hpp"
#include "xgrad/xgrad.hpp"

using namespace xg;
using inspect::Statistics;

namespace {

constexpr double inf = std::numeric_limits<double>::infinity();
constexpr double bad = std::numeric_limits<double>::quiet_NaN();

}  // namespace

TEST_CASE("statistics agree with the ops, for any number of elements and any layout") {
  seed(2);
  for (DType dtype : {f32, f64})
    for (std::int64_t count : {1, 2, 7, 8, 9, 63, 1000}) {
      CAPTURE(count);
      Tensor x = randn({count}, dtype) * 3 + 100;
      Statistics found = inspect::statistics(x.array());
      CHECK(found.count == count);
      CHECK(found.finite());
      CHECK(found.norm == doctest::Approx(std::sqrt(sum(astype(x, f64) * astype(x, f64)).item())));
      CHECK(found.mean == doctest::Approx(mean(astype(x, f64)).item()));
      double deviation = std::sqrt(mean(square(astype(x, f64) - mean(astype(x, f64)))).item());
      CHECK(found.deviation == doctest::Approx(deviation).epsilon(1e-9));
      CHECK(found.least == amin(x).item());
      CHECK(found.greatest == amax(x).item());
      CHECK(found.root_mean_square() == doctest::Approx(found.norm / std::sqrt(static_cast<double>(count))));
    }
  Tensor wide = randn({6, 10});
  Tensor part = transpose(wide(all, range(1, 9, 3)));
  CHECK(inspect::statistics(part.array()).norm == inspect::statistics(part.array().copy()).norm);
}

TEST_CASE("numbers that are not finite are counted and found, and spoil nothing") {
  Tensor x = tensor({{1.0, bad, 0.0}, {inf, 3.0, -inf}}, f64);
  Statistics found = inspect::statistics(x.array());
  CHECK(found.nans == 1);
  CHECK(found.infinities == 2);
  CHECK_FALSE(found.finite());
  CHECK(found.first_bad == 1);
  CHECK(xg::detail::index_text(found.first_bad, x.shape()) == "[0, 1]");
  CHECK(found.zeros == 1);
  CHECK(found.zero_share() == doctest::Approx(1.0 / 6));
  CHECK(found.mean == doctest::Approx(4.0 / 3));
  CHECK(found.norm == doctest::Approx(std::sqrt(10.0)));
  CHECK(found.greatest == 3);
  Statistics none = inspect::statistics(full({3}, bad).array());
  CHECK(none.norm == 0);
  CHECK(std::isnan(none.mean));
  CHECK(none.root_mean_square() == 0);
}

TEST_CASE("squares that overflow or vanish do not") {
  CHECK(inspect::statistics(full({4}, 1e200, f64).array()).norm == doctest::Approx(2e200));
  CHECK(inspect::statistics(full({4}, 1e200, f64).array()).deviation == doctest::Approx(0).scale(1e200));
  CHECK(inspect::statistics(full({4}, 1e-200, f64).array()).norm == doctest::Approx(2e-200));
  CHECK(inspect::statistics(full({4}, 1e30f).array()).norm == doctest::Approx(2e30));
}

TEST_CASE("integers, booleans, scalars and nothing at all") {
  CHECK(inspect::statistics(tensor({3, 4}, i64).array()).norm == 5);
  CHECK(inspect::statistics((tensor({3.0, 4.0}) > 3.5).array()).zeros == 1);
  CHECK(inspect::statistics(full({}, 2.5).array()).mean == 2.5);
  CHECK(xg::detail::index_text(0, {}) == "[]");
  Statistics nothing = inspect::statistics(zeros({0, 3}).array());
  CHECK(nothing.count == 0);
  CHECK(nothing.norm == 0);
  CHECK(nothing.zero_share() == 0);
  CHECK(std::isnan(nothing.least));
  CHECK(inspect::histogram(zeros({0, 3}).array(), 4).counts == std::vector<std::int64_t>(4));
}

TEST_CASE("a histogram counts each finite number once") {
  inspect::Histogram made = inspect::histogram(tensor({0.0, 0.5, 1.0, 1.5, 2.0, 4.0, bad, inf}, f64).array(), 4);
  CHECK(made.low == 0);
  CHECK(made.high == 4);
  CHECK(made.counts == std::vector<std::int64_t>{2, 2, 1, 1});
  CHECK(made.end(0) == 1);
  CHECK(made.end(3) == 4);
  CHECK(inspect::histogram(full({5}, 7.0).array(), 3).counts == std::vector<std::int64_t>{5, 0, 0});
  double most = std::numeric_limits<double>::max();
  CHECK(inspect::histogram(tensor({-most, most}, f64).array(), 2).counts == std::vector<std::int64_t>{1, 1});
  CHECK(inspect::histogram(tensor({0.0, 5e-324}, f64).array(), 2).counts[0] >= 1);
}

TEST_CASE("a table aligns its columns and keeps every name on its line") {
  inspect::Table table({"name", ">size"});
  table.add({"größe", "1"});
  table.add({"a\nb\x1b[2J", "1000"});
  table.add({"short"});
  CHECK(table.size() == 3);
  CHECK(table.text() ==
        "name     size\n"
        "─────────────\n"
        "größe       1\n"
        "a b [2J  1000\n"
        "short\n");
  CHECK(inspect::display_width("größe") == 5);
}
