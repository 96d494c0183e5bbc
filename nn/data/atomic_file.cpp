#include "atomic_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace xg::nn::data {

AtomicFile::AtomicFile(const Source& source) : source_(source), path_(source.path) {
  static std::atomic<unsigned> count = 0;
  if (char* real = ::realpath(path_.c_str(), nullptr)) {
    path_ = real;
    std::free(real);
  }
  struct stat old {};
  bool exists = ::stat(path_.c_str(), &old) == 0;
  if (exists && !S_ISREG(old.st_mode)) source_.fail("cannot write here: this is not an ordinary file");
  std::size_t name = path_.rfind('/') + 1;  // 0 when there is none
  part_ = path_.substr(0, name) + "." + path_.substr(name) + "." + std::to_string(::getpid()) + "-" +
          std::to_string(count++) + ".part";
  file_ = ::open(part_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (file_ < 0) fail("cannot create the file");
  if (exists) (void)!::fchmod(file_, old.st_mode & 07777);
}

AtomicFile::~AtomicFile() {
  if (file_ < 0) return;
  ::close(file_);
  ::unlink(part_.c_str());
}

void AtomicFile::write(const void* bytes, std::size_t count) {
  const char* next = static_cast<const char*>(bytes);
  while (count > 0) {
    ssize_t written = ::write(file_, next, std::min(count, std::size_t(1) << 30));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail("cannot write the file");
    next += written;
    count -= static_cast<std::size_t>(written);
  }
}

void AtomicFile::commit() {
  if (::fsync(file_) != 0) fail("cannot write the file");
  if (::rename(part_.c_str(), path_.c_str()) != 0) fail("cannot put the file in its place");
  bool closed = ::close(file_) == 0;
  file_ = -1;
  if (!closed) fail("cannot write the file");
  // The folder's entry too must be on the disk. File systems that cannot sync folders keep it anyway.
  std::size_t slash = path_.rfind('/');
  std::string folder = slash == std::string::npos ? "." : path_.substr(0, slash + 1);
  int directory = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) return;
  (void)!::fsync(directory);
  ::close(directory);
}

void AtomicFile::fail(const char* what) const { source_.fail(std::string(what) + ": " + std::strerror(errno)); }

void write_file(const Source& source, std::string_view bytes) {
  AtomicFile file(source);
  file.write(bytes);
  file.commit();
}

}  // namespace xg::nn::data
