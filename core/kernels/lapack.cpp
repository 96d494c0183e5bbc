#include "lapack.hpp"

#include <cblas.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "../array/copy.hpp"
#include "../array/loops.hpp"
#include "../array/threads.hpp"

// Debian's OpenBLAS has LAPACK's Fortran entry points but not its C interface.
// NOLINTBEGIN(readability-identifier-naming)
extern "C" {
void sgetrf_(const blasint* m, const blasint* n, float* a, const blasint* lda, blasint* pivots, blasint* info);
void dgetrf_(const blasint* m, const blasint* n, double* a, const blasint* lda, blasint* pivots, blasint* info);
void sgetrs_(const char* trans, const blasint* n, const blasint* k, const float* a, const blasint* lda,
             const blasint* pivots, float* b, const blasint* ldb, blasint* info, std::size_t trans_length);
void dgetrs_(const char* trans, const blasint* n, const blasint* k, const double* a, const blasint* lda,
             const blasint* pivots, double* b, const blasint* ldb, blasint* info, std::size_t trans_length);
void spotrf_(const char* uplo, const blasint* n, float* a, const blasint* lda, blasint* info, std::size_t uplo_length);
void dpotrf_(const char* uplo, const blasint* n, double* a, const blasint* lda, blasint* info, std::size_t uplo_length);
}
// NOLINTEND(readability-identifier-naming)

namespace xg::kernels {
namespace {

void getrf(blasint n, float* a, blasint* pivots, blasint* info) { sgetrf_(&n, &n, a, &n, pivots, info); }
void getrf(blasint n, double* a, blasint* pivots, blasint* info) { dgetrf_(&n, &n, a, &n, pivots, info); }
void getrs(char trans, blasint n, blasint k, const float* a, const blasint* pivots, float* b) {
  blasint info;
  sgetrs_(&trans, &n, &k, a, &n, pivots, b, &n, &info, 1);
}
void getrs(char trans, blasint n, blasint k, const double* a, const blasint* pivots, double* b) {
  blasint info;
  dgetrs_(&trans, &n, &k, a, &n, pivots, b, &n, &info, 1);
}
void potrf(char uplo, blasint n, float* a, blasint* info) { spotrf_(&uplo, &n, a, &n, info, 1); }
void potrf(char uplo, blasint n, double* a, blasint* info) { dpotrf_(&uplo, &n, a, &n, info, 1); }
void trsm(CBLAS_UPLO uplo, CBLAS_TRANSPOSE trans, CBLAS_DIAG diagonal, blasint n, blasint k, const float* a, float* b) {
  cblas_strsm(CblasRowMajor, CblasLeft, uplo, trans, diagonal, n, k, 1, a, n, b, k);
}
void trsm(CBLAS_UPLO uplo, CBLAS_TRANSPOSE trans, CBLAS_DIAG diagonal, blasint n, blasint k, const double* a,
          double* b) {
  cblas_dtrsm(CblasRowMajor, CblasLeft, uplo, trans, diagonal, n, k, 1, a, n, b, k);
}

std::int64_t order(const Array& a) { return a.shape().back(); }
Shape leading(const Shape& shape) { return Shape(shape.begin(), shape.end() - 2); }
Shape with_matrix(Shape batch, std::int64_t rows, std::int64_t columns) {
  batch.push_back(rows);
  batch.push_back(columns);
  return batch;
}
std::int64_t matrices(const Array& a) { return leading(a.shape()).elements(); }

/// Small matrices share the threads; large ones keep them for BLAS.
template <class F>
void for_each_matrix(std::int64_t count, std::int64_t work, const F& body) {
  auto range = [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t i = first; i < last; ++i) body(i);
  };
  if (work > (1 << 18)) return range(0, count);
  parallel_for(count, std::max<std::int64_t>(1, (1 << 16) / std::max<std::int64_t>(1, work)), range);
}

/// Which of a's matrices and of b's belong to each matrix of the broadcast shape.
struct Pairs {
  Shape batch;
  std::vector<std::int64_t> a, b;

  Pairs(const Shape& leading_a, const Shape& leading_b) {
    broadcast_shapes(leading_a, leading_b, batch);
    std::int64_t count = batch.elements();
    if (leading_a == batch && leading_b == batch) {
      for (std::int64_t i = 0; i < count; ++i) a.push_back(i), b.push_back(i);
      return;
    }
    if (count == 0) return;
    auto strides = [&](const Shape& own) {
      Strides dense = contiguous_strides(own), result(batch.size(), 0);
      for (std::size_t i = 0; i < own.size(); ++i)
        if (own[i] != 1) result[batch.size() - own.size() + i] = dense[i];
      return result;
    };
    Strides sa = strides(leading_a), sb = strides(leading_b);
    LoopNest nest(batch, {&sa, &sb});
    for_each_outer(nest, 0, 0, count, [&](const std::int64_t* at) { a.push_back(at[0]), b.push_back(at[1]); });
  }
};

template <class T>
void solve_typed(const LU& lu, const Array& b, bool transposed, const Pairs& pairs, Array& columns) {
  std::int64_t n = order(lu.factors), k = columns.shape()[columns.shape().size() - 2];
  const T* factors = lu.factors.data<T>();
  const std::int64_t* pivots = lu.pivots.data<std::int64_t>();
  T* to = columns.fill<T>();
  // Column-major right sides, as LAPACK wants them.
  copy_into(b.broadcast_to(with_matrix(pairs.batch, n, k)), columns.transposed());
  for_each_matrix(static_cast<std::int64_t>(pairs.a.size()), n * n * k, [&](std::int64_t i) {
    std::int64_t at = pairs.a[static_cast<std::size_t>(i)];
    std::vector<blasint> exchanged(pivots + at * n, pivots + (at + 1) * n);
    // The factors are those of aᵀ.
    getrs(transposed ? 'N' : 'T', static_cast<blasint>(n), static_cast<blasint>(k), factors + at * n * n,
          exchanged.data(), to + i * n * k);
  });
}

template <class T>
void determinant_typed(const LU& lu, Determinant& result) {
  std::int64_t n = order(lu.factors);
  for (std::int64_t i = 0; i < result.value.size(); ++i) {
    const T* factors = lu.factors.data<T>() + i * n * n;
    const std::int64_t* pivots = lu.pivots.data<std::int64_t>() + i * n;
    T value = 1, sign = 1, logabs = 0;
    for (std::int64_t j = 0; j < n; ++j) {
      T pivot = pivots[j] == j + 1 ? factors[j * n + j] : -factors[j * n + j];
      value *= pivot;
      sign *= pivot > 0 ? T(1) : pivot < 0 ? T(-1) : pivot;
      logabs += std::log(std::abs(pivot));
    }
    result.value.fill<T>()[i] = value + T(0);  // no −0
    result.sign.fill<T>()[i] = sign + T(0);
    result.logabs.fill<T>()[i] = logabs;
  }
}

template <class T>
Array cofactors_typed(const LU& lu) {
  // det(a) a⁻ᵀ, with pivots of 0 replaced by one that is a rounding error beside the matrix: the factors then are those
  // of a matrix as close to a as the factorisation itself came.
  std::int64_t n = order(lu.factors), count = matrices(lu.factors);
  LU nudged{lu.factors.copy(), lu.pivots, {}};
  for (std::int64_t i = 0; i < count; ++i) {
    T* factors = nudged.factors.fill<T>() + i * n * n;
    T largest = 0;
    for (std::int64_t j = 0; j < n * n; ++j) largest = std::max(largest, std::abs(factors[j]));
    if (largest == 0) largest = std::numeric_limits<T>::min() / std::numeric_limits<T>::epsilon();
    for (std::int64_t j = 0; j < n; ++j)
      if (factors[j * n + j] == 0) factors[j * n + j] = std::numeric_limits<T>::epsilon() * largest;
  }
  Array identity = Array::zeros({n, n}, lu.factors.dtype());
  for (std::int64_t j = 0; j < n; ++j) identity.fill<T>()[j * n + j] = 1;
  Array result = solve(nudged, identity, true).contiguous();
  Array scale = determinant(nudged).value;
  for (std::int64_t i = 0; i < count; ++i)
    for (std::int64_t j = 0; j < n * n; ++j) result.fill<T>()[i * n * n + j] *= scale.data<T>()[i];
  return result;
}

}  // namespace

LU factor(const Array& a) {
  LU result{a.copy(), {}, {}};
  std::int64_t n = order(a), count = matrices(a);
  Shape shape = leading(a.shape());
  shape.push_back(n);
  result.pivots = Array(shape, DType::i64);
  std::vector<blasint> info(static_cast<std::size_t>(count), 0);
  visit_real(a.dtype(), [&](auto t) {
    using T = decltype(t);
    T* factors = result.factors.fill<T>();
    std::int64_t* pivots = result.pivots.fill<std::int64_t>();
    if (n == 0) return;
    for_each_matrix(count, n * n * n, [&](std::int64_t i) {
      std::vector<blasint> exchanged(static_cast<std::size_t>(n));
      getrf(static_cast<blasint>(n), factors + i * n * n, exchanged.data(), &info[static_cast<std::size_t>(i)]);
      std::copy(exchanged.begin(), exchanged.end(), pivots + i * n);
    });
  });
  for (std::int64_t i = 0; i < count && !result.singular; ++i)
    if (info[static_cast<std::size_t>(i)] > 0) result.singular = {i, info[static_cast<std::size_t>(i)] - 1};
  return result;
}

Array solve(const LU& lu, const Array& b, bool transposed) {
  Pairs pairs(leading(lu.factors.shape()), leading(b.shape()));
  Array columns(with_matrix(pairs.batch, b.shape().back(), order(lu.factors)), b.dtype());
  if (columns.size() > 0)
    visit_real(b.dtype(), [&](auto t) { solve_typed<decltype(t)>(lu, b, transposed, pairs, columns); });
  return columns.transposed();
}

Determinant determinant(const LU& lu) {
  Shape shape = leading(lu.factors.shape());
  DType dtype = lu.factors.dtype();
  Determinant result{Array(shape, dtype), Array(shape, dtype), Array(shape, dtype)};
  visit_real(dtype, [&](auto t) { determinant_typed<decltype(t)>(lu, result); });
  return result;
}

Array cofactors(const LU& lu) {
  return visit_real(lu.factors.dtype(), [&](auto t) { return cofactors_typed<decltype(t)>(lu); });
}

double worst_pivot_ratio(const LU& lu) {
  std::int64_t n = order(lu.factors), count = matrices(lu.factors);
  double worst = 1;
  visit_real(lu.factors.dtype(), [&](auto t) {
    using T = decltype(t);
    for (std::int64_t i = 0; i < count; ++i) {
      double least = std::numeric_limits<double>::infinity(), most = 0;
      for (std::int64_t j = 0; j < n; ++j) {
        double pivot = std::abs(static_cast<double>(lu.factors.data<T>()[i * n * n + j * n + j]));
        least = std::min(least, pivot);
        most = std::max(most, pivot);
      }
      if (n > 0) worst = std::min(worst, most > 0 ? least / most : 0);
    }
  });
  return worst;
}

Array cholesky(const Array& a, Breakdown& indefinite) {
  Array result = a.copy();
  std::int64_t n = order(a), count = matrices(a);
  std::vector<blasint> info(static_cast<std::size_t>(count), 0);
  visit_real(a.dtype(), [&](auto t) {
    using T = decltype(t);
    T* data = result.fill<T>();
    if (n == 0) return;
    for_each_matrix(count, n * n * n, [&](std::int64_t i) {
      T* matrix = data + i * n * n;
      // A row-major lower triangle is a column-major upper one.
      potrf('U', static_cast<blasint>(n), matrix, &info[static_cast<std::size_t>(i)]);
      for (std::int64_t r = 0; r < n; ++r) std::fill(matrix + r * n + r + 1, matrix + (r + 1) * n, T(0));
    });
  });
  for (std::int64_t i = 0; i < count && !indefinite; ++i)
    if (info[static_cast<std::size_t>(i)] > 0) indefinite = {i, info[static_cast<std::size_t>(i)] - 1};
  return result;
}

Array triangular_solve(const Array& a, const Array& b, bool upper, bool transposed, bool unit_diagonal,
                       Breakdown& singular) {
  // A triangle that lies column after column is its transpose's other triangle row after row.
  bool turned = a.rank() >= 2 && !a.is_contiguous() && a.transposed().is_contiguous();
  Array rows = turned ? a.transposed() : a.contiguous();
  Pairs pairs(leading(a.shape()), leading(b.shape()));
  std::int64_t n = order(a), k = b.shape().back(), count = matrices(a);
  Array result = b.broadcast_to(with_matrix(pairs.batch, n, k)).copy();
  visit_real(a.dtype(), [&](auto t) {
    using T = decltype(t);
    const T* from = rows.data<T>();
    T* to = result.fill<T>();
    for (std::int64_t i = 0; i < count && !unit_diagonal && !singular; ++i)
      for (std::int64_t j = 0; j < n && !singular; ++j)
        if (from[i * n * n + j * n + j] == 0) singular = {i, j};
    if (singular || result.size() == 0) return;
    for_each_matrix(static_cast<std::int64_t>(pairs.a.size()), n * n * k, [&](std::int64_t i) {
      trsm(upper != turned ? CblasUpper : CblasLower, transposed != turned ? CblasTrans : CblasNoTrans,
           unit_diagonal ? CblasUnit : CblasNonUnit, static_cast<blasint>(n), static_cast<blasint>(k),
           from + pairs.a[static_cast<std::size_t>(i)] * n * n, to + i * n * k);
    });
  });
  return result;
}

}  // namespace xg::kernels
