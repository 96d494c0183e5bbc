// npy and npz files: what is written comes back, and is what NumPy writes.
#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <vector>

#include "files.hpp"
#include "xgrad/xgrad.hpp"

using namespace xg;
using namespace xg::nn::data;

TEST_CASE("arrays come back from npy") {
  File file;
  for (const Tensor& x :
       {tensor({{1.5, -2}, {NAN, 0}}), tensor({1, 2, 3}, f64), tensor({1, -2}, i64), tensor({true, false}), tensor(3),
        zeros({0, 3}), transpose(reshape(arange(6), {2, 3})), reshape(arange(4), {1, 1, 4, 1, 1})}) {
    write_npy(file.path, x);
    Tensor back = read_npy(file.path);
    CHECK(back.dtype() == x.dtype());
    CHECK(back.shape() == x.shape());
    CHECK(all_close(back, x, 0, 0, true));
  }
}

TEST_CASE("npy is laid out as NumPy does") {
  File file;
  write_npy(file.path, tensor({{1, 2}}));
  std::string bytes = read_bytes(file.path);
  std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2), }";
  header.resize(128 - 10 - 1, ' ');
  CHECK(bytes == std::string("\x93NUMPY\1\0\x76\0", 10) + header + "\n" + std::string("\0\0\x80\x3f\0\0\0\x40", 8));
  Shape many;
  for (int i = 0; i < 30000; ++i) many.push_back(1);
  write_npy(file.path, Tensor(Array::zeros(many, f32)));
  CHECK(read_bytes(file.path)[6] == 2);  // the header is too long for version 1
  CHECK(read_npy(file.path).rank() == 30000);
}

TEST_CASE("arrays come back from npz by name") {
  File file;
  Tensor x = tensor({{1, 2}, {3, 4}}), y = tensor({5, 6}, i64);
  write_npz(file.path, {{"x", x}, {"größe", y}, {"a/b", zeros({0})}});
  nn::TensorFile back = read_npz(file.path);
  CHECK(back.tensors.size() == 3);
  CHECK(all_equal(back["x"], x));
  CHECK(all_equal(back["größe"], y));
  CHECK(back["a/b"].shape() == Shape{0});
  write_npz(file.path, {});
  CHECK(read_npz(file.path).tensors.empty());
}

TEST_CASE("an npz may not unpack to more than allowed") {
  File file;
  write_npz(file.path, {{"x", zeros({100})}, {"y", zeros({100})}});
  std::int64_t size = static_cast<std::int64_t>(read_bytes(file.path).size());
  CHECK(read_npz(file.path, {.max_bytes = size}).tensors.size() == 2);
  CHECK_THROWS_WITH_AS(read_npz(file.path, {.max_bytes = size - 1}), doctest::Contains("bytes that max_bytes allows"),
                       FormatError);
}

TEST_CASE("what cannot be written") {
  File file;
  CHECK_THROWS_WITH_AS(write_npy(file.path, Tensor()),
                       doctest::Contains("write_npy: the tensor is undefined\n  at  numpy_test.cpp"), ValueError);
  auto write = [&](const std::vector<nn::NamedTensor>& tensors) { write_npz(file.path, tensors); };
  CHECK_THROWS_WITH_AS(write({{"x", tensor(1)}, {"x", tensor(2)}}),
                       doctest::Contains("write_npz: two tensors are called `x`"), ValueError);
  CHECK_THROWS_WITH_AS(write({{"", tensor(1)}}), doctest::Contains("write_npz: a name must not be empty"), ValueError);
  CHECK_THROWS_WITH_AS(write({{std::string("a\0b", 3), tensor(1)}}), doctest::Contains("or hold a NUL: `a\\x00b`"),
                       ValueError);
  CHECK_THROWS_WITH_AS(write({{"x", Tensor()}}), doctest::Contains("write_npz: tensor `x` is undefined"), ValueError);
  CHECK_THROWS_WITH_AS(write({{"x", broadcast_to(tensor(0), {std::int64_t(1) << 30})}}),
                       doctest::Contains("write_npz: a .npz file holds less than 4 GiB and 65535 tensors"), ValueError);
  CHECK(!std::filesystem::exists(file.path));
  CHECK_THROWS_WITH_AS(write_npy("/nowhere/x.npy", tensor(1)), doctest::Contains("write_npy: cannot create the file"),
                       FormatError);
}
