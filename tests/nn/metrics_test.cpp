// Running means, accuracy, confusion matrices, precision and recall.
#include <doctest/doctest.h>

#include <cmath>

#include "../core/message.hpp"
#include "xgrad/xgrad.hpp"

using namespace xg;

namespace {

Tensor logits() { return tensor({{0.1, 0.7, 0.2}, {0.5, 0.2, 0.3}, {0.3, 0.3, 0.4}, {0.2, 0.2, 0.1}}); }
Tensor labels(const NestedList& list) { return tensor(list, i64); }
const char* here = "metrics_test.cpp:";

}  // namespace

TEST_CASE("a mean weighs batches by their size") {
  nn::Mean mean;
  CHECK(std::isnan(mean.compute()));
  mean.update(1.0, 3);
  mean.update(5.0, 1);
  CHECK(mean.compute() == doctest::Approx(2.0));
  CHECK(mean.weight() == 4);
  mean.update(NAN, 0);
  CHECK(mean.compute() == doctest::Approx(2.0));
  mean.reset();
  mean.update(7);
  CHECK(mean.compute() == 7);
  CHECK(message<ValueError>([&] { mean.update(1, -1); }, here) ==
        "Mean: a weight is -1.000000; it must be at least 0 and finite");
  CHECK(message<ValueError>([&] { mean.update(1, NAN); }, here) ==
        "Mean: a weight is nan; it must be at least 0 and finite");
  CHECK(mean.compute() == 7);
}

TEST_CASE("accuracy of logits is that of their argmax") {
  seed(3);
  Tensor x = randn({50, 7}), y = randint(0, 7, {50});
  nn::Accuracy accuracy;
  CHECK(std::isnan(accuracy.compute()));
  for (int first : {0, 10, 20, 30, 40}) accuracy.update(x(range(first, first + 10)), y(range(first, first + 10)));
  double expected = xg::mean(argmax(x, 1) == y).item();
  CHECK(accuracy.compute() == doctest::Approx(expected));
  CHECK(accuracy.count() == 50);

  nn::Accuracy of_classes;
  of_classes.update(argmax(x, 1), y);
  CHECK(of_classes.compute() == doctest::Approx(expected));

  nn::Accuracy of_sequences;
  of_sequences.update(astype(reshape(x, {5, 10, 7}), f64), reshape(y, {5, 10}));
  CHECK(of_sequences.compute() == doctest::Approx(expected));
  of_sequences.reset();
  CHECK(of_sequences.count() == 0);
}

TEST_CASE("top-k accuracy agrees with topk, ties and NaN included") {
  seed(4);
  Tensor x = astype(randint(0, 4, {60, 6}), f32), y = randint(0, 6, {60});
  x = where(x == 3, full_like(x, NAN), x);
  double before = 0;
  for (std::int64_t k = 1; k <= 6; ++k) {
    nn::Accuracy accuracy({.top = k});
    accuracy.update(x, y);
    Tensor hits = topk(x, k).indices == reshape(y, {60, 1});
    CHECK(accuracy.compute() == doctest::Approx(sum(hits).item() / 60));
    CHECK(accuracy.compute() >= before);
    before = accuracy.compute();
  }
  CHECK(before == 1);
}

TEST_CASE("ignored labels and empty batches count for nothing") {
  nn::Accuracy accuracy({.ignore_index = 2});
  accuracy.update(logits(), labels({1, 2, 2, 1}));
  CHECK(accuracy.compute() == 0.5);
  CHECK(accuracy.count() == 2);
  accuracy.update(zeros({0, 3}), zeros({0}, i64));
  CHECK(accuracy.count() == 2);
  nn::ConfusionMatrix confusion(3);
  confusion.update(logits(), labels({1, -100, -100, 0}));
  CHECK(sum(confusion.compute()).item() == 2);
}

TEST_CASE("accuracy refuses what does not fit, and keeps what it had") {
  nn::Accuracy accuracy;
  accuracy.update(logits(), labels({1, 0, 2, 1}));
  CHECK(message<ShapeError>(
            [&] {
              accuracy.update(logits(), labels({1, 0, 2}));
            },
            here) == "Accuracy: labels of shape (3,) do not fit a prediction of shape (4, 3)");
  CHECK(message<ShapeError>([&] { accuracy.update(zeros({}), labels({1})); }, here) ==
        "Accuracy: labels of shape (1,) do not fit a prediction of shape ()");
  CHECK(message<ShapeError>(
            [&] {
              accuracy.update(labels({1, 2}), labels({1}));
            },
            here) == "Accuracy: labels of shape (1,) do not fit a prediction of shape (2,)");
  CHECK(message<DTypeError>([&] { accuracy.update(logits(), zeros({4})); }, here) ==
        "Accuracy: labels are i64, not f32");
  CHECK(message<DTypeError>(
            [&] {
              accuracy.update(logits() > 0, labels({1, 0, 2, 1}));
            },
            here) == "Accuracy: a prediction is logits or i64 classes, not booleans");
  CHECK(message<IndexError>(
            [&] {
              accuracy.update(logits(), labels({1, 0, 2, 3}));
            },
            here) == "Accuracy: label 3 of sample 3 is out of range for 3 classes");
  CHECK(message<IndexError>(
            [&] {
              accuracy.update(labels({1, -2}), labels({1, 1}));
            },
            here) == "Accuracy: predicted class -2 of sample 1 is negative");
  CHECK(message<IndexError>(
            [&] {
              accuracy.update(zeros({1, 0}), labels({0}));
            },
            here) == "Accuracy: label 0 of sample 0 is out of range for 0 classes");
  CHECK(message<ValueError>([] { nn::Accuracy({.top = 0}); }, here) == "Accuracy: top must be at least 1, not 0");
  nn::Accuracy top5({.top = 5});
  CHECK(message<ValueError>(
            [&] {
              top5.update(logits(), labels({1, 0, 2, 1}));
            },
            here) == "Accuracy: the top 5 are asked for of 3 classes");
  CHECK(message<ValueError>([&] { top5.update(labels({1}), labels({1})); }, here) ==
        "Accuracy: the top 5 are asked for of predicted classes, which do not say what came next");
  CHECK(accuracy.count() == 4);
  CHECK(accuracy.compute() == 0.75);
}

TEST_CASE("a confusion matrix counts labels in rows, predictions in columns") {
  nn::ConfusionMatrix confusion(3, {"cat", "dog", "eel"});
  confusion.update(labels({0, 0, 1, 2, 2, 2}), labels({0, 1, 1, 2, 0, 2}));
  CHECK(all_equal(confusion.compute(), labels({{1, 0, 1}, {1, 1, 0}, {0, 0, 2}})));
  CHECK(confusion.count(0, 2) == 1);
  CHECK(confusion.accuracy() == doctest::Approx(4.0 / 6));
  CHECK(confusion.table() ==
        "               cat      dog      eel   recall\n"
        "cat              1        ·        1   50.0 %\n"
        "dog              1        1        ·   50.0 %\n"
        "eel              ·        ·        2  100.0 %\n"
        "precision   50.0 %  100.0 %   66.7 %   66.7 %\n");
  confusion.reset();
  CHECK(std::isnan(confusion.accuracy()));
  CHECK(confusion.table().ends_with("precision    0.0 %    0.0 %    0.0 %        –\n"));
  confusion.update(logits(), labels({1, 0, 2, 1}));
  CHECK(sum(confusion.compute()).item() == 4);
}

TEST_CASE("a confusion matrix cuts names to the width it is given, at characters") {
  nn::ConfusionMatrix confusion(2, {"Straßenbahn", "Omnibus"});
  std::string narrow = confusion.table(30), wide = confusion.table(100);
  CHECK(narrow.find("Straßen  Omnibus   recall\n") != std::string::npos);
  CHECK(wide.find("Straßenbahn      Omnibus   recall\n") != std::string::npos);
}

TEST_CASE("a confusion matrix refuses what does not fit") {
  nn::ConfusionMatrix confusion(3);
  CHECK(message<ShapeError>(
            [&] {
              confusion.update(zeros({2, 4}), labels({1, 0}));
            },
            here) == "ConfusionMatrix: logits of shape (2, 4) have 4 classes, not 3");
  CHECK(message<IndexError>(
            [&] {
              confusion.update(labels({1, 3}), labels({1, 0}));
            },
            here) == "ConfusionMatrix: predicted class 3 of sample 1 is out of range for 3 classes");
  CHECK(message<IndexError>(
            [&] {
              confusion.update(labels({1, 2}), labels({-1, 0}));
            },
            here) == "ConfusionMatrix: label -1 of sample 0 is out of range for 3 classes");
  CHECK(message<IndexError>([&] { confusion.count(0, 3); }, here) ==
        "ConfusionMatrix: class 3 is out of range for 3 classes");
  CHECK(message<ValueError>([] { nn::ConfusionMatrix(0); }, here) ==
        "ConfusionMatrix: there must be from 1 to 32768 classes, not 0");
  CHECK(message<ValueError>([] { nn::ConfusionMatrix(3, {"a"}); }, here) == "ConfusionMatrix: 1 names for 3 classes");
  CHECK(sum(confusion.compute()).item() == 0);
}

TEST_CASE("precision, recall and F1 by hand, per class, micro and macro") {
  nn::PrecisionRecallF1 metric(4);
  // Class 3 never occurs; class 2 is never predicted.
  metric.update(labels({0, 0, 1}), labels({0, 1, 1}));
  metric.update(labels({1, 0}), labels({2, 0}));
  nn::ClassScores scores = metric.compute();
  REQUIRE(scores.per_class.size() == 4);
  CHECK(scores.per_class[0].precision == doctest::Approx(2.0 / 3));
  CHECK(scores.per_class[0].recall == 1);
  CHECK(scores.per_class[0].f1 == doctest::Approx(0.8));
  CHECK(scores.per_class[1].precision == 0.5);
  CHECK(scores.per_class[1].recall == 0.5);
  CHECK(scores.per_class[1].support == 2);
  CHECK(scores.per_class[2].precision == 0);
  CHECK(scores.per_class[2].recall == 0);
  CHECK(scores.per_class[2].f1 == 0);
  CHECK(scores.per_class[2].support == 1);
  CHECK(scores.per_class[3].f1 == 0);
  CHECK(scores.micro.precision == doctest::Approx(0.6));
  CHECK(scores.micro.recall == doctest::Approx(0.6));
  CHECK(scores.micro.f1 == doctest::Approx(0.6));
  CHECK(scores.micro.support == 5);
  CHECK(scores.macro.precision == doctest::Approx((2.0 / 3 + 0.5) / 3));
  CHECK(scores.macro.recall == doctest::Approx(0.5));
  CHECK(scores.macro.f1 == doctest::Approx(1.3 / 3));
  metric.reset();
  CHECK(metric.compute().macro.f1 == 0);
  CHECK(metric.compute().micro.f1 == 0);
}
