// Where modules stand in a model: "blocks.0.attention".
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "../../core/graph/observer.hpp"
#include "../module/module.hpp"

namespace xg::inspect {

/// The modules and parameters of a model by their addresses. Valid while the model stays where it is.
class ModelMap {
 public:
  struct Module {
    std::string path;  // "" for the model itself
    std::string_view type;
    const void* address;
  };
  struct Parameter {
    std::string path;
    Tensor tensor;
  };

  /// Knows nothing.
  ModelMap() = default;
  explicit ModelMap(const nn::AnyModel& model);

  /// In the order of the members, outer ones first.
  const std::vector<Module>& modules() const { return modules_; }
  const std::vector<Parameter>& parameters() const { return parameters_; }
  /// Null if it is none of the model's.
  const Module* find(const CalledModule& module) const;
  /// The parameter whose leaf this is; null if it is none of the model's.
  const Parameter* find(const xg::detail::Node& leaf) const;

 private:
  std::vector<Module> modules_;
  std::vector<Parameter> parameters_;
  std::map<std::pair<const void*, std::string_view>, std::size_t> by_address_;
  std::map<const xg::detail::Node*, std::size_t> by_leaf_;
};

/// Follows which modules are being called: an observer hands it what it hears.
class ModulePath {
 public:
  explicit ModulePath(const ModelMap& map) : map_(map) {}

  /// Goes into a module and returns its path. One that the map does not know gets its number, or else its type's short
  /// name, behind the path of the module that calls it; others of that type the same with "#2", "#3", ….
  const std::string& enter(const CalledModule& module);
  /// Comes out of it, and of what an exception left within it; nothing if it was entered unseen.
  void leave(const CalledModule& module);
  /// Of the innermost module; "" outside of all.
  const std::string& path() const;
  /// How many modules are one inside the other here.
  std::size_t depth() const { return stack_.size(); }

 private:
  struct Entry {
    CalledModule module;
    std::string path;
  };
  const ModelMap& map_;
  std::vector<Entry> stack_;
  std::map<std::pair<std::string, std::pair<const void*, std::string_view>>, std::string> made_up_;
  std::map<std::string, int> used_;
};

/// "Linear" of "xg::nn::Linear"; without template arguments.
std::string short_type(std::string_view type);

}  // namespace xg::inspect
