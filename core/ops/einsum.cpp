#include "einsum.hpp"

#include <algorithm>

#include "../error/error.hpp"
#include "../graph/record.hpp"
#include "../kernels/arithmetic.hpp"
#include "../kernels/matmul.hpp"
#include "arithmetic.hpp"
#include "compare.hpp"
#include "matrix.hpp"
#include "reduce.hpp"
#include "shape.hpp"

namespace xg {
namespace {

// One character an axis: the user's letters, and for the axes of an ellipsis, counted from the last, 1, 2, ….
using Labels = std::string;

bool has(const Labels& labels, char label) { return labels.find(label) != labels.npos; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
Labels ellipsis_labels(std::int64_t count) {
  Labels labels;
  for (std::int64_t i = count; i > 0; --i) labels.push_back(static_cast<char>(i));
  return labels;
}

/// A text of subscripts, checked against the operands it is for.
class Subscripts {
 public:
  Subscripts(std::string_view text, const Operands& operands) : text_(text), operands_(operands) {
    std::string plain;
    for (char c : text)
      if (c != ' ') plain.push_back(c);
    std::size_t arrow = plain.find("->");
    std::string left = plain.substr(0, arrow);
    SmallVector<std::string, 4> terms(1);
    for (char c : left)
      if (c == ',') terms.push_back("");
      else terms.back().push_back(c);
    if (terms.size() != operands.size())
      fail<ValueError>(quoted() + " is for " + std::to_string(terms.size()) + " operands, not " +
                       std::to_string(operands.size()));
    for (std::size_t i = 0; i < terms.size(); ++i) inputs.push_back(expand(terms[i], i));
    output = arrow == plain.npos ? implicit_output() : explicit_output(plain.substr(arrow + 2));
    check_lengths();
  }

  SmallVector<Labels, 4> inputs;
  Labels output;

 private:
  template <class E>
  [[noreturn]] void fail(const std::string& what) const {
    Complaint complaint("einsum", what);
    for (std::size_t i = 0; i < operands_.size(); ++i)
      complaint.fact(std::to_string(i).c_str(), describe(operands_[i]));
    if (operands_.size() > 0) complaint.at(operands_[0].site());
    complaint.raise<E>();
  }
  std::string quoted() const { return '"' + std::string(text_) + '"'; }

  /// Checks the characters of a term; returns where its ellipsis starts.
  std::size_t scan(const std::string& term) const {
    std::size_t dots = term.npos;
    for (std::size_t i = 0; i < term.size(); ++i) {
      if (is_letter(term[i])) continue;
      if (term.compare(i, 3, "...") != 0)
        fail<ValueError>(std::string("'") + term[i] + "' in " + quoted() + " is neither a letter nor part of \"...\"");
      if (dots != term.npos) fail<ValueError>("\"" + term + "\" has two ellipses");
      dots = i;
      i += 2;
    }
    return dots;
  }

  Labels expand(const std::string& term, std::size_t number) {
    std::size_t dots = scan(term);
    auto letters = static_cast<std::int64_t>(dots == term.npos ? term.size() : term.size() - 3);
    std::int64_t rank = operands_[number].shape().rank();
    if (dots == term.npos ? rank != letters : rank < letters)
      fail<ShapeError>("operand " + std::to_string(number) + " has " + std::to_string(rank) + " axes, \"" + term +
                       "\" names " + std::to_string(letters));
    if (dots == term.npos) return term;
    constexpr std::int64_t most = 'A' - 1;  // numbers below the letters name its axes
    if (rank - letters > most)
      fail<ShapeError>("\"...\" stands for " + std::to_string(rank - letters) + " axes of operand " +
                       std::to_string(number) + "; it can for at most " + std::to_string(most));
    ellipsis_ = std::max(ellipsis_, rank - letters);
    return term.substr(0, dots) + ellipsis_labels(rank - letters) + term.substr(dots + 3);
  }

  Labels implicit_output() const {
    Labels all, once;
    for (const Labels& labels : inputs) all += labels;
    for (char c : all)
      if (is_letter(c) && std::count(all.begin(), all.end(), c) == 1) once.push_back(c);
    std::sort(once.begin(), once.end());
    return ellipsis_labels(ellipsis_) + once;
  }

  Labels explicit_output(const std::string& term) const {
    std::size_t dots = scan(term);
    if (dots == term.npos && ellipsis_ > 0)
      fail<ValueError>("the output of " + quoted() + " lacks the operands' \"...\"");
    for (char c : term) {
      if (c == '.') continue;
      if (std::count(term.begin(), term.end(), c) > 1)
        fail<ValueError>(std::string("index ") + c + " stands twice in the output of " + quoted());
      bool found = false;
      for (const Labels& labels : inputs) found = found || has(labels, c);
      if (!found) fail<ValueError>(std::string("output index ") + c + " of " + quoted() + " is in no operand");
    }
    if (dots == term.npos) return term;
    return term.substr(0, dots) + ellipsis_labels(ellipsis_) + term.substr(dots + 3);
  }

  void check_lengths() const {
    struct Seen {
      std::int64_t length = 1;
      std::size_t operand = 0;
    } seen[128];
    for (std::size_t i = 0; i < inputs.size(); ++i)
      for (std::size_t axis = 0; axis < inputs[i].size(); ++axis) {
        char label = inputs[i][axis];
        std::int64_t length = operands_[i].shape()[axis];
        Seen before = seen[static_cast<unsigned char>(label)];
        std::size_t first = inputs[i].find(label);
        if (first < axis) before = {operands_[i].shape()[first], i};  // a diagonal does not broadcast
        if (length != before.length && ((length != 1 && before.length != 1) || first < axis))
          fail<ShapeError>((is_letter(label) ? std::string("index ") + label : "an axis of \"...\"") + " has length " +
                           std::to_string(before.length) + " in operand " + std::to_string(before.operand) + " and " +
                           std::to_string(length) + " in operand " + std::to_string(i));
        if (length != 1) seen[static_cast<unsigned char>(label)] = {length, i};
      }
  }

  std::string_view text_;
  const Operands& operands_;
  std::int64_t ellipsis_ = 0;  // axes of the longest one
};

/// A tensor whose axes have names.
struct Named {
  Tensor x;
  Labels labels;
};

Shape axes_of(const Labels& labels, const Labels& wanted) {
  Shape axes;
  for (char c : wanted) axes.push_back(static_cast<std::int64_t>(labels.find(c)));
  return axes;
}

/// The diagonal along every label that stands twice.
void take_diagonals(Named& operand) {
  for (std::size_t i = 0; i < operand.labels.size(); ++i) {
    char label = operand.labels[i];
    std::size_t j = operand.labels.find(label, i + 1);
    if (j == Labels::npos) continue;
    Shape order;
    Labels rest;
    for (std::size_t k = 0; k < operand.labels.size(); ++k)
      if (k != i && k != j) {
        order.push_back(static_cast<std::int64_t>(k));
        rest.push_back(operand.labels[k]);
      }
    order.push_back(static_cast<std::int64_t>(i));
    order.push_back(static_cast<std::int64_t>(j));
    operand = {detail::diagonal(transpose(operand.x, order), 0), rest + label};
    i = static_cast<std::size_t>(-1);  // from the start: axes have moved
  }
}

/// Drops the axes `drop`, all of length 1 or, when `add_up`, summed over.
void drop_axes(Named& operand, const Labels& drop, bool add_up) {
  if (drop.empty()) return;
  Shape axes = axes_of(operand.labels, drop);
  operand.x = add_up ? sum(operand.x, axes) : squeeze(operand.x, axes);
  for (char c : drop) operand.labels.erase(operand.labels.find(c), 1);
}

std::int64_t length_of(const Named& operand, char label) { return operand.x.shape()[operand.labels.find(label)]; }

/// a · b summed over the labels that both have and `output` has not. Each label of one is in the other or in `output`.
Array contract_arrays(const Array& a, const Labels& la, const Array& b, const Labels& lb, const Labels& output) {
  Labels batch, left, inner, right;
  for (char c : output)
    if (has(la, c) && has(lb, c)) batch.push_back(c);
  for (char c : la)
    if (!has(lb, c)) left.push_back(c);
  for (char c : lb)
    if (!has(la, c)) right.push_back(c);
  // Summed axes in the order of the larger operand, so that it is the one that needs no copy.
  const Labels& larger = a.size() >= b.size() ? la : lb;
  for (char c : larger)
    if (has(la, c) && has(lb, c) && !has(output, c)) inner.push_back(c);

  Shape shape;  // of the result: batch, left, right
  auto add_lengths = [&](const Array& x, const Labels& labels, const Labels& wanted) {
    std::int64_t count = 1;
    for (char c : wanted) {
      shape.push_back(x.shape()[labels.find(c)]);
      count *= shape.back();
    }
    return count;
  };
  add_lengths(a, la, batch);
  Shape batch_shape = shape;
  std::int64_t rows = add_lengths(a, la, left), columns = add_lengths(b, lb, right);
  Array product;
  if (inner.empty()) {
    Shape left_shape = shape;  // right axes of length 1
    for (std::size_t i = 0; i < right.size(); ++i) left_shape[shape.size() - 1 - i] = 1;
    Shape right_shape = batch_shape;
    for (std::size_t i = 0; i < left.size(); ++i) right_shape.push_back(1);
    for (char c : right) right_shape.push_back(b.shape()[lb.find(c)]);
    product =
        kernels::arithmetic(kernels::Arithmetic::multiply, a.permuted(axes_of(la, batch + left)).reshaped(left_shape),
                            b.permuted(axes_of(lb, batch + right)).reshaped(right_shape), shape);
  } else {
    std::int64_t summed = 1;
    for (char c : inner) summed *= a.shape()[la.find(c)];
    Shape left_shape = batch_shape, right_shape = batch_shape;
    left_shape.push_back(rows), left_shape.push_back(summed);
    right_shape.push_back(summed), right_shape.push_back(columns);
    product = kernels::matmul(a.permuted(axes_of(la, batch + left + inner)).reshaped(left_shape),
                              b.permuted(axes_of(lb, batch + inner + right)).reshaped(right_shape), batch_shape)
                  .reshaped(shape);
  }
  return product.permuted(axes_of(batch + left + right, output));
}

Tensor contract(const Tensor& a, const Labels& la, const Tensor& b, const Labels& lb, const Labels& output) {
  DType dtype = promote(a.dtype(), b.dtype());
  return record("einsum", contract_arrays(a.array().cast(dtype), la, b.array().cast(dtype), lb, output), {a, b},
                [=](const Tensor& g, const Wants& wants) -> Tensors {
                  return {wants[0] ? contract(g, output, b, lb, la) : Tensor(),
                          wants[1] ? contract(a, la, g, output, lb) : Tensor()};
                });
}

/// The labels a pair keeps when it is contracted: those that the output or another operand still needs.
Labels kept_labels(const SmallVector<Named, 4>& operands, std::size_t i, std::size_t j, const Labels& output) {
  Labels kept;
  auto needed = [&](char c) {
    if (has(output, c)) return true;
    for (std::size_t k = 0; k < operands.size(); ++k)
      if (k != i && k != j && has(operands[k].labels, c)) return true;
    return false;
  };
  for (std::size_t k : {i, j})
    for (char c : operands[k].labels)
      if (needed(c) && !has(kept, c)) kept.push_back(c);
  return kept;
}

double elements(const SmallVector<Named, 4>& operands, std::size_t i, std::size_t j, const Labels& labels) {
  double count = 1;
  for (char c : labels)
    count *= static_cast<double>(has(operands[i].labels, c) ? length_of(operands[i], c) : length_of(operands[j], c));
  return count;
}

}  // namespace

Tensor einsum(std::string_view text, const Operands& operands) {
  Subscripts subscripts(text, operands);
  CallScope scope(operands[0].site());
  DType dtype = DType::boolean;
  for (const Operand& operand : operands)
    if (!operand.is_number()) dtype = promote(dtype, operand.dtype());
  bool all_boolean = true;
  SmallVector<Named, 4> left;
  for (std::size_t i = 0; i < operands.size(); ++i) {
    all_boolean = all_boolean && operands[i].dtype() == DType::boolean;
    const Operand& x = operands[i];
    left.push_back({x.is_number() ? Tensor(x.array(promote(dtype, x.number()))) : x.tensor(), subscripts.inputs[i]});
    take_diagonals(left.back());
  }
  if (all_boolean) left[0].x = astype(left[0].x, i64);  // counted, then asked whether there are any

  // An axis of length 1 that is longer elsewhere only repeats: it goes.
  for (std::size_t i = 0; i < left.size(); ++i) {
    Labels repeats;
    for (char c : left[i].labels)
      for (std::size_t j = 0; length_of(left[i], c) == 1 && j < left.size(); ++j)
        if (has(left[j].labels, c) && length_of(left[j], c) != 1) {
          repeats.push_back(c);
          break;
        }
    drop_axes(left[i], repeats, false);
  }
  while (left.size() > 1) {
    std::size_t first = 0, second = 1;
    double least = -1;
    for (std::size_t i = 0; i < left.size(); ++i)
      for (std::size_t j = i + 1; j < left.size(); ++j) {
        double count = elements(left, i, j, kept_labels(left, i, j, subscripts.output));
        if (least < 0 || count < least) least = count, first = i, second = j;
      }
    // The last pair gives the output's own order.
    Labels kept = left.size() == 2 ? subscripts.output : kept_labels(left, first, second, subscripts.output);
    Named &a = left[first], &b = left[second];
    Labels only_a, only_b;
    for (char c : a.labels)
      if (!has(b.labels, c) && !has(kept, c)) only_a.push_back(c);
    for (char c : b.labels)
      if (!has(a.labels, c) && !has(kept, c)) only_b.push_back(c);
    drop_axes(a, only_a, true);
    drop_axes(b, only_b, true);
    a = {contract(a.x, a.labels, b.x, b.labels, kept), kept};
    left.erase(second);
  }
  Labels summed;
  for (char c : left[0].labels)
    if (!has(subscripts.output, c)) summed.push_back(c);
  drop_axes(left[0], summed, true);
  Tensor y = left[0].labels == subscripts.output ? left[0].x
                                                 : transpose(left[0].x, axes_of(left[0].labels, subscripts.output));
  return all_boolean ? y != 0 : y;
}

Tensor einsum(std::string_view text, const Tensor& x, Site site) { return einsum(text, Operands{Operand(x, site)}); }
Tensor einsum(std::string_view text, const Operand& a, const Operand& b) { return einsum(text, Operands{a, b}); }
Tensor einsum(std::string_view text, const Operand& a, const Operand& b, const Operand& c) {
  return einsum(text, Operands{a, b, c});
}

}  // namespace xg
