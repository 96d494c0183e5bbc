// einsum against the sum over all indices that it stands for.
#include <map>

#include "linalg_check.hpp"
#include "message.hpp"

using namespace xg;
using namespace xg_test;

namespace {

/// By definition, for explicit subscripts without ellipsis: every assignment of values to letters is visited.
Tensor by_definition(const std::string& subscripts, const Tensors& operands) {
  std::vector<std::string> terms(1);
  for (char c : subscripts)
    if (c == ',' || c == '>') terms.push_back("");
    else if (c != '-') terms.back() += c;
  std::string output = terms.back();
  terms.pop_back();
  std::map<char, std::int64_t> length, value;
  for (std::size_t i = 0; i < terms.size(); ++i)
    for (std::size_t k = 0; k < terms[i].size(); ++k) {
      std::int64_t& n = length.emplace(terms[i][k], 1).first->second;
      n = operands[i].shape()[k] == 1 ? n : operands[i].shape()[k];
    }
  auto at = [&](const std::string& term, const Shape& shape) {
    std::int64_t index = 0;
    for (std::size_t k = 0; k < term.size(); ++k) index = index * shape[k] + (shape[k] == 1 ? 0 : value[term[k]]);
    return static_cast<std::size_t>(index);
  };
  Shape shape;
  for (char c : output) shape.push_back(length[c]);
  std::vector<std::vector<double>> from;
  for (const Tensor& x : operands) from.push_back(x.to_vector());
  Array result = Array::zeros(shape, f64);
  std::int64_t count = 1;
  for (auto [c, n] : length) count *= n;
  for (std::int64_t i = 0; i < count; ++i) {
    std::int64_t rest = i;
    for (auto [c, n] : length) value[c] = rest % n, rest /= n;
    double product = 1;
    for (std::size_t k = 0; k < terms.size(); ++k) product *= from[k][at(terms[k], operands[k].shape())];
    result.fill<double>()[at(output, shape)] += product;
  }
  return Tensor(result);
}

}  // namespace

TEST_CASE("einsum of one to four operands equals its definition, and so do its gradients") {
  struct Case {
    const char* subscripts;
    std::vector<Shape> shapes;
  };
  for (const Case& c : std::vector<Case>{
           {"i->i", {{3}}},
           {"i->", {{3}}},
           {"ij->ji", {{2, 3}}},
           {"ij->i", {{2, 3}}},
           {"ii->", {{3, 3}}},
           {"ii->i", {{3, 3}}},
           {"iij->ji", {{2, 2, 3}}},
           {"iji->j", {{2, 3, 2}}},
           {"iijj->ij", {{2, 2, 3, 3}}},
           {"iii->i", {{2, 2, 2}}},
           {"abc->cab", {{2, 3, 4}}},
           {"ij,jk->ik", {{2, 3}, {3, 4}}},
           {"ij,jk->ki", {{2, 3}, {3, 4}}},
           {"ji,kj->ik", {{3, 2}, {4, 3}}},
           {"ij,kj->ik", {{2, 3}, {4, 3}}},
           {"i,i->", {{3}, {3}}},
           {"i,j->ij", {{3}, {2}}},
           {"i,j->ji", {{3}, {2}}},
           {"i,j->", {{3}, {2}}},
           {"ij,ij->ij", {{2, 3}, {2, 3}}},
           {"ij,ji->ij", {{2, 3}, {3, 2}}},
           {"ij,ij->", {{2, 3}, {2, 3}}},
           {"bi,bi->b", {{4, 3}, {4, 3}}},
           {"bij,bjk->bik", {{2, 2, 3}, {2, 3, 4}}},
           {"bij,bjk->kbi", {{2, 2, 3}, {2, 3, 4}}},
           {"bhid,bhjd->bhij", {{2, 2, 3, 2}, {2, 2, 3, 2}}},
           {"bihd,bjhd->bhij", {{2, 3, 2, 2}, {2, 3, 2, 2}}},
           {"ijk,jil->kl", {{2, 3, 4}, {3, 2, 2}}},
           {"ijk,kji->", {{2, 3, 2}, {2, 3, 2}}},
           {"ij,k->i", {{2, 3}, {4}}},
           {"ii,ij->j", {{3, 3}, {3, 2}}},
           {"ii,jj->ij", {{3, 3}, {2, 2}}},
           {"ij,jk->ik", {{1, 3}, {3, 1}}},
           {"ij,ij->ij", {{1, 3}, {2, 3}}},
           {"ij,ij->i", {{2, 1}, {2, 3}}},
           {"ij,ij->j", {{1, 3}, {2, 1}}},
           {"ij,jk,kl->il", {{2, 3}, {3, 2}, {2, 4}}},
           {"i,ij,j->", {{2}, {2, 3}, {3}}},
           {"bi,oij,bj->bo", {{2, 3}, {2, 3, 4}, {2, 4}}},
           {"i,i,i->i", {{3}, {3}, {3}}},
           {"ij,ik,il->jkl", {{2, 2}, {2, 3}, {2, 2}}},
           {"a,b,c,d->dcba", {{2}, {1}, {3}, {2}}},
           {"ab,bc,cd,da->", {{2, 3}, {3, 2}, {2, 2}, {2, 2}}},
           {"ij,jk->ik", {{2, 0}, {0, 3}}},
           {"ij,jk->ik", {{0, 2}, {2, 3}}},
           {"i->", {{0}}},
           {",ij->ij", {{}, {2, 2}}},
           {"->", {{}}},
       }) {
    CAPTURE(c.subscripts);
    Tensors operands;
    unsigned seed = 1;
    for (const Shape& shape : c.shapes) operands.push_back(noise(shape, f64, ++seed));
    Tensor y = einsum(c.subscripts, Operands(operands));
    CHECK(worst(y, by_definition(c.subscripts, operands)) <= 1e-14);
    check_gradients([&](const Tensors& x) { return einsum(c.subscripts, Operands(x)); }, operands);
  }
}

TEST_CASE("einsum without an arrow, with spaces and with ellipses") {
  Tensor a = noise({2, 3}), b = noise({3, 4}, f64, 2), c = noise({5, 1, 2, 3}), d = noise({6, 3, 4}, f64, 3);
  CHECK(worst(einsum("ij,jk", a, b), matmul(a, b)) <= 1e-15);
  CHECK(worst(einsum(" i j , j k -> i k ", a, b), matmul(a, b)) <= 1e-15);
  CHECK(worst(einsum("ba", a), matrix_transpose(a)) == 0);
  CHECK(worst(einsum("Ba", a), a) == 0);  // capitals come first
  CHECK(worst(einsum("ii", noise({3, 3})), trace(noise({3, 3}))) == 0);
  CHECK(worst(einsum("...ij,...jk", c, d), matmul(c, d)) <= 1e-15);
  CHECK(worst(einsum("...ij,...jk->...ik", c, d), matmul(c, d)) <= 1e-15);
  CHECK(worst(einsum("...ij->...ji", c), matrix_transpose(c)) == 0);
  CHECK(worst(einsum("i...->...i", c), moveaxis(c, 0, -1)) == 0);
  CHECK(worst(einsum("...,...->...", c, noise({7, 1, 1})), c * noise({7, 1, 1})) == 0);
  CHECK(worst(einsum("...,->...", a, 0.1), a * 0.1) == 0);
  CHECK(worst(einsum("i,...->...i", noise({3}), noise({})), noise({3}) * noise({})) == 0);
  CHECK(einsum("ij->...ij", a).shape() == Shape{2, 3});
  check_gradients([](const Tensors& x) { return einsum("...ij,...jk->k...i", x[0], x[1]); },
                  {noise({2, 1, 2, 3}), noise({3, 3, 2})});
}

TEST_CASE("einsum of other dtypes, views and the same tensor twice") {
  Tensor i = reshape(arange(6), {2, 3});
  CHECK(all_equal(einsum("ij,kj->ik", i, i), tensor({{5, 14}, {14, 50}}, i64)));
  CHECK(einsum("ij,kj->ik", i, i).dtype() == i64);
  CHECK(einsum("i,i->i", noise({3}, f32), noise({3}, f64)).dtype() == f64);
  Tensor mask = i > 1;
  CHECK(all_equal(einsum("ij->i", mask), tensor({true, true})));
  CHECK(all_equal(einsum("ij,ij->j", mask, i > 3), tensor({false, true, true})));
  CHECK(einsum("ij,ij->j", mask, mask).dtype() == boolean);
  check_gradients([](const Tensors& x) { return einsum("ij,kj->ik", x[0], x[0]); }, {noise({2, 3})});
  Tensor x = noise({4, 3, 2});
  CHECK(worst(einsum("ijk,kjl->il", transpose(x), x), by_definition("ijk,kjl->il", {copy(transpose(x)), x})) <= 1e-14);
}

TEST_CASE("messages of einsum") {
  const char* here = "einsum_test.cpp";
  auto value = [&](const char* text, const Tensors& x) {
    return message<ValueError>([&] { einsum(text, Operands(x)); }, here);
  };
  auto shape = [&](const char* text, const Tensors& x) {
    return message<ShapeError>([&] { einsum(text, Operands(x)); }, here);
  };
  Tensor a = noise({2, 3}), b = noise({4, 5});
  CHECK(value("ij,jk->ik", {a}) == "einsum: \"ij,jk->ik\" is for 2 operands, not 1");
  CHECK(message<ValueError>([] { einsum("ij", Operands()); }) == "einsum: \"ij\" is for 1 operands, not 0");
  CHECK(value("i?->i", {a}) == "einsum: '?' in \"i?->i\" is neither a letter nor part of \"...\"");
  CHECK(value("i..->i", {a}) == "einsum: '.' in \"i..->i\" is neither a letter nor part of \"...\"");
  CHECK(value("ij->i->j", {a}) == "einsum: '-' in \"ij->i->j\" is neither a letter nor part of \"...\"");
  CHECK(value("...i...", {a}) == "einsum: \"...i...\" has two ellipses");
  CHECK(value("ij->ii", {a}) == "einsum: index i stands twice in the output of \"ij->ii\"");
  CHECK(value("ij->ik", {a}) == "einsum: output index k of \"ij->ik\" is in no operand");
  CHECK(value("...j->j", {a}) == "einsum: the output of \"...j->j\" lacks the operands' \"...\"");
  CHECK(shape("ijk->i", {a}) == "einsum: operand 0 has 2 axes, \"ijk\" names 3");
  CHECK(shape("ij,...ijk", {a, a}) == "einsum: operand 1 has 2 axes, \"...ijk\" names 3");
  CHECK(shape("ij,jk", {a, b}) == "einsum: index j has length 3 in operand 0 and 4 in operand 1");
  CHECK(shape("ii", {a}) == "einsum: index i has length 2 in operand 0 and 3 in operand 0");
  CHECK(shape("ii", {noise({1, 3})}) == "einsum: index i has length 1 in operand 0 and 3 in operand 0");
  auto ones_of_rank = [](std::size_t rank) { return ones(Shape(rank, 1)); };
  CHECK(einsum("...->...", ones_of_rank(64)).rank() == 64);
  CHECK(shape("...i->i", {ones_of_rank(66)}) ==
        "einsum: \"...\" stands for 65 axes of operand 0; it can for at most 64");
  CHECK(shape("...,...", {a, b}) == "einsum: an axis of \"...\" has length 2 in operand 0 and 4 in operand 1");
}
