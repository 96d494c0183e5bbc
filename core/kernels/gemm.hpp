// Matrix products by our own kernels, chosen for the CPU that the program runs on.
#pragma once

#include <cstdint>

namespace xg::kernels {

/// One block of c = a b, c += a b, or of each row of c = `start` + a b: steps between rows and columns, in elements;
/// c's columns are neighbours.
template <class T>
struct GemmBlock {
  const T* a;
  const T* b;
  T* c;
  std::int64_t rows, depth, columns;
  std::int64_t a_row, a_column, b_row, b_column, c_row;
  bool add;
  T* room;                   // for `gemm_room` elements
  const T* start = nullptr;  // null: zeros
};

/// What a block needs of room for packing, in elements: 256 rows of two registers.
template <class T>
constexpr std::int64_t gemm_room = 256 * 2 * 64 / static_cast<std::int64_t>(sizeof(T));

/// The kernel for this CPU; null where BLAS serves as well: OpenBLAS is at its best on CPUs with registers of 32 bytes,
/// but uses only these on newer AMD CPUs too. A kernel's sums do not depend on the number of threads.
template <class T>
using GemmKernel = void (*)(const GemmBlock<T>& block);
template <class T>
GemmKernel<T> gemm_kernel();

void gemm_avx512(const GemmBlock<float>& block);
void gemm_avx512(const GemmBlock<double>& block);

}  // namespace xg::kernels
