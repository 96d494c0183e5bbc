// The profiler: times and bytes by op and module, and the trace that Chrome reads.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "../core/message.hpp"
#include "files.hpp"
#include "xgrad/inspect.hpp"
#include "xgrad/xgrad.hpp"

using namespace xg;
using inspect::ProfileEvent;

namespace {

const char* here = "profiler_test.cpp:";

struct Block {
  nn::Linear first{16, 16}, second{16, 16};
  Tensor operator()(const Tensor& x) const {
    nn::ModuleCall call(*this, x);
    return call(second(relu(first(x))));
  }
};
struct Net {
  std::vector<Block> blocks = nn::repeat(2, [] { return Block(); });
  nn::Linear out{16, 1};
  Tensor operator()(const Tensor& x) const { return out(blocks[1](blocks[0](x))); }
};

std::optional<inspect::ProfileRow> find(const std::vector<inspect::ProfileRow>& rows, const std::string& path,
                                        const std::string& name) {
  for (const inspect::ProfileRow& row : rows)
    if (row.path == path && row.name == name) return row;
  return std::nullopt;
}

}  // namespace

TEST_CASE("ops and rules are added up by module") {
  Net net;
  Tensor x = randn({8, 16});
  inspect::Profiler profiler(net);
  for (int i = 0; i < 3; ++i) {
    mean(square(net(x))).backward();
    profiler.step();
  }
  std::vector<inspect::ProfileRow> rows = profiler.rows(), ops = profiler.by_op(), modules = profiler.by_module();
  REQUIRE(find(rows, "blocks.1.first", "linear"));
  const inspect::ProfileRow row = *find(rows, "blocks.1.first", "linear");
  CHECK(row.calls == 3);
  CHECK(row.forward_seconds > 0);
  CHECK(row.backward_seconds > 0);
  CHECK(row.bytes >= 3 * 8 * 16 * 4);
  REQUIRE(find(rows, "blocks.0", "relu"));
  REQUIRE(find(ops, "", "linear"));
  CHECK(find(ops, "", "linear")->calls == 15);
  CHECK(find(ops, "", "relu")->calls == 6);
  REQUIRE(find(modules, "blocks", ""));
  CHECK(find(modules, "blocks", "")->calls == 18);
  CHECK(modules[0].path.empty());
  double all = 0;
  for (const inspect::ProfileRow& one : rows) all += one.seconds();
  CHECK(modules[0].seconds() == doctest::Approx(all));
  for (std::size_t i = 1; i < rows.size(); ++i) CHECK(rows[i - 1].seconds() >= rows[i].seconds());

  std::string text = to_string(profiler);
  CHECK(text.find(" in 3 steps, each step:\nop ") != std::string::npos);
  CHECK(text.find("\nlinear  blocks.1.first ") != std::string::npos);
  CHECK(fmt::format("{}", profiler) == text);
  std::ostringstream stream;
  stream << profiler;
  CHECK(stream.str() == text);
}

TEST_CASE("what is shown for each step is of one step") {
  Net net;
  inspect::Profiler profiler(net);
  for (int i = 0; i < 4; ++i) {
    mean(square(net(randn({8, 16})))).backward();
    profiler.step();
  }
  std::istringstream lines(to_string(profiler));
  bool found = false;
  for (std::string line, op, module, calls; std::getline(lines, line);)
    if (std::istringstream(line) >> op >> module >> calls && op == "linear" && module == "blocks.1.first") {
      found = true;
      CHECK(calls == "1");
    }
  CHECK(found);
}

TEST_CASE("rules of passes inside of rules are counted once") {
  inspect::Profiler profiler;
  Tensor x = variable(randn({200, 200}));
  auto inside = [](const Tensor& y) {
    Tensor z = y;
    for (int i = 0; i < 20; ++i) z = tanh(matmul(z, y));
    return z;
  };
  sum(checkpoint(inside, x)).backward();
  double all = 0, pass = 0, trace = 0;
  for (const inspect::ProfileRow& row : profiler.rows()) all += row.backward_seconds;
  for (const ProfileEvent& event : profiler.events()) {
    if (event.kind == ProfileEvent::Kind::backward) pass = std::max(pass, event.seconds);
    if (event.kind == ProfileEvent::Kind::rule) trace += event.seconds;
  }
  CHECK(all > 0);
  CHECK(all <= pass);
  CHECK(trace > pass);  // there a rule lies inside the other
}

TEST_CASE("a pass through a retained graph is placed, and a pass that fails inside of a rule leaves no rule open") {
  Net net;
  inspect::Profiler profiler(net);
  Tensor loss = mean(square(net(randn({8, 16}))));
  auto seconds = [&] { return find(profiler.rows(), "blocks.0.first", "linear")->backward_seconds; };
  loss.backward({.retain_graph = true});
  double once = seconds();
  loss.backward({.retain_graph = true});
  double twice = seconds();
  CHECK(twice > once);
  loss.backward();
  CHECK(seconds() > twice);
  CHECK(!find(profiler.rows(), "", "linear"));

  Tensor x = variable(ones({4}));
  Tensor y = record("forgiving", detach(x), {x}, [&](const Tensor& g) {
    NoGrad recording(false);
    Tensor inner = variable(ones({4}));
    Tensor broken = record("broken", detach(inner), {inner}, [](const Tensor&) -> Tensors { throw ValueError("no"); });
    CHECK_THROWS_AS(sum(broken).backward(), ValueError);
    return Tensors{g};
  });
  sum(y).backward();
  std::optional<inspect::ProfileRow> row = find(profiler.rows(), "", "forgiving");
  REQUIRE(row);
  CHECK(row->backward_seconds > 0);
  CHECK(!find(profiler.rows(), "", "broken"));
}

TEST_CASE("a module that was entered before the profiler was there ends no other") {
  struct Outer {
    nn::Linear inner{2, 2};
    Tensor operator()(const Tensor& x, std::optional<inspect::Profiler>& profiler) const {
      nn::ModuleCall call(*this, x);
      profiler.emplace();
      return call(inner(x));
    }
  } outer;
  struct Deaf : Observer {
  } deaf;
  Observing someone(deaf);  // else the call is not announced
  std::optional<inspect::Profiler> profiler;
  Block block;
  struct Around {
    Outer& outer;
    std::optional<inspect::Profiler>& profiler;
    Tensor operator()(const Tensor& x) const {
      Tensor y = outer(x, profiler);
      nn::ModuleCall call(*this, y);
      return call(y);
    }
  };
  Around{outer, profiler}(ones({1, 2}));
  std::vector<std::string> names;
  for (const ProfileEvent& event : profiler->events())
    if (event.kind == ProfileEvent::Kind::module) names.push_back(event.path);
  CHECK(names == std::vector<std::string>{"Linear", "Around"});
}

TEST_CASE("events lie one inside the other") {
  Net net;
  inspect::Profiler profiler(net);
  mean(square(net(randn({8, 16})))).backward();
  const ProfileEvent *block = nullptr, *inner = nullptr, *pass = nullptr;
  for (const ProfileEvent& event : profiler.events()) {
    CHECK(event.seconds >= 0);
    if (event.kind == ProfileEvent::Kind::module && event.path == "blocks.0") block = &event;
    if (event.kind == ProfileEvent::Kind::op && event.path == "blocks.0.second") inner = &event;
    if (event.kind == ProfileEvent::Kind::backward) pass = &event;
  }
  REQUIRE(block);
  REQUIRE(inner);
  REQUIRE(pass);
  CHECK(block->start <= inner->start);
  CHECK(inner->start + inner->seconds <= block->start + block->seconds);
  int rules = 0;
  for (const ProfileEvent& event : profiler.events())
    if (event.kind == ProfileEvent::Kind::rule) {
      ++rules;
      CHECK(event.start >= pass->start);
      CHECK(event.start + event.seconds <= pass->start + pass->seconds);
    }
  CHECK(rules == 9);
}

TEST_CASE("the trace is what Chrome reads, whatever the names") {
  struct Odd {
    std::map<std::string, nn::Linear> layers;
  } odd;
  odd.layers.emplace("a\"<b>\n\xff", nn::Linear(2, 2));
  File file("", ".json");
  inspect::Profiler profiler(odd);
  sum(odd.layers.begin()->second(ones({1, 2}))).backward();
  profiler.write_chrome_trace(file.path);
  nlohmann::json trace = nlohmann::json::parse(read_bytes(file.path));
  CHECK(trace["displayTimeUnit"] == "ms");
  REQUIRE(trace["traceEvents"].is_array());
  CHECK(trace["traceEvents"].size() == profiler.events().size() + 1);
  bool named = false;
  for (const auto& event : trace["traceEvents"]) {
    CHECK(event["name"].is_string());
    CHECK(event["pid"].is_number_integer());
    CHECK(event["tid"].is_number_integer());
    REQUIRE(event["ph"].is_string());
    if (event["ph"] == "M") continue;
    CHECK(event["ph"] == "X");
    CHECK(event["ts"].is_number());
    CHECK(event["dur"].is_number());
    CHECK(event["dur"] >= 0);
    CHECK(event["args"]["bytes"].is_number_integer());
    named = named || event["name"].get<std::string>().starts_with("layers.a\"<b>\n");
  }
  CHECK(named);
  std::string path = "/nowhere/trace.json";
  CHECK(message<FormatError>([&] { profiler.write_chrome_trace(path); }, here) ==
        "write_chrome_trace: cannot create the file: No such file or directory");
}

TEST_CASE("nothing, too much, and steps that fail") {
  {
    inspect::Profiler idle;
    CHECK(to_string(idle) == "nothing was profiled\n");
    CHECK(nlohmann::json::parse(idle.chrome_trace())["traceEvents"].size() == 1);
  }
  inspect::Profiler profiler({.most_events = 5});
  Tensor x = variable(ones({4}));
  for (int i = 0; i < 10; ++i) x * 2;
  CHECK(profiler.events().size() == 5);
  CHECK(profiler.rows()[0].calls == 10);
  Tensor y = record("broken", detach(x), {x}, [](const Tensor&) -> Tensors { throw ValueError("no"); });
  CHECK_THROWS_AS(sum(y).backward(), ValueError);
  nn::Linear layer(2, 2);
  CHECK_THROWS_AS(layer(ones({1, 3})), ShapeError);
  sum(layer(ones({1, 2}))).backward();
  CHECK(profiler.by_module()[0].calls >= 13);
}
