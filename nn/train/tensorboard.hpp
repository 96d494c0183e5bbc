// Event files that TensorBoard shows.
#pragma once

#include "../../core/graph/tensor.hpp"
#include "../module/module.hpp"
#include "log.hpp"

namespace xg::nn {

/// Writes an event file: `nn::TensorBoard board("runs/first"); board.scalar("loss", 0.5, step);`, then `tensorboard
/// --logdir runs`. What is written can be seen at once. Slashes in a tag make groups (PyTorch `SummaryWriter`).
///
/// The format is that of TensorFlow's `event.proto` and `summary.proto` in records with CRC-32C checksums.
class TensorBoard : public Log {
 public:
  /// Makes the folder where there is none, and a file in it named by time, host and process. Throws FormatError.
  explicit TensorBoard(const std::string& folder, Site site = Site::here());

  const std::string& path() const { return path_; }

  void scalar(const std::string& tag, double value, std::int64_t step);
  void write(std::int64_t step, const std::vector<Scalar>& values, Site site = Site::here()) override;
  /// How the elements are distributed; those that are not finite count for nothing. Throws DTypeError for booleans.
  void histogram(const std::string& tag, const Operand& values, std::int64_t step);
  /// The same of values that were counted already, as `Monitor` does.
  void spread(const std::string& tag, const inspect::Histogram& histogram, const inspect::Statistics& statistics,
              std::int64_t step) override;
  /// Histograms of all parameters, "weights/…", and gradients, "gradients/…", of a model.
  void histograms(const AnyModel& model, std::int64_t step);
  /// Pixels as `png` takes them, and its errors.
  void image(const std::string& tag, const Operand& pixels, std::int64_t step);
  /// Markdown.
  void text(const std::string& tag, const std::string& text, std::int64_t step);

 private:
  std::string path_;
  detail::GrowingFile file_;
};

}  // namespace xg::nn
