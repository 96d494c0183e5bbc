// The front door between xtensor and xgrad: from_xt, xt_view, to_xt. Include it before other xtensor headers.
#pragma once

#include "../core/ops/xtensor_bridge.hpp"
