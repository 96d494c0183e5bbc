// Nothing in tests/goldens goes unchecked, and the list of exceptions is no longer than it must be.
#include "goldens.hpp"

#include <algorithm>
#include <filesystem>
#include <set>

using namespace xg_test;

TEST_CASE("every file of goldens belongs to a family that is checked") {
  std::set<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator("tests/goldens"))
    if (entry.path().extension() == ".json") files.insert(entry.path().stem());
  CHECK(files == std::set<std::string>(golden_families.begin(), golden_families.end()));
}

TEST_CASE("every exception names a case, once, and gives a reason") {
  std::vector<std::string> cases;
  for (const std::string& family : golden_families) {
    std::vector<std::string> more = golden_cases(family);
    cases.insert(cases.end(), more.begin(), more.end());
  }
  CHECK(cases.size() >= 1224);
  CHECK(std::set<std::string>(cases.begin(), cases.end()).size() == cases.size());
  std::set<std::string> seen;
  for (const GoldenException& exception : golden_exceptions()) {
    std::string label = exception.op + "/" + exception.name;
    INFO(label);
    CHECK(std::count(cases.begin(), cases.end(), label) == 1);
    CHECK(seen.insert(label + name_of(exception.dtype)).second);
    CHECK(exception.tolerance >= (exception.dtype == f64 ? 1e-12 : 4e-6));
    CHECK(std::string(exception.reason).size() > 10);
  }
}
