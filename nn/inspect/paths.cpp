#include "paths.hpp"

namespace xg::inspect {

ModelMap::ModelMap(const nn::AnyModel& model) {
  struct Visitor final : nn::Walker {
    explicit Visitor(ModelMap& map) : map(map) {}
    void module(const void* address, std::string_view type) override {
      if (map.by_address_.emplace(std::pair(address, type), map.modules_.size()).second)
        map.modules_.push_back({path(), type, address});
    }
    void parameter(nn::Parameter& p) override {
      if (!p.defined()) return;
      const xg::detail::Node* leaf = p.impl()->node.get();
      if (leaf && !map.by_leaf_.emplace(leaf, map.parameters_.size()).second) return;  // shared, and met before
      map.parameters_.push_back({path(), p});
    }
    ModelMap& map;
  } visitor(*this);
  model.walk(visitor);
}

const ModelMap::Module* ModelMap::find(const CalledModule& module) const {
  auto found = by_address_.find({module.address, module.type});
  return found == by_address_.end() ? nullptr : &modules_[found->second];
}

const ModelMap::Parameter* ModelMap::find(const xg::detail::Node& leaf) const {
  auto found = by_leaf_.find(&leaf);
  return found == by_leaf_.end() ? nullptr : &parameters_[found->second];
}

const std::string& ModulePath::enter(const CalledModule& module) {
  std::string path;
  if (const ModelMap::Module* known = map_.find(module)) {
    path = known->path;
  } else {
    const std::string& caller = this->path();
    std::string& part = made_up_[{caller, {module.address, module.type}}];
    if (part.empty()) {
      part = module.number >= 0 ? std::to_string(module.number) : short_type(module.type);
      int times = ++used_[caller + '.' + part];
      if (times > 1) part += '#' + std::to_string(times);
    }
    path = caller.empty() ? part : caller + '.' + part;
  }
  stack_.push_back({module, std::move(path)});
  return stack_.back().path;
}

void ModulePath::leave(const CalledModule& module) {
  for (std::size_t i = stack_.size(); i-- > 0;)
    if (stack_[i].module.is(module)) return stack_.resize(i);
}

const std::string& ModulePath::path() const {
  static const std::string outside;
  return stack_.empty() ? outside : stack_.back().path;
}

std::string short_type(std::string_view type) {
  if (type.starts_with("(lambda at")) return "function";  // clang's word
  std::size_t end = type.find('<');
  if (type.find('(') < end && !type.starts_with('(') && !type.starts_with('{')) {
    // A function's or a lambda's type has parentheses.
    if (type.find("(*)") != type.npos || type.find("lambda") != type.npos || type.find("::<") != type.npos)
      return "function";
  }
  std::string_view name = type.substr(0, end);
  std::size_t colons = name.rfind("::");
  if (colons != name.npos) name.remove_prefix(colons + 2);
  return std::string(name.empty() ? type : name);
}

}  // namespace xg::inspect
