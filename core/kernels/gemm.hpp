// Matrix products by our own kernel, for CPUs that BLAS does not use to the full.
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

/// How many columns of c the kernel holds in registers, and beyond how many rows it copies b's columns together first.
template <class T>
constexpr std::int64_t gemm_panel = 2 * 64 / static_cast<std::int64_t>(sizeof(T));
constexpr std::int64_t gemm_unpacked_rows = 64;

/// What a block needs of room for packing, in elements: a panel of as many rows as it takes at once.
constexpr std::int64_t gemm_depth = 256;
template <class T>
constexpr std::int64_t gemm_room = gemm_depth * gemm_panel<T>;

/// The kernel for this CPU; null where BLAS serves as well: OpenBLAS is at its best on CPUs with registers of 32 bytes,
/// but uses only these on newer AMD CPUs too. A kernel's sums do not depend on the number of threads.
template <class T>
using GemmKernel = void (*)(const GemmBlock<T>& block);
template <class T>
GemmKernel<T> gemm_kernel();

}  // namespace xg::kernels
