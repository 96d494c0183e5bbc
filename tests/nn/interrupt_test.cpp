// Ctrl-C during training.
#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "xgrad/xgrad.hpp"

using namespace xg;

namespace {

int heard = 0;
void own_handler(int) { ++heard; }

/// How a child process ends that runs `f`.
template <class F>
int status_of(const F& f) {
  pid_t child = fork();
  if (child == 0) {
    f();
    _exit(7);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return status;
}

}  // namespace

TEST_CASE("a signal raises the flag, and the former handler comes back") {
  auto before = std::signal(SIGINT, own_handler);
  {
    nn::Interrupt interrupt;
    CHECK_FALSE(interrupt.requested());
    std::raise(SIGINT);
    CHECK(interrupt.requested());
    CHECK(interrupt.signal() == SIGINT);
    CHECK(heard == 0);
    nn::Interrupt inner;  // shares the flag
    CHECK(inner.requested());
    inner.clear();
    CHECK_FALSE(interrupt.requested());
    std::raise(SIGTERM);
    CHECK(interrupt.signal() == SIGTERM);
    std::raise(SIGINT);  // the second one is the program's own affair
    CHECK(heard == 1);
  }
  std::raise(SIGINT);
  CHECK(heard == 2);
  std::signal(SIGINT, before);
}

TEST_CASE("a second Ctrl-C ends the program as if nobody had listened") {
  int status = status_of([] {
    std::signal(SIGINT, SIG_DFL);
    nn::Interrupt interrupt;
    std::raise(SIGINT);
    if (!interrupt.requested()) _exit(1);
    std::raise(SIGINT);
  });
  CHECK(WIFSIGNALED(status));
  CHECK(WTERMSIG(status) == SIGINT);
}

TEST_CASE("an ignored signal stays ignored, a handler set meanwhile stays") {
  int status = status_of([] {
    std::signal(SIGINT, SIG_IGN);
    nn::Interrupt interrupt;
    std::raise(SIGINT);
    _exit(interrupt.requested() ? 1 : 0);
  });
  CHECK(status == 0);
  status = status_of([] {
    {
      nn::Interrupt interrupt;
      std::signal(SIGINT, own_handler);
    }
    std::raise(SIGINT);
    _exit(heard == 0);
  });
  CHECK(status == 0);
}
