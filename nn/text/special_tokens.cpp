#include "special_tokens.hpp"

#include "../../core/error/error.hpp"
#include "lines.hpp"

namespace xg::nn::text {
namespace {

constexpr const char* names[] = {"pad", "bos", "eos", "unk"};

}  // namespace

SpecialTokens::SpecialTokens(bool pad, bool bos, bool eos, bool unk) {
  const bool wanted[] = {pad, bos, eos, unk};
  for (std::size_t i = 0; i < 4; ++i) ids_[i] = wanted[i] ? count_++ : -1;
}

SpecialTokens::SpecialTokens(bool pad, bool bos, bool eos) : SpecialTokens(pad, bos, eos, false) { knows_all_ = true; }

std::int64_t SpecialTokens::find(std::size_t which, const Site& site) const {
  if (ids_[which] < 0)
    Complaint(names[which], std::string("there is no <") + names[which] + "> token")
        .fact("special tokens", count_ ? special_list() : "none")
        .at(site)
        .mend(knows_all_ && which == 3 ? "nothing is unknown here: leave it out"
                                       : std::string("make it with {.") + names[which] + " = true}")
        .raise<ValueError>();
  return ids_[which];
}

std::string SpecialTokens::special_name(std::int64_t id) const {
  for (std::size_t i = 0; i < 4; ++i)
    if (ids_[i] == id) return std::string("<") + names[i] + ">";
  return "";
}

std::string SpecialTokens::special_list() const {
  std::string list;
  for (std::size_t i = 0; i < 4; ++i)
    if (ids_[i] >= 0) {
      if (!list.empty()) list += ' ';
      list += names[i];
    }
  return list;
}

std::string SpecialTokens::special_line() const {
  std::string list = special_list();
  return list.empty() ? "special\n" : "special " + list + "\n";
}

SpecialTokens SpecialTokens::read_special(Lines& lines) {
  std::string_view list = lines.field("special");
  bool wanted[4] = {};
  std::size_t next = 0;
  for (std::size_t at = 0; at < list.size();) {
    std::size_t end = std::min(list.find(' ', at), list.size());
    std::string_view name = list.substr(at, end - at);
    std::size_t which = next;
    while (which < 4 && name != names[which]) ++which;
    if (which == 4)
      lines.fail("the special tokens are some of `pad bos eos unk`, in this order, not " + data::in_quotes(list));
    wanted[which] = true;
    next = which + 1;
    at = end + 1;
  }
  return {wanted[0], wanted[1], wanted[2], wanted[3]};
}

Ids SpecialTokens::ids_in(const char* op, const Tensor& ids, const Site& site) {
  if (ids.dtype() != i64)
    Complaint(op, "token numbers must be i64").fact("ids", describe(ids)).at(site).raise<DTypeError>();
  if (ids.rank() != 1)
    Complaint(op, "token numbers must have one axis; take a batch row by row")
        .fact("ids", describe(ids))
        .at(site)
        .raise<ShapeError>();
  return ids.to_vector<std::int64_t>();
}

void SpecialTokens::fail_no_token(const char* op, std::int64_t id, std::int64_t position, std::int64_t size,
                                  const Site& site) {
  Complaint complaint(op, "there is no token " + std::to_string(id) + " among " + std::to_string(size));
  if (position >= 0) complaint.fact("position", std::to_string(position));
  complaint.at(site).raise<IndexError>();
}

}  // namespace xg::nn::text
