// Trajectories of optimizers against PyTorch.
#include "../core/goldens.hpp"

using namespace xg_test;

namespace {

Tensor loss_of(const Tensor& a, const Tensor& b) {
  Tensor squared = square(b), error = matmul(b, a) - 1;
  return 3 * mean(error * error) + 0.5 * sum(sin(a)) + 0.1 * sum(squared * squared);
}

/// What the parameters are after each step. At the steps in `without`, b has no gradient.
template <class Optimizer, class Options>
Tensors trajectory(const Tensors& x, const Arguments& args, const Options& options) {
  Tensor a = variable(x[0]), b = variable(x[1]);
  Optimizer optimizer({a, b}, options);
  Shape without = args.given("without") ? args.shape("without") : Shape();
  std::int64_t steps = args.given("steps") ? args.integer("steps") : 16;
  Tensors as, bs;
  for (std::int64_t step = 0; step < steps; ++step) {
    optimizer.step([&] {
      optimizer.zero_grad();
      Tensor loss = loss_of(a, b);
      loss.backward();
      for (std::int64_t skipped : without)
        if (skipped == step) b.zero_grad();
      return loss;
    });
    as.push_back(Tensor(a.array().copy()));
    bs.push_back(Tensor(b.array().copy()));
  }
  return {stack(as, 0), stack(bs, 0)};
}

void read(const Arguments& args, const char* name, double& option) {
  if (args.given(name)) option = args.real(name);
}
void read(const Arguments& args, const char* name, std::int64_t& option) {
  if (args.given(name)) option = args.integer(name);
}
void read(const Arguments& args, const char* name, bool& option) {
  if (args.given(name)) option = args.flag(name);
}

Tensors sgd(const Tensors& x, const Arguments& args) {
  nn::SgdOptions options;
  read(args, "lr", options.lr);
  read(args, "momentum", options.momentum);
  read(args, "dampening", options.dampening);
  read(args, "weight_decay", options.weight_decay);
  read(args, "nesterov", options.nesterov);
  return trajectory<nn::SGD>(x, args, options);
}

template <class Optimizer, class Options>
Tensors adam(const Tensors& x, const Arguments& args) {
  Options options;
  read(args, "lr", options.lr);
  read(args, "beta1", options.beta1);
  read(args, "beta2", options.beta2);
  if constexpr (requires { options.eps; }) read(args, "eps", options.eps);
  read(args, "weight_decay", options.weight_decay);
  if constexpr (requires { options.momentum_decay; }) read(args, "momentum_decay", options.momentum_decay);
  if constexpr (requires { options.amsgrad; }) read(args, "amsgrad", options.amsgrad);
  return trajectory<Optimizer>(x, args, options);
}

Tensors rmsprop(const Tensors& x, const Arguments& args) {
  nn::RmsPropOptions options;
  read(args, "lr", options.lr);
  read(args, "alpha", options.alpha);
  read(args, "eps", options.eps);
  read(args, "weight_decay", options.weight_decay);
  read(args, "momentum", options.momentum);
  read(args, "centered", options.centered);
  return trajectory<nn::RMSprop>(x, args, options);
}

Tensors adagrad(const Tensors& x, const Arguments& args) {
  nn::AdagradOptions options;
  read(args, "lr", options.lr);
  read(args, "lr_decay", options.lr_decay);
  read(args, "weight_decay", options.weight_decay);
  read(args, "initial", options.initial);
  read(args, "eps", options.eps);
  return trajectory<nn::Adagrad>(x, args, options);
}

Tensors adadelta(const Tensors& x, const Arguments& args) {
  nn::AdadeltaOptions options;
  read(args, "lr", options.lr);
  read(args, "rho", options.rho);
  read(args, "eps", options.eps);
  read(args, "weight_decay", options.weight_decay);
  return trajectory<nn::Adadelta>(x, args, options);
}

Tensors lbfgs(const Tensors& x, const Arguments& args) {
  nn::LbfgsOptions options;
  read(args, "lr", options.lr);
  read(args, "iterations", options.iterations);
  read(args, "evaluations", options.evaluations);
  read(args, "gradient_tolerance", options.gradient_tolerance);
  read(args, "change_tolerance", options.change_tolerance);
  read(args, "history", options.history);
  read(args, "strong_wolfe", options.strong_wolfe);
  return trajectory<nn::LBFGS>(x, args, options);
}

}  // namespace

TEST_CASE("optimizers move as PyTorch's do") {
  check_goldens("optimizers", {
                                  {"sgd", sgd},
                                  {"adam", adam<nn::Adam, nn::AdamOptions>},
                                  {"adamw", adam<nn::AdamW, nn::AdamWOptions>},
                                  {"rmsprop", rmsprop},
                                  {"adagrad", adagrad},
                                  {"adadelta", adadelta},
                                  {"nadam", adam<nn::NAdam, nn::NAdamOptions>},
                                  {"radam", adam<nn::RAdam, nn::RAdamOptions>},
                                  {"lbfgs", lbfgs},
                                  {"lion", adam<nn::Lion, nn::LionOptions>},
                              });
}
