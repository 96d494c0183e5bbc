// Writes the reports that a browser is to open: pages FOLDER.
#include "xgrad/inspect.hpp"
#include "xgrad/xgrad.hpp"

#include <map>

using namespace xg;

namespace {

struct Cnn {
  nn::Conv2d first{1, 8, 3, {.padding = 1}}, second{8, 16, 3, {.padding = 1}};
  nn::MaxPool2d pool{2};
  nn::Linear hidden{16 * 7 * 7, 64}, out{64, 10};
  Tensor operator()(const Tensor& x) const {
    Tensor y = pool(relu(second(pool(relu(first(x))))));
    return out(relu(hidden(flatten(y, 1))));
  }
};

void training(const std::string& folder) {
  seed(1);
  Cnn model;
  nn::Adam optimizer(nn::parameters(model), {.lr = 1e-3});
  nn::MonitorOptions quiet;
  quiet.every = 1;
  quiet.keep = 18;  // fewer than there are, so that the looks' steps are not evenly spaced
  quiet.show = false;
  quiet.interruptible = false;
  nn::Monitor monitor(model, optimizer, quiet);
  Tensor x = randn({32, 1, 28, 28}), label = arange(32) % 10;
  for (int i = 0; i < 30; ++i) {
    Tensor loss = nn::cross_entropy(model(x), label);
    optimizer.minimize(loss);
    monitor.step(loss.item(), 32);
  }
  inspect::KeepValues keep(model);
  Tensor loss = nn::cross_entropy(model(x), label);
  inspect::Summary summary = inspect::summary(model, x);
  inspect::write_report(
      loss, model, folder + "/cnn.html",
      {.title = "Training a convolutional network", .values = &keep, .summary = &summary, .monitor = &monitor});
}

void hostile(const std::string& folder) {
  std::map<std::string, nn::Linear> model;
  std::string name = "</script><img src=x onerror=alert(1)>\"'\n&\x80 {}`${1}";
  model.emplace(name, nn::Linear(2, 2));
  Tensor loss = sum(log(model.at(name)(zeros({1, 2})) * 0));
  inspect::write_report(loss, model, folder + "/hostile.html", {.title = "<i>\"&'", .graphviz = false});
}

struct Block {
  nn::Linear up{16, 32}, down{32, 16};
  nn::LayerNorm norm{16};
  Tensor operator()(const Tensor& x) const { return norm(x + down(gelu(up(x)))); }
};
struct Residual {
  nn::Linear in{8, 16};
  std::vector<Block> blocks = nn::repeat(2, [] { return Block{}; });
  nn::Linear out{16, 3};
  Tensor operator()(const Tensor& x) const {
    Tensor y = in(x);
    for (const Block& block : blocks) y = block(y);
    return out(y);
  }
};

void picture(const std::string& folder) {
  seed(3);
  Residual model;
  inspect::KeepValues keep(model);
  Tensor loss = nn::cross_entropy(model(randn({32, 8})), arange(32) % 3);
  if (inspect::detail::graphviz("digraph {}", "plain"))
    inspect::write_svg(loss, folder + "/graph.svg", {.values = &keep});
}

/// Thousands of ops, each of which is its own line of the table.
void large(const std::string& folder) {
  seed(2);
  auto blocks = nn::repeat(170, [] { return nn::Sequential{nn::Linear{8, 8}, nn::Tanh{}, nn::LayerNorm{8}}; });
  inspect::KeepValues keep(blocks);
  Tensor x = randn({16, 8});
  for (const auto& block : blocks) x = x + block(x) + 0.5 * tanh(block(x));
  inspect::write_report(mean(x), blocks, folder + "/large.html",
                        {.title = "Many ops", .values = &keep, .graphviz = false});
}

}  // namespace

int main(int, char** argv) {
  training(argv[1]);
  hostile(argv[1]);
  large(argv[1]);
  picture(argv[1]);
}
