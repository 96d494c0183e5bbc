#include "npy.hpp"

#include <charconv>
#include <limits>

#include "elements.hpp"
#include "numpy.hpp"

namespace xg::nn::data {
namespace {

/// Reads a header: a dictionary as Python prints it, of a text, a truth value and a tuple.
class HeaderParser {
 public:
  HeaderParser(std::string_view text, const Source& source, const std::string& member)
      : text_(text), source_(source), member_(member) {}

  std::string descr;
  bool fortran_order = false;
  Shape shape;

  void parse() {
    bool has_descr = false, has_order = false, has_shape = false;
    expect('{');
    while (!skip('}')) {
      std::string key = string();
      bool& has = key == "descr" ? has_descr : key == "fortran_order" ? has_order : has_shape;
      if (key != "descr" && key != "fortran_order" && key != "shape")
        fail("the header has an unknown " + in_quotes(key));
      if (has) fail("the header has two " + in_quotes(key));
      has = true;
      expect(':');
      if (key == "descr") read_descr();
      else if (key == "fortran_order") fortran_order = truth();
      else tuple();
      if (!skip(',') && peek() != '}') fail_at("a comma or a closing brace");
    }
    const char* missing = !has_descr ? "descr" : !has_order ? "fortran_order" : !has_shape ? "shape" : nullptr;
    if (missing) fail(std::string("the header has no `") + missing + "`");
    spaces();
    if (at_ != text_.size()) fail_at("nothing more");
  }

  [[noreturn]] void fail(const std::string& what) const {
    if (member_.empty()) source_.fail(what);
    source_.fail(what, "member", in_quotes(member_));
  }

 private:
  [[noreturn]] void fail_at(const char* wanted) const {
    fail("the header has " + (at_ == text_.size() ? std::string("its end") : in_quotes(text_.substr(at_, 12))) +
         " where " + wanted + " should be");
  }
  void spaces() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t' || text_[at_] == '\r'))
      ++at_;
  }
  char peek() {
    spaces();
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool skip(char c) {
    if (peek() != c || at_ == text_.size()) return false;
    ++at_;
    return true;
  }
  void expect(char c) {
    if (!skip(c)) fail_at((std::string("`") + c + "`").c_str());
  }
  std::string string() {
    char quote = peek();
    if (quote != '\'' && quote != '"') fail_at("a text in quotes");
    std::size_t end = text_.find(quote, at_ + 1);
    if (end == text_.npos) fail_at("a text in quotes");
    std::string value(text_.substr(at_ + 1, end - at_ - 1));
    if (value.find_first_of("\\\n") != value.npos) fail_at("a plain text");
    at_ = end + 1;
    return value;
  }
  void read_descr() {
    if (peek() == '[') fail("the dtype is a structure, which is not supported");
    descr = string();
  }
  bool truth() {
    spaces();
    for (bool value : {true, false}) {
      std::string_view word = value ? "True" : "False";
      if (!text_.substr(at_).starts_with(word)) continue;
      at_ += word.size();
      return value;
    }
    fail_at("True or False");
  }
  void tuple() {
    expect('(');
    bool comma = true;
    while (!skip(')')) {
      if (!comma) fail_at("a comma or a closing bracket");
      spaces();
      std::int64_t length = 0;
      const char* first = text_.data() + at_;
      auto [last, error] = std::from_chars(first, text_.data() + text_.size(), length);
      if (last == first || error != std::errc() || length < 0) fail_at("a length from 0 to 2^63 - 1");
      at_ += static_cast<std::size_t>(last - first);
      if (at_ < text_.size() && text_[at_] == 'L') ++at_;  // Python 2 wrote long integers so
      shape.push_back(length);
      comma = skip(',');
    }
    if (shape.rank() == 1 && !comma) fail("the header's shape is a number in brackets, not a tuple");
  }

  std::string_view text_;
  std::size_t at_ = 0;
  const Source& source_;
  const std::string& member_;
};

struct Descr {
  Element element;
  bool big_endian;
};

Descr read_descr(const HeaderParser& header) {
  static constexpr std::pair<const char*, Element> known[] = {
      {"f4", Element::f32}, {"f8", Element::f64}, {"i8", Element::i64}, {"b1", Element::boolean},
      {"f2", Element::f16}, {"i4", Element::i32}, {"i2", Element::i16}, {"i1", Element::i8},
      {"u1", Element::u8},  {"u2", Element::u16}, {"u4", Element::u32}, {"u8", Element::u64}};
  std::string_view text = header.descr;
  if (!text.empty())
    for (auto [name, element] : known) {
      if (text.substr(1) != name) continue;
      if (text[0] == '<' || text[0] == '=' || (text[0] == '|' && size_of(element) == 1)) return {element, false};
      if (text[0] == '>') return {element, true};
    }
  header.fail("the dtype " + in_quotes(text) + " is not supported");
}

}  // namespace

Array parse_npy(std::string_view bytes, const Source& source, const std::string& member) {
  HeaderParser nothing({}, source, member);
  if (!bytes.starts_with("\x93NUMPY") || bytes.size() < 10)
    nothing.fail("this is not npy: it does not start with \\x93NUMPY, a version and a length");
  int version = static_cast<unsigned char>(bytes[6]);
  if (version < 1 || version > 3 || bytes[7] != 0)
    nothing.fail("npy has no version " + std::to_string(version) + "." +
                 std::to_string(static_cast<unsigned char>(bytes[7])) + "; versions are 1.0, 2.0 and 3.0");
  std::size_t start = version == 1 ? 10 : 12;
  if (bytes.size() < start) nothing.fail("the file ends before its header");
  std::size_t length =
      version == 1 ? little_endian<std::uint16_t>(bytes.data() + 8) : little_endian<std::uint32_t>(bytes.data() + 8);
  if (length > bytes.size() - start)
    nothing.fail("the header would have " + std::to_string(length) + " bytes, but " +
                 std::to_string(bytes.size() - start) + " follow");
  HeaderParser header(bytes.substr(start, length), source, member);
  header.parse();
  Descr descr = read_descr(header);
  std::int64_t count = checked_elements(header.shape);
  if (count < 0) header.fail("the shape's lengths overflow: " + to_string(header.shape));
  std::int64_t claimed = count * size_of(descr.element),
               found = static_cast<std::int64_t>(bytes.size() - start - length);
  if (claimed != found)
    header.fail("the shape " + to_string(header.shape) + " needs " + std::to_string(claimed) + " bytes of data, but " +
                std::to_string(found) + " are there");
  Shape shape = header.shape, axes;
  if (header.fortran_order)
    for (std::size_t i = shape.size(); i-- > 0;) {
      shape[i] = header.shape[shape.size() - 1 - i];
      axes.push_back(static_cast<std::int64_t>(i));
    }
  std::string fault;
  Array array = read_elements(bytes.data() + start + length, shape, descr.element, descr.big_endian, fault);
  if (!fault.empty()) header.fail(fault);
  return header.fortran_order ? array.permuted(axes).contiguous() : array;
}

std::string npy_header(const Array& array) {
  const char* descr = array.dtype() == DType::f32   ? "<f4"
                      : array.dtype() == DType::f64 ? "<f8"
                      : array.dtype() == DType::i64 ? "<i8"
                                                    : "|b1";
  std::string text =
      std::string("{'descr': '") + descr + "', 'fortran_order': False, 'shape': " + to_string(array.shape()) + ", }";
  bool is_long = text.size() + 11 + 63 > std::numeric_limits<std::uint16_t>::max();
  std::size_t before = is_long ? 12 : 10, total = (before + text.size() + 1 + 63) / 64 * 64;
  text.resize(total - before - 1, ' ');
  text += '\n';
  std::string header = {'\x93', 'N', 'U', 'M', 'P', 'Y', is_long ? '\2' : '\1', '\0'};
  for (std::size_t i = 0; i < before - 8; ++i) header += static_cast<char>(text.size() >> 8 * i);
  return header + text;
}

}  // namespace xg::nn::data
