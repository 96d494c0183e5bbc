#include "lines.hpp"

#include <charconv>

#include "../../core/error/error.hpp"

namespace xg::nn::text {

std::string_view Lines::next(const char* wanted) {
  ++line_;
  if (at_end()) fail(std::string("the file ends where ") + wanted + " should be");
  std::size_t end = text_.find('\n', at_);
  if (end == std::string_view::npos) fail("the last line does not end; the file is cut short");
  std::string_view line = text_.substr(at_, end - at_);
  at_ = end + 1;
  return line;
}

std::string_view Lines::field(const char* word) {
  std::string_view line = next(word), name(word);
  if (line == name) return {};
  if (!line.starts_with(name) || line[name.size()] != ' ')
    fail(std::string("a line is ") + data::in_quotes(line) + ", not `" + word + " …`");
  return line.substr(name.size() + 1);
}

void Lines::expect(const std::string& wanted) {
  std::string_view line = next(wanted.c_str());
  if (line != wanted) fail("a line is " + data::in_quotes(line) + ", not " + data::in_quotes(wanted));
}

std::int64_t Lines::number(const char* word, std::int64_t most) {
  std::string_view text = field(word);
  std::int64_t value = -1;
  auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || stop != text.data() + text.size() || value < 0 || value > most)
    fail(std::string("`") + word + "` is " + data::in_quotes(text) + ", not a number from 0 to " +
         std::to_string(most));
  return value;
}

void Lines::finish(std::int64_t count, const char* things) {
  if (at_end()) return;
  next("the end");
  fail("something follows the " + std::to_string(count) + " " + things);
}

void Lines::fail(const std::string& what) const {
  Complaint(source_.op, what)
      .fact("place", source_.path + ":" + std::to_string(line_))
      .at(source_.site)
      .raise<FormatError>();
}

}  // namespace xg::nn::text
