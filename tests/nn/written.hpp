// What a test lets something print, and reads.
#pragma once

#include <cstdio>
#include <string>
#include <vector>

/// A file, and what was written to it until now.
struct Written {
  std::FILE* file = std::tmpfile();
  ~Written() { std::fclose(file); }
  std::string text() const {
    std::fseek(file, 0, SEEK_END);
    std::string all(static_cast<std::size_t>(std::ftell(file)), '\0');
    std::rewind(file);
    all.resize(std::fread(all.data(), 1, all.size(), file));
    std::fseek(file, 0, SEEK_END);  // between reading and writing
    return all;
  }
};

/// Lines without their ends; what follows the last end is left out.
inline std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines(1);
  for (char c : text)
    if (c == '\n') lines.emplace_back();
    else lines.back() += c;
  lines.pop_back();
  return lines;
}
