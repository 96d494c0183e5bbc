// Training logs as files of lines: CSV and JSON.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "../../core/error/site.hpp"
#include "../../core/inspect/statistics.hpp"
#include "history.hpp"

namespace xg::nn {

/// Where named numbers of steps or epochs are written to. A `fit` writes each epoch to its logs.
class Log {
 public:
  virtual ~Log() = default;
  /// Throws FormatError naming the file when it cannot be written.
  virtual void write(std::int64_t step, const std::vector<Scalar>& values, Site site = Site::here()) = 0;
  /// How some values are spread. What logs only numbers leaves it out.
  virtual void spread(const std::string& /*name*/, const inspect::Histogram&, const inspect::Statistics&,
                      std::int64_t /*step*/) {}
};

struct LogOptions {
  /// Goes on with the file that is there instead of starting it anew. A last line that a crash cut short is dropped.
  bool append = false;
  /// When appending: later steps are dropped, since a run resumed after this step writes them again.
  std::int64_t after = std::numeric_limits<std::int64_t>::max();
};

namespace detail {

/// A file that grows by whole lines or records, each of which reaches the system at once.
class GrowingFile {
 public:
  GrowingFile(const char* op, std::string path, const Site& site) : op_(op), path_(std::move(path)), site_(site) {}
  ~GrowingFile();
  GrowingFile(const GrowingFile&) = delete;
  GrowingFile& operator=(const GrowingFile&) = delete;

  /// The whole lines that are there; none when there is no file.
  std::vector<std::string> read() const;
  /// Opens the file for appending, with only its first `bytes` bytes.
  void open(std::int64_t bytes);
  void add(std::string_view record);
  [[noreturn]] void fail(const std::string& what) const;

 private:
  const char* op_;
  std::string path_;
  Site site_;
  int file_ = -1;
};

}  // namespace detail

/// A log as a table: a line of names, then a line for each step, its number first, every number as short as can be read
/// back exactly. The names are those of the first write; a name missing later is nan.
class CsvLog : public Log {
 public:
  /// Throws FormatError: the file cannot be opened, or to be appended to is no such log.
  explicit CsvLog(const std::string& path, const LogOptions& options = {}, Site site = Site::here());
  /// Throws ValueError for a name that the table has no column for, that is there twice, or that holds a line break;
  /// nothing is written then.
  void write(std::int64_t step, const std::vector<Scalar>& values, Site site = Site::here()) override;

 private:
  detail::GrowingFile file_;
  std::vector<std::string> names_;
  bool has_head_ = false;
};

/// A log of one JSON object a line: {"step":1,"loss":0.5}. Numbers that are not finite are null.
class JsonLinesLog : public Log {
 public:
  /// Throws FormatError: the file cannot be opened, or to be appended to is no such log.
  explicit JsonLinesLog(const std::string& path, const LogOptions& options = {}, Site site = Site::here());
  void write(std::int64_t step, const std::vector<Scalar>& values, Site site = Site::here()) override;

 private:
  detail::GrowingFile file_;
};

}  // namespace xg::nn
