#include "tensorboard.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <filesystem>

#include "../../core/error/error.hpp"
#include "picture.hpp"
#include "records.hpp"

namespace xg::nn {
namespace {

using detail::Message;

double wall_time() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

// The fields' numbers are those of event.proto, summary.proto, histogram.proto, tensor.proto.

Message event(std::int64_t step) {
  Message message;
  message.real(1, wall_time());
  message.integer(2, step);
  return message;
}

Message scalar_value(const std::string& tag, double value) {
  Message message;
  message.text(1, tag);
  message.single(2, static_cast<float>(value));
  return message;
}

/// Right ends of the buckets of positive numbers: powers of 1.1, as TensorFlow's own.
const std::vector<double>& positive_limits() {
  static const std::vector<double> limits = [] {
    std::vector<double> list;
    for (double limit = 1e-12; limit < 1e20; limit *= 1.1) list.push_back(limit);
    list.push_back(std::numeric_limits<double>::max());
    return list;
  }();
  return limits;
}

Message histogram_of(const Array& array) {
  const std::vector<double>& positive = positive_limits();
  std::vector<double> limits;
  for (auto limit = positive.rbegin(); limit != positive.rend(); ++limit) limits.push_back(-*limit);
  limits.push_back(0);
  limits.insert(limits.end(), positive.begin(), positive.end());
  std::vector<double> counts(limits.size());

  Array values = array.cast(f64).contiguous();
  double low = INFINITY, high = -INFINITY, number = 0, sum = 0, squares = 0;
  for (std::int64_t i = 0; i < values.size(); ++i) {
    double value = values.data<double>()[i];
    if (!std::isfinite(value)) continue;
    low = std::min(low, value), high = std::max(high, value);
    ++number, sum += value, squares += value * value;
    // A bucket holds what is below its limit and not below the one before.
    auto bucket = std::min<std::ptrdiff_t>(std::upper_bound(limits.begin(), limits.end(), value) - limits.begin(),
                                           static_cast<std::ptrdiff_t>(limits.size()) - 1);
    ++counts[static_cast<std::size_t>(bucket)];
  }
  // Empty buckets outside need not be stored; the one before the first tells where that starts.
  auto filled = [](double count) { return count != 0; };
  auto first = std::find_if(counts.begin(), counts.end(), filled);
  auto last = std::find_if(counts.rbegin(), counts.rend(), filled).base();
  if (first == counts.end()) first = counts.begin(), last = first + 1, low = high = 0;
  if (first != counts.begin()) --first;

  Message message;
  message.real(1, low);
  message.real(2, high);
  message.real(3, number);
  message.real(4, sum);
  message.real(5, squares);
  message.reals(6, {limits.begin() + (first - counts.begin()), limits.begin() + (last - counts.begin())});
  message.reals(7, {first, last});
  return message;
}

void add(detail::GrowingFile& file, std::int64_t step, const std::vector<Message>& values) {
  Message summary, message = event(step);
  for (const Message& value : values) summary.message(1, value);
  message.message(5, summary);
  file.add(detail::tf_record(message.bytes()));
}

std::string event_path(const std::string& folder, const Site& site) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error)
    Complaint("TensorBoard", "cannot make the folder: " + error.message())
        .fact("folder", folder)
        .at(site)
        .raise<FormatError>();
  static std::atomic<int> files = 0;
  char host[256] = "localhost";
  ::gethostname(host, sizeof host - 1);
  return fmt::format("{}/events.out.tfevents.{:010}.{}.{}.{}", folder, static_cast<std::int64_t>(wall_time()), host,
                     ::getpid(), files++);
}

}  // namespace

TensorBoard::TensorBoard(const std::string& folder, Site site)
    : path_(event_path(folder, site)), file_("TensorBoard", path_, site) {
  file_.open(0);
  Message first;
  first.real(1, wall_time());
  first.text(3, "brain.Event:2");
  file_.add(detail::tf_record(first.bytes()));
}

void TensorBoard::scalar(const std::string& tag, double value, std::int64_t step) {
  add(file_, step, {scalar_value(tag, value)});
}

void TensorBoard::write(std::int64_t step, const std::vector<Scalar>& values, Site site) {
  detail::check_names("TensorBoard", values, site);
  std::vector<Message> messages;
  messages.reserve(values.size());
  for (const Scalar& scalar : values) messages.push_back(scalar_value(scalar.name, scalar.value));
  add(file_, step, messages);
}

void TensorBoard::histogram(const std::string& tag, const Operand& values, std::int64_t step) {
  if (values.dtype() == boolean)
    Complaint("TensorBoard", "a histogram is of numbers, not of booleans").at(values.site()).raise<DTypeError>();
  Message message;
  message.text(1, tag);
  message.message(5, histogram_of(values.array()));
  add(file_, step, {message});
}

void TensorBoard::spread(const std::string& tag, const inspect::Histogram& histogram,
                         const inspect::Statistics& statistics, std::int64_t step) {
  auto finite = static_cast<double>(statistics.count - statistics.nans - statistics.infinities);
  Message counted, message;
  counted.real(1, histogram.low);
  counted.real(2, histogram.high);
  counted.real(3, finite);
  counted.real(4, finite > 0 ? finite * statistics.mean : 0);
  counted.real(5, statistics.norm * statistics.norm);
  // The first bucket is an empty one, whose end tells where the second starts.
  std::vector<double> limits = {histogram.low}, counts = {0};
  if (histogram.high > histogram.low) {
    for (std::size_t i = 0; i < histogram.counts.size(); ++i) {
      limits.push_back(histogram.end(i));
      counts.push_back(static_cast<double>(histogram.counts[i]));
    }
  } else {  // all are equal: one bucket around them
    limits.push_back(histogram.low + std::max(1e-12, 1e-6 * std::abs(histogram.low)));
    counts.push_back(finite);
  }
  counted.reals(6, limits);
  counted.reals(7, counts);
  message.text(1, tag);
  message.message(5, counted);
  add(file_, step, {message});
}

void TensorBoard::histograms(const AnyModel& model, std::int64_t step) {
  for (const auto& [name, p] : named_parameters(model)) {
    histogram("weights/" + name, p, step);
    if (p.has_grad()) histogram("gradients/" + name, p.grad(), step);
  }
}

void TensorBoard::image(const std::string& tag, const Operand& pixels, std::int64_t step) {
  std::string file = png(pixels);
  const Shape& shape = pixels.shape();
  std::size_t rank = shape.size();
  Message image, message;
  image.integer(1, shape[rank - 2]);
  image.integer(2, shape[rank - 1]);
  image.integer(3, rank == 2 ? 1 : shape[0]);
  image.text(4, file);
  message.text(1, tag);
  message.message(4, image);
  add(file_, step, {message});
}

void TensorBoard::text(const std::string& tag, const std::string& text, std::int64_t step) {
  Message plugin, metadata, dimension, shape, tensor, message;
  plugin.text(1, "text");
  metadata.message(1, plugin);
  dimension.integer(1, 1);
  shape.message(2, dimension);
  constexpr std::int64_t string_type = 7;
  tensor.integer(1, string_type);
  tensor.message(2, shape);
  tensor.text(8, text);
  message.text(1, tag);
  message.message(8, tensor);
  message.message(9, metadata);
  add(file_, step, {message});
}

}  // namespace xg::nn
