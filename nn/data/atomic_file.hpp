// Files that are there whole or not at all.
#pragma once

#include <cstddef>
#include <string>

#include "file.hpp"

namespace xg::nn::data {

/// Writes a file under another name in the same folder, which takes the place of the old file only when all is on the
/// disk. A kill or a full disk at any moment leaves the old file or the new one; a kill may leave the other name
/// behind,
/// `.NAME.PID-NUMBER.part`. A symbolic link is followed. Throws FormatError naming the file when the system refuses, or
/// when something that is no file stands in its place; nothing is then left behind.
class AtomicFile {
 public:
  explicit AtomicFile(const Source& source);
  /// Drops what was written unless it was committed.
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(const void* bytes, std::size_t count);
  void write(std::string_view bytes) { write(bytes.data(), bytes.size()); }
  /// Puts the file in its place.
  void commit();

 private:
  [[noreturn]] void fail(const char* what) const;
  Source source_;
  std::string path_, part_;
  int file_ = -1;
};

/// Writes a whole file so.
void write_file(const Source& source, std::string_view bytes);

}  // namespace xg::nn::data
