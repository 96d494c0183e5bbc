// A network trained in PyTorch goes on in C++: the same layers and names, the same weights, the same answers.
//
// examples/data/pytorch_cnn.py trained it and wrote two safetensors files: its state_dict, and some images x with its
// outputs y. Here max |model(x) − y| ≤ 10⁻⁶.
#include <fmt/format.h>

#include <xgrad/xgrad.hpp>
using namespace xg;

// PyTorch's class, line by line; its state_dict calls the weights "conv.weight", "deep.0.bias", and so on.
struct Cnn {
  nn::Conv2d conv{1, 6, 3, {.stride = 2, .padding = 1}};
  nn::BatchNorm2d norm{6};
  std::vector<nn::Conv2d> deep{{6, 8, 3, {.padding = 1, .groups = 2}}, {8, 8, 3, {.padding = 2, .dilation = 2}}};
  nn::Linear out{8 * 3 * 3, 10};

  Tensor operator()(const Tensor& x) const {
    Tensor h = gelu(norm(conv(x)));
    for (const nn::Conv2d& layer : deep) h = tanh(layer(h));
    return out(flatten(max_pool2d(h, 2), 1));
  }
};

int main() {
  Cnn model;
  nn::load(model, "examples/data/pytorch_cnn.safetensors");  // throws, and lists them, if names or shapes differ
  nn::eval(model);
  for (const auto& [name, p] : nn::named_parameters(model)) fmt::print("{:<14} {}\n", name, p.shape());

  nn::TensorFile pytorch = nn::read_safetensors("examples/data/pytorch_cnn_outputs.safetensors");
  Tensor y = model(pytorch["x"]);
  double difference = amax(abs(y - pytorch["y"])).item(), largest = amax(abs(y)).item();
  fmt::print("outputs up to {:.3f}, largest difference from PyTorch's {:.1e}\n", largest, difference);

  // The way back: what is saved here, PyTorch's load_state_dict takes.
  nn::save(model, "examples_07.safetensors");
  nn::TensorFile saved = nn::read_safetensors("examples_07.safetensors");
  std::remove("examples_07.safetensors");
  nn::TensorFile original = nn::read_safetensors("examples/data/pytorch_cnn.safetensors");
  bool same = saved.tensors.size() == original.tensors.size();
  for (const auto& [name, tensor] : original.tensors) same = same && all_equal(saved[name], tensor);
  fmt::print("saved again, {} tensors have PyTorch's names and values: {}\n", saved.tensors.size(), same);
  return difference <= 1e-6 * largest && largest > 0.1 && same ? 0 : 1;
}
