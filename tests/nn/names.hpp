// What a model's tensors are called.
#pragma once

#include <string>
#include <vector>

#include "../../nn/module/module.hpp"

/// "hidden.weight hidden.bias": of the parameters, or of the buffers.
inline std::string names(const std::vector<xg::nn::NamedTensor>& list) {
  std::string text;
  for (const auto& [name, tensor] : list) text += (text.empty() ? "" : " ") + name;
  return text;
}
inline std::string names(const xg::nn::AnyModel& model) { return names(xg::nn::named_parameters(model)); }
