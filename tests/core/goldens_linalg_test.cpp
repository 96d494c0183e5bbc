// Linear algebra against PyTorch.
#include "goldens.hpp"

using namespace xg_test;

TEST_CASE("linear algebra agrees with PyTorch") {
  check_goldens("linalg",
                {
                    {"matmul", binary<matmul>},
                    {"dot", binary<dot>},
                    {"outer", binary<outer>},
                    {"einsum", [](auto& x, auto& args) { return Tensors{einsum(args.text("spec"), x)}; }},
                    {"matrix_transpose", unary<matrix_transpose>},
                    {"trace", [](auto& x, auto&) { return Tensors{trace(x[0])}; }},
                    {"diag", [](auto& x, auto& args) { return Tensors{diag(x[0], args.integer("k"))}; }},
                    {"tril", [](auto& x, auto& args) { return Tensors{tril(x[0], args.integer("k"))}; }},
                    {"triu", [](auto& x, auto& args) { return Tensors{triu(x[0], args.integer("k"))}; }},
                    {"solve", binary<solve>},
                    {"triangular_solve",
                     [](auto& x, auto& args) {
                       return Tensors{triangular_solve(
                           x[0], x[1], {.upper = args.flag("upper"), .unit_diagonal = args.flag("unit")})};
                     }},
                    {"inv", unary<inv>},
                    {"det", unary<det>},
                    {"slogdet",
                     [](auto& x, auto&) {
                       auto [sign, logabsdet] = slogdet(x[0]);
                       return Tensors{sign, logabsdet};
                     }},
                    {"cholesky", unary<cholesky>},
                    {"cholesky_of_gram",
                     [](auto& x, auto&) {
                       const Tensor& a = x[0];
                       return Tensors{cholesky(matmul(a, matrix_transpose(a)) + 0.5 * eye(a.size(-2), a.dtype()))};
                     }},
                });
}
