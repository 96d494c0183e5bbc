// How a model is walked: its members by reflection or as it lists them, and what containers and pointers hold.
#pragma once

#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "../../core/graph/observer.hpp"
#include "parameter.hpp"
#include "reflect.hpp"

namespace xg::nn {

/// Is led through a model, from its first member to its last. A module that reflection cannot see into (one that is
/// type-erased, say) leads it on by hand: `void walk(nn::Walker& walker)`.
class Walker {
 public:
  virtual void parameter(Parameter&) {}
  virtual void buffer(Buffer&) {}
  virtual void training(Training&) {}
  /// A module, before what is in it: its address and type_name. An nn::Layer and what it holds are two modules at the
  /// same path.
  virtual void module(const void*, std::string_view /*type*/) {}

  /// Where it is: "blocks.0.weight".
  const std::string& path() const { return path_; }
  /// Goes into a part of the model; returns what `leave` needs to come back.
  std::size_t enter(std::string_view name);
  std::size_t enter(std::size_t number);
  void leave(std::size_t before) { path_.resize(before); }
  /// Whether to go into a shared object: not where it was led to before, or, if it wants all names, only not where the
  /// object holds itself.
  bool arrives_first(const void* shared);

 protected:
  enum class Names { first, all };
  explicit Walker(Names names = Names::first) : names_(names) {}
  ~Walker() = default;

 private:
  struct Arrival {
    const void* shared;
    std::string path;
  };
  Names names_;
  std::string path_;
  std::vector<Arrival> shared_;
};

namespace detail {

template <class... T>
struct Fields {
  const char* names[sizeof...(T)];
  std::tuple<T&...> members;
};

template <std::size_t... i, class... T>
auto fields_of(std::index_sequence<i...>, std::tuple<T...> list) {
  return Fields<std::remove_reference_t<std::tuple_element_t<2 * i + 1, std::tuple<T...>>>...>{
      {std::get<2 * i>(list)...}, {std::get<2 * i + 1>(list)...}};
}

// What kind of thing a member is, by what can be done with it: no container's header is needed here.

template <class T>
concept ListsFields = requires(T& x) { x.fields(); };
template <class T>
concept WalksItself = requires(T& x, Walker& walker) { x.walk(walker); };
template <class T>
concept Leaf = std::is_same_v<T, Parameter> || std::is_same_v<T, Buffer> || std::is_same_v<T, Training>;
template <class T>
concept OptionalLike = requires(T& x) {
  x.has_value();
  *x;
};
template <class T>
concept PointerLike = requires(T& x) {
  typename T::element_type;
  x.get();
  *x;
};
template <class T>
concept VariantLike = requires(T& x) {
  x.valueless_by_exception();
  x.index();
};
template <class T>
concept Range = requires(T& x) {
  typename T::value_type;
  *x.begin();
  x.end();
};
template <class T>
concept TupleLike = requires { std::tuple_size<T>::value; };
template <class T>
concept Plain = std::is_class_v<T> && std::is_aggregate_v<T>;

template <class T>
struct MayHold;
/// Whether a T is, or may hold, a module. Anything else (numbers, strings, functions, plain tensors) is left alone.
template <class T>
inline constexpr bool may_hold = MayHold<std::remove_cv_t<T>>::value;

template <class T>
inline constexpr bool any_argument_may_hold = false;
template <template <class...> class C, class... T>
inline constexpr bool any_argument_may_hold<C<T...>> = (false || ... || may_hold<T>);

template <class T>
constexpr bool find_may_hold() {
  if constexpr (Leaf<T> || ListsFields<T> || WalksItself<T>) return true;
  else if constexpr (!std::is_class_v<T>) return false;
  else if constexpr (OptionalLike<T> && requires { typename T::value_type; }) return may_hold<typename T::value_type>;
  else if constexpr (PointerLike<T>) return may_hold<typename T::element_type>;
  else if constexpr (Range<T>) return may_hold<typename T::value_type>;
  else if constexpr (VariantLike<T> || TupleLike<T>) return any_argument_may_hold<T>;
  else return Plain<T>;
}
template <class T>
struct MayHold {
  static constexpr bool value = find_may_hold<T>();
};

/// Whether T's parts are found by reflection.
template <class T>
concept Reflected = Plain<T> && !ListsFields<T> && !WalksItself<T> && !OptionalLike<T> && !PointerLike<T> &&
                    !VariantLike<T> && !Range<T> && !TupleLike<T> && !Leaf<T>;
/// Whether T is a module, not a container of them.
template <class T>
concept Module = Reflected<T> || ListsFields<T> || WalksItself<T>;

/// Calls `f(part)` for the parts of `object` that may hold modules, with the walker standing at each.
template <class T, class F>
void for_each_part(T& object, Walker& walker, const F& f) {
  auto at = [&](auto label, auto& part) {
    if constexpr (may_hold<std::remove_reference_t<decltype(part)>>) {
      std::size_t before = walker.enter(label);
      f(part);
      walker.leave(before);
    }
  };
  if constexpr (ListsFields<T> && !requires { object.fields().names; }) {
    for_each_part(object.fields(), walker, f);  // a container, whose elements are named by number
  } else if constexpr (ListsFields<T>) {
    auto fields = object.fields();
    std::apply(
        [&](auto&... member) {
          std::size_t i = 0;
          (at(std::string_view(fields.names[i++]), member), ...);
        },
        fields.members);
  } else if constexpr (OptionalLike<T>) {
    if (object.has_value()) f(*object);
  } else if constexpr (PointerLike<T>) {
    if (object.get() && (!requires { object.use_count(); } || walker.arrives_first(object.get()))) f(*object);
  } else if constexpr (Range<T>) {
    std::size_t i = 0;
    if constexpr (requires { typename T::mapped_type; }) {
      for (auto& [key, element] : object) {
        if constexpr (std::is_convertible_v<decltype(key), std::string_view>) at(std::string_view(key), element);
        else at(i++, element);
      }
    } else {
      for (auto& element : object) at(i++, element);
    }
  } else if constexpr (VariantLike<T>) {
    auto visitor = [&](auto& alternative) {
      if constexpr (may_hold<std::remove_reference_t<decltype(alternative)>>) f(alternative);
    };
    if (!object.valueless_by_exception()) visit(visitor, object);
  } else if constexpr (TupleLike<T>) {
    [&]<std::size_t... i>(std::index_sequence<i...>) {
      (at(i, std::get<i>(object)), ...);
    }(std::make_index_sequence<std::tuple_size<T>::value>());
  } else {
    with_members(object, [&](auto&... member) {
      [&]<std::size_t... i>(std::index_sequence<i...>) {
        [[maybe_unused]] auto named = [&]<std::size_t k>(std::integral_constant<std::size_t, k>, auto& part) {
          if constexpr (may_hold<std::remove_reference_t<decltype(part)>>) at(member_name<T, k>, part);
        };
        (named(std::integral_constant<std::size_t, i>(), member), ...);
      }(std::make_index_sequence<sizeof...(member)>());
    });
  }
}

template <class T>
void walk(T& object, Walker& walker) {
  if constexpr (Module<T> && !Leaf<T>) walker.module(&object, type_name<T>());
  if constexpr (std::is_same_v<T, Parameter>) walker.parameter(object);
  else if constexpr (std::is_same_v<T, Buffer>) walker.buffer(object);
  else if constexpr (std::is_same_v<T, Training>) walker.training(object);
  else if constexpr (WalksItself<T>) object.walk(walker);
  else for_each_part(object, walker, [&](auto& part) { walk(part, walker); });
}

template <class T, class F>
void walk_modules(T& object, Walker& walker, F& f) {
  if constexpr (Module<T>) {
    if constexpr (std::is_invocable_v<F&, const std::string&, T&>) f(walker.path(), object);
    else if constexpr (std::is_invocable_v<F&, T&>) f(object);
  }
  if constexpr (!Leaf<T> && !WalksItself<T>)
    for_each_part(object, walker, [&](auto& part) { walk_modules(part, walker, f); });
}

}  // namespace detail

/// Lists the fields of a module that is not a plain struct, in one line, which must be public:
/// `auto fields() { return nn::fields("weight", weight, "bias", bias); }`. A module that is a list of others returns
/// its container, whose elements are then named "0", "1", …: `auto& fields() { return layers; }`.
template <class... T>
auto fields(T&&... names_and_members) {
  static_assert(sizeof...(T) % 2 == 0, "fields() takes a name before each member: nn::fields(\"weight\", weight)");
  return detail::fields_of(std::make_index_sequence<sizeof...(T) / 2>(),
                           std::tuple<T&&...>(static_cast<T&&>(names_and_members)...));
}

}  // namespace xg::nn
