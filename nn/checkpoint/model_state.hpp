// The tensors of a model, for files.
#pragma once

#include <string>
#include <vector>

#include "../module/module.hpp"
#include "../module/state_io.hpp"

namespace xg::nn::detail {

/// The parameters and buffers of a model, in its order, and all their names: tied ones have several.
class ModelState {
 public:
  /// Throws ValueError when two tensors have one name.
  ModelState(const char* op, const AnyModel& model, const Site& site);

  /// The arrays themselves, under their first names.
  void collect(const std::string& prefix, std::vector<NamedArray>& arrays) const;
  /// Looks for an array for each tensor, under any of its names, and reports what is wrong.
  void check(const std::string& prefix, Given& given);
  /// Gives the tensors that fit the arrays that were found.
  void load(const Site& site) const;

 private:
  struct Slot {
    Tensor tensor;
    std::vector<std::string> names;
    const Array* found = nullptr;
  };
  std::vector<Slot> slots_;
};

}  // namespace xg::nn::detail
