#include "idx.hpp"

#include "idx_bytes.hpp"

namespace xg::nn::data {

IdxBytes read_idx_bytes(const Source& source, std::int64_t max_bytes) {
  IdxBytes idx{read_file(source, max_bytes), 4, {}, {}};
  const std::string& bytes = idx.bytes;
  if (bytes.size() < 4 || bytes[0] != 0 || bytes[1] != 0)
    source.fail("this is not IDX: it does not start with two zero bytes, a type and a rank");
  switch (static_cast<unsigned char>(bytes[2])) {
    case 0x08: idx.element = Element::u8; break;
    case 0x09: idx.element = Element::i8; break;
    case 0x0B: idx.element = Element::i16; break;
    case 0x0C: idx.element = Element::i32; break;
    case 0x0D: idx.element = Element::f32; break;
    case 0x0E: idx.element = Element::f64; break;
    default:
      source.fail("IDX has no element type " + std::to_string(static_cast<unsigned char>(bytes[2])) +
                  "; types are 8, 9, 11, 12, 13 and 14");
  }
  std::size_t rank = static_cast<unsigned char>(bytes[3]);
  idx.start = 4 + 4 * rank;
  if (bytes.size() < idx.start)
    source.fail("the file ends in its " + std::to_string(rank) + " lengths: it has " + std::to_string(bytes.size()) +
                " bytes");
  for (std::size_t i = 0; i < rank; ++i) idx.shape.push_back(big_endian<std::uint32_t>(bytes.data() + 4 + 4 * i));
  std::int64_t count = checked_elements(idx.shape);
  if (count < 0) source.fail("the lengths overflow: " + to_string(idx.shape));
  std::int64_t claimed = count * size_of(idx.element), found = static_cast<std::int64_t>(bytes.size() - idx.start);
  if (claimed != found)
    source.fail("the shape " + to_string(idx.shape) + " needs " + std::to_string(claimed) + " bytes of data, but " +
                std::to_string(found) + " are there");
  return idx;
}

Tensor read_idx(const std::string& path, const IdxOptions& options, Site site) {
  Source source{"read_idx", path, site};
  IdxBytes idx = read_idx_bytes(source, options.max_bytes);
  std::string fault;
  return Tensor(read_elements(idx.bytes.data() + idx.start, idx.shape, idx.element, true, fault));
}

}  // namespace xg::nn::data
