// What TensorBoard's event files are made of: protocol buffers in records with checksums.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace xg::nn::detail {

/// The cyclic redundancy check of Castagnoli's polynomial (RFC 3720, appendix B.4).
std::uint32_t crc32c(std::string_view bytes);

/// A TFRecord: length, its masked CRC, the data, their masked CRC; all little-endian.
std::string tf_record(std::string_view data);

/// A protocol buffer message as it is built, field by field, in the order of the calls.
class Message {
 public:
  void integer(int field, std::int64_t value);
  void real(int field, double value);
  void single(int field, float value);
  /// A string, bytes, or a message.
  void text(int field, std::string_view value);
  void message(int field, const Message& value) { text(field, value.bytes_); }
  /// A packed list.
  void reals(int field, const std::vector<double>& values);

  const std::string& bytes() const { return bytes_; }

 private:
  void varint(std::uint64_t value);
  void key(int field, int wire);
  std::string bytes_;
};

}  // namespace xg::nn::detail
