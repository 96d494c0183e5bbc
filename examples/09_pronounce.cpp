// Letters to phonemes: a recurrent encoder-decoder with attention learns to pronounce, from the CMU dictionary.
//
//     m₁ … m_S = GRU both ways over the letters          the memory; its last states begin the decoder's
//     h_t = GRU(E[phoneme t − 1], h_{t−1})
//     a_ts = softmax over s of W_q h_t · W_k m_s / √d,   c_t = W_o Σ_s a_ts W_v m_s
//     z_t = W tanh(W_c [h_t; c_t])                       a logit for each phoneme that may come next
//     L = −mean( log softmax(z_t)[phoneme t] )           over all phonemes that are no padding
//
// Attention after Luong et al. 2015: it looks at the decoder's outputs and leaves its states alone, so that in
// training, where the right phonemes are given, all steps are one pass of the GRU and one of attention.
//
// 12,000 words are held out, all pronunciations of a word being on one side. An answer is compared with the nearest of
// the word's pronunciations; a word with any error is wrong.
//
// `--full` trains for longer, `--small` for seconds on few short words. All write the model, pronounce.safetensors with
// its vocabularies pronounce_letters.txt and pronounce_phonemes.txt, and pronounce.svg, which shows what the decoder
// looks at in a word. `--prompt` reads the model and pronounces words that are typed.
#include <fmt/core.h>

#include <chrono>
#include <cmath>
#include <iostream>
#include <map>

#include <xgrad/xgrad.hpp>

#include "read_data.hpp"
using namespace xg;
using nn::text::Ids;
using nn::text::Vocabulary;
using Phonemes = std::vector<std::string>;
using Dictionary = std::map<std::string, std::vector<Phonemes>>;

struct Pronouncer {
  Vocabulary letters, phonemes;
  nn::Embedding letter, phoneme;
  nn::GRU encoder, decoder;
  nn::Linear bridge;
  nn::MultiHeadAttention attention;
  nn::Linear combine, out;
  nn::Dropout dropout;

  Pronouncer(const Vocabulary& letters, const Vocabulary& phonemes, std::int64_t width, double dropout = 0)
      : letters(letters), phonemes(phonemes), letter(letters.size(), width / 2), phoneme(phonemes.size(), width / 2),
        encoder(width / 2, width, {.bidirectional = true}), decoder(width / 2, width), bridge(2 * width, width),
        attention(width, 1, {.key_width = 2 * width, .value_width = 2 * width}), combine(2 * width, width),
        out(width, phonemes.size()), dropout(dropout) {}
  auto fields() {
    return nn::fields("letter", letter, "phoneme", phoneme, "encoder", encoder, "decoder", decoder, "bridge", bridge,
                      "attention", attention, "combine", combine, "out", out, "dropout", dropout);
  }

  /// What decoding knows: the decoder's states, the memory as attention takes it, which of its places are padding; and
  /// what it looked at last, (B, n, S), where nothing is recorded.
  struct State {
    Tensor h;
    nn::KeyValues memory;
    Tensor padding, seen = {};
    State select(const Tensor& rows) const { return {take(h, rows, 1), memory.select(rows), take(padding, rows, 0)}; }
  };
  State start(const nn::data::Padded& words) const {
    auto [memory, state] = encoder(dropout(letter(words.ids)), {}, words.lengths);
    memory = dropout(memory);
    return {tanh(bridge(nn::join_directions(state))), attention.project(memory, memory), words.padding};
  }
  /// Logits behind each of the phonemes (B, n) that come next: all at once to learn from, one by one to pronounce.
  Tensor operator()(const Tensor& tokens, State& state) const {
    auto [y, h] = decoder(dropout(phoneme(tokens)), state.h);
    y = dropout(y);
    auto weights_wanted = is_recording() ? nn::AttentionWeights::none : nn::AttentionWeights::mean;
    auto [context, weights] = attention(y, state.memory, {.key_padding = state.padding, .weights = weights_wanted});
    state.h = h;
    state.seen = weights;
    return out(dropout(tanh(combine(concatenate({y, context}, 2)))));
  }

  /// The likeliest pronunciations of each word that a beam of 3 finds.
  nn::Beams pronounce(const std::vector<std::string>& words) const {
    std::vector<Ids> ids;
    for (const std::string& word : words) ids.push_back(letters.encode(word));
    State state = start(nn::data::pad_sequences(ids, letters.pad()));
    return nn::beam_search(*this, state, full({std::ssize(words)}, phonemes.bos(), i64),
                           {.end = phonemes.eos(), .length = 40}, {.width = 3});
  }
};

const char* model_path = "pronounce.safetensors";
const char* letters_path = "pronounce_letters.txt";
const char* phonemes_path = "pronounce_phonemes.txt";
const char* picture_path = "pronounce.svg";

std::string joined(const Phonemes& phonemes) {
  std::string text;
  for (const std::string& p : phonemes) text += (text.empty() ? "" : " ") + p;
  return text;
}

nn::text::ErrorRate judge(const Pronouncer& model, const Dictionary& dictionary,
                          const std::vector<std::string>& words) {
  nn::text::ErrorRate errors;
  for (std::size_t i = 0; i < words.size(); i += 400) {
    std::vector<std::string> some(words.begin() + static_cast<std::ptrdiff_t>(i),
                                  words.begin() + static_cast<std::ptrdiff_t>(std::min(i + 400, words.size())));
    nn::Decoded found = model.pronounce(some).choice();
    for (std::size_t b = 0; b < some.size(); ++b)
      errors.update(model.phonemes.decode_tokens(found.row(static_cast<std::int64_t>(b))), dictionary.at(some[b]));
  }
  return errors;
}

/// Which letters the decoder looks at while it writes a word's phonemes.
void draw_attention(const Pronouncer& model, const std::string& word) {
  Ids ids = model.phonemes.encode_tokens(model.phonemes.decode_tokens(model.pronounce({word}).choice().row(0)));
  Pronouncer::State state = model.start(nn::data::pad_sequences({model.letters.encode(word)}));
  ids.insert(ids.begin(), model.phonemes.bos());
  model(expand_dims(tensor(ids), 0), state);
  Phonemes rows = model.phonemes.decode_tokens(ids), columns;
  rows.push_back("end");
  for (char c : word) columns.push_back({c});
  nn::Figure figure;
  figure.matrix(fmt::format("what is looked at in \"{}\"", word), state.seen(0), rows, columns).write(picture_path);
}

int answer_prompt() {
  Vocabulary letters = Vocabulary::load(letters_path), phonemes = Vocabulary::load(phonemes_path);
  Pronouncer model(letters, phonemes, nn::read_safetensors(model_path)["out.weight"].size(1));
  nn::load(model, model_path);
  nn::Evaluating evaluating(model);
  fmt::print("a word a line; an empty line ends\n");
  for (std::string word; fmt::print("> "), std::fflush(stdout), std::getline(std::cin, word) && !word.empty();) try {
      for (char& c : word)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
      nn::Beams found = model.pronounce({word});
      for (std::int64_t n = 0; n < 3; ++n)
        if (double p = std::exp(found.log_probabilities(0, n).item()); p > 0.05)
          fmt::print("{:4.0f} %  {}\n", 100 * p, joined(phonemes.decode_tokens(found.choice(n).row(0))));
      draw_attention(model, word);
    } catch (const ValueError& unknown) {
      fmt::print("{}\n", unknown.what());
    }
  return 0;
}

int main(int argc, char** argv) try {
  std::string form = argc > 1 ? argv[1] : "";
  if (form == "--prompt") return answer_prompt();
  bool small = form == "--small", full = form == "--full";
  seed(2);  // splits the words in another way than where these settings were found
  auto start = std::chrono::steady_clock::now();

  // 1. The data.
  Dictionary dictionary;
  std::string all_letters, all_phonemes;
  for (const auto& [word, phonemes] : read_data([] { return nn::text::cmu_dictionary(); })) {
    if (small && word.size() > 4) continue;
    dictionary[word].push_back(phonemes);
    all_letters += word;
    all_phonemes += joined(phonemes) + " ";
  }
  std::vector<std::string> words;
  for (const auto& [word, pronunciations] : dictionary) words.push_back(word);
  std::vector<std::string> held_out;
  std::vector<Ids> sources, targets;
  Vocabulary letters = Vocabulary::characters(all_letters, {.pad = true});
  Vocabulary phonemes = Vocabulary::words(all_phonemes, {.pad = true, .bos = true, .eos = true});
  std::int64_t to_hold_out = small ? 400 : 12000;
  for (std::int64_t i : randperm(std::ssize(words)).to_vector<std::int64_t>()) {
    const std::string& word = words[static_cast<std::size_t>(i)];
    if (std::ssize(held_out) < to_hold_out) {
      held_out.push_back(word);
      continue;
    }
    for (const Phonemes& pronunciation : dictionary[word]) {
      sources.push_back(letters.encode(word));
      targets.push_back(phonemes.encode_tokens(pronunciation, {.eos = true}));
    }
  }
  nn::data::Loader batches(nn::data::SequenceDataset(sources, targets),
                           {.batch_size = small ? 64 : 128, .shuffle = true, .bucket = 50});

  // 2. The model and its training.
  Pronouncer model(letters, phonemes, small ? 48 : 256, full ? 0.2 : small ? 0 : 0.1);
  fmt::print("{} parameters; {} pronunciations to learn, {} words held out\n", nn::count_parameters(model),
             sources.size(), held_out.size());
  std::int64_t epochs = full ? 10 : small ? 2 : 4;
  nn::AdamW optimizer(nn::parameters(model), {.lr = small ? 1e-2 : full ? 1.5e-3 : 2e-3});
  nn::OneCycleSchedule schedule(optimizer, {.steps = epochs * batches.size()});
  for (std::int64_t epoch = 1; epoch <= epochs; ++epoch) {
    nn::Mean mean;
    auto bar = nn::progress(batches, fmt::format("epoch {:2}/{}", epoch, epochs), {.lines = 1, .hold = true});
    for (auto& [source, target] : bar) {
      Pronouncer::State state = model.start(source);
      Tensor logits = model(nn::shift_right(target.ids, phonemes.bos()), state);
      Tensor loss = nn::cross_entropy(logits, target.ids, {.ignore_index = phonemes.pad()});
      optimizer.zero_grad();
      loss.backward();
      nn::clip_grad_norm(nn::parameters(model), 1.0);
      optimizer.step();
      schedule.step();
      mean.update(loss.item());
      bar.show("loss", mean.compute());
    }
    nn::Evaluating evaluating(model);  // on some of the words; nothing is chosen by it
    bar.show("phoneme error",
             judge(model, dictionary, {held_out.begin(), held_out.begin() + (small ? 100 : 400)}).compute());
  }
  double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  nn::save(model, model_path);
  letters.save(letters_path);
  phonemes.save(phonemes_path);

  // 3. What came of it.
  nn::Evaluating evaluating(model);
  draw_attention(model, small ? held_out[0] : "thoughtfully");
  for (std::size_t i = 0; i < 8; ++i) {
    std::string said = joined(phonemes.decode_tokens(model.pronounce({held_out[i]}).choice().row(0)));
    fmt::print("{:>14}  {}", held_out[i], said);
    for (const Phonemes& right : dictionary[held_out[i]])
      fmt::print("{} {}", &right == &dictionary[held_out[i]][0] ? "   dictionary:" : " or", joined(right));
    fmt::print("\n");
  }
  nn::text::ErrorRate errors = judge(model, dictionary, held_out);
  fmt::print("\n{:30}phoneme error   word error\n", "");
  fmt::print("{:30}{:8.2f} %     {:8.2f} %   after {:.0f} s, on {} words\n", "this model", 100 * errors.compute(),
             100 * errors.wrong(), seconds, held_out.size());
  if (!small)
    fmt::print("{:30}{:8.2f} %     {:8.2f} %   with a split and phonemes of their own\n", "Yao and Zweig 2015, LSTMs",
               7.63, 28.61);
  fmt::print("\n{} and vocabularies: the model; {}: what it looked at\n", model_path, picture_path);
  return errors.compute() <= (small ? 0.6 : full ? 0.09 : 0.11) ? 0 : 1;
} catch (const Error& error) {
  fmt::print("{}\n", error.what());
  return 1;
}
