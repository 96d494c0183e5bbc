// The derivatives of ops in words, for who reads a graph.
#pragma once

#include <string_view>

namespace xg::inspect {

/// How an op of this name turns the cotangent g of its output y into those of its inputs: "g (1 − y²)". Inputs are x,
/// or a and b. "by the formula of the op" for an op that is not xgrad's own.
std::string_view derivative_in_words(std::string_view op);

}  // namespace xg::inspect
