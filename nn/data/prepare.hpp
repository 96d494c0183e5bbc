// Getting data ready: splitting, standardising, batches in random order.
#pragma once

#include <vector>

#include "../../core/array/random.hpp"
#include "../../core/graph/tensor.hpp"

namespace xg::nn::data {

struct Split {
  Tensor train_x, train_y, test_x, test_y;
};
/// Deals the rows of x and y out at random, the fraction `test` of them (rounded) to the test set (scikit-learn
/// `train_test_split`). Throws ShapeError when x and y differ in rows, ValueError unless 0 < test < 1 leaves both sets
/// a row.
Split train_test_split(const Tensor& x, const Tensor& y, double test, Rng& rng = default_rng(),
                       Site site = Site::here());

/// Shifts and scales columns to mean 0 and standard deviation 1, by the statistics of the x it is made from; a column
/// that is constant there is only shifted (scikit-learn `StandardScaler`). Throws ShapeError unless x is (rows,
/// columns) with a row, and when called with other columns.
class Standardizer {
 public:
  explicit Standardizer(const Tensor& x, Site site = Site::here());
  Tensor operator()(const Operand& x) const;

  Tensor mean, deviation;  // (columns,)
};

/// The numbers 0 … count − 1 in random order, `size` at a time, as i64 tensors to index with: `x(rows)`. The last batch
/// may be smaller. Throws ValueError unless size ≥ 1 and count ≥ 0.
std::vector<Tensor> batches(std::int64_t count, std::int64_t size, Rng& rng = default_rng(), Site site = Site::here());

}  // namespace xg::nn::data
