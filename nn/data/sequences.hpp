// Sequences of different lengths: batches padded to the longest.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "dataset.hpp"

namespace xg::nn::data {

/// Sequences above one another, each filled up to the length T of the longest.
struct Padded {
  /// i64 (B, T).
  Tensor ids;
  /// How many of each row are no padding, i64 (B,): what recurrent layers take.
  Tensor lengths;
  /// Boolean (B, T), true where there is padding: what attention takes as `key_padding`.
  Tensor padding;
};

/// Pads with `padding_id` (PyTorch `pad_sequence`, batch first). Throws ValueError for an empty sequence.
Padded pad_sequences(const std::vector<std::vector<std::int64_t>>& sequences, std::int64_t padding_id = 0,
                     Site site = Site::here());

struct SequenceDatasetOptions {
  /// What shorter sequences are filled up with.
  std::int64_t padding_id = 0;
};

namespace detail {

/// Sequences behind one another; copies share them.
class SequenceList {
 public:
  SequenceList() = default;
  /// Throws ValueError in the name of `op` for an empty sequence.
  SequenceList(const char* op, const std::vector<std::vector<std::int64_t>>& sequences, const Site& site);
  std::int64_t size() const { return static_cast<std::int64_t>(body_->starts.size()) - 1; }
  std::int64_t length(std::int64_t i) const;
  const std::int64_t* begin(std::int64_t i) const;
  Padded batch(const Rows& rows, std::int64_t padding_id) const;

 private:
  struct Body {
    std::vector<std::int64_t> ids, starts;
  };
  std::shared_ptr<const Body> body_;
};

void check_same_count(const SequenceList* parts, std::size_t count, const Site& site);
/// Orders by the length of the first part, then by the second's.
std::int64_t length_key(const SequenceList* parts, std::size_t count, std::int64_t i);

}  // namespace detail

/// Sequences of token numbers, or pairs (source, target) of them. A batch is an array of as many Padded:
///
///     SequenceDataset pairs(sources, targets);
///     Loader loader(pairs, {.batch_size = 32, .shuffle = true, .bucket = 50});
///     for (auto& [source, target] : loader) model(source.ids, source.lengths, target.ids);
///
/// Copies share the sequences. `.bucket` of a loader puts sequences of near-equal lengths together, pairs by the source
/// first. Throws ValueError for an empty sequence and where there are not as many targets as sources; IndexError for a
/// row that is not there.
template <std::size_t N>
class SequenceDataset {
 public:
  using Sequences = std::vector<std::vector<std::int64_t>>;

  explicit SequenceDataset(const Sequences& sequences, const SequenceDatasetOptions& options = {},
                           Site site = Site::here())
    requires(N == 1)
      : parts_{detail::SequenceList("SequenceDataset", sequences, site)}, options_(options) {}
  SequenceDataset(const Sequences& sources, const Sequences& targets, const SequenceDatasetOptions& options = {},
                  Site site = Site::here())
    requires(N == 2)
      : parts_{detail::SequenceList("SequenceDataset", sources, site),
               detail::SequenceList("SequenceDataset", targets, site)},
        options_(options) {
    detail::check_same_count(parts_.data(), N, site);
  }

  std::int64_t size() const { return parts_[0].size(); }
  std::array<Padded, N> batch(const Rows& rows, Site site = Site::here()) const {
    detail::check_rows("SequenceDataset", rows, size(), site);
    std::array<Padded, N> result;
    for (std::size_t i = 0; i < N; ++i) result[i] = parts_[i].batch(rows, options_.padding_id);
    return result;
  }
  std::int64_t sort_key(std::int64_t i, Site site = Site::here()) const {
    detail::check_row("SequenceDataset", i, size(), site);
    return detail::length_key(parts_.data(), N, i);
  }

 private:
  std::array<detail::SequenceList, N> parts_;
  SequenceDatasetOptions options_;
};
SequenceDataset(const std::vector<std::vector<std::int64_t>>&) -> SequenceDataset<1>;
SequenceDataset(const std::vector<std::vector<std::int64_t>>&, const SequenceDatasetOptions&) -> SequenceDataset<1>;
SequenceDataset(const std::vector<std::vector<std::int64_t>>&, const std::vector<std::vector<std::int64_t>>&)
    -> SequenceDataset<2>;
SequenceDataset(const std::vector<std::vector<std::int64_t>>&, const std::vector<std::vector<std::int64_t>>&,
                const SequenceDatasetOptions&) -> SequenceDataset<2>;

}  // namespace xg::nn::data
