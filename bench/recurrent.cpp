// Recurrent layers over whole sequences, forward and back, in the input and all weights.
#include <memory>

#include "harness.hpp"
#include "xgrad/xgrad.hpp"

using namespace xg;

namespace {

template <class Layer>
bench::Run forward_and_back(const Layer& layer, const Shape& shape, std::int64_t hidden) {
  Tensor x = variable(randn(shape)), g = randn({shape[0], shape[1], hidden});
  auto shared = std::make_shared<Layer>(layer);  // a copy would have weights of its own
  Tensors wrt{x};
  for (const Tensor& p : nn::parameters(*shared)) wrt.push_back(p);
  return [=] { grad(Tensors{(*shared)(x).y}, wrt, Tensors{g}); };
}

}  // namespace

int main() {
  seed(1);
  for (int threads : {1, 2}) {
    bench::Table table("recurrent layers, f32, forward and back", {.threads = threads});
    table.compare("LSTM 64 to 128, T 64, batch 32", 0.6, forward_and_back(nn::LSTM{64, 128}, {32, 64, 64}, 128));
    table.compare("GRU 64 to 128, T 64, batch 32", 0.6, forward_and_back(nn::GRU{64, 128}, {32, 64, 64}, 128));
    table.compare("RNN 64 to 128, T 64, batch 32", 0.6, forward_and_back(nn::RNN{64, 128}, {32, 64, 64}, 128));
    table.compare("LSTM 64 to 128, one sequence, T 64", 0.6, forward_and_back(nn::LSTM{64, 128}, {1, 64, 64}, 128));
  }
}
