// Text: what NumPy prints, and what fmt's specifications do.
#include <doctest/doctest.h>
#include <fmt/core.h>

#include <limits>
#include <sstream>

#include "message.hpp"
#include "xgrad/xgrad.hpp"

using namespace xg;

namespace {
constexpr double inf_ = std::numeric_limits<double>::infinity(), nan_ = std::numeric_limits<double>::quiet_NaN();
}

// The expected texts are NumPy's own.
TEST_CASE("tensors print as in NumPy") {
  CHECK(fmt::format("{}", tensor({{0, 1}, {1, 0}})) == "[[0. 1.]\n [1. 0.]]");
  CHECK(fmt::format("{}", tensor({1.0, 2.5, -3.25}, f64)) == "[ 1.    2.5  -3.25]");
  CHECK(fmt::format("{}", tensor({0.1, 0.123456789012, 10}, f64)) == "[ 0.1         0.12345679 10.        ]");
  CHECK(fmt::format("{}", tensor({0.1, 0.2, 0.3})) == "[0.1 0.2 0.3]");
  CHECK(fmt::format("{}", tensor({1e-5, 1}, f64)) == "[1.e-05 1.e+00]");
  CHECK(fmt::format("{}", tensor({1e8, 1}, f64)) == "[1.e+08 1.e+00]");
  CHECK(fmt::format("{}", tensor({12345678.0, 1.5e7})) == "[12345678. 15000000.]");
  CHECK(fmt::format("{}", tensor({1e100, 1.5, -2e-7}, f64)) == "[ 1.0e+100  1.5e+000 -2.0e-007]");
  CHECK(fmt::format("{}", tensor({0.001, 999.0}, f64)) == "[1.00e-03 9.99e+02]");
  CHECK(fmt::format("{}", tensor({nan_, inf_, 1.5}, f64)) == "[nan inf 1.5]");
  CHECK(fmt::format("{}", tensor({-inf_, 1}, f64)) == "[-inf   1.]");
  CHECK(fmt::format("{}", tensor({nan_, nan_}, f64)) == "[nan nan]");
  CHECK(fmt::format("{}", tensor({-0.0, 0.0}, f64)) == "[-0.  0.]");
  CHECK(fmt::format("{}", tensor({1, -20, 300}, i64)) == "[  1 -20 300]");
  CHECK(fmt::format("{}", tensor({{true, false}, {false, false}})) == "[[ True False]\n [False False]]");
  CHECK(fmt::format("{}", tensor(1.5, f64)) == "1.5");
  CHECK(fmt::format("{}", tensor(2, f64)) == "2.0");
  CHECK(fmt::format("{}", tensor(1e16, f64)) == "1e+16");
  CHECK(fmt::format("{}", tensor(1e15, f64)) == "1000000000000000.0");
  CHECK(fmt::format("{}", tensor(1e-5, f64)) == "1e-05");
  CHECK(fmt::format("{}", tensor(0.1)) == "0.1");
  CHECK(fmt::format("{}", tensor(1.5e10)) == "15000000000.0");
  CHECK(fmt::format("{}", tensor(nan_)) == "nan");
  CHECK(fmt::format("{}", tensor(-3, i64)) == "-3");
  CHECK(fmt::format("{}", tensor(true)) == "True");
  CHECK(fmt::format("{}", reshape(arange(24), {2, 3, 4})) ==
        "[[[ 0  1  2  3]\n  [ 4  5  6  7]\n  [ 8  9 10 11]]\n\n [[12 13 14 15]\n  [16 17 18 19]\n  [20 21 22 23]]]");
  CHECK(fmt::format("{}", arange(1001)) == "[   0    1    2 ...  998  999 1000]");
  CHECK(fmt::format("{}", reshape(arange(2000.0, f64), {2, 1000})) ==
        "[[0.000e+00 1.000e+00 2.000e+00 ... 9.970e+02 9.980e+02 9.990e+02]\n [1.000e+03 1.001e+03 1.002e+03 ... "
        "1.997e+03 1.998e+03 1.999e+03]]");
  CHECK(fmt::format("{}", reshape(arange(4000), {20, 10, 20})) ==
        "[[[   0    1    2 ...   17   18   19]\n  [  20   21   22 ...   37   38   39]\n  [  40   41   42 ...   57   58 "
        "  59]\n  ...\n  [ 140  141  142 ...  157  158  159]\n  [ 160  161  162 ...  177  178  179]\n  [ 180  181  182 "
        "...  197  198  199]]\n\n [[ 200  201  202 ...  217  218  219]\n  [ 220  221  222 ...  237  238  239]\n  [ 240 "
        " 241  242 ...  257  258  259]\n  ...\n  [ 340  341  342 ...  357  358  359]\n  [ 360  361  362 ...  377  378  "
        "379]\n  [ 380  381  382 ...  397  398  399]]\n\n [[ 400  401  402 ...  417  418  419]\n  [ 420  421  422 ...  "
        "437  438  439]\n  [ 440  441  442 ...  457  458  459]\n  ...\n  [ 540  541  542 ...  557  558  559]\n  [ 560  "
        "561  562 ...  577  578  579]\n  [ 580  581  582 ...  597  598  599]]\n\n ...\n\n [[3400 3401 3402 ... 3417 "
        "3418 3419]\n  [3420 3421 3422 ... 3437 3438 3439]\n  [3440 3441 3442 ... 3457 3458 3459]\n  ...\n  [3540 3541 "
        "3542 ... 3557 3558 3559]\n  [3560 3561 3562 ... 3577 3578 3579]\n  [3580 3581 3582 ... 3597 3598 3599]]\n\n "
        "[[3600 3601 3602 ... 3617 3618 3619]\n  [3620 3621 3622 ... 3637 3638 3639]\n  [3640 3641 3642 ... 3657 3658 "
        "3659]\n  ...\n  [3740 3741 3742 ... 3757 3758 3759]\n  [3760 3761 3762 ... 3777 3778 3779]\n  [3780 3781 3782 "
        "... 3797 3798 3799]]\n\n [[3800 3801 3802 ... 3817 3818 3819]\n  [3820 3821 3822 ... 3837 3838 3839]\n  [3840 "
        "3841 3842 ... 3857 3858 3859]\n  ...\n  [3940 3941 3942 ... 3957 3958 3959]\n  [3960 3961 3962 ... 3977 3978 "
        "3979]\n  [3980 3981 3982 ... 3997 3998 3999]]]");
  CHECK(fmt::format("{}", arange(40)) ==
        "[ 0  1  2  3  4  5  6  7  8  9 10 11 12 13 14 15 16 17 18 19 20 21 22 23\n 24 25 26 27 28 29 30 31 32 33 34 "
        "35 36 37 38 39]");
  CHECK(fmt::format("{}", linspace(0, 1, 20, f64)) ==
        "[0.         0.05263158 0.10526316 0.15789474 0.21052632 0.26315789\n 0.31578947 0.36842105 0.42105263 "
        "0.47368421 0.52631579 0.57894737\n 0.63157895 0.68421053 0.73684211 0.78947368 0.84210526 0.89473684\n "
        "0.94736842 1.        ]");
  CHECK(fmt::format("{}", transpose(reshape(arange(6), {2, 3}))) == "[[0 3]\n [1 4]\n [2 5]]");
  CHECK(fmt::format("{}", tensor({})) == "[]");
  CHECK(fmt::format("{}", zeros({3, 1})) == "[[0.]\n [0.]\n [0.]]");
  CHECK(fmt::format("{}", tensor({1.0 / 3, 2.0 / 3, 1e-4}, f64)) == "[3.33333333e-01 6.66666667e-01 1.00000000e-04]");
  CHECK(fmt::format("{}", tensor({1.0 / 3, 200.0 / 3})) == "[ 0.33333334 66.666664  ]");
  CHECK(fmt::format("{}", tensor({5e-324, 1e-300}, f64)) == "[5.e-324 1.e-300]");
}

TEST_CASE("an empty tensor tells its shape, an undefined one that it is") {
  CHECK(fmt::format("{}", zeros({2, 0})) == "[] (2, 0)");
  CHECK(fmt::format("{}", Tensor()) == "undefined");
}

TEST_CASE("a specification formats each number") {
  CHECK(fmt::format("{:.2f}", tensor({{1, 20.5}, {-0.125, 3}}, f64)) == "[[ 1.00 20.50]\n [-0.12  3.00]]");
  CHECK(fmt::format("{:.1e}", tensor(12.5, f64)) == "1.2e+01");
  CHECK(fmt::format("{:.2f}", tensor({1, 2}, i64)) == "[1 2]");
  CHECK(message<ValueError>([] { (void)fmt::vformat("{:q}", fmt::make_format_args(zeros({2}))); }) ==
        "format: `q` does not format a real number: invalid type specifier");
}

TEST_CASE("shapes, dtypes and statistics") {
  CHECK(fmt::format("{}|{:<8}|{:>8}|{}", Shape{2, 3}, Shape{5}, Shape{}, Shape{1}) == "(2, 3)|(5,)    |      ()|(1,)");
  CHECK(fmt::format("{} {:>5}", f32, i64) == "f32   i64");
  MemoryStats stats{1, 2, 3, 4, 5};
  CHECK(fmt::format("{}", stats) == "4 live nodes, 3 live buffers of 1 bytes, peak 2 bytes, 5 system allocations");
}

TEST_CASE("a parameter prints as the tensor that it is") {
  nn::Parameter w = ones({2});
  CHECK(fmt::format("{} {:.2f}", w, w) == "[1. 1.] [1.00 1.00]");
  CHECK(fmt::format("{}", nn::Buffer(arange(2))) == "[0 1]");
  std::ostringstream out;
  out << w;
  CHECK(out.str() == "[1. 1.]");
}

TEST_CASE("streams") {
  std::ostringstream out;
  out << tensor({1.0, 2.5}) << ' ' << Shape{2, 3} << ' ' << boolean << ' ' << MemoryStats();
  CHECK(out.str() ==
        "[1.  2.5] (2, 3) boolean 0 live nodes, 0 live buffers of 0 bytes, peak 0 bytes, 0 system allocations");
}

TEST_CASE("# tells dtype, shape and origin") {
  Tensor w = named(variable(tensor({1.0, 2.0})), "w");
  Tensor y = relu(w);
  std::string place = "print_test.cpp:" + std::to_string(__LINE__ - 1);
  CHECK(fmt::format("{:#}", y) == "[1. 2.]\nf32 (2,)  relu, " + place);
  CHECK(fmt::format("{:#.2f}", y) == "[1.00 2.00]\nf32 (2,)  relu, " + place);
  CHECK(fmt::format("{:#}", w).starts_with("[1. 2.]\nf32 (2,)  `w`  leaf, print_test.cpp:"));
  CHECK(fmt::format("{:#}", arange(3)) == "[0 1 2]\ni64 (3,)");
  CHECK(message<ValueError>([&] { to_string(y, "#?"); }) == message<ValueError>([&] { to_string(y, "?"); }));
}
