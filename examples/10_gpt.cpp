// A small GPT learns to write like a text, character by character.
//
//     x₀ = token[c] + position[0 … T)                   (B, T, 128)
//     x ← x + attention(norm(x))                        four times: 4 heads, each place sees those before it
//     x ← x + W₂ gelu(W₁ norm(x) + b₁) + b₂             512 neurons
//     p(next | c₀ … cₜ) = softmax(W norm(xₜ))
//     L = −mean( log p(cₜ₊₁) )                          over 12 stretches of 64 characters a step
//     AdamW, its rate rising for 100 steps to 1e-3, then falling along a cosine to 1e-4; gradients of norm ≤ 1
//
//     10_gpt [TEXT] [--steps N] [--resume] [--small]
//
// TEXT is any file of UTF-8, .gz too; without one, the Jargon File. Its last tenth is held out. Writes gpt.safetensors
// every 250 steps, and when Ctrl-C stops it; `--resume` goes on from there as if nothing had happened, on a text of the
// same characters. At the end the model must guess better than counts of pairs of characters do, in fewer than 2,000
// steps clearly better than counts of characters. `--small` is a test of seconds: a smaller model, stopped and resumed
// on the way.
#include <fmt/core.h>

#include <cmath>
#include <cstdlib>
#include <string>
#include <unordered_map>
#include <vector>

#include <xgrad/xgrad.hpp>

#include "read_data.hpp"
using namespace xg;
using nn::text::Ids;
using nn::text::Vocabulary;

struct Sizes {
  std::int64_t layers = 4, width = 128, context = 64, batch = 12, steps = 2000, every = 250;
};

class Gpt {
 public:
  Gpt(std::int64_t characters, const Sizes& sizes)
      : token(characters, sizes.width), position(sizes.context, sizes.width),
        blocks(sizes.layers, sizes.width, 4,
               {.feed_forward = 4 * sizes.width,
                .dropout = 0,
                .activation = nn::TransformerActivation::gelu,
                .norm_first = true,
                .final_norm = true}),
        head(sizes.width, characters, {.bias = false}) {
    token.weight = nn::init::normal(token.weight.shape(), 0, 0.02);
    position.weight = nn::init::normal(position.weight.shape(), 0, 0.02);
  }
  /// Logits of what follows each of the characters (B, T), which come behind those in the cache.
  Tensor operator()(const Tensor& ids, std::vector<nn::KeyValues>* cache = nullptr) const {
    std::int64_t before = cache && !cache->empty() ? cache->front().length() : 0;
    Tensor x = token(ids) + position(arange(before, before + ids.size(1)));
    return head(blocks(x, {.causal = true, .cache = cache}));
  }
  auto fields() { return nn::fields("token", token, "position", position, "blocks", blocks, "head", head); }

  nn::Embedding token, position;
  nn::TransformerEncoder blocks;
  nn::Linear head;
};

/// Stretches of a text that begin at every `step`-th character, and what follows each of their characters.
struct Stretches {
  Tensor text;  // i64 (N,)
  std::int64_t length, step = 1;
  std::int64_t size() const { return (text.size(0) - 1 - length) / step + 1; }
  std::array<Tensor, 2> operator[](std::int64_t i) const {
    return {text(range(i * step, i * step + length)), text(range(i * step + 1, i * step + length + 1))};
  }
};

/// All that a checkpoint keeps.
struct Training {
  Training(const Vocabulary& vocabulary, const Sizes& sizes, const Tensor& text)
      : model(vocabulary.size(), sizes), optimizer(groups()),
        schedule(optimizer, nn::SequenceCurve{.curves = {nn::LinearCurve{.steps = 100, .start = 0.01},
                                                         nn::CosineCurve{.steps = sizes.steps - 100, .lowest = 1e-4}},
                                              .milestones = {100}}),
        batches(Stretches{text, sizes.context},
                {.batch_size = sizes.batch, .shuffle = true, .drop_last = true, .seed = 1}) {
    for (std::int64_t i = 0; i < vocabulary.size(); ++i)
      for (char c : vocabulary.token(i)) characters.push_back(static_cast<unsigned char>(c));
    run.add("model", model).add("optimizer", optimizer).add("schedule", schedule).add("batches", batches);
    run.add("characters", characters);
  }
  /// Goes on from a file, if it knows the same characters by the same numbers.
  void resume(const std::string& file) {
    std::vector<std::int64_t> own = characters;
    run.load(file);
    if (characters != own) throw FormatError("10_gpt: " + file + " is of a text with other characters");
  }
  /// Weight decay is for matrices.
  std::vector<nn::ParameterGroup<nn::AdamWOptions>> groups() {
    std::vector<Tensor> matrices, vectors;
    for (const Tensor& p : nn::parameters(model)) (p.rank() == 2 ? matrices : vectors).push_back(p);
    return {{matrices, {.beta2 = 0.99, .weight_decay = 0.1}}, {vectors, {.beta2 = 0.99, .weight_decay = 0}}};
  }
  double step(const Tensor& x, const Tensor& y) {
    Tensor loss = nn::cross_entropy(model(x), y);
    optimizer.zero_grad();
    loss.backward();
    nn::clip_grad_norm(optimizer.parameters(), 1);
    optimizer.step();
    schedule.step();
    return loss.item();
  }

  Gpt model;
  nn::AdamW optimizer;
  nn::SequenceSchedule schedule;
  nn::data::Loader<Stretches> batches;
  std::vector<std::int64_t> characters;  // bytes of UTF-8
  nn::Checkpoint run;
};

/// The mean over a text's stretches, one behind another; or over every `part`-th of them.
double evaluate(const Gpt& model, const Tensor& text, const Sizes& sizes, std::int64_t part) {
  nn::data::Loader stretches(Stretches{text, sizes.context, sizes.context * part}, {.batch_size = 32});
  return nn::evaluate(model, stretches, nn::cross_entropy)["loss"];
}

/// The loss of guessing by counts of the learned text: of characters, or of those behind the same character. Each count
/// begins at 1, so that nothing is impossible.
double loss_of_counts(const Ids& learned, const Ids& unseen, std::int64_t kinds, bool pairs) {
  std::unordered_map<std::int64_t, double> counts, counts_before;
  auto walk = [&](const Ids& text, const auto& f) {
    for (std::size_t i = 1; i < text.size(); ++i) {
      std::int64_t before = pairs ? text[i - 1] : 0;
      f(counts[before * kinds + text[i]], counts_before[before]);
    }
  };
  walk(learned, [](double& count, double& before) { ++count, ++before; });
  double sum = 0;
  walk(unseen,
       [&](double count, double before) { sum -= std::log((count + 1) / (before + static_cast<double>(kinds))); });
  return sum / static_cast<double>(unseen.size() - 1);
}

/// What the model writes behind `beginning`.
std::string write(const Gpt& model, const Vocabulary& vocabulary, const std::string& beginning, std::int64_t length,
                  Rng& rng, std::int64_t context) {
  struct State {
    Tensor text;
    std::vector<nn::KeyValues> cache;
  };
  auto step = [&](const Tensor& tokens, State& state) {
    state.text = state.text.defined() ? concatenate({state.text, tokens}, 1) : tokens;
    std::int64_t known = state.cache.empty() ? 0 : state.cache.front().length();
    if (known + tokens.size(1) <= context) return model(tokens, &state.cache);
    state.cache.clear();  // its positions are used up: goes on from half of them
    return model(state.text(all, range(-context / 2, none)), &state.cache)(all, -1);
  };
  Tensor prompt = tensor(vocabulary.encode(beginning));
  nn::Decoded written =
      nn::sample(step, State{}, prompt(newaxis), {.length = length}, {.temperature = 0.8, .top_p = 0.95, .rng = &rng});
  return beginning + vocabulary.decode(written.row(0));
}

/// Trains until so many steps were made, or Ctrl-C; calls `report` now and then.
template <class Report>
void train(Training& training, const Sizes& sizes, std::int64_t until, const Report& report) {
  nn::Interrupt interrupt;
  nn::Progress progress(until - training.optimizer.steps(), "steps");
  while (training.optimizer.steps() < until && !interrupt.requested())
    for (auto& [x, y] : training.batches) {
      progress.show("loss", training.step(x, y));
      progress.advance();
      bool last = training.optimizer.steps() == until || interrupt.requested();
      if (last || training.optimizer.steps() % sizes.every == 0) report();
      if (last) break;
    }
}

int main(int argc, char** argv) try {
  std::string path;
  bool resume = false, small = false;
  Sizes sizes;
  for (int i = 1; i < argc; ++i) {
    std::string argument = argv[i];
    if (argument == "--resume") resume = true;
    else if (argument == "--small") small = true;
    else if (argument == "--steps" && i + 1 < argc) sizes.steps = std::max(std::atoi(argv[++i]), 101);
    else if (argument[0] != '-') path = argument;
    else return fmt::print("10_gpt [TEXT] [--steps N] [--resume] [--small]\n"), 2;
  }
  if (small) sizes = {.layers = 2, .width = 32, .context = 32, .batch = 16, .steps = 160, .every = 80};
  seed(1);

  // 1. The text.
  const char* jargon = std::getenv("JARGON_FILE");
  if (path.empty()) path = jargon ? jargon : "/usr/share/doc/jargon-text/jargon.txt.gz";
  std::string text = read_data([&] { return nn::text::read_text(path); },
                               "the text comes with `apt-get install jargon-text`; or name another file\n");
  auto vocabulary = Vocabulary::characters(text);
  Tensor ids = tensor(vocabulary.encode(text));
  std::int64_t held_out = ids.size(0) / 10;
  if (held_out <= sizes.context) throw FormatError("10_gpt: this text is too short to learn from: " + path);
  Tensor learned = ids(range(0, -held_out)), unseen = ids(range(-held_out, none));

  // 2. The model and its training.
  std::string file = small ? "gpt_small.safetensors" : "gpt.safetensors";
  Training training(vocabulary, sizes, learned);
  if (resume) training.resume(file);
  const Gpt& model = training.model;
  fmt::print("{} characters of {} kinds; {} parameters\n", ids.size(0), vocabulary.size(), nn::count_parameters(model));
  Rng rng(1);
  std::string first = vocabulary.decode(ids(range(0, 1)));
  train(training, sizes, sizes.steps, [&] {
    std::int64_t steps = training.optimizer.steps();
    if (!small || steps < sizes.steps) training.run.save(file);
    fmt::print("\n{:-<80}\n{}\n{:-<80}\nafter {} steps; loss on a part of the held-out text {:.3f}\n", "",
               write(model, vocabulary, first, small ? 80 : 300, rng, sizes.context), "", steps,
               evaluate(model, unseen, sizes, 10));
  });

  // 3. What came of it.
  double loss = evaluate(model, unseen, sizes, small ? 10 : 1);
  fmt::print("held-out tenth: loss {:.4f}, perplexity {:.2f} of {} characters; {}\n", loss, std::exp(loss),
             vocabulary.size(), file);
  if (!small && training.optimizer.steps() < sizes.steps) return 0;  // stopped
  Ids learned_ids = learned.to_vector<std::int64_t>(), unseen_ids = unseen.to_vector<std::int64_t>();
  double single = loss_of_counts(learned_ids, unseen_ids, vocabulary.size(), false);
  double pairs = loss_of_counts(learned_ids, unseen_ids, vocabulary.size(), true);
  fmt::print("guessing by counts of characters: loss {:.4f}; of pairs: {:.4f}\n", single, pairs);
  bool learns = loss < (sizes.steps < 2000 ? 0.95 * single : pairs);
  if (!small) return learns ? 0 : 1;

  // A run that stopped half-way and goes on is the run that did not stop, to the bit.
  Training again(vocabulary, sizes, learned);
  again.resume(file);
  train(again, sizes, sizes.steps, [] {});
  bool same = true;
  std::vector<Tensor> parameters = nn::parameters(model), resumed = nn::parameters(again.model);
  for (std::size_t i = 0; i < resumed.size(); ++i) same = same && all_equal(parameters[i], resumed[i]);
  fmt::print("resumed, the parameters are {}the same\n", same ? "" : "NOT ");

  // Another text with as many characters, of which one is another, is refused.
  std::string other_text = vocabulary.decode(arange(vocabulary.size() - 1)) + "\U0010ffff";
  Training other(Vocabulary::characters(other_text), sizes, learned);
  bool refused = false;
  try {
    other.resume(file);
  } catch (const FormatError& error) {
    refused = std::string(error.what()).find("other characters") != std::string::npos;
  }
  fmt::print("a text of other characters is {}refused\n", refused ? "" : "NOT ");
  return learns && same && refused ? 0 : 1;
} catch (const Error& error) {
  fmt::print("{}\n", error.what());
  return 1;
}
