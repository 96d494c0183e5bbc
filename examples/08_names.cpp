// An LSTM learns how English words are spelt, letter by letter, and makes up new ones (CMU Pronouncing Dictionary).
//
//     eₜ = embedding[letter t]                   the first is <bos>, which begins every word
//     hₜ, cₜ = lstm(eₜ, hₜ₋₁, cₜ₋₁)              256 neurons
//     p(letter t + 1) = softmax(W hₜ + b)        26 letters and <eos>, which ends every word
//     L = −mean( log p(letter t + 1) )           padding counts for nothing
//
// The words of a batch have near-equal lengths. `--small` is a test of seconds on a part of the words.
#include <fmt/core.h>

#include <algorithm>
#include <string>

#include <xgrad/xgrad.hpp>

#include "read_data.hpp"
using namespace xg;

struct Speller {
  nn::Embedding letter;
  nn::LSTM lstm;
  nn::Linear out;
  /// Logits of the letter behind each of (B, T).
  Tensor operator()(const Tensor& letters, nn::LSTMState& state) const {
    auto [h, last] = lstm(letter(letters), state);
    state = last;
    return out(h);
  }
  Tensor operator()(const Tensor& letters) const {
    nn::LSTMState zeros;
    return (*this)(letters, zeros);
  }
};

int main(int argc, char** argv) try {
  bool small = argc > 1 && std::string(argv[1]) == "--small";
  seed(1);

  // 1. The words, each once.
  std::vector<std::string> words;
  for (const auto& entry : read_data([] { return nn::text::cmu_dictionary(); }))
    if (entry.word.find_first_not_of("abcdefghijklmnopqrstuvwxyz") == std::string::npos && entry.word.size() > 2)
      words.push_back(entry.word);
  std::sort(words.begin(), words.end());
  words.erase(std::unique(words.begin(), words.end()), words.end());
  auto letters =
      nn::text::Vocabulary::characters("abcdefghijklmnopqrstuvwxyz", {.pad = true, .bos = true, .eos = true});
  std::vector<nn::text::Ids> spelt;
  for (const std::string& word : words) spelt.push_back(letters.encode(word, {.bos = true, .eos = true}));
  // What a model sees, and what it is to say: the letters behind.
  auto lessons = transform(nn::data::SequenceDataset(spelt), [](auto& batch) {
    const Tensor& ids = batch[0].ids;
    return std::array{ids(all, range(0, -1)), ids(all, range(1, none))};
  });
  Rng rng(2);
  auto [train, valid] = random_split(lessons, {0.9, 0.1}, rng);
  auto part = [&](const auto& of, std::size_t size) {
    nn::data::Rows rows = of.rows();
    if (small) rows.resize(size);
    return nn::data::Subset(of.dataset(), rows);
  };
  nn::data::Loader batches(part(train, 6000), {.batch_size = 64, .shuffle = true, .bucket = 100});
  nn::data::Loader valid_batches(part(valid, 500), {.batch_size = 256, .bucket = 1000});

  // 2. The model and its training.
  std::int64_t epochs = small ? 2 : 6, width = small ? 64 : 256;
  Speller model{{letters.size(), 32, {.padding_idx = letters.pad()}}, {32, width}, {width, letters.size()}};
  fmt::print("{} words, say {}, {} and {}; {} parameters\n", words.size(), words[0], words[words.size() / 2],
             words.back(), nn::count_parameters(model));
  auto loss = [&](const Tensor& z, const Tensor& y) {
    return nn::cross_entropy(z, y, {.ignore_index = letters.pad()});
  };
  auto make_up = [&](std::int64_t count) {
    nn::Evaluating evaluating(model);
    nn::Decoded written = nn::sample(model, nn::LSTMState(), full({count}, letters.bos(), i64),
                                     {.end = letters.eos(), .length = 20}, {.temperature = 0.8});
    std::vector<std::string> made;
    for (std::int64_t i = 0; i < count; ++i) made.push_back(letters.decode(written.row(i)));
    return made;
  };
  auto show = [&](nn::FitState& state) {
    std::string line;
    for (const std::string& word : make_up(8)) line += " " + word;
    fmt::print("epoch {} says{}\n", state.epoch, line);
  };
  nn::AdamW optimizer(nn::parameters(model), {.lr = 3e-3});
  nn::CosineSchedule schedule(optimizer, {.steps = epochs * batches.size()});
  nn::text::PerplexityOptions no_padding{.ignore_index = letters.pad()};
  nn::History history = nn::fit(model, optimizer, loss, batches,
                                {.epochs = epochs,
                                 .validation = valid_batches,
                                 .schedule = {schedule, nn::Every::step},
                                 .clip_norm = 1,
                                 .metrics = {{"perplexity", nn::text::Perplexity(no_padding)}},
                                 .on_epoch = {show}});

  // 3. What came of it.
  double perplexity = history["val_perplexity"].back();
  std::int64_t known = 0, count = small ? 200 : 1000;
  std::string fresh;
  for (const std::string& word : make_up(count)) {
    bool is_word = std::binary_search(words.begin(), words.end(), word);
    known += is_word;
    if (!is_word && fresh.size() < 90) fresh += " " + word;
  }
  fmt::print(
      "{:.1f} of {} letters seem likely at a time; {:.0f} % of {} made-up words are in the dictionary, not "
      "these:\n{}\n",
      perplexity, letters.size() - 2, 100.0 * static_cast<double>(known) / static_cast<double>(count), count, fresh);
  return perplexity < (small ? 13.0 : 8.0) ? 0 : 1;
} catch (const Error& error) {
  fmt::print("{}\n", error.what());
  return 1;
}
