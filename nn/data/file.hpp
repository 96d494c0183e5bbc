// Files read whole, gunzipped where they are gzip, and never beyond a bound.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "../../core/error/site.hpp"

namespace xg::nn::data {

/// What a reader was asked to read, for its complaints.
struct Source {
  const char* op;
  const std::string& path;
  const Site& site;

  /// Throws FormatError naming the file; `fact` is a line more, such as the part of the file that is wrong.
  [[noreturn]] void fail(const std::string& what, const char* name = nullptr, const std::string& fact = {}) const;
};

/// Text from a file as a message shows it: in quotes, cut short, with control characters and what is not UTF-8 escaped.
std::string in_quotes(std::string_view text);

/// The bytes of a file; those inside it when it starts as gzip does, of any number of members. Throws FormatError
/// naming the file: it cannot be read, it or what it holds has more than `max_bytes`, the gzip data is damaged
/// or ends early, something else follows it, or a name ending in .gz promises gzip that is not there.
std::string read_file(const Source& source, std::int64_t max_bytes);
/// The same, gzip or not, as they are in the file.
std::string read_raw_file(const Source& source, std::int64_t max_bytes);

}  // namespace xg::nn::data
