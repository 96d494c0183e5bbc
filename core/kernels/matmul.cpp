#include "matmul.hpp"

#include <cblas.h>
#include <omp.h>

#include <algorithm>
#include <limits>

#include "../array/loops.hpp"
#include "../array/threads.hpp"
#include "gemm.hpp"
#include "small_matmul.hpp"

namespace xg::kernels {
namespace {

constexpr std::int64_t int_limit = std::numeric_limits<blasint>::max();
constexpr std::int64_t multiply_alone = 1 << 20;  // multiplications that one thread does alone

void gemm(CBLAS_TRANSPOSE at, CBLAS_TRANSPOSE bt, blasint m, blasint n, blasint k, const float* a, blasint lda,
          const float* b, blasint ldb, float beta, float* c) {
  cblas_sgemm(CblasRowMajor, at, bt, m, n, k, 1, a, lda, b, ldb, beta, c, n);
}
void gemm(CBLAS_TRANSPOSE at, CBLAS_TRANSPOSE bt, blasint m, blasint n, blasint k, const double* a, blasint lda,
          const double* b, blasint ldb, double beta, double* c) {
  cblas_dgemm(CblasRowMajor, at, bt, m, n, k, 1, a, lda, b, ldb, beta, c, n);
}
void gemv(CBLAS_TRANSPOSE at, blasint m, blasint n, const float* a, blasint lda, const float* x, blasint step,
          float* y) {
  cblas_sgemv(CblasRowMajor, at, m, n, 1, a, lda, x, step, 1, y, 1);
}
void gemv(CBLAS_TRANSPOSE at, blasint m, blasint n, const double* a, blasint lda, const double* x, blasint step,
          double* y) {
  cblas_dgemv(CblasRowMajor, at, m, n, 1, a, lda, x, step, 1, y, 1);
}

/// A matrix as BLAS takes it: row-major with a leading dimension, possibly transposed; a copy where strides fit
/// neither.
template <class T>
struct BlasMatrix {
  const T* data;
  CBLAS_TRANSPOSE flag = CblasNoTrans;
  blasint leading = 1;
  T* owned = nullptr;
  std::size_t bytes = 0;

  explicit BlasMatrix(MatrixView<T> m) : data(m.data) {
    if (m.columns == 1) m.column = 1;
    if (m.rows == 1 && m.column == 1) m.row = m.columns;
    else if (m.rows == 1) m.row = 1;
    auto fits = [](std::int64_t unit, std::int64_t step, std::int64_t length) {
      return unit == 1 && step >= std::max<std::int64_t>(1, length) && step <= int_limit;
    };
    if (fits(m.column, m.row, m.columns)) {
      leading = static_cast<blasint>(m.row);
    } else if (fits(m.row, m.column, m.rows)) {
      flag = CblasTrans;
      leading = static_cast<blasint>(m.column);
    } else {
      leading = static_cast<blasint>(m.columns);
      bytes = static_cast<std::size_t>(m.rows * m.columns) * sizeof(T);
      owned = static_cast<T*>(memory::allocate(bytes));
      for (std::int64_t i = 0; i < m.rows; ++i)
        for (std::int64_t j = 0; j < m.columns; ++j) owned[i * m.columns + j] = m.data[i * m.row + j * m.column];
      data = owned;
    }
  }
  BlasMatrix(const BlasMatrix&) = delete;
  BlasMatrix& operator=(const BlasMatrix&) = delete;
  ~BlasMatrix() {
    if (owned) memory::free(owned, bytes);
  }
};

/// While it lives, BLAS uses one thread: by itself it wakes all of them for ten thousand numbers, which costs more than
/// the product, and a hundred times more on a busy machine; and its sums depend on their number.
class OneThread {
 public:
  OneThread() : before_(omp_get_max_threads()) {
    if (before_ > 1) omp_set_num_threads(1);
  }
  ~OneThread() {
    if (before_ > 1) omp_set_num_threads(before_);
  }
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;

 private:
  int before_;
};

/// y += m x for a matrix m and a vector x with any positive step, in blocks of rows that do not depend on the number of
/// threads.
template <class T>
void multiply_vector(const MatrixView<T>& m, const T* x, std::int64_t step, T* y) {
  BlasMatrix<T> vector(MatrixView<T>{x, m.columns, 1, step, 1});
  std::int64_t rows = (((1 << 16) / std::max<std::int64_t>(1, m.columns)) / 64 + 1) * 64;
  parallel_for(m.rows, rows, [&](std::int64_t first, std::int64_t last) {
    OneThread guard;
    for (std::int64_t at = first; at < last; at += rows) {
      MatrixView<T> part{m.data + at * m.row, std::min(rows, last - at), m.columns, m.row, m.column};
      BlasMatrix<T> matrix(part);
      bool turned = matrix.flag == CblasTrans;
      gemv(matrix.flag, static_cast<blasint>(turned ? part.columns : part.rows),
           static_cast<blasint>(turned ? part.rows : part.columns), matrix.data, matrix.leading, vector.data,
           vector.leading, y + at);
    }
  });
}

// Integers and booleans: i64 wraps, so it is computed unsigned.
std::uint64_t multiply_add(std::uint64_t total, std::uint64_t a, std::uint64_t b) { return total + a * b; }
bool multiply_add(bool total, bool a, bool b) { return total || (a && b); }

template <class T>
void multiply_exact(const MatrixView<T>& a, const MatrixView<T>& b, T* c, bool add) {
  if (!add) std::fill_n(c, a.rows * b.columns, T(0));
  for (std::int64_t i = 0; i < a.rows; ++i)
    for (std::int64_t k = 0; k < a.columns; ++k) {
      T left = a.data[i * a.row + k * a.column];
      for (std::int64_t j = 0; j < b.columns; ++j)
        c[i * b.columns + j] = multiply_add(c[i * b.columns + j], left, b.data[k * b.row + j * b.column]);
    }
}
void multiply(MatrixView<std::uint64_t> a, MatrixView<std::uint64_t> b, std::uint64_t* c, bool add) {
  multiply_exact(a, b, c, add);
}
void multiply(MatrixView<bool> a, MatrixView<bool> b, bool* c, bool add) { multiply_exact(a, b, c, add); }

template <class F>
void visit_product(DType dtype, const F& f) {
  switch (dtype) {
    case DType::boolean: return f(bool());
    case DType::i64: return f(std::uint64_t());
    case DType::f32: return f(float());
    default: return f(double());
  }
}

template <class T>
MatrixView<T> last_two(const Array& x) {
  std::size_t rank = x.shape().size();
  return {x.data<T>(), x.shape()[rank - 2], x.shape()[rank - 1], x.strides()[rank - 2], x.strides()[rank - 1]};
}

/// Strides of x's leading axes for the broadcast shape `batch`: 0 where x is repeated.
Strides batch_strides(const Shape& shape, const Strides& strides, std::size_t own, const Shape& batch) {
  Strides result(batch.size(), 0);
  for (std::size_t i = 0; i < own; ++i)
    if (shape[i] != 1) result[batch.size() - own + i] = strides[i];
  return result;
}

template <class T>
void multiply_batches(const Array& a, const Array& b, const Shape& batch, Array& result) {
  MatrixView<T> left = last_two<T>(a), right = last_two<T>(b);
  T* to = result.fill<T>();
  if (result.size() == 0) return;
  if (a.rank() == 2 && b.rank() == 2) return multiply(left, right, to, false);

  Shape full;
  std::size_t own_a = a.shape().size() - 2, own_b = b.shape().size() - 2;
  Shape batch_a(a.shape().begin(), a.shape().begin() + own_a), batch_b(b.shape().begin(), b.shape().begin() + own_b);
  broadcast_shapes(batch_a, batch_b, full);
  Strides sa = batch_strides(a.shape(), a.strides(), own_a, full);
  Strides sb = batch_strides(b.shape(), b.strides(), own_b, full);
  Strides sc = batch_strides(result.shape(), result.strides(), batch.size(), full);
  bool summed = result.size() != full.elements() * left.rows * right.columns;
  if (summed || left.columns == 0) std::fill_n(to, result.size(), T(0));
  if (full.elements() == 0 || left.columns == 0) return;

  // One more axis joins the batch axes: the one summed over when products are summed, else the rows of a. What merges
  // with it makes one larger product of many small ones.
  full.push_back(summed ? left.columns : left.rows);
  sa.push_back(summed ? left.column : left.row);
  sb.push_back(summed ? right.row : 0);
  sc.push_back(summed ? 0 : right.columns);
  LoopNest nest(full, {&sa, &sb, &sc});
  std::size_t skip = 0;
  if (summed && nest.rank() > 0 && nest.inner_stride(2) == 0) {
    left.columns = right.rows = nest.inner();
    left.column = nest.inner_stride(0);
    right.row = nest.inner_stride(1);
    skip = 1;
  } else if (!summed && nest.rank() > 0 && nest.inner_stride(1) == 0 && nest.inner_stride(2) == right.columns) {
    left.rows = nest.inner();
    left.row = nest.inner_stride(0);
    skip = 1;
  }
  auto range = [&](std::int64_t first, std::int64_t last) {
    for_each_outer(nest, skip, first, last, [&](const std::int64_t* at) {
      MatrixView<T> x = left, y = right;
      x.data += at[0];
      y.data += at[1];
      multiply(x, y, to + at[2], summed);
    });
  };
  std::int64_t count = outer_count(nest, skip), work = left.rows * left.columns * right.columns;
  if (summed || work > multiply_alone) return range(0, count);  // each product has threads of its own
  parallel_for(count, std::max<std::int64_t>(1, (1 << 17) / std::max<std::int64_t>(1, work)), range);
}

}  // namespace

namespace {

/// By our own kernel, in blocks of c that do not depend on the number of threads, and are enough for several. Rows of c
/// begin with `start` unless it is null.
template <class T>
void multiply_blocks(const MatrixView<T>& a, const MatrixView<T>& b, T* c, bool add, const T* start,
                     GemmKernel<T> kernel) {
  auto parts = [](std::int64_t whole, std::int64_t part) { return (whole + part - 1) / part; };
  std::int64_t rows = a.rows, columns = b.columns;
  if (a.rows * a.columns * b.columns > multiply_alone) {
    // Of nearly equal heights, which keep the kernel's tiles whole.
    rows = parts(parts(a.rows, parts(a.rows, 256)), 8) * 8;
    for (columns = 128; columns > 32 && parts(a.rows, rows) * parts(b.columns, columns) < 8; columns /= 2) {
    }
  }
  std::int64_t across = parts(b.columns, columns);
  parallel_for(parts(a.rows, rows) * across, 1, [&](std::int64_t first, std::int64_t last) {
    constexpr std::size_t bytes = gemm_room<T> * sizeof(T);
    T* room = static_cast<T*>(memory::allocate(bytes));
    for (std::int64_t at = first; at < last; ++at) {
      std::int64_t i = at / across * rows, j = at % across * columns;
      kernel({a.data + i * a.row, b.data + j * b.column, c + i * b.columns + j, std::min(rows, a.rows - i), a.columns,
              std::min(columns, b.columns - j), a.row, a.column, b.row, b.column, b.columns, add, room,
              start ? start + j : nullptr});
    }
    memory::free(room, bytes);
  });
}

/// The kernel that a product is worth; null: it is too small, too large, or has a vector in it.
template <class T>
GemmKernel<T> kernel_for(const MatrixView<T>& a, const MatrixView<T>& b) {
  std::int64_t m = a.rows, n = b.columns, k = a.columns;
  bool fits = m > 1 && n > 1 && m * n * k > 1024 && std::max({m, n, k}) <= int_limit;
  return fits ? gemm_kernel<T>() : nullptr;
}

/// c = a b, to each row of which `start` is added.
template <class T>
void multiply_from(const T* start, const MatrixView<T>& a, const MatrixView<T>& b, T* c) {
  if constexpr (std::is_floating_point_v<T>)
    if (GemmKernel<T> kernel = kernel_for(a, b)) return multiply_blocks(a, b, c, false, start, kernel);
  for (std::int64_t i = 0; i < a.rows; ++i) std::copy_n(start, b.columns, c + i * b.columns);
  multiply(a, b, c, true);
}

}  // namespace

template <class T>
void multiply(MatrixView<T> a, MatrixView<T> b, T* c, bool add) {
  std::int64_t m = a.rows, n = b.columns, k = a.columns;
  if (m == 0 || n == 0) return;
  bool vector = m == 1 || n == 1, huge = std::max({m, n, k}) > int_limit;
  Loop loop = best_loop(a, b);
  if (GemmKernel<T> kernel = kernel_for(a, b))
    return multiply_blocks(a, b, c, add, static_cast<const T*>(nullptr), kernel);
  std::int64_t limit = gemm_kernel<T>() && !vector ? 1024 : limit_of<T>(loop, vector);
  if (m * n * k <= limit || huge) return multiply_small(a, b, c, add, loop);
  if (vector) {
    if (!add) std::fill_n(c, m * n, T(0));
    if (n == 1) multiply_vector(a, b.data, b.row, c);
    else multiply_vector(b.transposed(), a.data, a.column, c);
    return;
  }
  BlasMatrix<T> left(a), right(b);
  gemm(left.flag, right.flag, static_cast<blasint>(m), static_cast<blasint>(n), static_cast<blasint>(k), left.data,
       left.leading, right.data, right.leading, T(add), c);
}
template void multiply(MatrixView<float> a, MatrixView<float> b, float* c, bool add);
template void multiply(MatrixView<double> a, MatrixView<double> b, double* c, bool add);

Array matmul(const Array& a, const Array& b, const Shape& batch) {
  Shape shape = batch;
  shape.push_back(a.shape()[a.shape().size() - 2]);
  shape.push_back(b.shape().back());
  Array result(shape, a.dtype());
  visit_product(a.dtype(), [&](auto t) { multiply_batches<decltype(t)>(a, b, batch, result); });
  return result;
}

namespace {

bool lies_in_rows(const Array& x) { return x.is_contiguous() || x.rank() == 2; }

/// x, which lies in rows, as a matrix of its last axis: (..., n) -> (rows, n).
template <class T>
MatrixView<T> as_rows(const Array& x) {
  if (x.rank() == 2) return last_two<T>(x);
  std::int64_t n = x.shape().back();
  std::int64_t rows = n == 0 ? Shape(x.shape().begin(), x.shape().end() - 1).elements() : x.size() / n;
  return {x.data<T>(), rows, n, n, 1};
}

}  // namespace

Array linear(const Array& x, const Array& weight, const Array* bias, bool turned) {
  if (!lies_in_rows(x)) return linear(x.copy(), weight, bias, turned);
  if (bias && !bias->is_contiguous()) {
    Array start = bias->copy();
    return linear(x, weight, &start, turned);
  }
  Shape shape = x.shape();
  shape.back() = weight.shape()[turned ? 1 : 0];
  Array result(shape, x.dtype());
  if (result.size() == 0) return result;
  visit_product(x.dtype(), [&](auto t) {
    using T = decltype(t);
    MatrixView<T> left = as_rows<T>(x), right = last_two<T>(weight);
    T* to = result.fill<T>();
    if (!turned) right = right.transposed();
    if (!bias) return multiply(left, right, to, false);
    multiply_from(bias->data<T>(), left, right, to);
  });
  return result;
}

Array sum_of_outer(const Array& g, const Array& x) {
  if (!lies_in_rows(g)) return sum_of_outer(g.copy(), x);
  if (!lies_in_rows(x)) return sum_of_outer(g, x.copy());
  Array result({g.shape().back(), x.shape().back()}, g.dtype());
  if (result.size() == 0) return result;
  visit_real(g.dtype(), [&](auto t) {
    using T = decltype(t);
    MatrixView<T> left = as_rows<T>(g), right = as_rows<T>(x);
    T* to = result.fill<T>();
    if (left.rows == 1 && right.column == 1) {  // one example: nothing is summed
      for (std::int64_t i = 0; i < left.columns; ++i, to += right.columns) {
        T factor = left.data[i * left.column];
        for (std::int64_t j = 0; j < right.columns; ++j) to[j] = factor * right.data[j];
      }
      return;
    }
    multiply(left.transposed(), right, to, false);
  });
  return result;
}

}  // namespace xg::kernels
