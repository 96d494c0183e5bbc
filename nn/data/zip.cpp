#include "zip.hpp"

#include <zlib.h>

#include <algorithm>
#include <unordered_set>

#include "elements.hpp"

namespace xg::nn::data {
namespace {

constexpr std::uint32_t in_zip64 = 0xffffffff;
constexpr std::uint16_t encrypted = 1 << 0, described = 1 << 3, patched = 1 << 5, strongly = 1 << 6, masked = 1 << 13;

[[noreturn]] void fail(const Source& source, const std::string& what, const std::string& name) {
  source.fail(what, "member", in_quotes(name));
}

/// Integers one after another; past the end they are an error.
class Cursor {
 public:
  Cursor(std::string_view bytes, std::uint64_t at, const Source& source, const char* what)
      : bytes_(bytes), source_(source), what_(what) {
    skip(at);
  }
  template <class T>
  T next() {
    return little_endian<T>(take(sizeof(T)).data());
  }
  std::uint16_t u16() { return next<std::uint16_t>(); }
  std::uint32_t u32() { return next<std::uint32_t>(); }
  std::uint64_t u64() { return next<std::uint64_t>(); }
  std::string_view take(std::uint64_t count) {
    if (count > bytes_.size() - at_) source_.fail(std::string("the zip archive ends in ") + what_);
    at_ += static_cast<std::size_t>(count);
    return bytes_.substr(at_ - static_cast<std::size_t>(count), static_cast<std::size_t>(count));
  }
  void skip(std::uint64_t count) { take(count); }
  std::size_t at() const { return at_; }

 private:
  std::string_view bytes_;
  std::size_t at_ = 0;
  const Source& source_;
  const char* what_;
};

struct Directory {
  std::uint64_t count, size, offset;
};

/// The record that ends an archive, from the last place where it can be: its comment fills the rest of the file.
Directory find_directory(std::string_view archive, const Source& source) {
  constexpr std::size_t shortest = 22;
  std::size_t lowest = archive.size() > shortest + 0xffff ? archive.size() - shortest - 0xffff : 0, at = archive.size();
  if (archive.size() >= shortest)
    for (std::size_t i = archive.size() - shortest + 1; i-- > lowest;)
      if (archive.substr(i, 4) == std::string_view("PK\5\6", 4) &&
          i + shortest + little_endian<std::uint16_t>(archive.data() + i + 20) == archive.size()) {
        at = i;
        break;
      }
  if (at == archive.size()) source.fail("this is not a zip archive: the record that ends one is missing");
  Cursor record(archive, at + 4, source, "its last record");
  std::uint64_t disk = record.u16(), directory_disk = record.u16(), here = record.u16();
  Directory directory{record.u16(), record.u32(), record.u32()};
  std::uint64_t end = at;
  constexpr std::size_t locator = 20;
  if (at >= locator && archive.substr(at - locator, 4) == std::string_view("PK\6\7", 4)) {
    Cursor finder(archive, at - locator + 4, source, "its zip64 locator");
    finder.skip(4);
    end = finder.u64();
    if (end > at - locator) source.fail("the zip64 record would be behind its locator");
    Cursor wide(archive, end, source, "its zip64 record");
    if (wide.u32() != 0x06064b50) source.fail("the zip64 record is not where the locator says");
    if (std::uint64_t size = wide.u64(); size < 44 || size != at - locator - end - 12)
      source.fail("the zip64 record would have " + std::to_string(size) + " bytes");
    wide.skip(4);
    disk = wide.u32(), directory_disk = wide.u32(), here = wide.u64();
    Directory claimed{wide.u64(), wide.u64(), wide.u64()};
    if ((directory.count != 0xffff && directory.count != claimed.count) ||
        (directory.size != in_zip64 && directory.size != claimed.size) ||
        (directory.offset != in_zip64 && directory.offset != claimed.offset))
      source.fail("the zip64 record and the last record differ");
    directory = claimed;
  }
  if (disk != 0 || directory_disk != 0 || here != directory.count)
    source.fail("the zip archive is one of several disks");
  if (directory.offset > end || directory.size != end - directory.offset)
    source.fail("the zip archive's directory would be " + std::to_string(directory.size) + " bytes at " +
                std::to_string(directory.offset) + ", but it ends at " + std::to_string(end));
  return directory;
}

struct Sizes {
  std::uint64_t packed, unpacked, offset;
};

/// Replaces the sizes that did not fit by those of the zip64 field.
void read_extra(std::string_view extra, Sizes& sizes, const Source& source, const std::string& name) {
  while (extra.size() >= 4) {
    std::uint16_t id = little_endian<std::uint16_t>(extra.data()),
                  length = little_endian<std::uint16_t>(extra.data() + 2);
    extra.remove_prefix(4);
    if (length > extra.size()) fail(source, "an extra field of the zip archive is cut short", name);
    std::string_view field = extra.substr(0, length);
    extra.remove_prefix(length);
    if (id != 1) continue;
    for (std::uint64_t* size : {&sizes.unpacked, &sizes.packed, &sizes.offset}) {
      if (*size != in_zip64) continue;
      if (field.size() < 8) fail(source, "a zip64 field is cut short", name);
      *size = little_endian<std::uint64_t>(field.data());
      field.remove_prefix(8);
    }
    return;
  }
}

/// Where a member is in the archive, headers included.
struct Span {
  std::uint64_t begin, end;
  const std::string* name;
};

/// Checks the header before a member, and what follows it, against the directory.
Span check_local(std::string_view archive, ZipMember& member, std::uint16_t flags, std::uint16_t method,
                 const Sizes& sizes, const Source& source) {
  const std::string& name = member.name;
  Cursor local(archive, sizes.offset, source, "the header of a member");
  if (local.u32() != 0x04034b50) fail(source, "there is no header where the zip archive's directory says", name);
  local.skip(2);
  std::uint16_t local_flags = local.u16(), local_method = local.u16();
  local.skip(4);
  std::uint32_t crc = local.u32();
  Sizes local_sizes{local.u32(), 0, 0};
  local_sizes.unpacked = local.u32();
  std::uint16_t name_length = local.u16(), extra_length = local.u16();
  std::string_view local_name = local.take(name_length);
  read_extra(local.take(extra_length), local_sizes, source, name);
  if (local_name != name) fail(source, "the zip archive's header calls it " + in_quotes(local_name), name);
  bool is_described = flags & described;
  bool blank = is_described && crc == 0 && local_sizes.packed == 0 && local_sizes.unpacked == 0;
  if (local_flags != flags || local_method != method ||
      (!blank && (crc != member.crc || local_sizes.packed != sizes.packed || local_sizes.unpacked != sizes.unpacked)))
    fail(source, "the zip archive's header and directory differ", name);
  member.packed = local.take(sizes.packed);
  if (is_described) {
    Cursor after(archive, local.at(), source, "the descriptor of a member");
    std::uint32_t first = after.u32();
    if (first == 0x08074b50) first = after.u32();
    // Sizes have 4 or 8 bytes, which nothing says.
    std::size_t at = after.at();
    Cursor narrow(archive, at, source, "the descriptor of a member"), wide = narrow;
    bool fits = narrow.u32() == sizes.packed && narrow.u32() == sizes.unpacked;
    std::size_t end = narrow.at();
    if (!fits) {
      fits = wide.u64() == sizes.packed && wide.u64() == sizes.unpacked;
      end = wide.at();
    }
    if (!fits || first != member.crc) fail(source, "the zip archive's descriptor and directory differ", name);
    return {sizes.offset, end, &name};
  }
  return {sizes.offset, local.at(), &name};
}

}  // namespace

std::vector<ZipMember> list_zip(std::string_view archive, const Source& source, std::int64_t max_bytes) {
  Directory directory = find_directory(archive, source);
  constexpr std::uint64_t shortest = 46;
  if (directory.count > directory.size / shortest)
    source.fail("the zip archive's directory has no room for " + std::to_string(directory.count) + " members");
  std::vector<ZipMember> members(static_cast<std::size_t>(directory.count));
  std::vector<Span> spans;
  std::unordered_set<std::string_view> names;
  std::uint64_t total = 0;
  Cursor central(archive.substr(0, static_cast<std::size_t>(directory.offset + directory.size)), directory.offset,
                 source, "its directory");
  for (ZipMember& member : members) {
    if (central.u32() != 0x02014b50) source.fail("an entry of the zip archive's directory does not start as one");
    central.skip(4);
    std::uint16_t flags = central.u16(), method = central.u16();
    central.skip(4);
    member.crc = central.u32();
    Sizes sizes{central.u32(), 0, 0};
    sizes.unpacked = central.u32();
    std::uint16_t name_length = central.u16(), extra_length = central.u16(), comment_length = central.u16();
    std::uint16_t disk = central.u16();
    central.skip(6);
    sizes.offset = central.u32();
    member.name = central.take(name_length);
    read_extra(central.take(extra_length), sizes, source, member.name);
    central.skip(comment_length);
    if (member.name.empty()) source.fail("a member of the zip archive has no name");
    if (member.name.find('\0') != member.name.npos) fail(source, "the name holds a NUL byte", member.name);
    if (!names.insert(member.name).second) fail(source, "two members have one name", member.name);
    if (flags & (encrypted | strongly | masked)) fail(source, "the member is encrypted", member.name);
    if (flags & patched) fail(source, "the member is a patch", member.name);
    if (method != 0 && method != 8)
      fail(source, "the member is packed by method " + std::to_string(method) + "; 0 and 8 are known", member.name);
    if (disk != 0) fail(source, "the member is on another disk", member.name);
    member.deflated = method == 8;
    member.size = sizes.unpacked;
    if (sizes.offset > directory.offset || sizes.packed > directory.offset)
      fail(source, "the member would be behind the zip archive's directory", member.name);
    if (!member.deflated && sizes.packed != sizes.unpacked)
      fail(source,
           "the member is stored, but its sizes differ: " + std::to_string(sizes.packed) + " and " +
               std::to_string(sizes.unpacked),
           member.name);
    // No deflated byte stands for more than 1032; checked first, so that no claim alone takes memory.
    if (member.deflated && sizes.unpacked / 1032 > sizes.packed)
      fail(source, std::to_string(sizes.packed) + " bytes cannot unpack to " + std::to_string(sizes.unpacked),
           member.name);
    if (sizes.unpacked > static_cast<std::uint64_t>(std::max<std::int64_t>(max_bytes, 0)) - total)
      fail(source,
           "unpacked, the members have more than the " + std::to_string(max_bytes) + " bytes that max_bytes allows",
           member.name);
    total += sizes.unpacked;
    spans.push_back(check_local(archive.substr(0, static_cast<std::size_t>(directory.offset)), member, flags, method,
                                sizes, source));
  }
  if (central.at() != directory.offset + directory.size)
    source.fail("the zip archive's directory has more than its " + std::to_string(directory.count) + " members");
  std::sort(spans.begin(), spans.end(), [](const Span& a, const Span& b) { return a.begin < b.begin; });
  for (std::size_t i = 1; i < spans.size(); ++i)
    if (spans[i].begin < spans[i - 1].end) fail(source, "the member overlaps another", *spans[i].name);
  return members;
}

std::string unpack(const ZipMember& member, const Source& source) {
  std::string bytes;
  if (!member.deflated) {
    bytes = member.packed;
  } else {
    struct Stream : z_stream {
      Stream() : z_stream() {}
      ~Stream() { inflateEnd(this); }
    } stream;
    if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) source.fail("zlib cannot start");
    bytes.resize(static_cast<std::size_t>(member.size));
    constexpr std::size_t most = std::size_t(1) << 30;  // zlib counts in 32 bits
    std::size_t read = 0, written = 0;
    char beyond = 0;  // what should not be there goes here
    int status = Z_OK;
    while (status == Z_OK) {
      bool full = written == bytes.size();
      stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(member.packed.data() + read));
      stream.avail_in = static_cast<uInt>(std::min(member.packed.size() - read, most));
      stream.next_out = reinterpret_cast<Bytef*>(full ? &beyond : bytes.data() + written);
      stream.avail_out = full ? 1 : static_cast<uInt>(std::min(bytes.size() - written, most));
      uInt in = stream.avail_in, out = stream.avail_out;
      status = inflate(&stream, Z_NO_FLUSH);
      read += in - stream.avail_in;
      written += out - stream.avail_out;
      if (written > bytes.size())
        fail(source, "the member unpacks to more than its " + std::to_string(member.size) + " bytes", member.name);
    }
    if (status == Z_BUF_ERROR) fail(source, "the deflated data ends early", member.name);
    if (status != Z_STREAM_END)
      fail(source, std::string("the deflated data is damaged") + (stream.msg ? std::string(": ") + stream.msg : ""),
           member.name);
    if (written != bytes.size())
      fail(source, "the member unpacks to " + std::to_string(written) + " bytes, not " + std::to_string(member.size),
           member.name);
    if (read != member.packed.size()) fail(source, "something follows the deflated data", member.name);
  }
  if (crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()) != member.crc)
    fail(source, "the checksum does not fit the data", member.name);
  return bytes;
}

namespace {

template <class T>
void put(std::string& to, T value) {
  for (std::size_t i = 0; i < sizeof(T); ++i) to += static_cast<char>(value >> 8 * i);
}

}  // namespace

std::string ZipWriter::begin_member(const std::string& name, std::uint32_t crc, std::uint32_t size) {
  bool ascii = std::all_of(name.begin(), name.end(), [](unsigned char c) { return c < 0x80; });
  std::string common;
  put(common, std::uint16_t(20));                   // version needed
  put(common, std::uint16_t(ascii ? 0 : 1 << 11));  // the name is UTF-8
  put(common, std::uint16_t(0));                    // stored
  put(common, std::uint32_t(0x00210000));           // 1980-01-01, so that the same arrays make the same file
  put(common, crc);
  put(common, size);
  put(common, size);
  put(common, static_cast<std::uint16_t>(name.size()));
  put(common, std::uint16_t(0));
  put(directory_, std::uint32_t(0x02014b50));
  put(directory_, std::uint16_t(20));
  directory_ += common;
  directory_.append(10, '\0');
  put(directory_, static_cast<std::uint32_t>(offset_));
  directory_ += name;
  std::string header;
  put(header, std::uint32_t(0x04034b50));
  header += common + name;
  offset_ += header.size() + size;
  ++count_;
  return header;
}

std::string ZipWriter::end() const {
  std::string record = directory_;
  put(record, std::uint32_t(0x06054b50));
  put(record, std::uint32_t(0));
  put(record, count_);
  put(record, count_);
  put(record, static_cast<std::uint32_t>(directory_.size()));
  put(record, static_cast<std::uint32_t>(offset_));
  put(record, std::uint16_t(0));
  return record;
}

}  // namespace xg::nn::data
