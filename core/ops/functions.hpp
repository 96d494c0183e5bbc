// Every elementwise function, family by family.
#pragma once

#include "activations.hpp"
#include "arithmetic.hpp"
#include "compare.hpp"
#include "exponential.hpp"
#include "powers.hpp"
#include "rounding.hpp"
#include "select.hpp"
#include "special.hpp"
#include "trigonometric.hpp"
