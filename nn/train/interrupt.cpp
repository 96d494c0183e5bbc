#include "interrupt.hpp"

#include <csignal>

#include <atomic>
#include <mutex>

namespace xg::nn {
namespace {

constexpr int watched[] = {SIGINT, SIGTERM};

std::mutex mutex;
int users = 0;
bool taken[2];
// Plain objects, since the handler reads them.
struct sigaction former[2];
std::atomic<int> received = 0;
static_assert(std::atomic<int>::is_always_lock_free);

void on_signal(int signal) {
  if (received.exchange(signal) == 0) return;
  sigaction(signal, &former[signal == SIGINT ? 0 : 1], nullptr);
  raise(signal);  // comes through as soon as this returns
}

}  // namespace

Interrupt::Interrupt() {
  std::lock_guard lock(mutex);
  if (users++ > 0) return;
  received = 0;
  for (int i = 0; i < 2; ++i) {
    sigaction(watched[i], nullptr, &former[i]);
    taken[i] = (former[i].sa_flags & SA_SIGINFO) != 0 || former[i].sa_handler != SIG_IGN;
    if (!taken[i]) continue;
    struct sigaction action {};
    action.sa_handler = on_signal;
    sigemptyset(&action.sa_mask);
    action.sa_flags = SA_RESTART;
    sigaction(watched[i], &action, nullptr);
  }
}

Interrupt::~Interrupt() {
  std::lock_guard lock(mutex);
  if (--users > 0) return;
  for (int i = 0; i < 2; ++i) {
    struct sigaction current {};
    sigaction(watched[i], nullptr, &current);
    // Whoever took the signal since then keeps it.
    if (taken[i] && current.sa_handler == on_signal) sigaction(watched[i], &former[i], nullptr);
  }
}

int Interrupt::signal() const { return received; }
void Interrupt::clear() { received = 0; }

}  // namespace xg::nn
