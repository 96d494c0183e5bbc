// A file that defines a model of twenty layers and trains it; torch_deep.cpp is its twin.
#include <xgrad/xgrad.hpp>

using namespace xg;

struct Block {
  nn::Conv2d first, second;
  nn::BatchNorm2d norm, last;
  explicit Block(std::int64_t channels)
      : first(channels, channels, 3, {.padding = 1}), second(channels, channels, 3, {.padding = 1}), norm(channels),
        last(channels) {}
  auto fields() { return nn::fields("first", first, "second", second, "norm", norm, "last", last); }
  Tensor operator()(const Tensor& x) const { return relu(x + last(second(relu(norm(first(x)))))); }
};

struct Model {
  nn::Conv2d stem{1, 16, 3, {.padding = 1}};
  nn::BatchNorm2d norm{16};
  Block first{16}, second{16}, third{16};
  nn::MaxPool2d pool{2};
  nn::Dropout drop{0.5};
  nn::Flatten flatten;
  nn::Linear hidden{16 * 14 * 14, 64};
  nn::LayerNorm middle{64};
  nn::Linear out{64, 10};
  Tensor operator()(const Tensor& x) const {
    Tensor h = pool(third(second(first(relu(norm(stem(x)))))));
    return out(drop(gelu(middle(hidden(flatten(h))))));
  }
};

int main() {
  Model model;
  nn::Adam optimizer(nn::parameters(model), {.lr = 1e-3});
  Tensor x = randn({8, 1, 28, 28}), label = randint(0, 10, {8});
  for (int step = 0; step < 10; ++step) {
    Tensor loss = nn::cross_entropy(model(x), label);
    optimizer.zero_grad();
    loss.backward();
    optimizer.step();
  }
  nn::eval(model);
}
