// What an object must keep between two runs of a program, listed once for both saving and loading.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <type_traits>
#include <vector>

#include "../../core/array/array.hpp"
#include "../../core/array/random.hpp"
#include "../../core/error/site.hpp"

namespace xg::nn {

/// Is shown the state of an optimizer, a schedule, a loader or a moving average, to save it or to load it. The object
/// lists all of it in `void state(nn::StateVisitor& visitor)`:
///
///     visitor.visit("steps", steps_, 0);
///     for (std::size_t i = 0; i < velocity_.size(); ++i)
///       visitor.visit(std::to_string(i) + ".velocity", velocity_[i], parameters[i].shape(), parameters[i].dtype());
///
/// Loading calls `state` twice, first to check everything, then to change it: what is listed must not depend on values
/// that are being loaded. A list of arrays that grows is listed up to its greatest length, with empty arrays at the
/// end. Names are unique within an object; `enter` sets the names of a part apart.
class StateVisitor {
 public:
  static constexpr std::int64_t any_low = std::numeric_limits<std::int64_t>::min();
  static constexpr std::int64_t any_high = std::numeric_limits<std::int64_t>::max();
  /// More steps than anything makes, each an exact double, with room to count on.
  static constexpr std::int64_t most_steps = std::int64_t(1) << 53;
  static constexpr double most_finite = std::numeric_limits<double>::max();

  /// An integer; one outside [least, most] is not loaded. Returns what the value will be once all is loaded, so that
  /// values can be checked together: see `reject`.
  std::int64_t visit(const std::string& name, std::int64_t& value, std::int64_t least = any_low,
                     std::int64_t most = any_high);
  /// All 64 bits, such as a seed.
  void visit(const std::string& name, std::uint64_t& value);
  void visit(const std::string& name, bool& value);
  /// A number; with bounds, one outside [least, most], or NaN, is not loaded. Returns what it will be.
  double visit(const std::string& name, double& value);
  double visit(const std::string& name, double& value, double least,
               double most = std::numeric_limits<double>::infinity());
  /// Lists of any length.
  void visit(const std::string& name, std::vector<std::int64_t>& values);
  void visit(const std::string& name, std::vector<double>& values);
  /// An array that may not be there yet: an empty one is not saved, and one that was not saved becomes empty. It is
  /// saved in `dtype`, and loaded only if it has `shape` and `dtype`.
  void visit(const std::string& name, Array& value, const Shape& shape, DType dtype);
  /// Where a generator stands.
  void visit(const std::string& name, Rng& rng);

  /// While loading is being checked: what was listed as `name` cannot be loaded, and so nothing is. Otherwise does
  /// nothing.
  void reject(const std::string& name, const std::string& why);

  /// Whether the object is being changed: what was computed from the state is then to be forgotten.
  virtual bool loads() const = 0;

  /// Until what it returns is gone, names have `name.` before them.
  class Scope {
   public:
    ~Scope() { visitor_.path_.resize(before_); }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    friend class StateVisitor;
    Scope(StateVisitor& visitor, std::size_t before) : visitor_(visitor), before_(before) {}
    StateVisitor& visitor_;
    std::size_t before_;
  };
  [[nodiscard]] Scope enter(const std::string& name);

 protected:
  StateVisitor() = default;
  ~StateVisitor() = default;

  /// Something in the state: the array it is now, and what it must be. `shape` is null for a list of any length; an
  /// optional one may be empty.
  struct Item {
    const Array& array;
    const Shape* shape;
    DType dtype;
    bool optional;
  };
  /// Takes the item when saving. When loading, gives what to load, an empty array for an optional item that is absent.
  /// Null: there is nothing to load, or nothing that fits.
  virtual const Array* meet(const std::string& name, const Item& item) = 0;
  /// Hears why what `meet` gave cannot be loaded.
  virtual void refuse(const std::string& name, const std::string& why) = 0;

 private:
  template <class T, class F>
  T number(const std::string& name, T& value, DType dtype, const F& fault);
  template <class T>
  void list(const std::string& name, std::vector<T>& values);
  std::string full(const std::string& name) const;
  std::string path_;
};

/// Anything that has `void state(nn::StateVisitor&)`, a generator, a number or a list of numbers, as an argument. Lives
/// for one call.
class AnyState {
 public:
  template <class S>
    requires requires(S& object, StateVisitor& visitor) { object.state(visitor); }
  AnyState(S& object)
      : object_(&object), show_([](void* object, StateVisitor& visitor) { static_cast<S*>(object)->state(visitor); }) {}
  /// A generator, or a list of numbers.
  template <class S>
    requires requires(S& object, StateVisitor& visitor) { visitor.visit("", object); } && (!std::is_arithmetic_v<S>)
  AnyState(S& object)
      : object_(&object),
        show_([](void* object, StateVisitor& visitor) { visitor.visit("", *static_cast<S*>(object)); }) {}
  template <class T>
    requires(std::is_arithmetic_v<T> && !std::is_const_v<T>)
  AnyState(T& number)
      : object_(&number), show_([](void* object, StateVisitor& visitor) {
          T& number = *static_cast<T*>(object);
          if constexpr (std::is_same_v<T, bool>) {
            visitor.visit("", number);
          } else if constexpr (std::is_floating_point_v<T> || (std::is_unsigned_v<T> && sizeof(T) == 8)) {
            std::conditional_t<std::is_floating_point_v<T>, double, std::uint64_t> value = number;
            visitor.visit("", value);
            if (visitor.loads()) number = static_cast<T>(value);
          } else {
            auto value = static_cast<std::int64_t>(number);
            visitor.visit("", value, static_cast<std::int64_t>(std::numeric_limits<T>::min()),
                          static_cast<std::int64_t>(std::numeric_limits<T>::max()));
            if (visitor.loads()) number = static_cast<T>(value);
          }
        }) {}

  void show(StateVisitor& visitor) const { show_(object_, visitor); }

 private:
  void* object_;
  void (*show_)(void*, StateVisitor&);
};

/// An array and what it is called in a state or a file.
struct NamedArray {
  std::string name;
  Array array;
};

/// How the names in a file, or in a state, fit an object's.
struct LoadReport {
  /// Names that the object wants and the file has not.
  std::vector<std::string> missing;
  /// Names in the file that nothing wants.
  std::vector<std::string> unexpected;
  /// Names with what is wrong: "weight: is f32 (3, 2), wanted f32 (2, 3)".
  std::vector<std::string> mismatched;

  bool fits() const { return missing.empty() && unexpected.empty() && mismatched.empty(); }
};

/// A copy of an object's state, to come back to with `set_state`.
std::vector<NamedArray> state_of(const AnyState& object, Site site = Site::here());
/// Brings an object into a state that `state_of` an equal object gave. Throws FormatError when a name is missing,
/// unexpected or does not fit, listing all such names; the object is then unchanged.
void set_state(const AnyState& object, const std::vector<NamedArray>& state, Site site = Site::here());

}  // namespace xg::nn
