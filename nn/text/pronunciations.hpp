// Words and how they are pronounced.
#pragma once

#include <string>
#include <vector>

#include "../../core/error/site.hpp"

namespace xg::nn::text {

/// A word in lower-case letters and its phonemes, "hh", "ax", "l", "ow".
struct Pronunciation {
  std::string word;
  std::vector<std::string> phonemes;
};

/// The CMU Pronouncing Dictionary of American English in Festival's form: 105,901 pronunciations of 105,664 words in
/// the file's order, which is nearly the alphabet's; words with several pronunciations come several times. Stress is
/// left out, and capital letters are made small. Reads `path`; without one, the file that the environment variable
/// CMU_DICTIONARY names, else where Debian's package festlex-cmu puts it. Throws FormatError: the file is missing (the
/// message says how to get it), or is not such a dictionary (naming the line).
std::vector<Pronunciation> cmu_dictionary(const std::string& path = "", Site site = Site::here());

}  // namespace xg::nn::text
