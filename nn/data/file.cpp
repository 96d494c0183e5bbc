#include "file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "../../core/error/error.hpp"
#include "utf8.hpp"

namespace xg::nn::data {
namespace {

constexpr std::size_t chunk = std::size_t(1) << 16;

struct Reader : Source {
  std::size_t max_bytes;

  [[noreturn]] void fail_too_large(const char* what) const {
    fail(std::string(what) + " more than the " + std::to_string(max_bytes) + " bytes that max_bytes allows");
  }

  std::string read() const {
    struct Descriptor {
      int number;
      ~Descriptor() {
        if (number >= 0) ::close(number);
      }
    } file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    struct stat status {};
    if (file.number < 0 || ::fstat(file.number, &status) != 0)
      fail(std::string("cannot open the file: ") + std::strerror(errno));
    if (S_ISDIR(status.st_mode)) fail("this is a directory, not a file");
    if (S_ISREG(status.st_mode) && static_cast<std::uintmax_t>(status.st_size) > max_bytes)
      fail_too_large(("the file's " + std::to_string(status.st_size) + " bytes are").c_str());
    std::string bytes;
    for (;;) {
      std::size_t before = bytes.size();
      bytes.resize(before + std::max(chunk, static_cast<std::size_t>(status.st_size) / 4));
      ssize_t got = ::read(file.number, bytes.data() + before, bytes.size() - before);
      if (got < 0 && errno == EINTR) got = 0;
      else if (got < 0) fail(std::string("cannot read the file: ") + std::strerror(errno));
      else if (got == 0) return bytes.resize(before), bytes;
      bytes.resize(before + static_cast<std::size_t>(got));
      if (bytes.size() > max_bytes) fail_too_large("the file has");
    }
  }

  std::string gunzip(const std::string& packed) const {
    struct Stream : z_stream {
      Stream() : z_stream() {}
      ~Stream() { inflateEnd(this); }
    } stream;
    constexpr int gzip_only = 16 + MAX_WBITS;
    if (inflateInit2(&stream, gzip_only) != Z_OK) fail("zlib cannot start");
    const char* next = packed.data();
    const char* end = next + packed.size();
    std::string bytes;
    std::size_t filled = 0;
    while (next != end) {
      if (stream.avail_in == 0) {  // zlib counts in 32 bits
        stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(next));
        stream.avail_in = static_cast<uInt>(std::min<std::ptrdiff_t>(end - next, std::ptrdiff_t(1) << 30));
      }
      if (bytes.size() - filled < chunk) bytes.resize(std::max(2 * bytes.size(), 4 * chunk));
      stream.next_out = reinterpret_cast<Bytef*>(bytes.data() + filled);
      stream.avail_out = static_cast<uInt>(std::min(bytes.size() - filled, std::size_t(1) << 30));
      uInt room = stream.avail_out;
      int status = inflate(&stream, Z_NO_FLUSH);
      filled += room - stream.avail_out;
      next = reinterpret_cast<const char*>(stream.next_in);
      if (filled > max_bytes) fail_too_large("unpacked, the file has");
      if (status == Z_STREAM_END) {
        while (next != end && *next == '\0') ++next;  // tape blocks are padded with zeros
        if (next == end) return bytes.resize(filled), bytes;
        if (*next != '\x1f') fail("something that is not gzip follows the gzip data");
        stream.avail_in = 0;
        inflateReset(&stream);
      } else if (status != Z_OK && !(status == Z_BUF_ERROR && stream.avail_out == 0)) {
        fail(std::string("the gzip data is damaged") + (stream.msg ? std::string(": ") + stream.msg : ""));
      }
    }
    fail("the gzip data ends early");
  }
};

/// Whether a character (UTF-8 sorts as its code points do) moves the cursor, breaks the line, turns the direction or is
/// not seen.
bool is_escaped(std::string_view c) {
  return c < " " || (c >= "\x7f" && c < "\u00a0") || c == "\u061c" || (c >= "\u200b" && c <= "\u200f") ||
         (c >= "\u2028" && c <= "\u202e") || (c >= "\u2060" && c <= "\u2069") || c == "\ufeff";
}

}  // namespace

void Source::fail(const std::string& what, const char* name, const std::string& fact) const {
  Complaint complaint(op, what);
  complaint.fact("file", path);
  if (name) complaint.fact(name, fact);
  complaint.at(site).raise<FormatError>();
}

std::string in_quotes(std::string_view text) {
  constexpr std::size_t most = 40;
  std::string result = "`";
  bool cut = false;
  each_character(text.substr(0, most + 4), [&](std::string_view c, std::size_t at) {
    if (at + c.size() > most) {
      cut = true;
    } else if (utf8_length(c) > 0 && !is_escaped(c)) {
      result += c;
    } else {
      static const char* digits = "0123456789abcdef";
      for (unsigned char byte : c) result += {'\\', 'x', digits[byte >> 4], digits[byte & 15]};
    }
  });
  return result + (cut ? "...`" : "`");
}

std::string read_raw_file(const Source& source, std::int64_t max_bytes) {
  return Reader{source, static_cast<std::size_t>(std::max<std::int64_t>(max_bytes, 0))}.read();
}

std::string read_file(const Source& source, std::int64_t max_bytes) {
  Reader reader{source, static_cast<std::size_t>(std::max<std::int64_t>(max_bytes, 0))};
  std::string bytes = reader.read();
  if (bytes.size() >= 2 && bytes[0] == '\x1f' && bytes[1] == '\x8b') return reader.gunzip(bytes);
  if (source.path.ends_with(".gz")) reader.fail("the file's name ends in .gz, but it is not gzip");
  return bytes;
}

}  // namespace xg::nn::data
