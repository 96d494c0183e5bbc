// Five trainings that do not train, and how to find out in a minute which layer and which line is to blame.
//
//     dead ReLUs           relu(z) = 0 and ∂relu/∂z = 0 wherever z < 0: a unit that is there for all data learns no
//     more exploding RNN        ∂h_T/∂h_0 = Wᵀ Wᵀ … Wᵀ grows as σᵀ when the largest singular value σ of W is above 1
//     saturated sigmoids   ∂σ/∂z = σ(z) (1 − σ(z)) → 0 for large |z|
//     a detached branch    detach(x) has the value of x and no gradient
//     log of zero          0 · log 0 = 0 · (−∞) = NaN
//
// Each is trained, looked at, and asserted to be told by layer and line; then it is mended and learns.
#include <fmt/core.h>

#include <cmath>
#include <xgrad/inspect.hpp>
#include <xgrad/xgrad.hpp>
using namespace xg;

// `culprit` below is the number of the line that is to blame.
std::string place(int line) { return fmt::format("12_broken_trainings.cpp:{}", line); }

bool passed = true;
void expect(bool told, const std::string& what) {
  fmt::print("{} {}\n", told ? "told:    " : "NOT told:", what);
  passed = passed && told;
}
bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

/// Trains for some steps; the last loss.
template <class M, class F>
double train(M& model, const F& loss, double lr = 1e-2, int steps = 200) {
  nn::Adam optimizer(nn::parameters(model), {.lr = lr});
  double last = NAN;
  for (int i = 0; i < steps; ++i) {
    Tensor value = loss(model);
    optimizer.minimize(value);
    last = value.item();
  }
  return last;
}

/// One more step with everything written down.
template <class M, class F>
inspect::Gradients look(M& model, const F& loss) {
  inspect::Recording recording(model);
  nn::zero_grad(model);
  Tensor value = loss(model);
  value.backward();
  inspect::Gradients found = inspect::gradients(model, {.loss = value, .recording = &recording});
  fmt::print("{}\n", found);
  return found;
}

// 1. Dead ReLUs: a mistaken initial bias keeps all units of `hidden` below zero.
struct Mlp {
  nn::Linear in{4, 16}, hidden{16, 16}, out{16, 1};
  static constexpr int culprit = __LINE__ + 1;
  Tensor operator()(const Tensor& x) const { return out(relu(hidden(relu(in(x))))); }
};

void dead_relus() {
  fmt::print("\n1. Dead ReLUs\n\n");
  Tensor x = randn({64, 4}), y = sum(x, 1, keepdims);
  auto loss = [&](const Mlp& model) { return nn::mse(model(x), y); };
  Mlp model;
  model.hidden.bias = full({16}, -20);
  double broken = train(model, loss);
  inspect::Gradients found = look(model, loss);
  const auto& weight = found["hidden.weight"];
  expect(weight.verdict == inspect::Verdict::dead_units, "the layer `hidden` has dead units");
  expect(has(weight.why, "`relu` (" + place(Mlp::culprit)) && has(weight.why, "16 of 16 units"), weight.why);
  model.hidden.bias = zeros({16});
  expect(train(model, loss) < 0.1 * broken, "biases of zero mend it");
}

// 2. An exploding recurrent network: the recurrent weights stretch by 1.6 in each of 50 steps.
struct Recurrence {
  nn::Linear input{1, 8}, out{8, 1};
  nn::Parameter recurrent;
  explicit Recurrence(double stretch) : recurrent(nn::init::orthogonal({8, 8}, stretch)) {}
  static constexpr int culprit = __LINE__ + 3;
  Tensor operator()(const Tensor& x) const {  // (B, T) -> (B, 1)
    Tensor h = zeros({x.size(0), 8});
    for (std::int64_t t = 0; t < x.size(1); ++t) h = input(x(all, range(t, t + 1))) + matmul(h, recurrent);
    return out(h);
  }
  auto fields() { return nn::fields("input", input, "out", out, "recurrent", recurrent); }
};

void exploding_rnn() {
  fmt::print("\n2. An exploding RNN\n\n");
  Tensor x = randn({32, 50}), y = x(all, range(49, 50));
  auto loss = [&](const Recurrence& model) { return nn::mse(model(x), y); };
  Recurrence model(1.6);
  inspect::Gradients found = look(model, loss);
  const auto& recurrent = found["recurrent"];
  expect(recurrent.verdict == inspect::Verdict::exploding, "the gradient of `recurrent` explodes");
  expect(has(recurrent.why, "the gradient grew") && has(recurrent.why, "at " + place(Recurrence::culprit)),
         recurrent.why);
  Recurrence mended(0.9);
  expect(train(mended, loss) < 0.1, "a recurrence that does not stretch mends it");
}

// 3. Saturated sigmoids: inputs in thousands, that nobody scaled.
struct Deep {
  nn::Linear first{4, 16}, second{16, 16}, out{16, 1};
  static constexpr int culprit = __LINE__ + 2;
  Tensor operator()(const Tensor& x) const {
    Tensor h = sigmoid(first(x));
    return out(sigmoid(second(h)));
  }
};

void saturated_sigmoids() {
  fmt::print("\n3. Saturated sigmoids\n\n");
  Tensor x = randn({64, 4}), y = sum(sin(x), 1, keepdims), raw = x * 5000;
  auto loss_on = [&](const Tensor& input) { return [&](const Deep& model) { return nn::mse(model(input), y); }; };
  Deep model;
  double broken = train(model, loss_on(raw), 3e-2);
  inspect::Gradients found = look(model, loss_on(raw));
  const auto& weight = found["first.weight"];
  expect(weight.verdict == inspect::Verdict::saturated, "the sigmoids behind the layer `first` are flat");
  expect(has(weight.why, "`sigmoid` (" + place(Deep::culprit)), weight.why);
  Deep mended;
  expect(train(mended, loss_on(x), 3e-2) < 0.5 * broken, "inputs of size 1 mend it");
}

// 4. A detached branch: someone took the features for data.
struct TwoParts {
  nn::Linear encoder{4, 16}, head{16, 1};
  bool cut = true;
  static constexpr int culprit = __LINE__ + 3;
  Tensor operator()(const Tensor& x) const {
    Tensor features = tanh(encoder(x));
    if (cut) features = detach(features);
    return head(features);
  }
};

void detached_branch() {
  fmt::print("\n4. A detached branch\n\n");
  Tensor x = randn({64, 4}), y = square(sum(x, 1, keepdims));
  auto loss = [&](const TwoParts& model) { return nn::mse(model(x), y); };
  TwoParts model;
  double broken = train(model, loss);
  inspect::Gradients found = look(model, loss);
  const auto& weight = found["encoder.weight"];
  expect(weight.verdict == inspect::Verdict::no_gradient, "no gradient comes to the layer `encoder`");
  expect(has(weight.why, "detach (" + place(TwoParts::culprit)), weight.why);
  model.cut = false;
  expect(train(model, loss) < 0.5 * broken, "without detach it learns");
}

// 5. The log of zero: probabilities so sure that they are 0 in f32.
struct Classifier {
  struct LogProbability {
    static constexpr int culprit = __LINE__ + 3;
    Tensor operator()(const Tensor& z) const {
      nn::ModuleCall call(*this, z);
      return call(log(softmax(z, 1)));
    }
  };
  nn::Linear scores{2, 3};
  LogProbability log_probability;
  Tensor operator()(const Tensor& x) const { return log_probability(scores(x)); }
};

void log_of_zero() {
  fmt::print("\n5. The log of zero\n\n");
  Tensor x = randn({64, 2}) * 200, one_hot = astype(argmax(x, 1, keepdims) == arange(3), f32);
  auto loss = [&](const Classifier& model) { return -mean(sum(one_hot * model(x), 1)); };
  Classifier model;
  std::string message;
  try {
    inspect::DetectAnomaly guard(model);
    train(model, loss);
  } catch (const GradError& error) {
    message = error.what();
  }
  fmt::print("{}\n\n", message);
  expect(has(message, "log: computed an infinity") && has(message, "at  " + place(Classifier::LogProbability::culprit)),
         "the log in its line, and that its argument was 0");
  expect(has(message, "layer  log_probability"), "the layer `log_probability`");
  nn::Linear mended{2, 3};
  auto stable = [&](const nn::Linear& scores) { return -mean(sum(one_hot * log_softmax(scores(x), 1), 1)); };
  expect(train(mended, stable) < 0.1, "log_softmax mends it");
}

int main() {
  seed(7);
  dead_relus();
  exploding_rnn();
  saturated_sigmoids();
  detached_branch();
  log_of_zero();
  return passed ? 0 : 1;
}
