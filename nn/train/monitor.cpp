#include "monitor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <map>
#include <optional>

#include "../../core/error/error.hpp"
#include "../../core/inspect/module_path.hpp"
#include "../checkpoint/checkpoint.hpp"
#include "../checkpoint/model_file.hpp"
#include "dashboard.hpp"
#include "fit.hpp"
#include "interrupt.hpp"
#include "number.hpp"
#include "screen.hpp"

namespace xg::nn {
namespace {

constexpr double redraw_seconds = 0.1;

/// √Σ|gradient|² over the tensors of a look that belong to a layer, by the layer's name, in the order of the tensors.
struct Layers {
  struct One {
    std::string name;
    double squares = 0, update_squares = 0, value_squares = 0;
    bool has_gradient = false;
    std::string verdict;
  };
  std::vector<One> list;

  Layers() = default;
  explicit Layers(const MonitorLook& look) {
    std::map<std::string, std::size_t> places;
    for (const inspect::ParameterLook& tensor : look.tensors) {
      std::string name = inspect::detail::parent_path(tensor.name);
      if (name.empty()) name = tensor.name;
      auto [place, is_new] = places.emplace(name, list.size());
      if (is_new) list.push_back({.name = name, .verdict = {}});
      One& layer = list[place->second];
      if (tensor.has_gradient) {
        layer.has_gradient = true;
        layer.squares += tensor.gradient.norm * tensor.gradient.norm;
        if (!tensor.gradient.finite()) layer.squares = NAN;
      }
      if (std::isfinite(tensor.update_ratio)) {
        double size = tensor.value.norm * tensor.value.norm;
        layer.update_squares += tensor.update_ratio * tensor.update_ratio * size;
        layer.value_squares += size;
      }
      if (layer.verdict.empty()) layer.verdict = inspect::name_of(tensor.verdict);
    }
  }
};

}  // namespace

struct Monitor::Body {
  Body(const AnyModel& model, const Optimizer& optimizer, const MonitorOptions& options, const Site& site)
      : model(model), optimizer(optimizer), options(options), screen(options.progress.out) {
    detail::OptionCheck check("Monitor", site);
    check.at_least("every", options.every, 1);
    check.at_least("steps", options.steps, 0);
    check.at_least("bins", options.bins, 0);
    check.at_least("keep", static_cast<std::int64_t>(options.keep), 2);
    for (const Log* log : options.logs) check.require(log, "a log is a null pointer");
    for (NamedTensor& named : named_parameters(model)) {
      auto starts = [&](const std::string& prefix) { return named.name.starts_with(prefix); };
      if (options.only.empty() || std::any_of(options.only.begin(), options.only.end(), starts))
        parameters.push_back(std::move(named));
    }
    transposed = inspect::detail::transposed_weights(model);
    using Terminal = ProgressOptions::Terminal;
    is_live = options.progress.terminal == Terminal::ask ? detail::is_terminal(options.progress.out)
                                                         : options.progress.terminal == Terminal::yes;
    steps = options.steps;
    started = detail::now();
    if (options.interruptible) interrupt.emplace();
    if (options.every == 1) take_snapshot();
  }

  bool due() const { return (done + 1) % options.every == 0; }

  void take_snapshot() {
    std::vector<Tensor> tensors;
    for (const NamedTensor& named : parameters) tensors.push_back(named.tensor);
    before.emplace(tensors);
  }

  MonitorLook look(double loss) {
    MonitorLook look{.step = done,
                     .seconds = detail::now() - started,
                     .loss = loss,
                     .learning_rate = optimizer.learning_rate(),
                     .shown = shown,
                     .tensors = {},
                     .values = {},
                     .gradients = {}};
    std::vector<Tensor> tensors;
    for (const NamedTensor& named : parameters) {
      look.tensors.push_back(inspect::detail::look_at(named.name, named.tensor));
      if (before) look.tensors.back().update_ratio = before->update_ratio(named.tensor);
      tensors.push_back(named.tensor);
    }
    inspect::detail::count_dead_units(look.tensors, tensors, transposed);
    inspect::detail::judge(look.tensors, options.limits);
    for (const NamedTensor& named : watched) {
      look.tensors.push_back(inspect::detail::look_at(named.name, named.tensor));
      look.tensors.back().is_frozen = false;
      tensors.push_back(named.tensor);
    }
    if (options.bins > 0)
      for (std::size_t i = 0; i < tensors.size(); ++i) {
        look.values.push_back(inspect::histogram(tensors[i].array(), look.tensors[i].value, options.bins));
        const Tensor* g = tensors[i].find_grad();
        look.gradients.push_back(g ? inspect::histogram(g->array(), look.tensors[i].gradient, options.bins)
                                   : inspect::Histogram());
      }
    return look;
  }

  void write(const MonitorLook& look, const Site& site) {
    if (options.logs.empty()) return;
    std::vector<Scalar> numbers = {{"loss", look.loss}, {"lr", look.learning_rate}};
    if (samples > 0) numbers.push_back({"samples_per_second", samples_per_second()});
    numbers.insert(numbers.end(), look.shown.begin(), look.shown.end());
    for (const inspect::ParameterLook& tensor : look.tensors) {
      if (tensor.has_gradient) numbers.push_back({"gradient_norm/" + tensor.name, tensor.gradient.norm});
      numbers.push_back({"norm/" + tensor.name, tensor.value.norm});
      if (!std::isnan(tensor.update_ratio)) numbers.push_back({"update_ratio/" + tensor.name, tensor.update_ratio});
    }
    for (Log* log : options.logs) {
      log->write(look.step, numbers, site);
      for (std::size_t i = 0; i < look.values.size(); ++i) {
        const inspect::ParameterLook& tensor = look.tensors[i];
        log->spread("weights/" + tensor.name, look.values[i], tensor.value, look.step);
        if (tensor.has_gradient) log->spread("gradients/" + tensor.name, look.gradients[i], tensor.gradient, look.step);
      }
    }
  }

  void keep(MonitorLook&& look) {
    looks.push_back(std::move(look));
    if (looks.size() > options.keep) {
      std::size_t odd = looks.size() % 2;  // every other one, so that the newest stays
      for (std::size_t i = odd; 2 * i + 1 - odd < looks.size(); ++i) looks[i] = std::move(looks[2 * i + 1 - odd]);
      looks.resize((looks.size() + odd) / 2);
      norms.clear();
      norm_places.clear();
      for (std::size_t i = 0; i < looks.size(); ++i) add_norms(i);
    } else {
      add_norms(looks.size() - 1);
    }
  }

  /// The norms of the i-th look, after those of all before it.
  void add_norms(std::size_t i) {
    newest = Layers(looks[i]);
    for (Series& series : norms) series.values.push_back(NAN);
    for (const Layers::One& layer : newest.list) {
      auto [place, is_new] = norm_places.emplace(layer.name, norms.size());
      if (is_new) norms.push_back({layer.name, std::vector<double>(i + 1, NAN)});
      if (layer.has_gradient) norms[place->second].values[i] = std::sqrt(layer.squares);
    }
  }

  double samples_per_second() const {
    double elapsed = detail::now() - started;
    return elapsed > 0 ? static_cast<double>(samples) / elapsed : 0;
  }

  bool step(double loss, std::int64_t count, const Site& site) {
    bool looks_now = due();
    ++done;
    samples += count;
    last_loss = loss;
    losses.add(loss);
    if (looks_now) {
      MonitorLook made = look(loss);
      write(made, site);
      keep(std::move(made));
    }
    watched.clear();
    if (due()) take_snapshot();
    show_step();
    if (!interrupt || !interrupt->requested()) return true;
    if (!reported) report(site);
    return false;
  }

  detail::DashboardState state() const {
    detail::DashboardState state;
    state.title = options.title;
    state.step = done, state.steps = steps, state.epoch = epoch, state.last_epoch = last_epoch;
    state.elapsed = detail::now() - started;
    state.samples_per_second = samples_per_second();
    state.learning_rate = optimizer.learning_rate();
    if (done > 0) state.shown.push_back({"loss", last_loss});
    state.shown.insert(state.shown.end(), shown.begin(), shown.end());
    state.losses = &losses;
    if (looks.empty()) return state;
    double squares = 0;
    bool any = false;
    for (const Layers::One& layer : newest.list) {
      double size = layer.value_squares, update = layer.update_squares;
      state.layers.push_back({layer.name, {}, size > 0 ? std::sqrt(update / size) : NAN, layer.verdict});
      if (layer.has_gradient) squares += layer.squares, any = true;
    }
    if (any) state.gradient_norm = std::sqrt(squares);
    for (detail::LayerRow& row : state.layers) row.gradient_norms = norms[norm_places.at(row.name)].values;
    return state;
  }

  void show_step() {
    if (!options.show) return;
    if (is_live) {
      if (double now = detail::now(); now - drawn >= redraw_seconds || done == steps) {
        drawn = now;
        draw();
      }
      return;
    }
    std::int64_t lines = std::max(options.progress.lines, 1);
    bool due = steps <= 0 ? (done & (done - 1)) == 0 : done * lines / steps != (done - 1) * lines / steps;
    if (due) print_line();
  }

  void draw() {
    detail::TerminalSize size = screen.size();
    screen.draw(detail::dashboard_lines(state(), size.columns, size.rows - 1));
    shown_step = done;
  }

  void print_line() {
    fmt::print(options.progress.out, "{}\n", detail::dashboard_line(state()));
    std::fflush(options.progress.out);
    shown_step = done;
  }

  void show_last() {
    if (!options.show || shown_step == done) return;
    if (is_live) draw();
    else print_line();
  }

  /// Saves, and says what there is to say, once.
  void report(const Site& site) {
    reported = true;
    show_last();
    std::string text =
        fmt::format("stopped by {} after step {}", interrupt->signal() == SIGTERM ? "SIGTERM" : "Ctrl-C", done);
    if (last_epoch > 0) text += fmt::format(" in epoch {}", epoch);
    text += fmt::format(", loss {}", steady_number(last_loss));
    if (!options.save_path.empty()) {
      if (options.run) options.run->save(options.save_path, site);
      else save(model, options.save_path, site);
      text += fmt::format("; {} saved to {}", options.run ? "the run was" : "the model was", options.save_path);
    }
    if (!options.show) return;
    fmt::print(options.progress.out, "{}\n", text);
    for (const inspect::ParameterLook& tensor :
         looks.empty() ? std::vector<inspect::ParameterLook>() : looks.back().tensors)
      if (!tensor.why.empty())
        fmt::print(options.progress.out, "{}: {}: {}\n", tensor.name, inspect::name_of(tensor.verdict), tensor.why);
    std::fflush(options.progress.out);
  }

  AnyModel model;
  const Optimizer& optimizer;
  MonitorOptions options;
  std::vector<NamedTensor> parameters, watched;
  std::vector<std::string> transposed;  // weights of transposed convolutions
  std::optional<inspect::Snapshot> before;
  std::optional<Interrupt> interrupt;
  bool is_live = false, reported = false;
  detail::Screen screen;
  double started = 0, drawn = -1, last_loss = NAN;
  std::int64_t done = 0, steps = 0, samples = 0, epoch = 0, last_epoch = 0, shown_step = 0;
  std::vector<Scalar> shown;
  std::vector<MonitorLook> looks;
  Layers newest;              // of the last look
  std::vector<Series> norms;  // of each layer's gradient, over the looks
  std::map<std::string, std::size_t> norm_places;
  detail::Curve losses;
};

Monitor::Monitor(const AnyModel& model, const Optimizer& optimizer, const MonitorOptions& options, Site site)
    : body_(std::make_unique<Body>(model, optimizer, options, site)) {}

Monitor::~Monitor() {
  try {
    body_->show_last();
  } catch (...) {  // out of memory: then there is no last picture
  }
}

bool Monitor::step(double loss, std::int64_t samples, Site site) { return body_->step(loss, samples, site); }

void Monitor::show(const std::string& name, double value) {
  for (Scalar& scalar : body_->shown)
    if (scalar.name == name) {
      scalar.value = value;
      return;
    }
  body_->shown.push_back({name, value});
}

bool Monitor::due() const { return body_->due(); }

void Monitor::watch(const std::string& name, const Tensor& x) {
  x.shape();  // defined?
  if (due()) body_->watched.push_back({name, x});
}

FitCallback Monitor::on_step() {
  return FitCallback([this](FitState& state) {
    Body& body = *body_;
    if (body.steps == 0 && state.batches > 0)
      body.steps = body.done + state.batches * (state.last_epoch - state.epoch + 1);
    body.epoch = state.epoch, body.last_epoch = state.last_epoch;
    if (!step(state.loss, state.samples)) state.stop("interrupted");
  });
}

FitCallback Monitor::on_epoch() {
  return FitCallback([this](FitState& state) {
    for (const std::string& name : state.history.names())
      if (name != "loss" && name != "lr" && name != "seconds") show(name, state.history[name].back());
  });
}

bool Monitor::interrupted() const { return body_->interrupt && body_->interrupt->requested(); }
std::int64_t Monitor::steps() const { return body_->done; }
const std::vector<MonitorLook>& Monitor::looks() const { return body_->looks; }
Series Monitor::losses() const { return {"loss", body_->losses.means()}; }
double Monitor::loss_spacing() const { return static_cast<double>(body_->losses.spacing()); }
std::vector<Series> Monitor::gradient_norms() const { return body_->norms; }

std::vector<std::string> Monitor::dashboard(int columns, int rows) const {
  return detail::dashboard_lines(body_->state(), columns, rows);
}

}  // namespace xg::nn
