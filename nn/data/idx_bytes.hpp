// An IDX file's bytes and what they are, before they are converted.
#pragma once

#include "elements.hpp"
#include "file.hpp"

namespace xg::nn::data {

struct IdxBytes {
  std::string bytes;
  std::size_t start;  // of the data in `bytes`
  Element element;
  Shape shape;
};
IdxBytes read_idx_bytes(const Source& source, std::int64_t max_bytes);

}  // namespace xg::nn::data
