// Tables of text.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace xg::inspect {

/// How many columns of a terminal UTF-8 text takes, each character counting for one.
std::size_t display_width(std::string_view text);
/// The text without line breaks and other control characters, so that a hostile name stays within its cell.
std::string one_line(std::string_view text);

/// Rows of cells set in columns: `Table table({"op", ">time"})`, where ">" puts a column to the right. Cells of one
/// line each; a row may have fewer cells than there are columns.
class Table {
 public:
  explicit Table(std::vector<std::string> head);
  void add(std::vector<std::string> cells);
  std::size_t size() const { return rows_.size(); }
  /// A line of names, a rule, and a line for each row, each ending in a line break; no blanks at the ends of lines.
  std::string text() const;

 private:
  std::vector<bool> right_;
  std::vector<std::string> head_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace xg::inspect
