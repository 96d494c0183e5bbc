// The training loop, evaluation, and what they record.
#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <stdexcept>
#include <string>

#include "../core/message.hpp"
#include "xgrad/xgrad.hpp"

using namespace xg;

namespace {

const char* here = "fit_test.cpp:";

struct Net {
  nn::Linear hidden{4, 8};
  nn::Linear out{8, 3};
  nn::Training mode;
  nn::Buffer seen = zeros({});
  Tensor operator()(const Tensor& x) {
    if (mode) seen = seen + 1;
    return out(tanh(hidden(x)));
  }
};

using Data = std::vector<std::pair<Tensor, Tensor>>;

/// Points of three classes in batches of 8, 8 and 4.
Data batches(std::uint64_t number) {
  Rng rng(number);
  Tensor x = randn({20, 4}, f32, rng);
  Tensor y = argmax(x(all, range(0, 3)), 1);
  return {{x(range(0, 8)), y(range(0, 8))}, {x(range(8, 16)), y(range(8, 16))}, {x(range(16, 20)), y(range(16, 20))}};
}

Net net() {
  seed(5);
  return {};
}

/// Counts how often it is called.
struct Counter {
  int calls = 0;
  double last = 0;
  void step() { ++calls; }
};
struct Plateau {
  int calls = 0;
  double last = 0;
  void step(double value) { ++calls, last = value; }
};

}  // namespace

TEST_CASE("fit is the loop one would write, bit by bit") {
  Data data = batches(1);
  Net by_hand = net(), by_fit = net();
  nn::SGD a(nn::parameters(by_hand), {.lr = 0.1, .momentum = 0.9}),
      b(nn::parameters(by_fit), {.lr = 0.1, .momentum = 0.9});
  std::vector<double> losses;
  for (int epoch = 0; epoch < 3; ++epoch) {
    nn::Mean mean;
    for (auto& [x, y] : data) {
      a.zero_grad();
      Tensor loss = nn::cross_entropy(by_hand(x), y);
      loss.backward();
      a.step();
      mean.update(loss.item(), static_cast<double>(x.size(0)));
    }
    losses.push_back(mean.compute());
  }
  nn::History history = nn::fit(by_fit, b, nn::cross_entropy, data, {.epochs = 3, .show = false});
  CHECK(history["loss"] == losses);
  CHECK(history.epochs() == 3);
  CHECK(history["lr"] == std::vector<double>{0.1, 0.1, 0.1});
  CHECK(history["seconds"][2] >= history["seconds"][0]);
  CHECK(history.best_epoch == 3);
  CHECK(history.best_value == losses[2]);
  CHECK(history.stopped.empty());
  auto first = nn::parameters(by_hand), second = nn::parameters(by_fit);
  for (std::size_t i = 0; i < first.size(); ++i) CHECK(all_equal(first[i], second[i]));
}

TEST_CASE("evaluation weighs batches by their size, records nothing and puts modes back") {
  Data data = batches(2);
  Net model = net();
  model.seen = zeros({});
  nn::Evaluation found =
      nn::evaluate(model, data, nn::cross_entropy, {{"accuracy", nn::Accuracy()}, {"top2", nn::Accuracy({.top = 2})}});
  CHECK(model.mode.on);
  CHECK(model.seen.item() == 0);
  CHECK(is_recording());
  Tensor x = concatenate({data[0].first, data[1].first, data[2].first}, 0);
  Tensor y = concatenate({data[0].second, data[1].second, data[2].second}, 0);
  Tensor logits = model(x);
  CHECK(found.loss == doctest::Approx(nn::cross_entropy(logits, y).item()));
  CHECK(found["loss"] == found.loss);
  CHECK(found["accuracy"] == doctest::Approx(mean(argmax(logits, 1) == y).item()));
  CHECK(found["top2"] >= found["accuracy"]);
  CHECK(message<ValueError>([&] { found["f1"]; }) == "Evaluation: nothing is called `f1`");
  CHECK(std::isnan(nn::evaluate(model, Data(), nn::cross_entropy).loss));

  nn::eval(model);
  nn::evaluate(model, data, nn::cross_entropy);
  CHECK_FALSE(model.mode.on);
  nn::train(model);
  auto fails = [](const Tensor&, const Tensor&) -> Tensor { throw std::runtime_error("no"); };
  CHECK_THROWS_AS(nn::evaluate(model, data, fails), std::runtime_error);
  CHECK(model.mode.on);
  CHECK(is_recording());
  {
    nn::Evaluating evaluating(model);
    CHECK_FALSE(model.mode.on);
    CHECK_FALSE(is_recording());
    CHECK_FALSE(model(x).requires_grad());
  }
  CHECK(model.mode.on);
}

TEST_CASE("each part of a model gets its own mode back") {
  struct Pair {
    Net a, b;
  } pair;
  pair.b.mode.on = false;
  { nn::Evaluating evaluating(pair); }
  CHECK(pair.a.mode.on);
  CHECK_FALSE(pair.b.mode.on);
}

TEST_CASE("fit trains in training mode, validates in evaluation mode, and leaves the model's own") {
  Data data = batches(3), held_out = batches(4);
  Net model = net();
  nn::eval(model);
  nn::Adam optimizer(nn::parameters(model), {.lr = 0.05});
  nn::History history =
      nn::fit(model, optimizer, nn::cross_entropy, data,
              {.epochs = 4, .validation = held_out, .metrics = {{"accuracy", nn::Accuracy()}}, .show = false});
  CHECK_FALSE(model.mode.on);
  CHECK(model.seen.item() == 12);
  CHECK(history.names() == std::vector<std::string>{"loss", "accuracy", "val_loss", "val_accuracy", "lr", "seconds"});
  nn::Evaluation at_end = nn::evaluate(model, held_out, nn::cross_entropy, {{"accuracy", nn::Accuracy()}});
  CHECK(history["val_loss"].back() == at_end.loss);
  CHECK(history["val_accuracy"].back() == at_end["accuracy"]);
  CHECK(history["loss"].back() < history["loss"].front());
}

TEST_CASE("callbacks see the state and may stop") {
  Data data = batches(5);
  Net model = net();
  nn::SGD optimizer(nn::parameters(model), {.lr = 0.1});
  int steps = 0, epochs = 0;
  nn::History history = nn::fit(model, optimizer, nn::cross_entropy, data,
                                {.epochs = 10,
                                 .on_step = {[&](nn::FitState& state) {
                                   CHECK(state.step == ++steps);
                                   CHECK(model.out.weight.has_grad());
                                   CHECK(&state.optimizer == &optimizer);
                                   if (state.step == 8) state.stop("enough");
                                 }},
                                 .on_epoch = {[&](nn::FitState& state) {
                                   CHECK(state.epoch == ++epochs);
                                   CHECK(state.history.epochs() == epochs);
                                 }},
                                 .show = false});
  CHECK(steps == 8);
  CHECK(epochs == 3);
  CHECK(history.stopped == "enough");

  history =
      nn::fit(model, optimizer, nn::cross_entropy, data,
              {.epochs = 10, .on_epoch = {[](nn::FitState& state) { state.stop(); }}, .first_epoch = 4, .show = false});
  CHECK(history.epochs() == 1);
  CHECK(history.stopped == "a callback stopped it");
  CHECK(history.best_epoch == 4);
}

TEST_CASE("training stops when it gets no better, and the best weights come back") {
  // The learning rate makes each epoch but the second worse.
  Data data = batches(6);
  Net model = net();
  nn::SGD optimizer(nn::parameters(model), {.lr = 0.5});
  std::vector<Tensor> best;
  std::string path = (std::filesystem::temp_directory_path() / ("xgrad-best" + std::to_string(::getpid()))).string();
  nn::FitOptions options{.epochs = 20,
                         .validation = data,
                         .patience = 3,
                         .restore_best = true,
                         .best_path = path,
                         .on_epoch = {[&](nn::FitState& state) {
                           if (state.epoch == 2)
                             for (const Tensor& p : nn::parameters(model)) best.push_back(Tensor(p.array().copy()));
                           state.optimizer.set_learning_rate(state.epoch < 2 ? 0.5 : 20);
                         }},
                         .show = false};
  nn::History history = nn::fit(model, optimizer, nn::cross_entropy, data, options);
  CHECK(history.best_epoch == 2);
  CHECK(history.epochs() == 5);
  CHECK(history.stopped == "val_loss has not got better for 3 epochs");
  std::vector<Tensor> now = nn::parameters(model);
  for (std::size_t i = 0; i < now.size(); ++i) CHECK(all_equal(now[i], best[i]));
  CHECK(model.seen.item() == 6);  // buffers come back too
  CHECK(nn::evaluate(model, data, nn::cross_entropy).loss == history.best_value);
  Net saved;
  nn::load(saved, path);
  std::filesystem::remove(path);
  CHECK(nn::evaluate(saved, data, nn::cross_entropy).loss == history.best_value);
}

TEST_CASE("a run that is resumed goes on judging where it stopped") {
  Data data = batches(6);
  struct Run {
    Net model = net();
    nn::SGD optimizer{nn::parameters(model), {.lr = 0.5}};
    nn::FitMemory memory{model};
    nn::History go(const Data& data, std::int64_t first, std::int64_t epochs) {
      auto worsen = [](nn::FitState& state) { state.optimizer.set_learning_rate(state.epoch < 2 ? 0.5 : 20); };
      return nn::fit(model, optimizer, nn::cross_entropy, data,
                     {.epochs = epochs,
                      .validation = data,
                      .patience = 3,
                      .restore_best = true,
                      .memory = &memory,
                      .on_epoch = {worsen},
                      .first_epoch = first,
                      .show = false});
    }
  } whole, first, second;
  nn::History expected = whole.go(data, 1, 20);
  // Stopped before fit ends, which would bring the best weights back.
  std::vector<nn::NamedArray> model, optimizer, memory;
  auto stop = [&](nn::FitState& state) {
    state.optimizer.set_learning_rate(state.epoch < 2 ? 0.5 : 20);
    if (state.epoch != 4) return;
    memory = nn::state_of(first.memory);
    optimizer = nn::state_of(first.optimizer);
    for (const Tensor& p : nn::parameters(first.model)) model.push_back({"", p.array().copy()});
    for (const Tensor& b : nn::buffers(first.model)) model.push_back({"", b.array().copy()});
    state.stop();
  };
  nn::fit(first.model, first.optimizer, nn::cross_entropy, data,
          {.epochs = 20,
           .validation = data,
           .patience = 3,
           .restore_best = true,
           .memory = &first.memory,
           .on_epoch = {stop},
           .show = false});
  nn::set_state(second.memory, memory);
  nn::set_state(second.optimizer, optimizer);
  std::size_t next = 0;
  for (const Tensor& p : nn::parameters(second.model)) p.assign(Tensor(model[next++].array));
  for (const Tensor& b : nn::buffers(second.model)) b.assign(Tensor(model[next++].array));
  nn::History history = second.go(data, 5, 20);
  CHECK(history.epochs() == 1);
  CHECK(history.best_epoch == expected.best_epoch);
  CHECK(history.best_value == expected.best_value);
  CHECK(history.stopped == expected.stopped);
  std::vector<Tensor> a = nn::parameters(whole.model), b = nn::parameters(second.model);
  for (std::size_t i = 0; i < a.size(); ++i) CHECK(all_equal(a[i], b[i]));
}

TEST_CASE("an epoch must be better by min_delta, and what is monitored may be the highest") {
  Data data = batches(7);
  // A metric that goes through given values, one a time it is computed.
  struct Script {
    int* at;
    void update(const Tensor&, const Tensor&) {}
    double compute() const {
      return std::vector<double>{0.5, 0.6, 0.605, 0.61, NAN, 0.9}[static_cast<std::size_t>((*at)++)];
    }
    void reset() {}
  };
  for (auto [patience, expected] : {std::pair{2, 4}, std::pair{4, 6}}) {
    Net model = net();
    nn::SGD optimizer(nn::parameters(model), {.lr = 0.01});
    int at = 0;
    nn::History history = nn::fit(model, optimizer, nn::cross_entropy, data,
                                  {.epochs = 6,
                                   .metrics = {{"score", Script{&at}}},
                                   .monitor = "score",
                                   .best = nn::Best::highest,
                                   .patience = patience,
                                   .min_delta = 0.05,
                                   .show = false});
    CHECK(history.epochs() == expected);
    CHECK(history.best_epoch == expected);
  }
}

TEST_CASE("a schedule moves on by steps or by epochs") {
  Data data = batches(8);
  Net model = net();
  nn::SGD optimizer(nn::parameters(model), {.lr = 0.1});
  Counter by_step, by_epoch;
  Plateau plateau;
  auto fit = [&](nn::FitSchedule schedule) {
    return nn::fit(model, optimizer, nn::cross_entropy, data, {.epochs = 2, .schedule = schedule, .show = false});
  };
  fit({by_step, nn::Every::step});
  CHECK(by_step.calls == 6);
  fit({by_epoch, nn::Every::epoch});
  CHECK(by_epoch.calls == 2);
  nn::History history = fit({plateau, nn::Every::epoch});
  CHECK(plateau.calls == 2);
  CHECK(plateau.last == history["loss"].back());
}

TEST_CASE("fit takes loaders and schedules as they are") {
  seed(6);
  Tensor x = randn({50, 4}), y = argmax(x(all, range(0, 3)), 1);
  nn::data::Loader train(nn::data::TensorDataset(x, y), {.batch_size = 8, .shuffle = true});
  nn::data::Loader valid(nn::data::TensorDataset(x, y), {.batch_size = 20});
  Net model = net();
  nn::AdamW optimizer(nn::parameters(model), {.lr = 0.02});
  nn::OneCycleSchedule schedule(optimizer, {.steps = 5 * train.size()});
  nn::History history =
      nn::fit(model, optimizer, nn::cross_entropy, train,
              {.epochs = 5, .validation = valid, .schedule = {schedule, nn::Every::step}, .show = false});
  CHECK(schedule.steps() == 35);
  CHECK(history["val_loss"].back() < history["val_loss"].front());
  CHECK(history["lr"].back() < 1e-5);
  nn::PlateauSchedule plateau(optimizer);
  nn::fit(model, optimizer, nn::cross_entropy, train, {.schedule = {plateau, nn::Every::epoch}, .show = false});
}

TEST_CASE("a run that was saved behind the last batch of an epoch goes on with the next epoch") {
  seed(4);
  Tensor x = randn({10, 2}), y = sum(x, 1, keepdims);
  auto straight = [&](std::int64_t stop_after) {
    seed(5);
    nn::Linear model(2, 1);
    nn::SGD optimizer(nn::parameters(model), {.lr = 0.1, .momentum = 0.9});
    nn::data::Loader loader(nn::data::TensorDataset(x, y), {.batch_size = 2, .shuffle = true});
    nn::Checkpoint run;
    run.add("model", model).add("optimizer", optimizer).add("loader", loader);
    auto keep = [&](nn::FitState& state) {
      if (state.step != stop_after) return;
      run.save("fit_resume.safetensors");
      state.stop();
    };
    nn::fit(model, optimizer, nn::mse, loader, {.epochs = 2, .on_step = {keep}, .show = false});
    return model.weight.to_vector();
  };
  std::vector<double> whole = straight(-1);
  straight(5);
  nn::Linear model(2, 1);
  nn::SGD optimizer(nn::parameters(model), {.lr = 0.1, .momentum = 0.9});
  nn::data::Loader loader(nn::data::TensorDataset(x, y), {.batch_size = 2, .shuffle = true});
  nn::Checkpoint run;
  run.add("model", model).add("optimizer", optimizer).add("loader", loader);
  run.load("fit_resume.safetensors");
  std::remove("fit_resume.safetensors");
  nn::fit(model, optimizer, nn::mse, loader, {.epochs = 1, .show = false});
  CHECK(model.weight.to_vector() == whole);
}

TEST_CASE("gradients are clipped before the step") {
  Data data = batches(8);
  Net model = net();
  nn::SGD optimizer(nn::parameters(model), {.lr = 0.1});
  double largest = 0;
  nn::fit(model, optimizer, nn::cross_entropy, data,
          {.clip_norm = 0.01,
           .on_step = {[&](nn::FitState&) {
             double squares = 0;
             for (const Tensor& p : nn::parameters(model)) squares += sum(p.grad() * p.grad()).item();
             largest = std::max(largest, std::sqrt(squares));
           }},
           .show = false});
  CHECK(largest == doctest::Approx(0.01).epsilon(1e-3));
}

TEST_CASE("a loss may call the model itself") {
  struct Autoencoder {
    nn::Linear down{4, 2}, up{2, 4};
    Tensor operator()(const Tensor& x) const { return up(down(x)); }
  } model;
  Data data = batches(9);
  nn::Adam optimizer(nn::parameters(model), {.lr = 0.02});
  auto loss = [](Autoencoder& model, const Tensor& x, const Tensor&) { return nn::mse(model(x), x); };
  nn::History history = nn::fit(model, optimizer, loss, data, {.epochs = 20, .show = false});
  CHECK(history["loss"].back() < 0.8 * history["loss"].front());
  CHECK(nn::evaluate(model, data, loss).loss < history["loss"].front());
  CHECK(message<ValueError>(
            [&] {
              nn::evaluate(model, data, loss, {{"accuracy", nn::Accuracy()}});
            },
            here) == "fit: metrics need a loss of the form loss(model(x), y)");
}

TEST_CASE("an error in what the library calls names the line of fit") {
  nn::Sequential model{nn::Linear{4, 3}};
  nn::SGD optimizer(nn::parameters(model), {.lr = 0.1});
  Data wrong_labels{{ones({2, 4}), tensor({0.5f, 1.5f})}}, wrong_width{{ones({2, 5}), zeros({2}, i64)}};
  CHECK(message<DTypeError>([&] { nn::fit(model, optimizer, nn::cross_entropy, wrong_labels); }, here) ==
        "cross_entropy: labels are i64, not f32");
  CHECK(message<DTypeError>([&] { nn::evaluate(model, wrong_labels, nn::cross_entropy); }, here) ==
        "cross_entropy: labels are i64, not f32");
  Data wrong_values{{ones({2, 4}), ones({2, 2})}};
  CHECK(message<ShapeError>([&] { nn::fit(model, optimizer, nn::mse, wrong_values); }, here) ==
        "mse: prediction and target differ in shape: (2, 3) and (2, 2)");
  CHECK(message<ShapeError>([&] { nn::fit(model, optimizer, nn::cross_entropy, wrong_width); }, here) ==
        "linear: x has 5 features, the weight takes 4");
}

TEST_CASE("fit shows a line an epoch, with what validation found") {
  Data data = batches(10);
  Net model = net();
  nn::SGD optimizer(nn::parameters(model), {.lr = 0.1});
  std::FILE* out = std::tmpfile();
  nn::fit(model, optimizer, nn::cross_entropy, data,
          {.epochs = 2, .validation = data, .progress = {.out = out, .lines = 1}});
  std::rewind(out);
  std::string text(4096, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), out));
  std::fclose(out);
  CHECK(std::count(text.begin(), text.end(), '\n') == 2);
  CHECK(text.starts_with("epoch 1/2 3/3  loss "));
  CHECK(text.find("  val_loss ", text.find("epoch 2/2 3/3  loss ")) != std::string::npos);
}

TEST_CASE("fit refuses options that make no sense before it changes anything") {
  Data data = batches(11), nothing;
  Net model = net();
  nn::SGD optimizer(nn::parameters(model), {.lr = 0.1});
  auto says = [&](const nn::FitOptions& options) {
    return message<ValueError>([&] { nn::fit(model, optimizer, nn::cross_entropy, data, options); }, here);
  };
  CHECK(says({.epochs = -1, .show = false}) == "fit: epochs must be at least 0, not -1");
  CHECK(says({.patience = -1, .show = false}) == "fit: patience must be at least 0, not -1");
  CHECK(says({.min_delta = NAN, .show = false}) == "fit: min_delta must be at least 0, not nan");
  CHECK(says({.clip_norm = -1, .show = false}) == "fit: clip_norm must be at least 0, not -1");
  CHECK(says({.monitor = "val_loss", .show = false}) == "fit: `val_loss`, which is to be monitored, is not computed");
  CHECK(says({.metrics = {{"loss", nn::Accuracy()}}, .show = false}) == "fit: two numbers are called `loss`");
  Plateau plateau;
  CHECK(says({.schedule = {plateau, nn::Every::step}, .show = false}) ==
        "fit: a schedule that follows a number steps every epoch, as what it follows is known then");
  CHECK(says({.logs = {nullptr}, .show = false}) == "fit: a log is a null pointer");
  CHECK(optimizer.steps() == 0);
  CHECK(message<ValueError>([&] { nn::fit(model, optimizer, nn::cross_entropy, nothing, {.show = false}); }, here) ==
        "fit: no batch came in epoch 1");
  CHECK(nn::fit(model, optimizer, nn::cross_entropy, data, {.epochs = 0, .show = false}).epochs() == 0);
  auto vector_loss = [](const Tensor& p, const Tensor& y) {
    return nn::cross_entropy(p, y, {.reduction = nn::Reduction::none});
  };
  CHECK_THROWS_AS(nn::fit(model, optimizer, vector_loss, data, {.show = false}), GradError);
  CHECK(model.mode.on);
}

TEST_CASE("a history keeps its epochs in line") {
  nn::History history;
  history.add({{"loss", 3}});
  history.add({{"loss", 2}, {"accuracy", 0.5}});
  history.add({{"accuracy", 0.75}});
  CHECK(history.epochs() == 3);
  CHECK(std::isnan(history["loss"][2]));
  CHECK(std::isnan(history["accuracy"][0]));
  CHECK(history.has("loss"));
  CHECK_FALSE(history.has("val_loss"));
  CHECK(history.series({"loss"})[0].values.size() == 3);
  CHECK(nn::plot(history.series({"loss", "accuracy"})).find("accuracy  0.7500") != std::string::npos);
  CHECK(message<ValueError>([&] { history.at("val_loss"); }, here) == "History: nothing is called `val_loss`");
  CHECK(message<ValueError>([&] { history.series({"x"}); }, here) == "History: nothing is called `x`");
  CHECK(message<ValueError>([&] { history.add({{"a", 1}, {"a", 2}}); }, here) == "History: two numbers are called `a`");
  CHECK(history.epochs() == 3);
}
