#include "numpy.hpp"

#include <zlib.h>

#include <unordered_set>

#include "../../core/error/error.hpp"
#include "atomic_file.hpp"
#include "npy.hpp"
#include "zip.hpp"

namespace xg::nn::data {
namespace {

std::string_view data_of(const Array& array) {
  return {reinterpret_cast<const char*>(array.bytes()),
          static_cast<std::size_t>(array.size()) * xg::size_of(array.dtype())};
}

Array checked_array(const char* op, const Tensor& tensor, const Site& site) {
  if (!tensor.defined()) Complaint(op, "the tensor is undefined").at(site).raise<ValueError>();
  return tensor.array().contiguous();
}

}  // namespace

Tensor read_npy(const std::string& path, const NumpyOptions& options, Site site) {
  Source source{"read_npy", path, site};
  return Tensor(parse_npy(read_raw_file(source, options.max_bytes), source, ""));
}

TensorFile read_npz(const std::string& path, const NumpyOptions& options, Site site) {
  Source source{"read_npz", path, site};
  std::string archive = read_raw_file(source, options.max_bytes);
  TensorFile file;
  for (const ZipMember& member : list_zip(archive, source, options.max_bytes)) {
    if (!member.name.ends_with(".npy"))
      source.fail("a member's name does not end in .npy", "member", in_quotes(member.name));
    file.tensors.push_back({member.name.substr(0, member.name.size() - 4),
                            Tensor(parse_npy(unpack(member, source), source, member.name))});
  }
  return file;
}

void write_npy(const std::string& path, const Tensor& tensor, Site site) {
  Array array = checked_array("write_npy", tensor, site);
  AtomicFile file({"write_npy", path, site});
  file.write(npy_header(array));
  file.write(data_of(array));
  file.commit();
}

void write_npz(const std::string& path, const std::vector<NamedTensor>& tensors, Site site) {
  auto refuse = [&](const std::string& what) { Complaint("write_npz", what).at(site).raise<ValueError>(); };
  std::unordered_set<std::string_view> names;
  std::uint64_t total = 0;
  for (const auto& [name, tensor] : tensors) {
    if (name.empty() || name.size() > 60000 || name.find('\0') != name.npos)
      refuse("a name must not be empty, too long, or hold a NUL: " + in_quotes(name));
    if (!names.insert(name).second) refuse("two tensors are called " + in_quotes(name));
    if (!tensor.defined()) refuse("tensor " + in_quotes(name) + " is undefined");
    // A header of npy, two of zip.
    total += static_cast<std::uint64_t>(tensor.size()) * xg::size_of(tensor.dtype()) + 2 * name.size() + 1024 +
             32 * static_cast<std::uint64_t>(tensor.rank());
  }
  if (total >= std::uint64_t(1) << 32 || tensors.size() > 0xfffe)
    refuse("a .npz file holds less than 4 GiB and 65535 tensors; use write_safetensors");
  AtomicFile file({"write_npz", path, site});
  ZipWriter zip;
  for (const auto& [name, tensor] : tensors) {
    Array array = tensor.array().contiguous();
    std::string header = npy_header(array);
    std::string_view data = data_of(array);
    uLong crc = crc32_z(0, reinterpret_cast<const Bytef*>(header.data()), header.size());
    crc = crc32_z(crc, reinterpret_cast<const Bytef*>(data.data()), data.size());
    file.write(zip.begin_member(name + ".npy", static_cast<std::uint32_t>(crc),
                                static_cast<std::uint32_t>(header.size() + data.size())));
    file.write(header);
    file.write(data);
  }
  file.write(zip.end());
  file.commit();
}

}  // namespace xg::nn::data
