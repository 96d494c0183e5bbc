#include "confusion.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "../../core/error/error.hpp"
#include "choices.hpp"

namespace xg::nn {
namespace {

constexpr std::int64_t ignored = -100;

double ratio(std::int64_t part, std::int64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

ClassScore score(std::int64_t right, std::int64_t taken, std::int64_t support) {
  return {ratio(right, taken), ratio(right, support), ratio(2 * right, taken + support), support};
}

/// Characters, not bytes.
std::size_t characters(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

/// The first `most` characters.
std::string cut(const std::string& text, std::size_t most) {
  std::size_t end = 0;
  for (std::size_t seen = 0; end < text.size(); ++end)
    if ((text[end] & 0xc0) != 0x80 && seen++ == most) break;
  return text.substr(0, end);
}

std::string right_aligned(const std::string& text, std::size_t width) {
  return std::string(width - std::min(width, characters(text)), ' ') + text;
}
std::string left_aligned(const std::string& text, std::size_t width) {
  return text + std::string(width - std::min(width, characters(text)), ' ');
}

std::string percent(double part) { return fmt::format("{:.1f} %", 100 * part); }

}  // namespace

ConfusionMatrix::ConfusionMatrix(std::int64_t classes, std::vector<std::string> names, Site site)
    : classes_(classes), names_(std::move(names)) {
  constexpr std::int64_t most = 1 << 15;
  if (classes < 1 || classes > most)
    Complaint("ConfusionMatrix", fmt::format("there must be from 1 to {} classes, not {}", most, classes))
        .at(site)
        .raise<ValueError>();
  if (!names_.empty() && static_cast<std::int64_t>(names_.size()) != classes)
    Complaint("ConfusionMatrix", fmt::format("{} names for {} classes", names_.size(), classes))
        .at(site)
        .raise<ValueError>();
  if (names_.empty())
    for (std::int64_t c = 0; c < classes; ++c) names_.push_back(std::to_string(c));
  reset();
}

void ConfusionMatrix::reset() { counts_.assign(static_cast<std::size_t>(classes_ * classes_), 0); }

void ConfusionMatrix::update(const Operand& prediction, const Operand& labels) {
  detail::Choices choices("ConfusionMatrix", prediction, labels, ignored, classes_);
  for (std::int64_t i = 0; i < choices.size(); ++i)
    if (!choices.is_ignored(i)) ++at(choices.label(i), choices.predicted(i));
}

Tensor ConfusionMatrix::compute() const {
  Array result({classes_, classes_}, i64);
  std::copy(counts_.begin(), counts_.end(), result.fill<std::int64_t>());
  return Tensor(std::move(result));
}

std::int64_t ConfusionMatrix::count(std::int64_t label, std::int64_t predicted, Site site) const {
  for (std::int64_t c : {label, predicted})
    if (c < 0 || c >= classes_)
      Complaint("ConfusionMatrix", fmt::format("class {} is out of range for {} classes", c, classes_))
          .at(site)
          .raise<IndexError>();
  return at(label, predicted);
}

double ConfusionMatrix::accuracy() const {
  std::int64_t right = 0, all = 0;
  for (std::int64_t c = 0; c < classes_; ++c) right += at(c, c);
  for (std::int64_t n : counts_) all += n;
  return static_cast<double>(right) / static_cast<double>(all);
}

ClassScores ConfusionMatrix::scores() const {
  ClassScores result;
  std::int64_t all_right = 0, all = 0, occurring = 0;
  for (std::int64_t c = 0; c < classes_; ++c) {
    std::int64_t support = 0, taken = 0;
    for (std::int64_t other = 0; other < classes_; ++other) support += at(c, other), taken += at(other, c);
    ClassScore one = score(at(c, c), taken, support);
    result.per_class.push_back(one);
    all_right += at(c, c), all += support;
    if (support + taken == 0) continue;
    ++occurring;
    result.macro.precision += one.precision, result.macro.recall += one.recall, result.macro.f1 += one.f1;
  }
  for (double* sum : {&result.macro.precision, &result.macro.recall, &result.macro.f1})
    *sum /= static_cast<double>(std::max<std::int64_t>(occurring, 1));
  result.micro = score(all_right, all, all);
  result.macro.support = all;
  return result;
}

std::string ConfusionMatrix::table(int width) const {
  auto classes = static_cast<std::size_t>(classes_);
  std::size_t first = 9, column = 7, longest = 0;  // room for "precision" and "100.0 %"
  for (const std::string& name : names_) longest = std::max(longest, characters(name));
  first = std::max(first, longest);
  column = std::max(column, std::to_string(*std::max_element(counts_.begin(), counts_.end())).size());
  std::size_t room = static_cast<std::size_t>(std::max(width, 0)), fixed = first + 2 + 7;
  std::size_t fitting = room > fixed ? (room - fixed) / classes : 0;
  column = std::max(column, std::min(longest, fitting > 2 ? fitting - 2 : 0));

  ClassScores scores = this->scores();
  std::string text = left_aligned("", first);
  for (const std::string& name : names_) text += "  " + right_aligned(cut(name, column), column);
  text += "   recall\n";
  std::string foot = left_aligned("precision", first);
  for (std::int64_t c = 0; c < classes_; ++c) {
    const ClassScore& score = scores.per_class[static_cast<std::size_t>(c)];
    text += left_aligned(names_[static_cast<std::size_t>(c)], first);
    for (std::int64_t p = 0; p < classes_; ++p)
      text += "  " + right_aligned(at(c, p) ? std::to_string(at(c, p)) : "·", column);
    text += "  " + right_aligned(percent(score.recall), 7) + "\n";
    foot += "  " + right_aligned(percent(score.precision), column);
  }
  return text + foot + "  " + right_aligned(std::isnan(accuracy()) ? "–" : percent(accuracy()), 7) + "\n";
}

}  // namespace xg::nn
