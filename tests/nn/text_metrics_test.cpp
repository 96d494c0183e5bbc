// Edit distance, error rates, BLEU and perplexity, against values by hand, a plain recursion, and the published ones.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>

#include "../core/message.hpp"
#include "xgrad/xgrad.hpp"

using namespace xg;
using namespace xg::nn::text;

namespace {

using Ids = std::vector<std::int64_t>;
using Words = std::vector<std::string>;

/// The definition.
std::int64_t plain_distance(const Ids& a, const Ids& b, std::size_t i, std::size_t j) {
  if (i == a.size() || j == b.size()) return static_cast<std::int64_t>(a.size() - i + b.size() - j);
  if (a[i] == b[j]) return plain_distance(a, b, i + 1, j + 1);
  return 1 +
         std::min({plain_distance(a, b, i + 1, j), plain_distance(a, b, i, j + 1), plain_distance(a, b, i + 1, j + 1)});
}

}  // namespace

TEST_CASE("edit distances") {
  CHECK(edit_distance("kitten", "sitting") == 3);
  CHECK(edit_distance("Saturday", "Sunday") == 3);
  CHECK(edit_distance("", "abc") == 3);
  CHECK(edit_distance("abc", "") == 3);
  CHECK(edit_distance("", "") == 0);
  CHECK(edit_distance("na\xc3\xafve", "naive") == 1);  // by code points
  CHECK(edit_distance("a\xff\xfe", "a") == 2);
  CHECK(edit_distance(Words{"the", "cat"}, Words{"the", "black", "cat"}) == 1);
  Tensor random = randint(0, 3, {60, 14});
  for (std::int64_t i = 0; i < 60; ++i) {
    Ids row = random(i).to_vector<std::int64_t>();
    Ids a(row.begin(), row.begin() + i % 7), b(row.begin() + 7, row.begin() + 7 + i % 8);
    CHECK(edit_distance(a, b) == plain_distance(a, b, 0, 0));
    CHECK(edit_distance(a, b) == edit_distance(b, a));
  }
}

TEST_CASE("error rates") {
  ErrorRate rate;
  CHECK(std::isnan(rate.compute()));
  rate.update(Words{"a", "b", "x"}, Words{"a", "b", "c", "d"});  // one replaced, one left out
  rate.update(Words{"e"}, Words{"e"});
  CHECK(rate.edits() == 2);
  CHECK(rate.length() == 5);
  CHECK(rate.compute() == doctest::Approx(0.4));
  CHECK(rate.wrong() == doctest::Approx(0.5));
  rate.reset();
  rate.update(Ids{1, 2}, std::vector<Ids>{{3, 4, 5}, {1, 2, 3}, {1, 2, 3, 4}});
  CHECK(rate.edits() == 1);
  CHECK(rate.length() == 3);
  CHECK(rate.count() == 1);
  rate.reset();
  rate.update("smile", "similes");
  CHECK(rate.compute() == doctest::Approx(2.0 / 7));
  rate.reset();
  std::string naive = "na\u00efve", plain = "naive";  // code points count, whatever holds the text
  rate.update(plain, naive);
  CHECK(rate.compute() == doctest::Approx(1.0 / 5));
  rate.update("abc", "xyz");
  CHECK(rate.length() == 8);
  rate.update(plain, std::vector<std::string>{"nowhere", naive});
  CHECK(rate.length() == 13);
  CHECK(rate.edits() == 5);
  rate.reset();
  rate.update(Ids{1}, Ids{1});
  CHECK(message<ValueError>([&] { rate.update(Ids{1}, std::vector<Ids>{}); }, "text_metrics_test.cpp") ==
        "ErrorRate: there is no right answer to compare with");
  CHECK(rate.count() == 1);
}

TEST_CASE("BLEU's precisions are those of the paper") {
  // Papineni et al. 2002, section 2.1: 2/7, and 17/18 and 10/17 for the first candidate.
  Bleu clipped({.max_order = 2});
  clipped.update(split_words("the the the the the the the"),
                 {split_words("the cat is on the mat"), split_words("there is a cat on the mat")});
  CHECK(clipped.precision(1) == doctest::Approx(2.0 / 7));
  CHECK(clipped.precision(2) == 0);
  CHECK(clipped.compute() == 0);
  std::vector<Words> references{
      split_words("it is a guide to action that ensures that the military will forever heed party commands"),
      split_words("it is the guiding principle which guarantees the military forces always being under the command of "
                  "the party"),
      split_words("it is the practical guide for the army always to heed the directions of the party")};
  Bleu bleu;
  bleu.update(
      split_words("it is a guide to action which ensures that the military always obeys the commands of the party"),
      references);
  CHECK(bleu.precision(1) == doctest::Approx(17.0 / 18));
  CHECK(bleu.precision(2) == doctest::Approx(10.0 / 17));
  CHECK(bleu.precision(3) == doctest::Approx(7.0 / 16));
  CHECK(bleu.precision(4) == doctest::Approx(4.0 / 15));
  CHECK(bleu.brevity_penalty() == 1);
  CHECK(bleu.compute() == doctest::Approx(0.5045666840058485));
  Bleu second;
  second.update(split_words("it is to insure the troops forever hearing the activity guidebook that party direct"),
                references);
  CHECK(second.precision(1) == doctest::Approx(8.0 / 14));
  CHECK(second.precision(2) == doctest::Approx(1.0 / 13));
  CHECK(second.compute() == 0);
}

TEST_CASE("BLEU over a corpus") {
  Bleu bleu;
  bleu.update(split_words("a b c d e"), {split_words("a b c d e f g")});
  CHECK(bleu.brevity_penalty() == doctest::Approx(std::exp(1 - 7.0 / 5)));
  CHECK(bleu.compute() == doctest::Approx(std::exp(1 - 7.0 / 5)));
  bleu.update(split_words("x"), {split_words("y z"), split_words("x w v")});
  // 6 of 6 words (x matches), 4 of 4, 3 of 3, 2 of 2; lengths 6 and 7 + 2.
  CHECK(bleu.compute() == doctest::Approx(std::exp(1 - 9.0 / 6)));
  bleu.reset();
  CHECK(bleu.compute() == 0);
  // Of references equally far in length the shorter counts.
  bleu.update(split_words("a b c d"), {split_words("a b c d e f"), split_words("a b")});
  CHECK(bleu.brevity_penalty() == 1);
  CHECK(bleu.compute() == 1);
  Bleu ids;
  ids.update(Ids{1, 2, 3, 4, 5}, {{1, 2, 3, 4, 5}});
  CHECK(ids.compute() == 1);
  Bleu empty;
  empty.update(Words{}, {split_words("a")});
  CHECK(empty.compute() == 0);
  CHECK(empty.brevity_penalty() == 0);
  CHECK(message<ValueError>([&] { empty.update(Words{"a"}, {}); }, "text_metrics_test.cpp") ==
        "Bleu: there is no reference");
  CHECK(message<ValueError>([] { Bleu({.max_order = 0}); }, "text_metrics_test.cpp") ==
        "Bleu: max_order must be at least 1, not 0");
  CHECK(message<IndexError>([&] { empty.precision(5); }, "text_metrics_test.cpp") ==
        "Bleu: there is no order 5; orders are 1 to 4");
}

TEST_CASE("perplexity") {
  Perplexity perplexity({.ignore_index = 0});
  CHECK(std::isnan(perplexity.compute()));
  perplexity.update(zeros({2, 3, 7}), tensor({{1, 2, 0}, {3, 0, 0}}, i64));  // all alike: 7
  CHECK(perplexity.compute() == doctest::Approx(7));
  perplexity.update(zeros({1, 7}), tensor({0}, i64));  // nothing but padding
  CHECK(perplexity.compute() == doctest::Approx(7));
  perplexity.reset();
  Tensor logits = randn({4, 5}), labels = randint(1, 5, {4});
  perplexity.update(logits(range(0, 3)), labels(range(0, 3)));
  perplexity.update(logits(range(3, 4)), labels(range(3, 4)));
  CHECK(perplexity.compute() == doctest::Approx(std::exp(nn::cross_entropy(logits, labels).item())));
  perplexity.reset();
  perplexity.update(std::log(10.0), 3);
  perplexity.update(std::log(1000.0), 1);
  CHECK(perplexity.compute() == doctest::Approx(std::pow(10.0, 1.5)));
  CHECK(message<ValueError>([&] { perplexity.update(1.0, -1.0); }, "text_metrics_test.cpp") ==
        "Mean: a weight is -1.000000; it must be at least 0 and finite");
  CHECK(message<IndexError>(
            [&] {
              perplexity.update(zeros({1, 7}), tensor({7}, i64));
            },
            "text_metrics_test.cpp") == "cross_entropy: label 7 at [0] is out of range for 7 classes");
  nn::Metric metric("perplexity", Perplexity());
  metric.update(zeros({2, 5}), tensor({0, 1}, i64));
  CHECK(metric.compute() == doctest::Approx(5));
}
