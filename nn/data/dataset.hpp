// Data sets: what a loader takes its batches from.
#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <tuple>
#include <type_traits>
#include <vector>

#include "../../core/array/random.hpp"
#include "../../core/graph/tensor.hpp"

namespace xg::nn::data {

/// Which samples to take, from 0.
using Rows = std::vector<std::int64_t>;

namespace detail {

template <class D>
concept TakesRowsAtRandom = requires(const D& dataset, const Rows& rows, Rng& rng) { dataset.batch(rows, rng); };
template <class D>
concept TakesRows = requires(const D& dataset, const Rows& rows) { dataset.batch(rows); };
template <class D>
concept TakesOne = requires(const D& dataset, std::int64_t i) { dataset[i]; };
template <class D>
concept HasSortKey = requires(const D& dataset, std::int64_t i) { static_cast<std::int64_t>(dataset.sort_key(i)); };

/// Tensors, or C++ numbers, one above another.
Tensor collate(const std::vector<Tensor>& parts);
Tensor collate(const std::vector<double>& numbers);
Tensor collate(const std::vector<float>& numbers);
Tensor collate(const std::vector<std::int64_t>& numbers);

template <class T>
using Collated =
    std::conditional_t<!std::is_arithmetic_v<T>, Tensor, std::conditional_t<std::is_integral_v<T>, std::int64_t, T>>;

/// Joins samples: tensors and numbers to a tensor, tuples, pairs and arrays of them to an array of tensors.
template <class D>
auto join(const D& dataset, const Rows& rows) {
  using Sample = std::remove_cvref_t<decltype(dataset[std::int64_t()])>;
  if constexpr (std::is_same_v<Sample, Tensor> || std::is_arithmetic_v<Sample>) {
    std::vector<Collated<Sample>> parts;
    for (std::int64_t i : rows) parts.push_back(dataset[i]);
    return collate(parts);
  } else {
    return [&]<std::size_t... k>(std::index_sequence<k...>) {
      std::tuple<std::vector<Collated<std::remove_cvref_t<std::tuple_element_t<k, Sample>>>>...> parts;
      for (std::int64_t i : rows) {
        Sample sample = dataset[i];
        (std::get<k>(parts).push_back(std::get<k>(sample)), ...);
      }
      return std::array<Tensor, sizeof...(k)>{collate(std::get<k>(parts))...};
    }(std::make_index_sequence<std::tuple_size_v<Sample>>());
  }
}

Rows all_rows(std::int64_t count);
/// Throws IndexError naming `op` for a row that a data set of `size` samples does not have.
void check_rows(const char* op, const Rows& rows, std::int64_t size, const Site& site);
void check_row(const char* op, std::int64_t row, std::int64_t size, const Site& site);
Tensor take_rows(const Tensor& x, const Rows& rows);
void check_same_rows(const Tensor* tensors, std::size_t count, const Site& site);
std::vector<Rows> deal(const char* op, std::int64_t size, const std::vector<double>& parts, bool fractions, Rng& rng,
                       const Site& site);

}  // namespace detail

/// Anything that has a size and gives samples: `dataset.size()`, and one of
/// - `dataset.batch(rows)`, a batch of these rows (`std::vector<std::int64_t>`), of any copyable type,
/// - `dataset.batch(rows, rng)`, the same with random numbers, which depend only on a loader's seed, epoch and batch,
/// - `dataset[i]`, one sample: a tensor, a number, or a tuple of such, which are stacked.
/// They are const and may be called on another thread, see `Loader`. `dataset.sort_key(i)`, if there is one, is the
/// length of a sample, or another integer by which a loader is to bring samples together that are alike.
template <class D>
concept Dataset = requires(const D& dataset) { static_cast<std::int64_t>(dataset.size()); } &&
                  (detail::TakesRowsAtRandom<D> || detail::TakesRows<D> || detail::TakesOne<D>);

/// A batch of a data set, however it gives one.
template <Dataset D>
auto take_batch(const D& dataset, const Rows& rows, Rng& rng) {
  if constexpr (detail::TakesRowsAtRandom<D>) return dataset.batch(rows, rng);
  else if constexpr (detail::TakesRows<D>) return dataset.batch(rows);
  else return detail::join(dataset, rows);
}

/// Tensors whose rows belong together: `TensorDataset(x, y)`. A batch is an array of as many tensors:
/// `auto& [x, y] = batch`. Throws ShapeError when the tensors differ in rows, IndexError for a row that is not there.
template <std::size_t N>
class TensorDataset {
 public:
  TensorDataset(const Tensor& x, Site site = Site::here())
    requires(N == 1)
      : TensorDataset(std::array{x}, site) {}
  TensorDataset(const Tensor& x, const Tensor& y, Site site = Site::here())
    requires(N == 2)
      : TensorDataset(std::array{x, y}, site) {}
  TensorDataset(const Tensor& x, const Tensor& y, const Tensor& z, Site site = Site::here())
    requires(N == 3)
      : TensorDataset(std::array{x, y, z}, site) {}
  TensorDataset(const std::array<Tensor, N>& tensors, Site site = Site::here()) : tensors_(tensors) {
    detail::check_same_rows(tensors_.data(), N, site);
    for (Tensor& tensor : tensors_) tensor = Tensor(tensor.array().contiguous());
  }

  std::int64_t size() const { return tensors_[0].size(0); }
  const std::array<Tensor, N>& tensors() const { return tensors_; }
  std::array<Tensor, N> batch(const Rows& rows, Site site = Site::here()) const {
    detail::check_rows("TensorDataset", rows, size(), site);
    std::array<Tensor, N> result;
    for (std::size_t i = 0; i < N; ++i) result[i] = detail::take_rows(tensors_[i], rows);
    return result;
  }

 private:
  std::array<Tensor, N> tensors_;
};
TensorDataset(const Tensor&) -> TensorDataset<1>;
TensorDataset(const Tensor&, const Tensor&) -> TensorDataset<2>;
TensorDataset(const Tensor&, const Tensor&, const Tensor&) -> TensorDataset<3>;

/// Some rows of a data set. Throws IndexError for a row that is not there.
template <Dataset D>
class Subset {
 public:
  Subset(D dataset, Rows rows, Site site = Site::here()) : dataset_(std::move(dataset)), rows_(std::move(rows)) {
    detail::check_rows("Subset", rows_, static_cast<std::int64_t>(dataset_.size()), site);
  }

  std::int64_t size() const { return static_cast<std::int64_t>(rows_.size()); }
  const Rows& rows() const { return rows_; }
  const D& dataset() const { return dataset_; }
  std::int64_t sort_key(std::int64_t i, Site site = Site::here()) const
    requires detail::HasSortKey<D>
  {
    detail::check_row("Subset", i, size(), site);
    return dataset_.sort_key(rows_[static_cast<std::size_t>(i)]);
  }
  auto batch(const Rows& rows, Rng& rng, Site site = Site::here()) const {
    detail::check_rows("Subset", rows, size(), site);
    Rows inner;
    inner.reserve(rows.size());
    for (std::int64_t i : rows) inner.push_back(rows_[static_cast<std::size_t>(i)]);
    return take_batch(dataset_, inner, rng);
  }

 private:
  D dataset_;
  Rows rows_;
};

/// Deals a data set out at random, each sample to one part: `auto [train, valid] = random_split(dataset, {0.9, 0.1})`.
/// Parts are fractions that add up to 1 (rounded down; the first parts get the samples left over) or, as integers,
/// numbers of samples that add up to all of them (PyTorch `random_split`). Throws ValueError if they do not.
template <Dataset D, class T, std::size_t N>
  requires std::is_arithmetic_v<T>
std::array<Subset<D>, N> random_split(const D& dataset, const T (&parts)[N], Rng& rng = default_rng(),
                                      Site site = Site::here()) {
  std::vector<Rows> rows = detail::deal("random_split", static_cast<std::int64_t>(dataset.size()),
                                        std::vector<double>(parts, parts + N), std::is_floating_point_v<T>, rng, site);
  return [&]<std::size_t... k>(std::index_sequence<k...>) {
    return std::array<Subset<D>, N>{Subset<D>(dataset, std::move(rows[k]), site)...};
  }(std::make_index_sequence<N>());
}

/// A data set whose batches go through a function, see `transform`.
template <Dataset D, class F>
class Transformed {
 public:
  Transformed(D dataset, F f) : dataset_(std::move(dataset)), f_(std::move(f)) {}
  std::int64_t size() const { return static_cast<std::int64_t>(dataset_.size()); }
  const D& dataset() const { return dataset_; }
  std::int64_t sort_key(std::int64_t i) const
    requires detail::HasSortKey<D>
  {
    return dataset_.sort_key(i);
  }
  auto batch(const Rows& rows, Rng& rng) const {
    auto batch = take_batch(dataset_, rows, rng);
    using Batch = decltype(batch);
    if constexpr (std::is_invocable_v<const F&, Batch&, Rng&>) return finish(batch, [&] { return f_(batch, rng); });
    else return finish(batch, [&] { return f_(batch); });
  }

 private:
  template <class Batch, class Call>
  static auto finish(Batch& batch, const Call& call) {
    if constexpr (std::is_void_v<decltype(call())>) {
      call();
      return std::move(batch);
    } else {
      return call();
    }
  }
  D dataset_;
  F f_;
};

/// Passes each batch of a data set through `f(batch)` or `f(batch, rng)`, which changes it or returns another:
///
///     auto augmented = transform(train, [](auto& batch, Rng& rng) {
///       auto& [x, y] = batch;
///       x = random_crop(x, 2, rng);
///     });
///
/// The generator's numbers depend only on the loader's seed, the epoch and the batch. `f` may be called on another
/// thread.
template <Dataset D, class F>
Transformed<D, F> transform(D dataset, F f) {
  return {std::move(dataset), std::move(f)};
}

}  // namespace xg::nn::data
