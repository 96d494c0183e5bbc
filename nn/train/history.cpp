#include "history.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "../../core/error/error.hpp"

namespace xg::nn {

void detail::check_names(const char* op, const std::vector<Scalar>& values, const Site& site, const char* reserved) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    bool twice = values[i].name == reserved;
    for (std::size_t j = 0; j < i; ++j) twice = twice || values[i].name == values[j].name;
    if (twice) Complaint(op, fmt::format("two numbers are called `{}`", values[i].name)).at(site).raise<ValueError>();
  }
}

const Series* History::find(const std::string& name) const {
  for (const Series& series : series_)
    if (series.name == name) return &series;
  return nullptr;
}

void History::add(const std::vector<Scalar>& values, Site site) {
  detail::check_names("History", values, site);
  auto before = static_cast<std::size_t>(epochs_++);
  for (const Scalar& scalar : values) {
    auto known = std::find_if(series_.begin(), series_.end(), [&](const Series& s) { return s.name == scalar.name; });
    if (known == series_.end()) known = series_.insert(known, {scalar.name, std::vector<double>(before, NAN)});
    known->values.push_back(scalar.value);
  }
  for (Series& series : series_) series.values.resize(before + 1, NAN);
}

std::string detail::listed(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

std::vector<std::string> History::names() const {
  std::vector<std::string> names;
  for (const Series& series : series_) names.push_back(series.name);
  return names;
}

const std::vector<double>& History::at(const std::string& name, Site site) const {
  if (const Series* series = find(name)) return series->values;
  Complaint("History", fmt::format("nothing is called `{}`", name))
      .fact("names", epochs_ ? detail::listed(names()) : "none yet")
      .at(site)
      .raise<ValueError>();
}

std::vector<Series> History::series(const std::vector<std::string>& names, Site site) const {
  std::vector<Series> result;
  result.reserve(names.size());
  for (const std::string& name : names) result.push_back({name, at(name, site)});
  return result;
}

}  // namespace xg::nn
