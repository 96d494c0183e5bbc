// The derivatives of ops in words, for who reads a graph.
#pragma once

#include <string_view>

namespace xg::inspect {

/// The derivative of an op of this name in its inputs, x, or a and b: "dy/dx = 1 − y²"; where it is no factor of each
/// element, what the rule makes of the cotangent g of the output y: "g bᵀ to a, aᵀ g to b". "" for a leaf; "by the
/// formula of the op" for an op that is not xgrad's own.
std::string_view derivative_in_words(std::string_view op);

}  // namespace xg::inspect
