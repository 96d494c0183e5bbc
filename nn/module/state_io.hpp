// Collecting what a StateVisitor is shown, and giving it back.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "state.hpp"

namespace xg::nn::detail {

/// What keeps named arrays from being loaded, each with its name first.
struct Misfits {
  std::vector<std::string> missing, unexpected, mismatched;
  bool none() const { return missing.empty() && unexpected.empty() && mismatched.empty(); }
  /// Throws FormatError that lists them all; `file` may be empty.
  [[noreturn]] void raise(const char* op, const std::string& file, const Site& site) const;
};

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

/// Gives a state back: an object is shown to it to `check`, then to `load` if there are no misfits.
class StateLoader final : public StateVisitor {
 public:
  explicit StateLoader(const std::vector<NamedArray>& arrays);
  bool loads() const override { return writes_; }
  void check(const AnyState& object);
  /// What was found wrong so far; `finish` counts what no object asked for.
  Misfits& misfits() { return misfits_; }
  void finish();
  void load(const AnyState& object);

 private:
  struct Entry {
    const Array* array;
    bool used;
  };
  const Array* meet(const std::string& name, const Item& item) override;
  void refuse(const std::string& name, const std::string& why) override;
  std::map<std::string_view, Entry> entries_;
  Misfits misfits_;
  Array absent_;
  bool writes_ = false;
};

}  // namespace xg::nn::detail
