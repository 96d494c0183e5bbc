#include "pronunciations.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "../../core/error/error.hpp"
#include "lines.hpp"

namespace xg::nn::text {
namespace {

constexpr const char* debian_file = "/usr/share/festival/dicts/cmu/cmudict-0.4.out";

/// Takes `("word" part (((phoneme …) stress) …))` to pieces.
class Entry {
 public:
  Entry(std::string_view line, const Lines& lines) : line_(line), lines_(lines) {}

  Pronunciation read() {
    Pronunciation result;
    take("(\"");
    result.word = word("'.-_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
    for (char& c : result.word)
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
    take("\" ");
    word("abcdefghijklmnopqrstuvwxyz_");
    take(" (");
    do {
      take("((");
      do result.phonemes.push_back(word("abcdefghijklmnopqrstuvwxyz"));
      while (skip(" "));
      take(") ");
      word("012");
      take(")");
    } while (skip(" "));
    take("))");
    if (at_ != line_.size()) fail();
    return result;
  }

 private:
  std::string word(std::string_view of) {
    std::size_t end = std::min(line_.find_first_not_of(of, at_), line_.size());
    if (end == at_) fail();
    std::string result(line_.substr(at_, end - at_));
    at_ = end;
    return result;
  }
  bool skip(std::string_view text) {
    if (!line_.substr(at_).starts_with(text)) return false;
    at_ += text.size();
    return true;
  }
  void take(std::string_view text) {
    if (!skip(text)) fail();
  }
  [[noreturn]] void fail() const {
    lines_.fail("an entry is not of the form `(\"word\" nil (((w er d) 1)))`, from byte " + std::to_string(at_) +
                " on: " + data::in_quotes(line_));
  }

  std::string_view line_;
  const Lines& lines_;
  std::size_t at_ = 0;
};

}  // namespace

std::vector<Pronunciation> cmu_dictionary(const std::string& path, Site site) {
  const char* variable = std::getenv("CMU_DICTIONARY");
  std::string file = !path.empty() ? path : variable && *variable ? variable : debian_file;
  struct stat status {};
  if (::stat(file.c_str(), &status) != 0)
    Complaint("cmu_dictionary", "the file is missing")
        .fact("file", file)
        .at(site)
        .mend(
            "apt-get install festlex-cmu; or, without root, `apt-get download festlex-cmu && dpkg -x festlex-cmu_*.deb "
            "FOLDER` and CMU_DICTIONARY=FOLDER" +
            std::string(debian_file))
        .raise<FormatError>();
  data::Source source{"cmu_dictionary", file, site};
  std::string bytes = data::read_file(source, std::int64_t(1) << 28);
  Lines lines(source, bytes);
  lines.expect("MNCL");
  std::vector<Pronunciation> entries;
  while (!lines.at_end()) entries.push_back(Entry(lines.next("an entry"), lines).read());
  return entries;
}

}  // namespace xg::nn::text
