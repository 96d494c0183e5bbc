// Texts as numbers, and batches of them: what docs/sequences.md quotes.
#include <fmt/core.h>

#include <xgrad/xgrad.hpp>
using namespace xg;

int main() {
  std::string text = "he said hello\n";

  auto letters = nn::text::Vocabulary::characters(text, {.pad = true, .bos = true, .eos = true});
  nn::text::Ids ids = letters.encode("hello", {.bos = true, .eos = true});
  std::string word = letters.decode(ids);  // "hello"

  auto pieces = nn::text::BytePairs::train("the cat, the hat, the cat that sat", {.size = 300});
  bool same = pieces.decode(pieces.encode("any bytes: \xff")) == "any bytes: \xff";

  std::vector<nn::text::Ids> sources{letters.encode("he"), ids}, targets{ids, letters.encode("said")};
  std::int64_t rows = 0, padding = 0;

  nn::data::SequenceDataset pairs(sources, targets);  // or sequences alone
  nn::data::Loader loader(pairs, {.batch_size = 32, .shuffle = true, .bucket = 50});
  for (auto& [source, target] : loader) {  // each has ids (B, T), lengths (B,) and padding (B, T)
    rows += source.ids.size(0);
    padding += sum(target.padding).item<std::int64_t>();
  }

  fmt::print("{}, {} rows, {} of padding\n", word, rows, padding);
  return word == "hello" && same && rows == 2 && padding == 3 ? 0 : 1;
}
