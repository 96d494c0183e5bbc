#include "safetensors_header.hpp"

#include <limits>
#include <nlohmann/json.hpp>
#include <unordered_set>

namespace xg::nn::detail {
namespace {

using Json = nlohmann::json;
using data::Element;
using data::in_quotes;

/// Follows the text event by event, since a parsed tree no longer shows keys given twice, numbers that did not fit, or
/// signs that were lost.
class Parser final : public nlohmann::json_sax<Json> {
 public:
  explicit Parser(const data::Source& source) : source_(source) {}
  SafetensorsHeader header;

  bool start_object(std::size_t) override {
    if (at_ == At::start) at_ = At::top;
    else if (at_ == At::top) at_ = is_metadata_ ? At::metadata : At::tensor;
    else unexpected("an object");
    if (at_ == At::tensor) has_dtype_ = has_shape_ = has_offsets_ = false;
    return true;
  }
  bool key(string_t& name) override {
    if (at_ == At::metadata) {
      if (!metadata_names_.insert(name).second) fail("the metadata has two " + in_quotes(name));
      header.metadata.emplace_back(name, "");
    } else if (at_ == At::tensor) {
      field_ = name;
      bool& has = name == "dtype" ? has_dtype_ : name == "shape" ? has_shape_ : has_offsets_;
      if (name != "dtype" && name != "shape" && name != "data_offsets")
        fail_tensor("has an unknown " + in_quotes(name));
      if (has) fail_tensor("has two " + in_quotes(name));
      has = true;
    } else {
      is_metadata_ = name == "__metadata__";
      if (!names_.insert(name).second) fail("two tensors are called " + in_quotes(name));
      if (!is_metadata_) header.tensors.emplace_back().name = name;
    }
    return true;
  }
  bool end_object() override {
    if (at_ == At::tensor) {
      const char* missing = !has_dtype_ ? "dtype" : !has_shape_ ? "shape" : !has_offsets_ ? "data_offsets" : nullptr;
      if (missing) fail_tensor(std::string("has no `") + missing + "`");
      check_size();
    }
    at_ = at_ == At::top ? At::start : At::top;
    return true;
  }
  bool start_array(std::size_t) override {
    if (at_ != At::tensor || field_ == "dtype") unexpected("an array");
    at_ = field_ == "shape" ? At::shape : At::offsets;
    offsets_.clear();
    return true;
  }
  bool end_array() override {
    if (at_ == At::offsets) {
      if (offsets_.size() != 2)
        fail_tensor("has " + std::to_string(offsets_.size()) + " `data_offsets`, not a begin and an end");
      tensor().begin = offsets_[0];
      tensor().end = offsets_[1];
    }
    at_ = At::tensor;
    return true;
  }
  bool string(string_t& value) override {
    if (at_ == At::metadata) header.metadata.back().second = value;
    else if (at_ == At::tensor && field_ == "dtype") tensor().element = element(value);
    else unexpected("a text");
    return true;
  }
  bool number_unsigned(number_unsigned_t value) override {
    if (at_ == At::shape) {
      if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
        fail_tensor("has a length of " + std::to_string(value));
      tensor().shape.push_back(static_cast<std::int64_t>(value));
    } else if (at_ == At::offsets) {
      if (offsets_.size() < 3) offsets_.push_back(value);
    } else {
      unexpected("a number");
    }
    return true;
  }
  bool number_integer(number_integer_t value) override { return odd_number(std::to_string(value)); }
  bool number_float(number_float_t, const string_t& text) override { return odd_number(text); }
  bool null() override { return unexpected("null"); }
  bool boolean(bool value) override { return unexpected(value ? "true" : "false"); }
  bool binary(binary_t&) override { return unexpected("bytes"); }
  bool parse_error(std::size_t at, const std::string&, const nlohmann::detail::exception& error) override {
    std::string what = error.what();  // "[json.exception...] parse error at line 1, column 2: ..."
    std::size_t colon = what.find(": ");
    fail("the header is not JSON: byte " + std::to_string(at) +
         (colon == std::string::npos ? "" : ", " + in_quotes(what.substr(colon + 2))));
  }

 private:
  enum class At { start, top, metadata, tensor, shape, offsets };

  TensorEntry& tensor() { return header.tensors.back(); }
  [[noreturn]] void fail(const std::string& what) const { source_.fail(what); }
  [[noreturn]] void fail_tensor(const std::string& what) const {
    fail("tensor " + in_quotes(header.tensors.back().name) + " " + what);
  }
  bool unexpected(const char* what) const {
    std::string found = std::string(what) + " stands where ";
    if (at_ == At::metadata) fail(found + "the metadata's texts belong");
    if (at_ == At::tensor || at_ == At::shape || at_ == At::offsets)
      fail(found + in_quotes(field_) + " of tensor " + in_quotes(header.tensors.back().name) + " belongs");
    fail(found + (at_ != At::top ? "the header's object belongs"
                  : is_metadata_ ? "the metadata belongs"
                                 : "a tensor belongs"));
  }
  bool odd_number(const std::string& text) const {
    if (at_ == At::shape || at_ == At::offsets)
      fail_tensor("has `" + field_ + "` with " + in_quotes(text) + ", which is not an integer from 0 to 2^64 - 1");
    return unexpected("a number");
  }
  Element element(const std::string& name) const {
    static constexpr std::pair<const char*, Element> known[] = {
        {"F32", Element::f32}, {"F64", Element::f64},   {"I64", Element::i64}, {"BOOL", Element::boolean},
        {"F16", Element::f16}, {"BF16", Element::bf16}, {"I32", Element::i32}, {"I16", Element::i16},
        {"I8", Element::i8},   {"U8", Element::u8},     {"U16", Element::u16}, {"U32", Element::u32},
        {"U64", Element::u64}};
    for (auto [text, element] : known)
      if (name == text) return element;
    fail_tensor("has dtype " + in_quotes(name) + ", which is not supported");
  }
  void check_size() {
    const TensorEntry& t = tensor();
    if (t.end < t.begin)
      fail_tensor("ends before it begins: " + std::to_string(t.begin) + " to " + std::to_string(t.end));
    std::int64_t count = checked_elements(t.shape);
    if (count < 0) fail_tensor("has lengths that overflow");
    std::uint64_t claimed = static_cast<std::uint64_t>(count) * static_cast<std::uint64_t>(data::size_of(t.element));
    if (claimed != t.end - t.begin)
      fail_tensor("needs " + std::to_string(claimed) + " bytes, but its offsets span " +
                  std::to_string(t.end - t.begin));
  }

  const data::Source& source_;
  At at_ = At::start;
  bool is_metadata_ = false, has_dtype_ = false, has_shape_ = false, has_offsets_ = false;
  std::string field_;
  std::vector<std::uint64_t> offsets_;
  std::unordered_set<std::string> names_, metadata_names_;
};

}  // namespace

SafetensorsHeader parse_safetensors_header(std::string_view text, const data::Source& source) {
  if (text.empty() || text[0] != '{') source.fail("the header does not start with {");
  // JSON cannot hold a zero byte, and the parser would take one for the end.
  if (text.find('\0') != text.npos) source.fail("the header is not JSON: it holds a zero byte");
  Parser parser(source);
  Json::sax_parse(text.begin(), text.end(), &parser);
  return std::move(parser.header);
}

}  // namespace xg::nn::detail
