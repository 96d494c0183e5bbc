// Collecting what a StateVisitor is shown, and giving it back.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "state.hpp"

namespace xg::nn::detail {

/// Throws FormatError that lists all that does not fit; `file` may be empty.
[[noreturn]] void refuse(const LoadReport& report, const char* op, const std::string& file, const Site& site);

/// "f32 (2, 3)".
std::string describe(DType dtype, const Shape& shape);

/// Collects a state. The arrays are the object's own where they have the right dtype.
class StateSaver final : public StateVisitor {
 public:
  explicit StateSaver(const Site& site) : site_(site) {}
  bool loads() const override { return false; }
  std::vector<NamedArray> take() { return std::move(arrays_); }

 private:
  const Array* meet(const std::string& name, const Item& item) override;
  void refuse(const std::string&, const std::string&) override {}
  const Site& site_;
  std::vector<NamedArray> arrays_;
  std::unordered_set<std::string> names_;
};

/// Named arrays to be loaded, and which of them were asked for.
class Given {
 public:
  /// Keeps to names that start with `prefix`, and drops it.
  explicit Given(const std::vector<NamedArray>& arrays, std::string_view prefix = "");
  /// Null if there is none.
  const Array* find(const std::string& name);
  LoadReport report;
  /// Reports the names that were not asked for.
  void finish();

 private:
  struct Entry {
    const Array* array;
    bool used = false;
  };
  std::map<std::string_view, Entry> entries_;
};

/// Gives a state back: an object is shown to it to `check`, then to `load` if everything fits.
class StateLoader final : public StateVisitor {
 public:
  explicit StateLoader(Given& given) : given_(given) {}
  void check(const AnyState& object);
  void load(const AnyState& object);
  bool loads() const override { return loads_; }

 private:
  const Array* meet(const std::string& name, const Item& item) override;
  void refuse(const std::string& name, const std::string& why) override;
  Given& given_;
  Array absent_;
  bool loads_ = false;
};

}  // namespace xg::nn::detail
