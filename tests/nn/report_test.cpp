// The report's text: what it holds, what it escapes, what it refuses. What a browser makes of it, tests/page checks.
#include "xgrad/inspect.hpp"
#include "xgrad/testing.hpp"
#include "xgrad/xgrad.hpp"

#include "../core/message.hpp"

#include <unistd.h>
#include <filesystem>
#include <nlohmann/json.hpp>

using namespace xg;

namespace {

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

struct Net {
  nn::Linear first{4, 8}, second{8, 3};
  Tensor operator()(const Tensor& x) const { return second(relu(first(x))); }
};

std::string page(const Tensor& loss, const nn::AnyModel& model, const inspect::ReportOptions& options = {}) {
  return inspect::detail::report(loss, model, options, Site::here());
}

/// What the page draws from.
nlohmann::json drawn(const std::string& page) {
  std::string start = "id=\"data\">";
  std::size_t from = page.find(start) + start.size();
  return nlohmann::json::parse(page.substr(from, page.find("</script>", from) - from));
}

Tensor labels(std::int64_t n) { return arange(n) % 3; }

}  // namespace

TEST_CASE("a report has the graph, the modules and the parameters") {
  Net net;
  Tensor loss = nn::cross_entropy(net(randn({6, 4})), labels(6));
  auto found = drawn(page(loss, net, {.title = "A step"}));
  CHECK(found["title"] == "A step");
  CHECK(found["loss"].get<double>() == doctest::Approx(loss.item()).epsilon(1e-4));
  CHECK(found["ops"].size() == 8);
  CHECK(found["ops"][0]["op"] == "cross_entropy");
  CHECK(found["ops"][1]["path"] == "second");
  CHECK(found["modules"].size() == 3);
  CHECK(found["modules"][0]["parameters"] == nn::count_parameters(net));
  CHECK(found["parameters"].size() == 4);
  CHECK(found["parameters"][0]["name"] == "first.weight");
  CHECK(found["parameters"][0]["verdict"] == "fine");  // of the graph, for backward has not run
  CHECK(found["picture"]["boxes"].size() == 8);
  CHECK(found["history"].is_null());
  CHECK(!net.first.weight.has_grad());
  loss.backward();
}

TEST_CASE("values, a summary and a monitor fill a report") {
  Net net;
  nn::SGD optimizer(nn::parameters(net), {.lr = 0.1});
  nn::MonitorOptions quiet;
  quiet.every = 2;
  quiet.show = false;
  quiet.interruptible = false;
  nn::Monitor monitor(net, optimizer, quiet);
  Tensor x = randn({6, 4});
  for (int i = 0; i < 10; ++i) {
    Tensor loss = nn::cross_entropy(net(x), labels(6));
    optimizer.minimize(loss);
    monitor.step(loss.item());
  }
  inspect::KeepValues keep(net);
  Tensor loss = nn::cross_entropy(net(x), labels(6));
  inspect::Summary summary = inspect::summary(net, x);
  auto found = drawn(page(loss, net, {.values = &keep, .summary = &summary, .monitor = &monitor, .graphviz = false}));
  CHECK(found["layout"].is_null());
  CHECK(found["ops"][2]["op"] == "relu");
  CHECK(found["ops"][2]["value"]["zeros"] > 0);
  CHECK(found["ops"][2]["forward"] > 0);
  CHECK(found["modules"][1]["output"] == "(6, 8)");
  CHECK(found["modules"][1]["multiply_adds"] == 6 * 4 * 8);
  CHECK(found["history"]["losses"].size() == 10);
  CHECK(found["history"]["tensors"][0]["name"] == "first.weight");
  CHECK(found["history"]["tensors"][0]["values"].size() == found["history"]["steps"].size());
}

TEST_CASE("broken gradients have verdicts") {
  struct Dead {
    nn::Linear a{4, 8}, b{8, 2};
    Tensor operator()(const Tensor& x) const { return b(relu(a(x))); }
  } dead;
  dead.a.bias = full({8}, -100.0);
  Tensor loss = mean(square(dead(randn({6, 4}))));
  auto found = drawn(page(loss, dead));
  CHECK(found["parameters"][0]["fine"] == false);
  CHECK(!found["parameters"][0]["why"].get<std::string>().empty());
  nn::Linear layer(2, 2);
  Tensor bad = sum(log(layer(zeros({3, 2})) * 0));
  bool any = false;
  auto broken = drawn(page(bad, layer));
  for (const auto& box : broken["picture"]["boxes"]) any = any || box["bad"].get<bool>();
  CHECK(any);
}

TEST_CASE("a report before backward judges what a recording saw, and calls no hooks") {
  struct Net {
    nn::Linear a{4, 8}, b{8, 8}, c{8, 2}, cut{4, 2};
    Tensor operator()(const Tensor& x) const { return c(sigmoid(b(relu(a(x))) * 1e4)) + detach(cut(x)); }
  } net;
  net.a.bias = full({8}, -100.0);
  int hooked = 0, rules = 0;
  on_grad(net.c.weight, [&](const Tensor&) { ++hooked; });
  inspect::Recording recording(net);
  Tensor error = mean(square(net(randn({6, 4}))));
  Tensor loss = record("counted", error.array(), {error}, [&](const Tensor& g) {
    ++rules;
    return Tensors{g};
  });
  auto look = [&](const inspect::ReportOptions& options) {
    std::map<std::string, nlohmann::json> by_name;
    nlohmann::json report = drawn(page(loss, net, options));
    for (const auto& one : report["parameters"]) by_name[one["name"].get<std::string>()] = one;
    return by_name;
  };
  auto plain = look({.graphviz = false});
  CHECK(rules <= 2);
  CHECK(hooked == 0);
  CHECK(plain["a.weight"]["verdict"] == "zero");
  CHECK(contains(plain["a.weight"]["why"], "The gradient of `a.weight` will be exactly zero: a gradient arrives at "));
  CHECK(contains(plain["cut.weight"]["why"], "No recorded op leads from the loss"));
  auto recorded = look({.recording = &recording, .graphviz = false});
  CHECK(hooked == 0);
  CHECK(recorded["a.weight"]["verdict"] == "dead units");
  CHECK(contains(recorded["a.weight"]["why"], "dead ReLU: `relu` (report_test.cpp:"));
  CHECK(contains(recorded["cut.weight"]["why"], "taken out of the graph by detach (report_test.cpp:"));
  loss.backward({.retain_graph = true});
  CHECK(hooked == 1);
  auto after = look({.recording = &recording, .graphviz = false});
  CHECK(after["a.weight"]["verdict"] == "dead units");
  CHECK(contains(after["cut.weight"]["why"], "taken out of the graph by detach (report_test.cpp:"));
}

TEST_CASE("hostile names cannot leave their place") {
  std::map<std::string, nn::Linear> model;
  std::string name = "</script><img src=x onerror=alert(1)>\"'\n&\x80";
  model.emplace(name, nn::Linear(2, 2));
  std::string text = page(sum(model.at(name)(ones({1, 2}))), model, {.title = "<b>&"});
  CHECK(!contains(text, "<img"));
  CHECK(contains(text, "<title>&lt;b&gt;&amp;</title>"));
  CHECK(drawn(text)["title"] == "<b>&");
  CHECK(contains(drawn(text)["parameters"][0]["name"], "</script><img src=x"));
}

TEST_CASE("a report is written to a file, or says why not") {
  Net net;
  Tensor loss = sum(net(ones({1, 4})));
  auto path = std::filesystem::temp_directory_path() / ("xgrad-report-" + std::to_string(getpid()) + ".html");
  inspect::write_report(loss, net, path.string());
  CHECK(std::filesystem::file_size(path) > 10000);
  std::filesystem::remove(path);
  CHECK(message<FormatError>([&] { inspect::write_report(loss, net, "/nowhere/report.html"); }, "report_test.cpp") ==
        "write_report: cannot write `/nowhere/report.html`");
  loss.backward();
  CHECK(message<GradError>([&] { inspect::write_report(loss, net, path.string()); }, "report_test.cpp") ==
        "inspect: the graph is gone: a backward pass ran through `sum`");
}

TEST_CASE("models without parameters and tensors without elements are reported") {
  struct None {
  } none;
  CHECK(drawn(page(sum(exp(variable(zeros({0, 3})))), none))["parameters"].empty());
  CHECK(drawn(page(exp(variable(zeros({2}))), none))["loss"].is_null());
}
