// Where a step's time and memory go.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "../../core/ops/print.hpp"
#include "placed_observer.hpp"

namespace xg::inspect {

/// One op, rule or module call as it was timed; in seconds since the profiler was made.
struct ProfileEvent {
  enum class Kind { op, rule, module, backward } kind = Kind::op;
  const char* name;
  Site site;
  std::string path;
  double start = 0, seconds = 0;
  /// Bytes of arrays that were live afterwards more than before.
  std::int64_t bytes = 0;
};

/// All calls of an op, or of a module's ops, added up.
struct ProfileRow {
  std::string path, name;
  std::int64_t calls = 0;
  double forward_seconds = 0, backward_seconds = 0;
  std::int64_t bytes = 0;

  double seconds() const { return forward_seconds + backward_seconds; }
};

struct ProfilerOptions {
  /// Events beyond these are added up, but not kept for the trace.
  std::size_t most_events = 1'000'000;
};

/// While it lives, times each op and rule that runs on this thread, and sees what memory it leaves occupied:
///
///     inspect::Profiler profiler(model);
///     for (int i = 0; i < 10; ++i) { ...; profiler.step(); }
///     fmt::print("{}\n", profiler);
///     profiler.write_chrome_trace("trace.json");  // for chrome://tracing or ui.perfetto.dev
///
/// An op's time runs from the end of the op, or the beginning or end of the module, before it: what the program does
/// between two ops counts for the second, except after `step`. A rule's time holds all that the rule calls, but
/// for the rules of passes within it, as a checkpoint has, which are counted themselves; in the trace it holds these
/// too.
class Profiler : detail::PlacedObserver {
 public:
  explicit Profiler(const ProfilerOptions& options = {});
  explicit Profiler(const nn::AnyModel& model, const ProfilerOptions& options = {});

  /// A step is done: what comes before the next op, such as loading data, is not its time.
  void step();
  /// From the most time to the least: ops by their names and modules, ops by their names, and modules with all in them;
  /// the model itself is "".
  std::vector<ProfileRow> rows() const;
  std::vector<ProfileRow> by_op() const;
  std::vector<ProfileRow> by_module() const;
  const std::vector<ProfileEvent>& events() const { return events_; }
  /// Writes the events as JSON in Chrome's trace format. Throws FormatError.
  void write_chrome_trace(const std::string& path, Site site = Site::here()) const;
  std::string chrome_trace() const;

 private:
  void op_computed(const ComputedOp& op) override;
  void backward_started(const Tensors& outputs) override;
  void rule_started(const xg::detail::Node& node, const Tensors& cotangents) override;
  void rule_ended(const xg::detail::Node& node, const Tensors& cotangents, const Tensors& gradients) override;
  void backward_ended() override;
  void module_entered(const CalledModule& module, const Tensors& inputs) override;
  void module_left(const CalledModule& module, Tensors& outputs) override;

  /// Begins to count anew from here.
  void mark();
  void add(const ProfileEvent& event) { add(event, event.seconds); }
  /// With the time that counts for its row.
  void add(ProfileEvent event, double seconds);
  struct Begun {
    const char* name;
    Site site;
    std::string path;
    double start;
    std::int64_t bytes;
    double within = 0;  // of a rule: what the rules of passes inside of it took
  };
  struct BegunModule : Begun {
    CalledModule module;
  };
  struct BegunPass : Begun {
    Ref<xg::detail::Node> root;
    std::size_t rules;               // that were under way
    std::vector<std::uint64_t> ran;  // sequence numbers
  };

  ProfilerOptions options_;
  double begun_, marked_ = 0;
  std::int64_t live_ = 0, steps_ = 0;
  std::vector<ProfileEvent> events_;
  std::unordered_map<std::string, std::size_t> places_;
  std::vector<ProfileRow> rows_;
  std::vector<BegunModule> modules_;
  std::vector<BegunPass> passes_;
  std::vector<Begun> rules_;
  std::unordered_map<std::uint64_t, std::string> paths_;  // of what was recorded, by sequence numbers
  Observing observing_;

  friend std::string to_string(const Profiler& profiler);
};

/// The dearest ops by module, and the modules.
std::string to_string(const Profiler& profiler);
std::ostream& operator<<(std::ostream& out, const Profiler& profiler);

}  // namespace xg::inspect

template <>
struct fmt::formatter<xg::inspect::Profiler> : xg::detail::Formatter {
  template <class Context>
  auto format(const xg::inspect::Profiler& profiler, Context& context) const {
    return write(xg::detail::padded(xg::inspect::to_string(profiler), specification), context);
  }
};
