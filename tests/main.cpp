// The main function of the test programs. After every test case the library must hold what it held before.
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <iostream>

#include "../core/array/memory.hpp"

namespace {

int leaking_cases = 0;

struct MemoryWatch : doctest::IReporter {
  explicit MemoryWatch(const doctest::ContextOptions&) {}

  void test_case_start(const doctest::TestCaseData& started) override {
    test_case = &started;
    before = xg::memory_stats();
  }

  void test_case_end(const doctest::CurrentTestCaseStats&) override {
    xg::MemoryStats after = xg::memory_stats();
    if (after.live_nodes == before.live_nodes && after.live_bytes == before.live_bytes) return;
    ++leaking_cases;
    std::cout << test_case->m_file.c_str() << ":" << test_case->m_line << ": \"" << test_case->m_name << "\" left "
              << after.live_nodes - before.live_nodes << " nodes and " << after.live_bytes - before.live_bytes
              << " bytes behind\n";
  }

  void report_query(const doctest::QueryData&) override {}
  void test_run_start() override {}
  void test_run_end(const doctest::TestRunStats&) override {}
  void test_case_reenter(const doctest::TestCaseData&) override {}
  void test_case_exception(const doctest::TestCaseException&) override {}
  void subcase_start(const doctest::SubcaseSignature&) override {}
  void subcase_end() override {}
  void log_assert(const doctest::AssertData&) override {}
  void log_message(const doctest::MessageData&) override {}
  void test_case_skipped(const doctest::TestCaseData&) override {}

  const doctest::TestCaseData* test_case = nullptr;
  xg::MemoryStats before;
};

}  // namespace

REGISTER_LISTENER("memory", 1, MemoryWatch);

int main(int argc, char** argv) {
  int status = doctest::Context(argc, argv).run();
  return status != 0 ? status : leaking_cases;
}
