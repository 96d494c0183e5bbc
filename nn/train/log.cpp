#include "log.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>

#include "../../core/error/error.hpp"
#include "../data/file.hpp"

namespace xg::nn {
namespace {

constexpr std::int64_t max_bytes = std::int64_t(1) << 32;

/// A name as a field: in quotes where it needs them.
std::string field(const std::string& name) {
  if (name.find_first_of(",\"") == std::string::npos) return name;
  std::string text = "\"";
  for (char c : name) text += c == '"' ? std::string("\"\"") : std::string(1, c);
  return text + "\"";
}

std::vector<std::string> fields(const std::string& line) {
  std::vector<std::string> names(1);
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '"' && quoted && i + 1 < line.size() && line[i + 1] == '"') names.back() += line[i++];
    else if (line[i] == '"') quoted = !quoted;
    else if (line[i] == ',' && !quoted) names.emplace_back();
    else names.back() += line[i];
  }
  return names;
}

/// The step of a row.
std::optional<std::int64_t> csv_step(const std::string& line) {
  std::int64_t step = 0;
  auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), step);
  bool ends = end == line.data() + line.size() || *end == ',';
  return error == std::errc() && ends ? std::optional(step) : std::nullopt;
}

std::optional<std::int64_t> json_step(const std::string& line) {
  auto object = nlohmann::json::parse(line, nullptr, false);
  if (!object.is_object() || !object.contains("step") || !object["step"].is_number_integer()) return std::nullopt;
  return object["step"].get<std::int64_t>();
}

/// Opens a log to go on after a step: keeps `head` lines, and the lines of steps up to there.
template <class F>
void reopen(detail::GrowingFile& file, const std::vector<std::string>& lines, std::size_t head,
            const LogOptions& options, const F& step_of) {
  std::int64_t bytes = 0;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (i >= head) {
      std::optional<std::int64_t> step = step_of(lines[i]);
      if (!step) file.fail(fmt::format("line {} is not of a training log", i + 1));
      if (*step > options.after) break;
    }
    bytes += static_cast<std::int64_t>(lines[i].size()) + 1;
  }
  file.open(bytes);
}

}  // namespace

namespace detail {

GrowingFile::~GrowingFile() {
  if (file_ >= 0) ::close(file_);
}

void GrowingFile::fail(const std::string& what) const {
  Complaint(op_, what).fact("file", path_).at(site_).raise<FormatError>();
}

std::vector<std::string> GrowingFile::read() const {
  if (::access(path_.c_str(), F_OK) != 0) return {};
  std::string text = data::read_file({op_, path_, site_}, max_bytes);
  std::vector<std::string> lines;
  for (std::size_t at = 0, end; (end = text.find('\n', at)) != std::string::npos; at = end + 1)
    lines.push_back(text.substr(at, end - at));
  return lines;
}

void GrowingFile::open(std::int64_t bytes) {
  file_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (file_ < 0 || ::ftruncate(file_, bytes) != 0) fail(std::string("cannot open the file: ") + std::strerror(errno));
}

void GrowingFile::add(std::string_view record) {
  // In one piece, so that a reader, or the next run after a crash, meets whole ones.
  for (std::size_t done = 0; done < record.size();) {
    ssize_t written = ::write(file_, record.data() + done, record.size() - done);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail(std::string("cannot write to the file: ") + std::strerror(errno));
    done += static_cast<std::size_t>(written);
  }
}

}  // namespace detail

CsvLog::CsvLog(const std::string& path, const LogOptions& options, Site site) : file_("CsvLog", path, site) {
  std::vector<std::string> lines;
  if (options.append) lines = file_.read();
  if (!lines.empty()) {
    names_ = fields(lines[0]);
    if (names_[0] != "step") file_.fail("the first line does not name the columns of a training log");
    names_.erase(names_.begin());
    has_head_ = true;
  }
  reopen(file_, lines, 1, options, csv_step);
}

void CsvLog::write(std::int64_t step, const std::vector<Scalar>& values, Site site) {
  auto refuse = [&](const std::string& what) { Complaint("CsvLog", what).at(site).raise<ValueError>(); };
  detail::check_names("CsvLog", values, site, "step");
  std::vector<std::string> names = names_;
  if (!has_head_)
    for (const Scalar& scalar : values) names.push_back(scalar.name);
  std::vector<double> row(names.size(), NAN);
  for (const Scalar& scalar : values) {
    auto column = static_cast<std::size_t>(std::find(names.begin(), names.end(), scalar.name) - names.begin());
    if (column == names.size())
      refuse(fmt::format("there is no column `{}`; there are {}", scalar.name, detail::listed(names)));
    if (scalar.name.find_first_of("\n\r") != std::string::npos) refuse("a name holds a line break");
    row[column] = scalar.value;
  }
  if (!has_head_) {
    std::string head = "step";
    for (const std::string& name : names) head += fmt::format(",{}", field(name));
    file_.add(head + "\n");
    names_ = names;
    has_head_ = true;
  }
  std::string line = std::to_string(step);
  for (double value : row) line += fmt::format(",{}", value);
  file_.add(line + "\n");
}

JsonLinesLog::JsonLinesLog(const std::string& path, const LogOptions& options, Site site)
    : file_("JsonLinesLog", path, site) {
  std::vector<std::string> lines;
  if (options.append) lines = file_.read();
  reopen(file_, lines, 0, options, json_step);
}

void JsonLinesLog::write(std::int64_t step, const std::vector<Scalar>& values, Site site) {
  detail::check_names("JsonLinesLog", values, site, "step");
  auto text = [](const nlohmann::json& value) {
    return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  };
  std::string line = fmt::format("{{\"step\":{}", step);
  for (const Scalar& scalar : values) line += fmt::format(",{}:{}", text(scalar.name), text(scalar.value));
  file_.add(line + "}\n");
}

}  // namespace xg::nn
