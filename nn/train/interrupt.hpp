// Ctrl-C as a question that a training loop answers, instead of an end in the middle of a step.
#pragma once

namespace xg::nn {

/// While it lives, Ctrl-C (SIGINT) and SIGTERM only raise a flag, so that a loop can end its step, save and report:
///
///     nn::Interrupt interrupt;
///     while (!interrupt.requested()) { ... }
///
/// A second one ends the program at once, as if there had been no Interrupt. Afterwards the program's own handlers are
/// back. A signal that was ignored (by `nohup`, say) stays ignored. Several at a time share the flag.
class Interrupt {
 public:
  Interrupt();
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  bool requested() const { return signal() != 0; }
  /// The signal that came, such as SIGINT; 0 for none.
  int signal() const;
  /// Lowers the flag: the loop goes on.
  void clear();
};

}  // namespace xg::nn
