// Zip archives: members stored or deflated, read only if everything in them agrees.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "file.hpp"

namespace xg::nn::data {

struct ZipMember {
  std::string name;
  std::string_view packed;  // in the archive
  std::uint64_t size;       // unpacked
  std::uint32_t crc;
  bool deflated;
};

/// The members of an archive, in the order of its directory. Throws FormatError naming file and member: the directory
/// and the headers disagree, members overlap, are encrypted or packed in another way, have a name twice or none, or
/// have more than `max_bytes` together.
std::vector<ZipMember> list_zip(std::string_view archive, const Source& source, std::int64_t max_bytes);
/// A member's bytes. Throws FormatError when they are damaged.
std::string unpack(const ZipMember& member, const Source& source);

/// What stands before a stored member in an archive, after all members, and at the end.
class ZipWriter {
 public:
  /// `crc` and `size` are of the member's bytes, which follow.
  std::string begin_member(const std::string& name, std::uint32_t crc, std::uint32_t size);
  std::string end() const;

 private:
  std::uint64_t offset_ = 0;
  std::string directory_;
  std::uint16_t count_ = 0;
};

}  // namespace xg::nn::data
