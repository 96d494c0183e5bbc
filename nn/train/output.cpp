#include "output.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "../../core/error/error.hpp"

namespace xg::nn::detail {

void write_output(const char* op, const std::string& path, std::string_view bytes, const Site& site) {
  std::FILE* file = std::fopen(path.c_str(), "wb");
  bool written = file && std::fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size();
  if (file) written = std::fclose(file) == 0 && written;
  if (!written)
    Complaint(op, std::string("cannot write the file: ") + std::strerror(errno))
        .fact("file", path)
        .at(site)
        .raise<FormatError>();
}

}  // namespace xg::nn::detail
