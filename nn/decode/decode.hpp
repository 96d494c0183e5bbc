// Writing sequences token by token: greedily, by sampling, by beam search, and what training needs for it.
#pragma once

#include <concepts>
#include <optional>
#include <utility>
#include <vector>

#include "sampling.hpp"

namespace xg::nn {

struct DecodeOptions {
  /// The token that ends a sequence; none: every sequence gets its full length.
  std::optional<std::int64_t> end = {};
  /// The most tokens to write, the end token among them; must be given.
  std::int64_t length = 0;
};

struct BeamOptions {
  /// How many unfinished and finished sequences are kept at a time, and how many come back.
  std::int64_t width = 4;
  /// Sequences are ranked by log P / ((5 + n) / 6)^length_penalty, n tokens with the end token: 0 ranks by probability,
  /// which favours short ones, 1 about by the mean of a token.
  double length_penalty = 0;
};

/// What was written for each row of a batch.
struct Decoded {
  /// (B, T) i64 with T the longest; behind its end token a row holds end tokens only.
  Tensor tokens;
  /// (B) i64: how many tokens came before the end token.
  Tensor lengths;
  /// (B) f64: the model's log P of the tokens, the end token among them.
  Tensor log_probabilities;

  /// The tokens of a row before its end token.
  std::vector<std::int64_t> row(std::int64_t b, Site site = Site::here()) const;
};

/// What a beam search found for each row of a batch, best first; where it found fewer than `width`, the rest has
/// probability and rank −inf.
struct Beams {
  /// (B, width, T), (B, width) and (B, width), as in Decoded; ranks (B, width) f64 are what they are sorted by.
  Tensor tokens, lengths, log_probabilities, ranks;

  /// The n-th of each row.
  Decoded choice(std::int64_t n = 0, Site site = Site::here()) const;
};

namespace detail {

/// A model with the state it decodes in.
struct Decoding {
  virtual Tensor step(const Tensor& tokens) = 0;
  virtual void select(const Tensor& rows) = 0;

 protected:
  ~Decoding() = default;
};

template <class State>
concept Selectable = requires(const State& state, const Tensor& rows) {
  { state.select(rows) } -> std::convertible_to<State>;
};

template <Selectable State>
State select_rows(const State& state, const Tensor& rows) {
  return state.select(rows);
}
template <Selectable State>
std::vector<State> select_rows(const std::vector<State>& states, const Tensor& rows) {
  std::vector<State> result;
  for (const State& state : states) result.push_back(state.select(rows));
  return result;
}

template <class State>
concept HasRows = requires(const State& state, const Tensor& rows) { select_rows(state, rows); };

template <class Step, class State>
struct DecodingWith final : Decoding {
  Step& model;
  State state;
  DecodingWith(Step& model, State&& state) : model(model), state(std::move(state)) {}
  Tensor step(const Tensor& tokens) override { return model(tokens, state); }
  void select([[maybe_unused]] const Tensor& rows) override {
    if constexpr (HasRows<State>) state = select_rows(state, rows);
  }
};

Decoded greedy(Decoding& decoding, const Tensor& prompt, const DecodeOptions& options, const Site& site);
Decoded sample(Decoding& decoding, const Tensor& prompt, const DecodeOptions& options, const SamplingOptions& sampling,
               const Site& site);
Beams beam_search(Decoding& decoding, const Tensor& prompt, const DecodeOptions& options, const BeamOptions& beam,
                  const Site& site);

template <class Step, class State>
concept DecodingStep = requires(Step& step, const Tensor& tokens, State& state) {
  { step(tokens, state) } -> std::convertible_to<Tensor>;
};

}  // namespace detail

// `step(tokens, state)` is the model: it takes the tokens (B, n) since the last call, n being as long as the prompt at
// first and 1 later, and gives the logits (B, vocabulary) behind the last of them, or (B, n, vocabulary), of which the
// last count. What it knows of earlier tokens it keeps in `state`, a value of any kind: hidden states of a recurrent
// layer, caches of a transformer, an encoder's memory. The state passed in is the one before the prompt, and stays as
// it was. The prompt (B) or (B, n) begins every sequence (usually with a token that stands for the beginning) and is
// not part of the result. Nothing is recorded. Dropout is as the model is set: see Evaluating.
//
//     struct State { Tensor h; };  // (layers, B, H)
//     auto step = [&](const Tensor& tokens, State& state) {
//       auto [y, h] = model.gru(model.embedding(tokens), state.h);
//       state.h = h;
//       return model.out(y);
//     };
//     nn::Decoded words = nn::sample(step, State{}, full({8}, begin, i64), {.end = end, .length = 20});
//
// All throw ShapeError and DTypeError for a prompt and for logits that are none, ValueError for an empty prompt, a
// length below 1, an end token outside the vocabulary, and logits as `sampling_probabilities` does.

/// The likeliest token after each, of equals the first.
template <class Step, class State>
  requires detail::DecodingStep<Step, State>
Decoded greedy(Step&& step, State state, const Tensor& prompt, const DecodeOptions& options, Site site = Site::here()) {
  detail::DecodingWith<std::remove_reference_t<Step>, State> decoding(step, std::move(state));
  return detail::greedy(decoding, prompt, options, site);
}

/// Tokens drawn as `sample_tokens` draws them. Throws as that, too.
template <class Step, class State>
  requires detail::DecodingStep<Step, State>
Decoded sample(Step&& step, State state, const Tensor& prompt, const DecodeOptions& options,
               const SamplingOptions& sampling = {}, Site site = Site::here()) {
  detail::DecodingWith<std::remove_reference_t<Step>, State> decoding(step, std::move(state));
  return detail::sample(decoding, prompt, options, sampling, site);
}

/// Keeps the `width` likeliest beginnings; one that ends leaves its place in the beam empty, and the search is over
/// when all have ended or reached the length. A width of 1 is `greedy`; with as many places as there are sequences it
/// is exact. Rows of the state change places as beams do, so it needs a member `State select(const Tensor& rows)
/// const`, which takes those rows of the batch, also several times and fewer than there were (axis 0 of most tensors,
/// axis 1 of recurrent states; KeyValues, DecoderLayerCache, LSTMState and vectors of them have it). Throws ValueError
/// for a width below 1, too. Source: Sutskever et al. 2014; length penalty: Wu et al. 2016.
template <class Step, detail::HasRows State>
  requires detail::DecodingStep<Step, State>
Beams beam_search(Step&& step, State state, const Tensor& prompt, const DecodeOptions& options,
                  const BeamOptions& beam = {}, Site site = Site::here()) {
  detail::DecodingWith<std::remove_reference_t<Step>, State> decoding(step, std::move(state));
  return detail::beam_search(decoding, prompt, options, beam, site);
}

/// Teacher forcing: what a decoder is given to learn the targets (B, T), each token but the last, behind `first`: (B,
/// T). Padding (say with 0) then counts for nothing in `cross_entropy(model(source, shift_right(target, begin)),
/// target, {.ignore_index = 0})`, logits (B, T, vocabulary). Throws ShapeError unless the targets are (B, T),
/// DTypeError unless they are integers.
Tensor shift_right(const Operand& targets, std::int64_t first);

}  // namespace xg::nn
