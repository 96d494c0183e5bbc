// Files that tests make: temporary ones, gzip, and what a reader says of them.
#pragma once

#include <unistd.h>
#include <zlib.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "../../core/error/error.hpp"

/// A path in the folder for temporary files, and a file there that is gone at the end of its test.
struct File {
  File() : File(Unwritten(), "") {}
  explicit File(const std::string& bytes, const std::string& suffix = ".csv") : File(Unwritten(), suffix) {
    std::ofstream(path, std::ios::binary) << bytes;
  }
  ~File() { std::filesystem::remove_all(path); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  std::string path;

 private:
  struct Unwritten {};
  File(Unwritten, const std::string& suffix) {
    static int count = 0;
    path = (std::filesystem::temp_directory_path() /
            ("xgrad-test-" + std::to_string(getpid()) + "-" + std::to_string(count++) + suffix))
               .string();
  }
};

inline std::string read_bytes(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline std::string gzip(const std::string& bytes) {
  z_stream stream{};
  deflateInit2(&stream, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
  std::string packed(deflateBound(&stream, bytes.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

/// The message of the FormatError that `read(path)` throws, without the line of the call, and with the file's path
/// replaced by FILE.
template <class Read>
std::string format_complaint(const File& file, const Read& read) {
  try {
    read(file.path);
  } catch (const xg::FormatError& error) {
    std::string message = error.what();
    for (std::size_t at; (at = message.find(file.path)) != std::string::npos;)
      message.replace(at, file.path.size(), "FILE");
    return message.substr(0, message.find("\n  at "));
  }
  return "no error";
}
