#include "gemm.hpp"

namespace xg::kernels {

template <class T>
GemmKernel<T> gemm_kernel() {
#ifdef __x86_64__
  static const bool is_wide = __builtin_cpu_supports("avx512f");
  if (is_wide) return gemm_avx512;
#endif
  return nullptr;
}
template GemmKernel<float> gemm_kernel<float>();
template GemmKernel<double> gemm_kernel<double>();

}  // namespace xg::kernels
