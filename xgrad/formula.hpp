// The front door to formulas: elementwise("name", lambda) makes an op of a formula.
#pragma once

#include "../core/ops/elementwise.hpp"
