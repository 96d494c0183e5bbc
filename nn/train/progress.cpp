#include "progress.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <cstring>

#include "number.hpp"

namespace xg::nn {
namespace {

constexpr double redraw_seconds = 0.05;

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

bool is_terminal(std::FILE* out) {
  const char* kind = std::getenv("TERM");
  return isatty(fileno(out)) && kind && std::strcmp(kind, "dumb") != 0;
}

int columns(std::FILE* out) {
  winsize size{};
  return ioctl(fileno(out), TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

std::string clock(double seconds) {
  if (!(seconds < 360000)) return "--:--";
  auto whole = static_cast<std::int64_t>(seconds);
  if (whole >= 3600) return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
  return fmt::format("{:02}:{:02}", whole / 60, whole % 60);
}

/// `width` cells, filled to an eighth of a cell.
std::string bar(double fraction, int width) {
  static const char* parts[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  int eighths = static_cast<int>(std::clamp(fraction, 0.0, 1.0) * 8 * width);
  std::string text;
  for (int i = 0; i < eighths / 8; ++i) text += "█";
  text += parts[eighths % 8];
  int used = eighths / 8 + (eighths % 8 ? 1 : 0);
  return text + std::string(static_cast<std::size_t>(width - used), ' ');
}

}  // namespace

Progress::Progress(std::int64_t total, std::string label, const ProgressOptions& options)
    : total_(total == unknown ? unknown : std::max<std::int64_t>(total, 0)), label_(std::move(label)),
      options_(options), terminal_(options.terminal == ProgressOptions::Terminal::ask
                                       ? is_terminal(options.out)
                                       : options.terminal == ProgressOptions::Terminal::yes),
      started_(now()) {
  if (terminal_) draw();
}

Progress::~Progress() {
  if (!open_) return;
  if (terminal_ && !options_.hold) {
    draw();
    std::fputc('\n', options_.out);
    std::fflush(options_.out);
    return;
  }
  if (terminal_) fmt::print(options_.out, "\r\x1b[K");
  print_line();
}

void Progress::show(const std::string& name, double value) {
  for (auto& [known, number] : shown_)
    if (known == name) {
      number = value;
      return;
    }
  shown_.emplace_back(name, value);
}

void Progress::advance() {
  ++done_;
  if (terminal_) {
    if (done_ == total_ || now() - drawn_ >= redraw_seconds) draw();
    if (done_ == total_ && !options_.hold) {
      std::fputc('\n', options_.out);
      std::fflush(options_.out);
      open_ = false;
    }
    return;
  }
  // One line whenever another of `lines` parts of the way is done.
  std::int64_t lines = std::max(options_.lines, 1);
  bool due = total_ == unknown ? (done_ & (done_ - 1)) == 0
                               : total_ > 0 && done_ * lines / total_ != (done_ - 1) * lines / total_;
  open_ = due && done_ == total_ && options_.hold;
  if (due && !open_) print_line();
}

std::string Progress::numbers() const {
  std::string text;
  for (const auto& [name, value] : shown_) text += "  " + name + " " + short_number(value);
  return text;
}

void Progress::draw() {
  drawn_ = now();
  double elapsed = drawn_ - started_;
  double rate = elapsed > 0 ? static_cast<double>(done_) / elapsed : 0;
  bool known = total_ != unknown;
  double left = known && rate > 0 ? static_cast<double>(total_ - done_) / rate : INFINITY;
  double fraction = total_ > 0 ? static_cast<double>(done_) / static_cast<double>(total_) : 1;
  std::string head = known ? fmt::format("{} {:3.0f}% ", label_, std::floor(100 * fraction)) : label_;
  std::string count = known ? fmt::format(" {}/{}", done_, total_) : fmt::format(" {}", done_);
  std::string time = known ? fmt::format(" {}<{}", clock(elapsed), clock(left)) : fmt::format(" {}", clock(elapsed));
  std::string speed = rate < 1000 ? fmt::format(" {:.3g}/s", rate) : fmt::format(" {:.0f}/s", rate);
  // What does not fit beside a short bar is left out, the least needed first.
  constexpr int shortest = 10, longest = 30;
  std::string shown = numbers();
  int width = columns(options_.out) - 3 - static_cast<int>(head.size());
  auto room = [&] { return width - static_cast<int>(count.size() + time.size() + speed.size() + shown.size()); };
  for (std::string* part : {&speed, &time, &shown, &count})
    if (room() < shortest) part->clear();
  if (known) head += "│" + bar(fraction, std::clamp(room(), shortest, longest)) + "│";
  fmt::print(options_.out, "\r{}{}{}{}{}\x1b[K", head, count, time, speed, shown);
  std::fflush(options_.out);
  open_ = true;
}

void Progress::print_line() {
  std::string count = total_ == unknown ? fmt::format("{}", done_)
                                        : fmt::format("{:>{}}/{}", done_, std::to_string(total_).size(), total_);
  fmt::print(options_.out, "{} {}{}  {:.1f} s\n", label_, count, numbers(), now() - started_);
  std::fflush(options_.out);
}

}  // namespace xg::nn
