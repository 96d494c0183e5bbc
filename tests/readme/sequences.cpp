// Texts as numbers, and batches of them: what docs/sequences.md quotes.
#include <fmt/core.h>

#include <xgrad/xgrad.hpp>
using namespace xg;

struct Speller {
  nn::Embedding embedding;
  nn::LSTM lstm{8, 16};
  nn::Linear out;
  explicit Speller(std::int64_t letters) : embedding(letters, 8), out(16, letters) {}
  Tensor operator()(const Tensor& ids, const Tensor& lengths) const { return out(lstm(embedding(ids), {}, lengths).y); }
  auto fields() { return nn::fields("embedding", embedding, "lstm", lstm, "out", out); }
};

int main() {
  std::string text = "he said hello\n";

  auto letters = nn::text::Vocabulary::characters(text, {.pad = true, .bos = true, .eos = true});
  nn::text::Ids ids = letters.encode("hello", {.bos = true, .eos = true});
  std::string word = letters.decode(ids);  // "hello"

  auto pieces = nn::text::BytePairs::train("the cat, the hat, the cat that sat", {.size = 300});
  bool same = pieces.decode(pieces.encode("any bytes: \xff")) == "any bytes: \xff";

  std::vector<nn::text::Ids> sources{letters.encode("he"), ids}, targets{ids, letters.encode("said")};
  std::int64_t rows = 0, filled = 0;

  nn::data::SequenceDataset pairs(sources, targets);  // or sequences alone
  nn::data::Loader loader(pairs, {.batch_size = 32, .shuffle = true, .bucket = 50});
  for (auto& [source, target] : loader) {  // each has ids (B, T), lengths (B,) and padding (B, T)
    rows += source.ids.size(0);
    filled += sum(target.padding).item<std::int64_t>();
  }

  Speller model(letters.size());
  nn::data::Padded batch = nn::data::pad_sequences(sources);

  Tensor seen = batch.ids(all, range(0, -1)), next = batch.ids(all, range(1, none));  // (B, T - 1)
  Tensor lengths = batch.lengths - 1, padding = batch.padding(all, range(1, none));   // of places that have a next
  Tensor loss = nn::cross_entropy(model(seen, lengths), next, {.ignore_index = letters.pad()});

  double by_hand = 0;  // "he" without begin and end is one step, "hello" with both is six
  Tensor said = log_softmax(model(seen, lengths), -1);
  for (std::int64_t row : {0, 1})
    for (std::int64_t t = 0; t + 1 < static_cast<std::int64_t>(sources[row].size()); ++t)
      by_hand -= said(row, t, sources[row][t + 1]).item() / 7;
  bool shifted = all_close(loss, by_hand, 1e-4) && sum(padding).item() == 5;

  fmt::print("{}, {} rows, {} of padding\n", word, rows, filled);
  return word == "hello" && same && shifted && rows == 2 && filled == 3 ? 0 : 1;
}
