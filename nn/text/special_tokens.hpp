// Tokens that stand for no text: padding, begin, end, unknown.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "../../core/graph/tensor.hpp"

namespace xg::nn::text {

class Lines;

/// Numbers of tokens; `tensor(ids)` makes an i64 tensor of them.
using Ids = std::vector<std::int64_t>;

/// What `encode` puts around a text.
struct EncodeOptions {
  bool bos = false, eos = false;
};

/// The special tokens of a vocabulary: those it has come first, in the order padding, begin of sequence, end of
/// sequence, unknown. So padding is 0 where there is any.
class SpecialTokens {
 public:
  SpecialTokens(bool pad, bool bos, bool eos, bool unk);
  /// Of tokens that any text is made of, so that nothing is unknown.
  SpecialTokens(bool pad, bool bos, bool eos);

  /// Their numbers. Throw ValueError where there is no such token.
  std::int64_t pad(Site site = Site::here()) const { return find(0, site); }
  std::int64_t bos(Site site = Site::here()) const { return find(1, site); }
  std::int64_t eos(Site site = Site::here()) const { return find(2, site); }
  std::int64_t unk(Site site = Site::here()) const { return find(3, site); }
  bool has_pad() const { return ids_[0] >= 0; }
  bool has_bos() const { return ids_[1] >= 0; }
  bool has_eos() const { return ids_[2] >= 0; }
  bool has_unk() const { return ids_[3] >= 0; }
  /// How many there are.
  std::int64_t specials() const { return count_; }

 protected:
  /// "<pad>", "<bos>", "<eos>" or "<unk>" for a number below `specials()`.
  std::string special_name(std::int64_t id) const;
  /// "special pad eos" and a line end, as files have it.
  std::string special_line() const;
  /// Reads such a line. Throws FormatError.
  static SpecialTokens read_special(Lines& lines);
  std::int64_t find(std::size_t which, const Site& site) const;
  /// The numbers in a 1-d i64 tensor. Throws DTypeError, ShapeError.
  static Ids ids_in(const char* op, const Tensor& ids, const Site& site);
  [[noreturn]] static void fail_no_token(const char* op, std::int64_t id, std::int64_t position, std::int64_t size,
                                         const Site& site);

 private:
  std::string special_list() const;
  std::array<std::int64_t, 4> ids_;
  bool knows_all_ = false;
  std::int64_t count_ = 0;
};

}  // namespace xg::nn::text
