// Paths of modules and of what is in them: "blocks.0.attention.weight".
#pragma once

#include <string>

namespace xg::inspect::detail {

/// "blocks.0" of "blocks.0.weight": the layer of a parameter; "" of what is in the model itself.
inline std::string parent_path(const std::string& path) {
  std::size_t dot = path.rfind('.');
  return dot == path.npos ? std::string() : path.substr(0, dot);
}

/// "weight" of "blocks.0.weight".
inline std::string last_part(const std::string& path) {
  std::size_t dot = path.rfind('.');
  return dot == path.npos ? path : path.substr(dot + 1);
}

/// "blocks.0" of "blocks.0.weight" and 2; all of a path of fewer parts.
inline std::string first_parts(const std::string& path, std::size_t parts) {
  std::size_t end = 0;
  for (std::size_t k = 0; k < parts && end != path.npos; ++k) end = path.find('.', k ? end + 1 : 0);
  return path.substr(0, end);
}

/// Whether a path is that of a module, or of something in it. All is within the model itself, "".
inline bool is_within(const std::string& path, const std::string& module) {
  return module.empty() || path == module || (path.starts_with(module) && path[module.size()] == '.');
}

}  // namespace xg::inspect::detail
