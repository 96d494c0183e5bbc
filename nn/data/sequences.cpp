#include "sequences.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

#include "../../core/error/error.hpp"

namespace xg::nn::data {
namespace detail {

SequenceList::SequenceList(const char* op, const std::vector<std::vector<std::int64_t>>& sequences, const Site& site) {
  auto body = std::make_shared<Body>();
  body->starts.reserve(sequences.size() + 1);
  body->starts.push_back(0);
  for (std::size_t i = 0; i < sequences.size(); ++i) {
    if (sequences[i].empty()) Complaint(op, "sequence " + std::to_string(i) + " is empty").at(site).raise<ValueError>();
    body->ids.insert(body->ids.end(), sequences[i].begin(), sequences[i].end());
    body->starts.push_back(static_cast<std::int64_t>(body->ids.size()));
  }
  body_ = std::move(body);
}

std::int64_t SequenceList::length(std::int64_t i) const {
  auto at = static_cast<std::size_t>(i);
  return body_->starts[at + 1] - body_->starts[at];
}

const std::int64_t* SequenceList::begin(std::int64_t i) const {
  return body_->ids.data() + body_->starts[static_cast<std::size_t>(i)];
}

Padded SequenceList::batch(const Rows& rows, std::int64_t padding_id) const {
  auto count = static_cast<std::int64_t>(rows.size());
  std::int64_t longest = 0;
  for (std::int64_t i : rows) longest = std::max(longest, length(i));
  Array ids(Shape{count, longest}, i64), lengths(Shape{count}, i64), padding(Shape{count, longest}, boolean);
  auto* id = ids.fill<std::int64_t>();
  auto* is_padding = padding.fill<bool>();
  for (std::int64_t b = 0; b < count; ++b) {
    std::int64_t row = rows[static_cast<std::size_t>(b)], real = length(row);
    lengths.fill<std::int64_t>()[b] = real;
    std::copy_n(begin(row), real, id);
    std::fill(id + real, id + longest, padding_id);
    std::fill(is_padding, is_padding + real, false);
    std::fill(is_padding + real, is_padding + longest, true);
    id += longest;
    is_padding += longest;
  }
  return {Tensor(std::move(ids)), Tensor(std::move(lengths)), Tensor(std::move(padding))};
}

void check_same_count(const SequenceList* parts, std::size_t count, const Site& site) {
  for (std::size_t i = 1; i < count; ++i)
    if (parts[i].size() != parts[0].size())
      Complaint("SequenceDataset", "there are " + std::to_string(parts[i].size()) + " targets for " +
                                       std::to_string(parts[0].size()) + " sources")
          .at(site)
          .raise<ValueError>();
}

std::int64_t length_key(const SequenceList* parts, std::size_t count, std::int64_t i) {
  constexpr std::int64_t most = std::numeric_limits<std::int32_t>::max();
  std::int64_t key = 0;
  for (std::size_t k = 0; k < count; ++k) key = key << 31 | std::min(parts[k].length(i), most);
  return key;
}

}  // namespace detail

Padded pad_sequences(const std::vector<std::vector<std::int64_t>>& sequences, std::int64_t padding_id, Site site) {
  detail::SequenceList list("pad_sequences", sequences, site);
  return list.batch(detail::all_rows(list.size()), padding_id);
}

}  // namespace xg::nn::data
