#include "records.hpp"

#include <array>
#include <bit>

namespace xg::nn::detail {
namespace {

constexpr std::array<std::uint32_t, 256> table = [] {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t rest = byte;
    for (int bit = 0; bit < 8; ++bit) rest = (rest >> 1) ^ (rest & 1 ? 0x82f63b78u : 0);
    table[byte] = rest;
  }
  return table;
}();

template <class T>
void append_little_endian(std::string& bytes, T value) {
  for (std::size_t i = 0; i < sizeof(T); ++i) bytes += static_cast<char>(value >> (8 * i) & 0xff);
}

/// A CRC of data that hold CRCs would be weak; formats that nest records therefore store this instead.
std::uint32_t masked(std::uint32_t crc) { return std::rotr(crc, 15) + 0xa282ead8u; }

enum Wire { varint_wire = 0, fixed64_wire = 1, bytes_wire = 2, fixed32_wire = 5 };

}  // namespace

std::uint32_t crc32c(std::string_view bytes) {
  std::uint32_t crc = ~0u;
  for (char c : bytes) crc = (crc >> 8) ^ table[(crc ^ static_cast<unsigned char>(c)) & 0xff];
  return ~crc;
}

std::string tf_record(std::string_view data) {
  std::string record;
  append_little_endian(record, static_cast<std::uint64_t>(data.size()));
  append_little_endian(record, masked(crc32c(record)));
  record += data;
  append_little_endian(record, masked(crc32c(data)));
  return record;
}

void Message::varint(std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) bytes_ += static_cast<char>(value | 0x80);
  bytes_ += static_cast<char>(value);
}

void Message::key(int field, int wire) { varint(static_cast<std::uint64_t>(field) << 3 | static_cast<unsigned>(wire)); }

void Message::integer(int field, std::int64_t value) {
  key(field, varint_wire);
  varint(static_cast<std::uint64_t>(value));
}

void Message::real(int field, double value) {
  key(field, fixed64_wire);
  append_little_endian(bytes_, std::bit_cast<std::uint64_t>(value));
}

void Message::single(int field, float value) {
  key(field, fixed32_wire);
  append_little_endian(bytes_, std::bit_cast<std::uint32_t>(value));
}

void Message::text(int field, std::string_view value) {
  key(field, bytes_wire);
  varint(value.size());
  bytes_ += value;
}

void Message::reals(int field, const std::vector<double>& values) {
  std::string packed;
  for (double value : values) append_little_endian(packed, std::bit_cast<std::uint64_t>(value));
  text(field, packed);
}

}  // namespace xg::nn::detail
