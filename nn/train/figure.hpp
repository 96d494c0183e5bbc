// Curves, pictures and confusion matrices, drawn side by side in an SVG file.
#pragma once

#include <string>
#include <vector>

#include "../../core/graph/tensor.hpp"
#include "confusion.hpp"
#include "picture.hpp"
#include "plot.hpp"

namespace xg::nn {

/// A page of panels: `nn::Figure figure; figure.curves(history.series({"loss", "val_loss"})); figure.write("run.svg")`.
/// Curves differ by dashes and marks and in colours that the colour-blind tell apart (Okabe and Ito 2008). Text is
/// UTF-8.
class Figure {
 public:
  /// `columns`: how many panels stand side by side. Throws ValueError unless columns ≥ 1.
  explicit Figure(std::string title = "", int columns = 2, Site site = Site::here());

  /// What `plot` draws in text; its width and height count for nothing here.
  Figure& curves(const std::vector<Series>& curves, const PlotOptions& options = {});
  /// Tiles as `tile` sets them, enlarged; throws what it throws.
  Figure& images(const std::string& title, const Operand& pictures, const TileOptions& options = {});
  /// Counts, shaded by their part of the row.
  Figure& matrix(const std::string& title, const ConfusionMatrix& confusion);
  /// Numbers (R, C) from white for 0 to blue for the largest, beside names of rows and columns: what attention looks
  /// at, say. Those below 0 and those that are not finite are white. Throws ShapeError when it is not a name a row and
  /// a column, or there are none.
  Figure& matrix(const std::string& title, const Operand& values, const std::vector<std::string>& rows,
                 const std::vector<std::string>& columns);

  std::string svg() const;
  /// Throws FormatError when the file cannot be written.
  void write(const std::string& path, Site site = Site::here()) const;

 private:
  std::string title_;
  int columns_;
  std::vector<std::string> panels_;
};

}  // namespace xg::nn
