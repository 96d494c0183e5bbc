// Tables of numbers from CSV files.
#pragma once

#include <string>
#include <vector>

#include "../../core/graph/tensor.hpp"

namespace xg::nn::data {

/// How a CSV file is read.
struct CsvOptions {
  /// Whether the first row names the columns.
  bool header = true;
  char separator = ',';
  /// Larger files, and gzip files with more inside, are refused.
  std::int64_t max_bytes = std::int64_t(1) << 30;
};

/// What a CSV file holds: numbers, and the names of their columns.
class Csv {
 public:
  std::int64_t rows() const { return values_.size(0); }
  std::int64_t columns() const { return values_.size(1); }
  /// The columns' names; empty when the file has no header.
  const std::vector<std::string>& names() const { return names_; }

  /// All numbers, f64 (rows, columns).
  const Tensor& values() const { return values_; }
  /// One column (rows,). Throws ValueError when no column, or more than one, is called so.
  Tensor column(const std::string& name, DType dtype = f32, Site site = Site::here()) const;
  /// All columns but those named: (rows, columns - names). Throws ValueError as `column` does.
  Tensor without(const std::vector<std::string>& names, DType dtype = f32, Site site = Site::here()) const;
  /// A column of class numbers, i64 (rows,). Throws FormatError naming file and line of one that is not an integer from
  /// 0 to classes - 1 (any integer from 0, if `classes` is not given), and ValueError as `column` does.
  Tensor labels(const std::string& name, std::int64_t classes = 0, Site site = Site::here()) const;

 private:
  friend Csv read_csv(const std::string& path, const CsvOptions& options, Site site);
  std::int64_t find(const char* op, const std::string& name, const Site& site) const;

  std::string path_;
  std::vector<std::string> names_;
  std::vector<std::int64_t> lines_;  // where each row starts in the file
  Tensor values_;
};

/// Reads a CSV file of numbers, .gz too (pandas `read_csv`): RFC 4180 quoting, UTF-8 with or without a byte order mark,
/// lines ending in LF or CRLF; empty lines may end the file. A field is a decimal number, `nan`, `inf` or `infinity`
/// and nothing else, spaces included. Throws FormatError naming file, line and column: a field that is no number or is
/// out of the range of f64, a row wider or narrower than the first, a quote left open or out of place, a carriage
/// return alone, a NUL, text that is not UTF-8, an empty file, a damaged or truncated .gz, more than `max_bytes`.
Csv read_csv(const std::string& path, const CsvOptions& options = {}, Site site = Site::here());

}  // namespace xg::nn::data
