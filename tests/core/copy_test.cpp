// Copies of transposed arrays: the path that goes through registers, and its edges.
#include "differences.hpp"

using namespace xg;
using namespace xg_test;

TEST_CASE("a copy of a transposed array holds the same elements, whatever its lengths and dtypes") {
  for (DType from : {f32, f64, i64, boolean})
    for (DType to : {f32, f64, i64, boolean})
      for (const Shape& shape : {Shape{4, 4}, Shape{16, 16}, Shape{17, 65}, Shape{130, 33}, Shape{64, 200},
                                 Shape{3, 40, 24}, Shape{2, 1, 5, 70}}) {
        Tensor x =
            astype(filled(shape, [](std::int64_t i) { return static_cast<double>(i % 2 + i / 3 % 2 * i); }), from);
        Array flipped = x.array().transposed(), copied(flipped.shape(), to);
        if (to == from) copied = flipped.copy();
        else copied = flipped.cast(to);
        std::vector<double> expected = x.to_vector(), got = Tensor(copied).to_vector();
        std::int64_t rows = shape[shape.size() - 2], columns = shape[shape.size() - 1];
        bool same = true;
        for (std::size_t i = 0; i < got.size(); ++i) {
          std::int64_t matrix = i / (rows * columns), c = i % (rows * columns) / rows, r = i % rows;
          double value = expected[matrix * rows * columns + r * columns + c];
          if (to == boolean) value = value != 0;
          same = same && got[i] == value;
        }
        CHECK(same);
      }
}

TEST_CASE("views with steps, backwards and into a part of a larger array are copied by element") {
  Tensor x = uneven({40, 60});
  Array odd = x.array().view({30, 20}, {-2, 120}, 59);  // columns backwards by twos, rows by twos
  Tensor y(odd.copy());
  for (std::int64_t i = 0; i < 30; ++i)
    for (std::int64_t j = 0; j < 20; ++j)
      CHECK(y.array().data<double>()[i * 20 + j] == odd.data<double>()[-2 * i + 120 * j]);
}
