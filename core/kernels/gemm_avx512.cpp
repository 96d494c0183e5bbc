// Compiled for AVX-512: 32 registers of 64 bytes, of which 8 × 2 hold sums.
#define XG_GEMM_BYTES 64
#define XG_GEMM_ROWS 8
#include "gemm_block.hpp"

namespace xg::kernels {

void gemm_avx512(const GemmBlock<float>& p) { block(p); }
void gemm_avx512(const GemmBlock<double>& p) { block(p); }

}  // namespace xg::kernels
