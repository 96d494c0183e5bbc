// Text files read line by line.
#pragma once

#include <string>
#include <string_view>

#include "../data/file.hpp"

namespace xg::nn::text {

/// The lines of a file's text, and what is wrong with the last one that was read. A line ends in LF.
class Lines {
 public:
  Lines(const data::Source& source, std::string_view text) : source_(source), text_(text) {}

  bool at_end() const { return at_ == text_.size(); }
  /// How many bytes are left.
  std::size_t left() const { return text_.size() - at_; }
  /// The next line, without its end. Throws FormatError when there is none: `wanted` says what is missing.
  std::string_view next(const char* wanted);
  /// What follows `word` and a space in the next line, or follows nothing after `word`. Throws FormatError for another
  /// line.
  std::string_view field(const char* word);
  /// The next line must be this.
  void expect(const std::string& line);
  /// The number in the next line behind `word`, from 0 to `most`.
  std::int64_t number(const char* word, std::int64_t most);
  /// Nothing may follow the last of so many things.
  void finish(std::int64_t count, const char* things);
  /// Throws FormatError naming the file and the line read last.
  [[noreturn]] void fail(const std::string& what) const;

 private:
  const data::Source& source_;
  std::string_view text_;
  std::size_t at_ = 0;
  std::int64_t line_ = 0;
};

}  // namespace xg::nn::text
