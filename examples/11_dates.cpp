// A transformer translates dates as people write them, "Tue, 3 March '98", into "1998-03-03".
//
//     encoder   x = E[letter] + position,   x ← norm(x + attention(x, x)),  x ← norm(x + W₂ relu(W₁ x))   twice
//     decoder   the same with the letters so far, looking back only, and between the two attention to the encoder's x
//     z = W y + b                            a logit for each letter that may come next
//     L = −mean( log softmax(z)[next letter] ),  the decoder being given the right letters so far
//
// Dates from 1950 to 2049 in two dozen forms, from a seeded generator; every tenth day is never trained on, and the
// test asks for those days only. A beam search writes the answer, 10 letters and an end, from the encoder's x and
// caches of what the decoder knows of the letters so far. 3/4/1998 is March 4 and 3.4.1998 is April 3.
//
// `--small` trains for seconds, on two forms only.
#include <fmt/core.h>

#include <array>
#include <chrono>

#include <xgrad/xgrad.hpp>
using namespace xg;
using nn::text::Vocabulary;

// 1. The dates.

struct Date {
  int year, month, day, weekday;  // weekday 0 is Sunday
  std::string iso() const { return fmt::format("{:04}-{:02}-{:02}", year, month, day); }
};

std::vector<Date> days_of_a_century() {
  std::vector<Date> days;
  for (int year = 1950, weekday = 0; year < 2050; ++year) {  // January 1, 1950 was a Sunday
    bool leap = year % 4 == 0;                               // as 2000 was, too
    std::array lengths{31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    for (int month = 1; month <= 12; ++month)
      for (int day = 1; day <= lengths[static_cast<std::size_t>(month - 1)]; ++day, weekday = (weekday + 1) % 7)
        days.push_back({year, month, day, weekday});
  }
  return days;
}

const std::array<std::string, 12> months{"january", "february", "march",     "april",   "may",      "june",
                                         "july",    "august",   "september", "october", "november", "december"};
const std::array<std::string, 7> weekdays{"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"};
constexpr int forms = 24;

std::string ordinal(int day) {
  bool teen = day / 10 == 1;
  const char* end = !teen && day % 10 == 1   ? "st"
                    : !teen && day % 10 == 2 ? "nd"
                    : !teen && day % 10 == 3 ? "rd"
                                             : "th";
  return std::to_string(day) + end;
}

/// One of the forms a date is written in; `letters` 0: lower case, 1: First Letters, 2: CAPITALS.
std::string written(const Date& date, int form, int letters) {
  std::string month = months[static_cast<std::size_t>(date.month - 1)],
              weekday = weekdays[static_cast<std::size_t>(date.weekday)];
  std::string mon = month.substr(0, 3), wed = weekday.substr(0, 3), day = std::to_string(date.day),
              nth = ordinal(date.day);
  std::string year = std::to_string(date.year), short_year = year.substr(2);
  int d = date.day, m = date.month;
  std::array<std::string, forms> all{
      fmt::format("the {} of {} {}", nth, month, year),
      fmt::format("{} {} {}", d, month, year),
      fmt::format("{}, {} {} '{}", wed, d, month, short_year),
      fmt::format("{}/{}/{}", m, d, year),
      fmt::format("{}.{}.{}", d, m, year),
      fmt::format("{:02}/{:02}/{}", m, d, short_year),
      fmt::format("{:02}.{:02}.{}", d, m, short_year),
      fmt::format("{} {}, {}", month, nth, year),
      fmt::format("{} {}, {}", mon, d, year),
      fmt::format("{}, {} {}, {}", weekday, month, d, year),
      fmt::format("{}-{}-{}", year, m, d),
      fmt::format("{}{:02}{:02}", year, m, d),
      fmt::format("{}-{}-{}", d, mon, short_year),
      fmt::format("{} {} {}", year, mon, d),
      fmt::format("{} the {}, {}", month, nth, year),
      fmt::format("{} {} {}", nth, mon, year),
      fmt::format("{} the {} of {} '{}", weekday, nth, month, short_year),
      fmt::format("{} {} '{}", mon, nth, short_year),
      fmt::format("in {}, {} {}", year, month, d),
      fmt::format("{} {:02} {:02}", year, m, d),
      fmt::format("{}. {} {}", d, month, year),
      fmt::format("{} {} {} {}", wed, mon, d, year),
      fmt::format("on the {} day of {}, {}", nth, month, year),
      fmt::format("{}, the {} of {}, {}", weekday, nth, mon, year),
  };
  std::string text = all[static_cast<std::size_t>(form)];
  bool start = true;
  for (char& c : text) {
    bool letter = c >= 'a' && c <= 'z';
    if (letter && (letters == 2 || (letters == 1 && start))) c = static_cast<char>(c - 'a' + 'A');
    start = c == ' ';
  }
  return text;
}

// 2. The model.

struct Translator {
  nn::Embedding letters, answer;
  nn::Transformer transformer;
  nn::Linear out;
  Tensor positions;

  Translator(std::int64_t source, std::int64_t target, std::int64_t width)
      : letters(source, width), answer(target, width),
        transformer(width, 4, {.encoder_layers = 2, .decoder_layers = 2, .feed_forward = 2 * width, .dropout = 0}),
        out(width, target), positions(sinusoidal_positions(64, width)) {}
  auto fields() { return nn::fields("letters", letters, "answer", answer, "transformer", transformer, "out", out); }

  /// What decoding knows: the encoder's result, which of its places are padding, and caches of the letters so far.
  struct State {
    Tensor memory, padding;
    std::vector<nn::DecoderLayerCache> cache;
    State select(const Tensor& rows) const {
      State result{take(memory, rows, 0), take(padding, rows, 0), {}};
      for (const auto& layer : cache) result.cache.push_back(layer.select(rows));
      return result;
    }
  };
  State start(const nn::data::Padded& text) const {
    Tensor x = letters(text.ids) + positions(range(0, text.ids.size(1)));
    return {transformer.encoder(x, {.key_padding = text.padding}), text.padding, {}};
  }
  /// Logits behind each of the tokens (B, n) that come next: all at once to learn from, one by one to write.
  Tensor operator()(const Tensor& tokens, State& state) const {
    std::int64_t before = state.cache.empty() ? 0 : state.cache[0].self.length();
    Tensor y = answer(tokens) + positions(range(before, before + tokens.size(1)));
    return out(transformer.decoder(y, state.memory,
                                   {.causal = true, .memory_key_padding = state.padding, .cache = &state.cache}));
  }
};

int main(int argc, char** argv) {
  bool small = argc > 1 && std::string(argv[1]) == "--small";
  seed(1);
  auto start = std::chrono::steady_clock::now();

  std::vector<Date> trained, held_out;
  std::vector<Date> days = days_of_a_century();
  std::vector<std::int64_t> order = randperm(std::ssize(days)).to_vector<std::int64_t>();
  for (std::size_t i = 0; i < days.size(); ++i)
    (i % 10 == 0 ? held_out : trained).push_back(days[static_cast<std::size_t>(order[i])]);

  std::string alphabet = "0123456789-/.,' ";
  for (char c = 'a'; c <= 'z'; ++c) alphabet += {c, static_cast<char>(c - 'a' + 'A')};
  Vocabulary letters = Vocabulary::characters(alphabet, {.pad = true});
  Vocabulary digits = Vocabulary::characters("0123456789-", {.pad = true, .bos = true, .eos = true});

  Rng rng(2);
  auto draw = [&](std::size_t count) {
    return randint(0, static_cast<std::int64_t>(count), {}, rng).item<std::size_t>();
  };
  auto any_form = [&](const Date& date) {
    constexpr std::array few{1, 10};
    int form = small ? few[draw(2)] : static_cast<int>(draw(forms));
    return written(date, form, small ? 0 : static_cast<int>(draw(3)));
  };
  struct Batch {
    std::vector<std::string> texts, answers;
    nn::data::Padded source, target;
  };
  auto batch_of = [&](const std::vector<Date>& dates) {
    Batch batch;
    std::vector<nn::text::Ids> sources, targets;
    for (const Date& date : dates) {
      batch.texts.push_back(any_form(date));
      batch.answers.push_back(date.iso());
      sources.push_back(letters.encode(batch.texts.back()));
      targets.push_back(digits.encode(batch.answers.back(), {.eos = true}));
    }
    batch.source = nn::data::pad_sequences(sources, letters.pad());
    batch.target = nn::data::pad_sequences(targets, digits.pad());
    return batch;
  };

  // 3. Training.
  Translator model(letters.size(), digits.size(), 64);
  std::int64_t steps = small ? 120 : 2000;
  std::size_t rows = 64;
  fmt::print("{} parameters, {} days to learn from, {} held out\n", nn::count_parameters(model), trained.size(),
             held_out.size());
  nn::Adam optimizer(nn::parameters(model), {.lr = 2e-3});
  nn::OneCycleSchedule schedule(optimizer, {.steps = steps});
  nn::Progress progress(steps, "training");
  for ([[maybe_unused]] std::int64_t step : progress) {
    std::vector<Date> dates;
    for (std::size_t i = 0; i < rows; ++i) dates.push_back(trained[draw(trained.size())]);
    Batch batch = batch_of(dates);
    Translator::State state = model.start(batch.source);
    Tensor logits = model(nn::shift_right(batch.target.ids, digits.bos()), state);
    Tensor loss = nn::cross_entropy(logits, batch.target.ids, {.ignore_index = digits.pad()});
    optimizer.zero_grad();
    loss.backward();
    nn::clip_grad_norm(nn::parameters(model), 1.0);
    optimizer.step();
    schedule.step();
    progress.show("loss", loss.item());
  }

  // 4. The test: every held-out day once, each in a form of its own.
  nn::Evaluating evaluating(model);
  std::int64_t exact = 0, asked = 0;
  std::size_t each = 200, last = small ? 200 : held_out.size();
  fmt::print("\n");
  for (std::size_t i = 0; i < last; i += each) {
    Batch batch = batch_of({held_out.begin() + static_cast<std::ptrdiff_t>(i),
                            held_out.begin() + static_cast<std::ptrdiff_t>(std::min(i + each, last))});
    std::int64_t count = std::ssize(batch.texts);
    nn::Decoded found = nn::beam_search(model, model.start(batch.source), full({count}, digits.bos(), i64),
                                        {.end = digits.eos(), .length = 12}, {.width = 3})
                            .choice();
    for (std::int64_t b = 0; b < count; ++b, ++asked) {
      std::string answer = digits.decode(found.row(b)), right = batch.answers[static_cast<std::size_t>(b)];
      exact += answer == right;
      if (asked < 10 || (answer != right && !small))
        fmt::print("{:>40}  {}{}\n", batch.texts[static_cast<std::size_t>(b)], answer,
                   answer == right ? "" : " is wrong: " + right);
    }
  }
  double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  double part = static_cast<double>(exact) / static_cast<double>(asked);
  fmt::print("\n{:.2f} % of {} dates exact after {:.0f} s\n", 100 * part, asked, seconds);
  return part >= (small ? 0.2 : 0.99) ? 0 : 1;
}
