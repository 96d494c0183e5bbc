#include "state.hpp"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include "../../core/error/error.hpp"
#include "state_io.hpp"

namespace xg::nn {

std::string StateVisitor::full(const std::string& name) const {
  if (!name.empty() || path_.empty()) return path_ + name;
  return path_.substr(0, path_.size() - 1);
}

StateVisitor::Scope StateVisitor::enter(const std::string& name) {
  std::size_t before = path_.size();
  path_ += name + ".";
  return Scope(*this, before);
}

/// `fault(value)` says what is wrong with a value, if anything. Returns what will be loaded, or the value as it is.
template <class T, class F>
T StateVisitor::number(const std::string& name, T& value, DType dtype, const F& fault) {
  static const Shape scalar;
  Array now = Array(Shape{}, dtype);
  std::memcpy(now.fill_bytes(), &value, sizeof value);
  const Array* found = meet(full(name), {now, &scalar, dtype, false});
  if (!found) return value;
  T loaded;
  std::memcpy(&loaded, found->bytes(), sizeof loaded);
  if (std::string why = fault(loaded); !why.empty()) {
    refuse(full(name), why);
    return value;
  }
  if (loads()) value = loaded;
  return loaded;
}

template <class T>
void StateVisitor::list(const std::string& name, std::vector<T>& values) {
  Array now(Shape{static_cast<std::int64_t>(values.size())}, dtype_of<T>());
  std::copy(values.begin(), values.end(), now.fill<T>());
  const Array* found = meet(full(name), {now, nullptr, dtype_of<T>(), false});
  if (found && loads()) values.assign(found->data<T>(), found->data<T>() + found->size());
}

namespace {

template <class T>
auto sound(T) {
  return std::string();
}

template <class T>
auto between(T least, T most) {
  return [=](T value) {
    if (value >= least && value <= most) return std::string();
    if (least == most) return fmt::format("is {}, not {}", value, least);
    return fmt::format("is {}, not from {} to {}", value, least, most);
  };
}

}  // namespace

std::int64_t StateVisitor::visit(const std::string& name, std::int64_t& value, std::int64_t least, std::int64_t most) {
  return number(name, value, DType::i64, between(least, most));
}
void StateVisitor::visit(const std::string& name, std::uint64_t& value) {
  number(name, value, DType::i64, sound<std::uint64_t>);
}
void StateVisitor::visit(const std::string& name, bool& value) {
  auto byte = static_cast<unsigned char>(value);
  number(name, byte, DType::boolean, sound<unsigned char>);
  if (loads()) value = byte != 0;
}
double StateVisitor::visit(const std::string& name, double& value) {
  return number(name, value, DType::f64, sound<double>);
}
double StateVisitor::visit(const std::string& name, double& value, double least, double most) {
  return number(name, value, DType::f64, between(least, most));
}
void StateVisitor::visit(const std::string& name, std::vector<std::int64_t>& values) { list(name, values); }
void StateVisitor::visit(const std::string& name, std::vector<double>& values) { list(name, values); }

void StateVisitor::visit(const std::string& name, Array& value, const Shape& shape, DType dtype) {
  const Array* found = meet(full(name), {value, &shape, dtype, true});
  if (found && loads()) value = *found ? found->copy() : Array();
}

void StateVisitor::visit(const std::string& name, Rng& rng) {
  RngState before = rng.state(), state = before;
  {
    Scope scope = enter(name);
    if (name.empty()) path_.pop_back();
    visit("seed", state.seed);
    visit("position", state.position);
  }
  if (state != before) rng.set_state(state);
}

void StateVisitor::reject(const std::string& name, const std::string& why) { refuse(full(name), why); }

namespace detail {
namespace {

/// A name from a file may be any text: it stays on its line.
std::string on_a_line(std::string name) {
  constexpr std::size_t longest = 200;
  for (char& c : name)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  return name.size() > longest ? name.substr(0, longest) + "..." : name;
}

void add(Complaint& complaint, const char* what, const std::vector<std::string>& names) {
  constexpr std::size_t most = 20;
  for (std::size_t i = 0; i < std::min(names.size(), most); ++i) complaint.fact(what, on_a_line(names[i]));
  if (names.size() > most) complaint.fact(what, "and " + std::to_string(names.size() - most) + " more");
}

}  // namespace

void refuse(const LoadReport& report, const char* op, const std::string& file, const Site& site) {
  std::string counts;
  auto count = [&](const std::vector<std::string>& names, const char* what) {
    if (!names.empty()) counts += (counts.empty() ? "" : ", ") + std::to_string(names.size()) + " " + what;
  };
  count(report.missing, "missing");
  count(report.unexpected, "unexpected");
  count(report.mismatched, "mismatched");
  Complaint complaint(op, "the names do not fit: " + counts);
  if (!file.empty()) complaint.fact("file", file);
  add(complaint, "missing", report.missing);
  add(complaint, "unexpected", report.unexpected);
  add(complaint, "mismatched", report.mismatched);
  complaint.at(site).raise<FormatError>();
}

std::string describe(DType dtype, const Shape& shape) { return std::string(name_of(dtype)) + " " + to_string(shape); }

const Array* StateSaver::meet(const std::string& name, const Item& item) {
  if (!item.array) return nullptr;
  if (!names_.insert(name).second)
    Complaint("state", "two things are listed as `" + name + "`").at(site_).raise<ValueError>();
  arrays_.push_back({name, item.array.cast(item.dtype)});
  return nullptr;
}

Given::Given(const std::vector<NamedArray>& arrays, std::string_view prefix) {
  for (const NamedArray& named : arrays)
    if (named.name.starts_with(prefix))
      entries_.emplace(std::string_view(named.name).substr(prefix.size()), Entry{&named.array});
}

const Array* Given::find(const std::string& name) {
  auto at = entries_.find(name);
  if (at == entries_.end()) return nullptr;
  at->second.used = true;
  return at->second.array;
}

void Given::finish() {
  for (const auto& [name, entry] : entries_)
    if (!entry.used) report.unexpected.emplace_back(name);
}

void StateLoader::check(const AnyState& object) {
  loads_ = false;
  object.show(*this);
}

void StateLoader::load(const AnyState& object) {
  loads_ = true;
  object.show(*this);
}

const Array* StateLoader::meet(const std::string& name, const Item& item) {
  const Array* array = given_.find(name);
  if (!array) {
    if (item.optional) return &absent_;
    if (!loads_) given_.report.missing.push_back(name);
    return nullptr;
  }
  if (array->dtype() == item.dtype && (item.shape ? array->shape() == *item.shape : array->rank() == 1)) return array;
  if (!loads_)
    given_.report.mismatched.push_back(
        name + ": is " + describe(array->dtype(), array->shape()) + ", wanted " +
        (item.shape ? describe(item.dtype, *item.shape) : std::string(name_of(item.dtype)) + " (any,)"));
  return nullptr;
}

void StateLoader::refuse(const std::string& name, const std::string& why) {
  if (!loads_) given_.report.mismatched.push_back(name + ": " + why);
}

}  // namespace detail

std::vector<NamedArray> state_of(const AnyState& object, Site site) {
  detail::StateSaver saver(site);
  object.show(saver);
  std::vector<NamedArray> state = saver.take();
  for (NamedArray& named : state) named.array = named.array.copy();  // optimizers change theirs in place
  return state;
}

void set_state(const AnyState& object, const std::vector<NamedArray>& state, Site site) {
  detail::Given given(state);
  detail::StateLoader loader(given);
  loader.check(object);
  given.finish();
  if (!given.report.fits()) detail::refuse(given.report, "set_state", "", site);
  loader.load(object);
}

}  // namespace xg::nn
