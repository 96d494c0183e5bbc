#include "progress.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "number.hpp"
#include "terminal.hpp"

namespace xg::nn {

using detail::now;

namespace {

constexpr double redraw_seconds = 0.05;

}  // namespace

Progress::Progress(std::int64_t total, std::string label, const ProgressOptions& options)
    : total_(total == unknown ? unknown : std::max<std::int64_t>(total, 0)), label_(std::move(label)),
      options_(options), terminal_(options.terminal == ProgressOptions::Terminal::ask
                                       ? detail::is_terminal(options.out)
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
  for (const auto& [name, value] : shown_) text += "  " + name + " " + steady_number(value);
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
  std::string time = known ? fmt::format(" {}<{}", detail::clock(elapsed), detail::clock(left))
                           : fmt::format(" {}", detail::clock(elapsed));
  std::string speed = rate < 1000 ? fmt::format(" {:.3g}/s", rate) : fmt::format(" {:.0f}/s", rate);
  // What does not fit beside a short bar is left out, the least needed first.
  constexpr int shortest = 10, longest = 30;
  std::string shown = numbers();
  int width = detail::terminal_size(options_.out).columns - 3 - static_cast<int>(head.size());
  auto room = [&] { return width - static_cast<int>(count.size() + time.size() + speed.size() + shown.size()); };
  for (std::string* part : {&speed, &time, &shown, &count})
    if (room() < shortest) part->clear();
  if (known) head += "│" + detail::bar(fraction, std::clamp(room(), shortest, longest)) + "│";
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
