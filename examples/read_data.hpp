// What the examples do where their data is not there.
#pragma once

#include <fmt/core.h>

#include <cstdlib>

#include <xgrad/xgrad.hpp>

/// What `read()` gives. Where the data cannot be read, says why, and the program ends with 77: Meson's word for a test
/// that cannot run here.
template <class Read>
auto read_data(const Read& read, const char* advice = "") {
  try {
    return read();
  } catch (const xg::FormatError& missing) {
    fmt::print("{}\n{}", missing.what(), advice);
    std::exit(77);
  }
}
