// The errors xgrad throws, and the one place that words them.
#pragma once

#include <stdexcept>
#include <string>

#include "site.hpp"

namespace xg {

/// Base of every error xgrad throws. The first line of `what()` says which op, what was wrong, and the values; then
/// one fact a line: each operand, the place in the user's code, and what would mend it.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};
/// Shapes that do not fit.
class ShapeError : public Error {
 public:
  using Error::Error;
};
/// Dtypes that cannot mix, or an op that does not take this dtype.
class DTypeError : public Error {
 public:
  using Error::Error;
};
/// Misuse of the graph: backward twice, no seed, a leaf changed, an op without a rule.
class GradError : public Error {
 public:
  using Error::Error;
};
/// A file that is not what it claims to be.
class FormatError : public Error {
 public:
  using Error::Error;
};
/// An axis or index out of range.
class IndexError : public Error {
 public:
  using Error::Error;
};
/// An argument whose value makes no sense.
class ValueError : public Error {
 public:
  using Error::Error;
};

/// Collects the facts of one error, then throws it:
/// `Complaint("matmul", "inner sizes differ: 784 and 512").fact("a", ...).at(site).mend("...").raise<ShapeError>()`.
class Complaint {
 public:
  Complaint(const char* op, const std::string& what) : text_(std::string(op) + ": " + what) {}

  /// Adds a line `  name  description`.
  Complaint& fact(const char* name, const std::string& description);
  /// Adds the layer of a model that a parameter called `parameter` belongs to; nothing when it is called otherwise than
  /// by a path: `encoder.0.weight` is of the layer `encoder.0`.
  Complaint& layer(const std::string& parameter);
  /// Adds the place in the user's code: `site`, or where the composite op around it was called; nothing when empty.
  Complaint& at(const Site& site);
  /// Adds what would mend it.
  Complaint& mend(const std::string& advice);

  template <class E>
  [[noreturn]] void raise() const {
    throw E(text_);
  }

 private:
  std::string text_;
};

/// "net.cpp:41 in forward": the file's base name, the line, and the function when known.
std::string describe(const Site& site);

}  // namespace xg
