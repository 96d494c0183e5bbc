// Looking at gradients: explanations, pictures, summaries, reports, verdicts, anomalies, hooks, profiles.
#pragma once

#include "../core/graph/observer.hpp"
#include "../core/inspect/explain.hpp"
#include "../core/inspect/graph.hpp"
#include "../core/inspect/picture.hpp"
#include "../core/inspect/statistics.hpp"
#include "../core/inspect/table.hpp"
#include "../nn/inspect/activations.hpp"
#include "../nn/inspect/anomaly.hpp"
#include "../nn/inspect/gradients.hpp"
#include "../nn/inspect/hooks.hpp"
#include "../nn/inspect/keep_values.hpp"
#include "../nn/inspect/paths.hpp"
#include "../nn/inspect/profiler.hpp"
#include "../nn/inspect/recording.hpp"
#include "../nn/inspect/summary.hpp"
#include "../nn/inspect/why.hpp"
