#include "outline.hpp"

#include <cstdlib>
#include <ostream>
#include <vector>

#include <cxxabi.h>
#include <fmt/format.h>

#include "../../core/inspect/module_path.hpp"
#include "../../core/inspect/table.hpp"
#include "paths.hpp"

namespace xg {

std::string inspect::outline(const nn::AnyModel& model) {
  struct Line {
    std::string path, type, tensors;
  };
  struct Visitor final : nn::Walker {
    void module(const void*, std::string_view type) override {
      // What an nn::Layer holds stands where the Layer does.
      if (!lines.empty() && lines.back().path == path() && lines.back().tensors.empty())
        lines.back().type = short_type(type);
      else lines.push_back({path(), short_type(type), ""});
    }
    void parameter(nn::Parameter& p) override { tensor(p, p.defined() && !p.requires_grad() ? " frozen" : ""); }
    void buffer(nn::Buffer& b) override { tensor(b, " buffer"); }
    void tensor(const Tensor& t, const char* what) {
      if (!t.defined()) return;
      std::string owner = detail::parent_path(path()), name = detail::last_part(path());
      std::size_t line = lines.size();
      while (line > 0 && lines[line - 1].path != owner) --line;
      if (line == 0) lines.push_back({owner, "", ""}), line = lines.size();
      std::string& all = lines[line - 1].tensors;
      all += (all.empty() ? "" : ", ") + name + " " + to_string(t.shape()) + what;
      if (t.dtype() != f32) all += fmt::format(" {}", name_of(t.dtype()));
    }
    std::vector<Line> lines;
  } visitor;
  model.walk(visitor);
  Table table({"module", "type", "parameters"});
  std::vector<std::string> around;  // the modules that a line is within
  for (const Line& line : visitor.lines) {
    while (!around.empty() && (line.path == around.back() || !detail::is_within(line.path, around.back())))
      around.pop_back();
    std::string name = "model";
    if (!around.empty()) {
      std::size_t from = around.back().empty() ? 0 : around.back().size() + 1;
      name = std::string(2 * around.size(), ' ') + line.path.substr(from);
    }
    around.push_back(line.path);
    table.add({name, line.type, line.tensors});
  }
  return table.text();
}

std::string nn::to_string(const Optimizer& optimizer) {
  int status = 0;
  char* name = abi::__cxa_demangle(typeid(optimizer).name(), nullptr, nullptr, &status);
  std::string text = status == 0 ? inspect::short_type(name) : "Optimizer";
  std::free(name);
  std::int64_t numbers = 0;
  for (const Tensor& p : optimizer.parameters()) numbers += p.size();
  text += fmt::format(" of {} parameter{} ({} numbers)", optimizer.parameters().size(),
                      optimizer.parameters().size() == 1 ? "" : "s", numbers);
  for (std::size_t group = 0; group < optimizer.groups(); ++group) {
    text += fmt::format("{} lr {:.6g}", group ? "; group " + std::to_string(group) + ":" : ",",
                        optimizer.learning_rate(group));
    if (optimizer.has_momentum()) text += fmt::format(", momentum {:.6g}", optimizer.momentum(group));
  }
  return text + fmt::format(", after {} step{}", optimizer.steps(), optimizer.steps() == 1 ? "" : "s");
}

std::ostream& nn::operator<<(std::ostream& out, const Optimizer& optimizer) { return out << to_string(optimizer); }

}  // namespace xg
