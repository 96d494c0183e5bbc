// Looking at gradients: explanations, pictures, summaries, reports.
#pragma once

#include "../core/graph/observer.hpp"
#include "../core/inspect/explain.hpp"
#include "../core/inspect/graph.hpp"
#include "../core/inspect/statistics.hpp"
#include "../core/inspect/table.hpp"
#include "../nn/inspect/gradients.hpp"
#include "../nn/inspect/keep_values.hpp"
#include "../nn/inspect/paths.hpp"
#include "../nn/inspect/summary.hpp"
