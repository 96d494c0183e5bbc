// libtorch's side of bench/recurrent.cpp.
#include <torch/torch.h>

#include "harness.hpp"

namespace bench {
namespace {

using torch::Tensor;

template <class Layer>
Run forward_and_back(Layer layer, at::IntArrayRef shape, int64_t hidden) {
  Tensor x = torch::randn(shape).requires_grad_(), g = torch::randn({shape[0], shape[1], hidden});
  std::vector<Tensor> wrt{x};
  for (const Tensor& p : layer->parameters()) wrt.push_back(p);
  return [=]() mutable { torch::autograd::grad({std::get<0>(layer->forward(x))}, wrt, {g}); };
}

}  // namespace

Run torch_run(const std::string& name) {
  torch::set_num_threads(threads);
  auto lstm = torch::nn::LSTM(torch::nn::LSTMOptions(64, 128).batch_first(true));
  auto gru = torch::nn::GRU(torch::nn::GRUOptions(64, 128).batch_first(true));
  auto rnn = torch::nn::RNN(torch::nn::RNNOptions(64, 128).batch_first(true));
  if (name == "LSTM 64 to 128, T 64, batch 32") return forward_and_back(lstm, {32, 64, 64}, 128);
  if (name == "GRU 64 to 128, T 64, batch 32") return forward_and_back(gru, {32, 64, 64}, 128);
  if (name == "RNN 64 to 128, T 64, batch 32") return forward_and_back(rnn, {32, 64, 64}, 128);
  if (name == "LSTM 64 to 128, one sequence, T 64") return forward_and_back(lstm, {1, 64, 64}, 128);
  return {};
}

}  // namespace bench
