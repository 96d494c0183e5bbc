#include "dataset.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

#include "../../core/error/error.hpp"
#include "../../core/ops/concatenate.hpp"
#include "../../core/ops/create.hpp"

namespace xg::nn::data::detail {

Tensor collate(const std::vector<Tensor>& parts) { return stack(parts); }
Tensor collate(const std::vector<double>& numbers) { return tensor(numbers); }
Tensor collate(const std::vector<float>& numbers) { return tensor(numbers); }
Tensor collate(const std::vector<std::int64_t>& numbers) { return tensor(numbers); }

Rows all_rows(std::int64_t count) {
  Rows rows(static_cast<std::size_t>(count));
  std::iota(rows.begin(), rows.end(), std::int64_t(0));
  return rows;
}

void check_row(const char* op, std::int64_t row, std::int64_t size, const Site& site) {
  if (row < 0 || row >= size)
    Complaint(op, "there is no sample " + std::to_string(row) + " among " + std::to_string(size))
        .at(site)
        .raise<IndexError>();
}

void check_rows(const char* op, const Rows& rows, std::int64_t size, const Site& site) {
  for (std::int64_t row : rows) check_row(op, row, size, site);
}

Tensor take_rows(const Tensor& x, const Rows& rows) {
  const Array& from = x.array();
  Shape shape = from.shape();
  shape[0] = static_cast<std::int64_t>(rows.size());
  Array result(shape, from.dtype());
  if (result.size()) {
    std::size_t row = static_cast<std::size_t>(result.size()) / rows.size() * xg::size_of(from.dtype());
    std::byte* to = result.fill_bytes();
    for (std::int64_t i : rows) {
      std::memcpy(to, from.bytes() + static_cast<std::size_t>(i) * row, row);
      to += row;
    }
  }
  return Tensor(std::move(result));
}

void check_same_rows(const Tensor* tensors, std::size_t count, const Site& site) {
  for (std::size_t i = 0; i < count; ++i) {
    if (tensors[i].defined() && tensors[i].rank() > 0 && tensors[i].size(0) == tensors[0].size(0)) continue;
    std::string shapes;
    for (std::size_t k = 0; k < count; ++k)
      shapes += (k ? ", " : "") + (tensors[k].defined() ? to_string(tensors[k].shape()) : "undefined");
    Complaint("TensorDataset", "the tensors need as many rows each: " + shapes).at(site).raise<ShapeError>();
  }
}

std::vector<Rows> deal(const char* op, std::int64_t size, const std::vector<double>& parts, bool fractions, Rng& rng,
                       const Site& site) {
  auto total = static_cast<double>(size);
  double sum = 0;
  std::string list;
  bool sound = true;
  for (double part : parts) {
    sum += part;
    sound = sound && part >= 0;
    std::string text = std::to_string(part);
    list += (list.empty() ? "" : " + ") + (fractions ? text : text.substr(0, text.find('.')));
  }
  if (!sound || (fractions ? std::abs(sum - 1) > 1e-9 : sum != total))
    Complaint(op, "the parts must add up to " + (fractions ? std::string("1") : std::to_string(size)) +
                      " and none be negative: " + list)
        .at(site)
        .raise<ValueError>();
  std::vector<std::int64_t> lengths;
  lengths.reserve(parts.size());
  for (double part : parts)
    lengths.push_back(static_cast<std::int64_t>(fractions ? std::floor(part * total + 1e-9) : part));
  std::int64_t left = size - std::accumulate(lengths.begin(), lengths.end(), std::int64_t(0));
  for (std::size_t i = 0; left > 0; i = (i + 1) % lengths.size(), --left) ++lengths[i];
  Array order = draw::permutation(size, rng);
  const std::int64_t* at = order.data<std::int64_t>();
  std::vector<Rows> rows;
  for (std::int64_t length : lengths) {
    rows.emplace_back(at, at + length);
    at += length;
  }
  return rows;
}

}  // namespace xg::nn::data::detail
