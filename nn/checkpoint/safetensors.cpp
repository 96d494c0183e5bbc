#include "safetensors.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <unordered_set>

#include "../../core/error/error.hpp"
#include "../data/atomic_file.hpp"
#include "safetensors_file.hpp"
#include "safetensors_header.hpp"

namespace xg::nn {
namespace detail {
namespace {

constexpr std::uint64_t longest_header = 100'000'000;

const char* safetensors_name(DType dtype) {
  return dtype == DType::f32 ? "F32" : dtype == DType::f64 ? "F64" : dtype == DType::i64 ? "I64" : "BOOL";
}

std::size_t bytes_of(const Array& array) { return static_cast<std::size_t>(array.size()) * size_of(array.dtype()); }

/// Text as JSON.
std::string json_text(const std::string& text, const data::Source& source) {
  try {
    return nlohmann::json(text).dump();
  } catch (const nlohmann::json::type_error&) {
    Complaint(source.op, "this is not UTF-8: " + data::in_quotes(text)).at(source.site).raise<ValueError>();
  }
}

void check_names(const std::vector<NamedArray>& arrays, const Metadata& metadata, const data::Source& source) {
  auto refuse = [&](const std::string& what) { Complaint(source.op, what).at(source.site).raise<ValueError>(); };
  std::unordered_set<std::string_view> names, texts;
  for (const NamedArray& named : arrays) {
    if (named.name == "__metadata__") refuse("no tensor can be called `__metadata__`");
    if (!names.insert(named.name).second) refuse("two tensors are called " + data::in_quotes(named.name));
  }
  for (const auto& [name, text] : metadata)
    if (!texts.insert(name).second) refuse("two texts of the metadata are called " + data::in_quotes(name));
}

}  // namespace

ArrayFile read_arrays(const data::Source& source, std::int64_t max_bytes) {
  std::string bytes = data::read_raw_file(source, max_bytes);
  if (bytes.size() < 8) source.fail("the file's " + std::to_string(bytes.size()) + " bytes are too few for a header");
  std::uint64_t length = data::little_endian<std::uint64_t>(bytes.data());
  if (length > longest_header)
    source.fail("this is no safetensors file: the header would have " + std::to_string(length) +
                " bytes, more than 100000000");
  if (length > bytes.size() - 8)
    source.fail("the header would have " + std::to_string(length) + " bytes, but " + std::to_string(bytes.size() - 8) +
                " follow");
  auto header_length = static_cast<std::size_t>(length);
  SafetensorsHeader header = parse_safetensors_header(std::string_view(bytes).substr(8, header_length), source);
  std::sort(header.tensors.begin(), header.tensors.end(), [](const TensorEntry& a, const TensorEntry& b) {
    return a.begin != b.begin ? a.begin < b.begin : a.end != b.end ? a.end < b.end : a.name < b.name;
  });
  const char* start = bytes.data() + 8 + header_length;
  std::uint64_t size = bytes.size() - 8 - header_length, last = 0;
  for (const TensorEntry& tensor : header.tensors) {
    if (tensor.begin != last)
      source.fail("tensor " + data::in_quotes(tensor.name) + " begins at " + std::to_string(tensor.begin) + ", but " +
                  (last ? "the one before ends at " : "the data at ") + std::to_string(last));
    if (tensor.end > size)
      source.fail("tensor " + data::in_quotes(tensor.name) + " ends at " + std::to_string(tensor.end) +
                  ", but the data at " + std::to_string(size));
    last = tensor.end;
  }
  if (last != size)
    source.fail("the tensors end at " + std::to_string(last) + ", but the data at " + std::to_string(size));
  ArrayFile file;
  file.metadata = std::move(header.metadata);
  for (TensorEntry& tensor : header.tensors) {
    std::string fault;
    Array array = data::read_elements(start + tensor.begin, tensor.shape, tensor.element, false, fault);
    if (!fault.empty()) source.fail("tensor " + data::in_quotes(tensor.name) + ": " + fault);
    file.arrays.push_back({std::move(tensor.name), std::move(array)});
  }
  return file;
}

void write_arrays(const data::Source& source, const std::vector<NamedArray>& arrays, const Metadata& metadata) {
  std::vector<const NamedArray*> order;
  order.reserve(arrays.size());
  for (const NamedArray& named : arrays) order.push_back(&named);
  // The widest come first, so that each is aligned.
  std::sort(order.begin(), order.end(), [](const NamedArray* a, const NamedArray* b) {
    std::size_t left = size_of(a->array.dtype()), right = size_of(b->array.dtype());
    return left != right ? left > right : a->name < b->name;
  });
  check_names(arrays, metadata, source);
  std::string header = "{";
  std::size_t end = 0;
  auto key = [&](const std::string& name) {
    if (header.size() > 1) header += ',';
    header += json_text(name, source) + ':';
  };
  if (!metadata.empty()) {
    key("__metadata__");
    header += '{';
    for (const auto& [name, text] : metadata) {
      if (&name != &metadata[0].first) header += ',';
      header += json_text(name, source) + ':' + json_text(text, source);
    }
    header += '}';
  }
  for (const NamedArray* named : order) {
    const Array& array = named->array;
    key(named->name);
    header += std::string("{\"dtype\":\"") + safetensors_name(array.dtype()) + "\",\"shape\":[";
    for (std::int64_t length : array.shape()) header += std::to_string(length) + ",";
    if (array.rank() > 0) header.pop_back();
    std::size_t begin = end;
    end += bytes_of(array);
    header += "],\"data_offsets\":[" + std::to_string(begin) + "," + std::to_string(end) + "]}";
  }
  header += '}';
  header.resize((header.size() + 7) / 8 * 8, ' ');
  if (header.size() > longest_header)
    Complaint(source.op, "the names take " + std::to_string(header.size()) + " bytes, more than 100000000")
        .at(source.site)
        .raise<ValueError>();

  char length[8];
  for (std::size_t i = 0; i < 8; ++i) length[i] = static_cast<char>(header.size() >> 8 * i);
  data::AtomicFile file(source);
  file.write({length, 8});
  file.write(header);
  for (const NamedArray* named : order) {
    Array array = named->array.contiguous();
    file.write(array.bytes(), bytes_of(array));
  }
  file.commit();
}

}  // namespace detail

const Tensor* TensorFile::find(const std::string& name) const {
  for (const NamedTensor& named : tensors)
    if (named.name == name) return &named.tensor;
  return nullptr;
}

const Tensor& TensorFile::operator[](const std::string& name) const {
  if (const Tensor* tensor = find(name)) return *tensor;
  Complaint("TensorFile", "no tensor is called " + data::in_quotes(name)).raise<ValueError>();
}

TensorFile read_safetensors(const std::string& path, const SafetensorsOptions& options, Site site) {
  detail::ArrayFile arrays = detail::read_arrays({"read_safetensors", path, site}, options.max_bytes);
  TensorFile file;
  for (NamedArray& named : arrays.arrays)
    file.tensors.push_back({std::move(named.name), Tensor(std::move(named.array))});
  file.metadata = std::move(arrays.metadata);
  return file;
}

void write_safetensors(const std::string& path, const std::vector<NamedTensor>& tensors, const Metadata& metadata,
                       Site site) {
  std::vector<NamedArray> arrays;
  for (const NamedTensor& named : tensors) {
    if (!named.tensor.defined())
      Complaint("write_safetensors", "tensor " + data::in_quotes(named.name) + " is undefined")
          .at(site)
          .raise<ValueError>();
    arrays.push_back({named.name, named.tensor.array()});
  }
  detail::write_arrays({"write_safetensors", path, site}, arrays, metadata);
}

}  // namespace xg::nn
