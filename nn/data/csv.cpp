#include "csv.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <string_view>

#include "../../core/error/error.hpp"
#include "file.hpp"
#include "utf8.hpp"

namespace xg::nn::data {
namespace {

class Parser {
 public:
  Parser(const std::string& path, std::string_view text, const CsvOptions& options, const Site& site)
      : path_(path), at_(text.data()), end_(at_ + text.size()), line_start_(at_), options_(options), site_(site) {
    if (text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff")) fail("this is UTF-16; CSV is read as UTF-8");
    if (text.starts_with("\xef\xbb\xbf")) at_ = line_start_ = at_ + 3;
  }

  bool at_end() const { return at_ == end_; }
  std::int64_t line() const { return line_; }

  /// Skips the empty lines that end a file; false when anything else follows.
  bool skip_to_end() {
    const char* here = at_;
    while (here != end_ && (*here == '\n' || (*here == '\r' && here + 1 != end_ && here[1] == '\n'))) ++here;
    if (here != end_) return false;
    at_ = end_;
    return true;
  }

  /// Reads a row, calling `f(field)` for each; returns how many.
  template <class F>
  std::int64_t row(const F& f) {
    for (field_ = 1;; ++field_) {
      start_ = at_;
      start_line_ = line_;
      start_line_start_ = line_start_;
      std::string_view text = at_ != end_ && *at_ == '"' ? quoted_field() : plain_field();
      f(text);
      if (at_ == end_) return field_;
      if (*at_ == options_.separator) {
        ++at_;
        continue;
      }
      at_ += *at_ == '\r' ? 2 : 1;
      ++line_;
      line_start_ = at_;
      return field_;
    }
  }

  double number(std::string_view text, const std::vector<std::string>& names) const {
    double value = 0;
    const char* first = text.data();
    const char* last = first + text.size();
    if (first != last && *first == '+' && last - first > 1 && first[1] != '-') ++first;
    auto [stop, error] = std::from_chars(first, last, value);
    bool digits = first != last && last[-1] != ')';  // nan(...) is no number
    if (error == std::errc::result_out_of_range && stop == last) {
      value = std::strtod(std::string(first, last).c_str(), nullptr);  // tiny numbers are as good as 0
      if (std::isinf(value)) fail("a number is out of the range of f64: " + in_quotes(text), &names);
    } else if (error != std::errc() || stop != last || !digits) {
      fail(text.empty() ? "a field is empty" : "a field is not a number: " + in_quotes(text), &names);
    }
    return value;
  }

  /// Throws, naming the place where the field being read starts.
  [[noreturn]] void fail(const std::string& what, const std::vector<std::string>* names = nullptr) const {
    std::string place =
        path_ + ":" + std::to_string(start_line_) + ":" + std::to_string(start_ - start_line_start_ + 1);
    place += ", field " + std::to_string(field_);
    if (names && static_cast<std::size_t>(field_) <= names->size()) place += " " + in_quotes((*names)[field_ - 1]);
    Complaint("read_csv", what).fact("place", place).at(site_).raise<FormatError>();
  }

 private:
  /// Steps over one character of a field.
  void step() {
    if (*at_ == '\0') fail("the text holds a NUL byte");
    std::size_t length = utf8_length({at_, static_cast<std::size_t>(end_ - at_)});
    if (length == 0) fail("the text is not UTF-8");
    if (*at_ == '\n') {
      ++line_;
      line_start_ = at_ + 1;
    }
    at_ += length;
  }
  bool ends_field() const {
    if (at_ == end_ || *at_ == options_.separator || *at_ == '\n') return true;
    if (*at_ != '\r') return false;
    if (at_ + 1 != end_ && at_[1] == '\n') return true;
    fail("a carriage return stands alone; lines end in LF or CRLF");
  }
  std::string_view plain_field() {
    while (!ends_field()) {
      if (*at_ == '"') fail("a quote stands inside a field that does not start with one");
      step();
    }
    return {start_, static_cast<std::size_t>(at_ - start_)};
  }
  std::string_view quoted_field() {
    scratch_.clear();
    for (++at_;;) {
      if (at_ == end_) fail("a quote is never closed");
      if (*at_ == '"') {
        if (++at_ == end_ || *at_ != '"') break;
        scratch_ += '"';  // two quotes stand for one
        ++at_;
        continue;
      }
      const char* from = at_;
      step();
      scratch_.append(from, at_);
    }
    if (!ends_field()) fail("something follows a closing quote");
    return scratch_;
  }

  const std::string& path_;
  const char* at_;
  const char* end_;
  const char* line_start_;
  const CsvOptions& options_;
  const Site& site_;
  std::int64_t line_ = 1, field_ = 1;
  const char* start_ = at_;  // of the field
  const char* start_line_start_ = at_;
  std::int64_t start_line_ = 1;
  std::string scratch_;
};

}  // namespace

Csv read_csv(const std::string& path, const CsvOptions& options, Site site) {
  char separator = options.separator;
  if (separator == '"' || separator == '\n' || separator == '\r' || separator == '\0' || (separator & 0x80))
    Complaint("read_csv", "a separator cannot be " + in_quotes({&separator, 1})).at(site).raise<ValueError>();
  std::string text = read_file({"read_csv", path, site}, options.max_bytes);
  Parser parser(path, text, options, site);
  Csv csv;
  csv.path_ = path;
  if (parser.skip_to_end()) parser.fail("the file is empty");
  std::int64_t width = 0;
  if (options.header) width = parser.row([&](std::string_view name) { csv.names_.emplace_back(name); });
  std::vector<double> values;
  while (!parser.at_end() && !parser.skip_to_end()) {
    csv.lines_.push_back(parser.line());
    std::int64_t count = 0;
    std::int64_t found = parser.row([&](std::string_view field) {
      ++count;
      if (width == 0 || count <= width) values.push_back(parser.number(field, csv.names_));
    });
    if (width == 0) width = found;
    if (found != width)
      parser.fail("a row has " + std::to_string(found) + (found == 1 ? " field" : " fields") + " where the first has " +
                  std::to_string(width));
  }
  Array array({static_cast<std::int64_t>(csv.lines_.size()), width}, f64);
  std::copy(values.begin(), values.end(), array.fill<double>());
  csv.values_ = Tensor(std::move(array));
  return csv;
}

std::int64_t Csv::find(const char* op, const std::string& name, const Site& site) const {
  std::int64_t found = -1, count = 0;
  for (std::size_t i = 0; i < names_.size(); ++i)
    if (names_[i] == name && ++count) found = static_cast<std::int64_t>(i);
  if (count == 1) return found;
  std::string all;
  for (const std::string& other : names_) all += (all.empty() ? "" : ", ") + other;
  if (all.size() > 200) all = all.substr(0, 200) + "...";
  Complaint(op, (count ? std::to_string(count) + " columns are called " : std::string("no column is called ")) +
                    in_quotes(name))
      .fact("file", path_)
      .fact("columns", names_.empty() ? "it was read without a header" : all)
      .at(site)
      .raise<ValueError>();
}

Tensor Csv::column(const std::string& name, DType dtype, Site site) const {
  std::int64_t index = find("column", name, site);
  return Tensor(values_.array().view({rows()}, {columns()}, rows() ? index : 0).contiguous().cast(dtype));
}

Tensor Csv::without(const std::vector<std::string>& names, DType dtype, Site site) const {
  std::vector<bool> keep(static_cast<std::size_t>(columns()), true);
  for (const std::string& name : names) keep[static_cast<std::size_t>(find("without", name, site))] = false;
  std::int64_t kept = std::count(keep.begin(), keep.end(), true);
  Array result({rows(), kept}, f64);
  const double* from = values_.array().data<double>();
  double* to = result.fill<double>();
  for (std::int64_t i = 0; i < rows(); ++i)
    for (std::size_t j = 0; j < keep.size(); ++j, ++from)
      if (keep[j]) *to++ = *from;
  return Tensor(result.cast(dtype));
}

Tensor Csv::labels(const std::string& name, std::int64_t classes, Site site) const {
  std::int64_t index = find("labels", name, site);
  constexpr double most = 9007199254740992.0;  // up to here f64 holds every integer
  Array result(Shape{rows()}, i64);
  for (std::int64_t i = 0; i < rows(); ++i) {
    double value = values_.array().data<double>()[i * columns() + index];
    bool fits = value >= 0 && value < (classes > 0 ? static_cast<double>(classes) : most) && value == std::floor(value);
    if (!fits) {
      char text[32];
      *std::to_chars(text, text + sizeof text, value).ptr = '\0';
      Complaint("labels", std::string("a label is ") + text + ", not an integer from 0" +
                              (classes > 0 ? " to " + std::to_string(classes - 1) : ""))
          .fact("place", path_ + ":" + std::to_string(lines_[static_cast<std::size_t>(i)]) + ", field " +
                             std::to_string(index + 1) + " " + in_quotes(name))
          .at(site)
          .raise<FormatError>();
    }
    result.fill<std::int64_t>()[i] = static_cast<std::int64_t>(value);
  }
  return Tensor(result);
}

}  // namespace xg::nn::data
