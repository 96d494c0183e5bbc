// What training recorded, epoch by epoch.
#pragma once

#include <string>
#include <vector>

#include "../../core/error/site.hpp"
#include "plot.hpp"

namespace xg::nn {

/// A number and what it is called.
struct Scalar {
  std::string name;
  double value;
};

namespace detail {
/// Throws ValueError when two numbers have the same name, or one the name `reserved`.
void check_names(const char* op, const std::vector<Scalar>& values, const Site& site, const char* reserved = "");
/// "loss, accuracy".
std::string listed(const std::vector<std::string>& names);
}  // namespace detail

/// Named numbers of each epoch: `history["val_loss"].back()`, `nn::plot(history.series({"loss", "val_loss"}))`.
class History {
 public:
  /// Records an epoch. A name that is new was NaN before, one that is missing is NaN now. Throws ValueError for a name
  /// that is there twice.
  void add(const std::vector<Scalar>& values, Site site = Site::here());

  std::int64_t epochs() const { return epochs_; }
  bool has(const std::string& name) const { return find(name) != nullptr; }
  std::vector<std::string> names() const;
  /// One number over the epochs; throws ValueError listing the names there are.
  const std::vector<double>& at(const std::string& name, Site site = Site::here()) const;
  const std::vector<double>& operator[](const std::string& name) const { return at(name, {}); }
  /// Curves for `plot` and `Figure`.
  std::vector<Series> series(const std::vector<std::string>& names, Site site = Site::here()) const;

  /// The epoch (from 1) that was best, by what `fit` monitored; 0 before there is one.
  std::int64_t best_epoch = 0;
  /// The best value of what was monitored.
  double best_value = 0;
  /// Why training ended before its last epoch; empty when it did not.
  std::string stopped;

 private:
  const Series* find(const std::string& name) const;
  std::int64_t epochs_ = 0;
  std::vector<Series> series_;
};

}  // namespace xg::nn
