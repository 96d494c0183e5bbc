#include "prepare.hpp"

#include <cmath>

#include "../../core/error/error.hpp"
#include "../../core/ops/arithmetic.hpp"
#include "../../core/ops/create.hpp"
#include "../../core/ops/functions.hpp"
#include "../../core/ops/random.hpp"
#include "../../core/ops/reduce.hpp"

namespace xg::nn::data {

Split train_test_split(const Tensor& x, const Tensor& y, double test, Rng& rng, Site site) {
  if (x.rank() == 0 || y.rank() == 0 || x.size(0) != y.size(0))
    Complaint("train_test_split", "x and y differ in rows: " + to_string(x.shape()) + " and " + to_string(y.shape()))
        .at(site)
        .raise<ShapeError>();
  std::int64_t rows = x.size(0);
  auto held_out = test > 0 && test < 1 ? static_cast<std::int64_t>(std::llround(test * static_cast<double>(rows))) : 0;
  if (held_out < 1 || held_out >= rows)
    Complaint("train_test_split",
              "a test fraction of " + std::to_string(test) + " of " + std::to_string(rows) + " rows leaves a set empty")
        .at(site)
        .raise<ValueError>();
  Tensor order = randperm(rows, rng, site);
  Tensor train = order(range(held_out, none)), tested = order(range(0, held_out));
  return {x(train), y(train), x(tested), y(tested)};
}

Standardizer::Standardizer(const Tensor& x, Site site) {
  if (x.rank() != 2 || x.size(0) == 0)
    Complaint("Standardizer", "x is rows and columns, with at least one row, not " + to_string(x.shape()))
        .at(site)
        .raise<ShapeError>();
  mean = xg::mean(x, 0);
  Tensor centred = x - mean;
  Tensor spread = sqrt(xg::mean(centred * centred, 0));
  deviation = where(spread == 0, ones_like(spread), spread);
}

Tensor Standardizer::operator()(const Operand& x) const {
  if (x.shape().rank() == 0 || x.shape().back() != mean.size())
    Complaint("Standardizer",
              "made from " + std::to_string(mean.size()) + " columns, called with shape " + to_string(x.shape()))
        .at(x.site())
        .raise<ShapeError>();
  return (x.tensor() - mean) / deviation;
}

std::vector<Tensor> batches(std::int64_t count, std::int64_t size, Rng& rng, Site site) {
  if (count < 0 || size < 1)
    Complaint("batches", "cannot take " + std::to_string(count) + " rows " + std::to_string(size) + " at a time")
        .at(site)
        .raise<ValueError>();
  Tensor order = randperm(count, rng, site);
  std::vector<Tensor> result;
  for (std::int64_t first = 0; first < count; first += size)
    result.push_back(order(range(first, std::min(first + size, count))));
  return result;
}

}  // namespace xg::nn::data
