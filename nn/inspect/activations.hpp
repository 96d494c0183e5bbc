// What a Recording tells about activations, and about the lines where gradients grow or shrink.
#pragma once

#include <string>
#include <vector>

#include "gradients.hpp"
#include "recording.hpp"

namespace xg::inspect {

/// An activation as it was seen.
struct ActivationLook {
  std::string op;
  Site site;
  /// The module whose output it is applied to: that of the parameters right before it.
  std::string layer;
  /// The units of its output, and of how many of them a ReLU gave 0 for every sample; none where there are fewer than
  /// four samples.
  std::int64_t units = 0, samples = 0, dead = 0;
  /// Part of the elements where a sigmoid or tanh is flat: its derivative is below a twentieth of the largest.
  double saturated = 0;
  /// No layer comes after it: flat is what a classifier's output should become.
  bool is_last = false;

  double dead_share() const { return units > 0 ? static_cast<double>(dead) / static_cast<double>(units) : 0; }
};

/// The ReLUs, sigmoids and tanhs of a recording, in the order they were computed.
std::vector<ActivationLook> activations(const Recording& recording);

/// A line of code, and by how much |gradient| grew from what came out of its ops to what went into them, all in all.
struct LineGrowth {
  std::string op;
  Site site;
  std::int64_t times = 0;
  double factor = 1;
};
/// The lines that backward ran through, from the largest factor to the smallest. Parameters' own gradients count for
/// nothing.
std::vector<LineGrowth> growth(const Recording& recording);

namespace detail {
/// Explains verdicts by what a recording knows, and finds dead and saturated layers.
void judge(std::vector<ParameterLook>& looks, const Recording& recording, const VerdictLimits& limits);
}  // namespace detail

}  // namespace xg::inspect
