#include "recurrent.hpp"

#include <fmt/core.h>

#include "../error/error.hpp"
#include "../graph/backward.hpp"
#include "../graph/record.hpp"
#include "../kernels/recurrent.hpp"
#include "activations.hpp"
#include "concatenate.hpp"
#include "create.hpp"
#include "functions.hpp"
#include "matmul.hpp"
#include "select.hpp"
#include "shape.hpp"

namespace xg {
namespace {

using kernels::Cell;

/// The inputs of a recurrence in a fixed order; those that are not there are undefined.
enum Part : std::size_t { part_x, part_ih, part_hh, part_bias_ih, part_bias_hh, part_h, part_c, part_count };

struct Call {
  Cell cell;
  bool reverse;
  Array lengths;
};

class Checks {
 public:
  Checks(const char* op, Cell cell, const Operand& x, const RecurrentWeights& weights)
      : op_(op), gates_(kernels::gate_count(cell)), x_(x), weights_(weights) {}

  void shapes(const Tensor& h, const Tensor& c) const {
    const Shape& shape = x_.shape();
    if (shape.size() != 3) refuse("x has shape " + to_string(shape) + ", not (batch, time, features)");
    if (!weights_.ih.defined() || !weights_.hh.defined()) complaint("a weight is undefined").raise<ValueError>();
    const Shape &ih = weights_.ih.shape(), &hh = weights_.hh.shape();
    if (hh.size() != 2 || hh[0] != gates_ * hh[1])
      refuse(fmt::format("weight_hh has shape {}, not ({} · hidden, hidden)", to_string(hh), gates_));
    if (ih.size() != 2 || ih[0] != hh[0])
      refuse(fmt::format("weight_ih has shape {}, not ({}, features) as weight_hh asks for", to_string(ih), hh[0]));
    if (shape[2] != ih[1]) refuse(fmt::format("x has {} features, weight_ih takes {}", shape[2], ih[1]));
    for (const Tensor* bias : {&weights_.bias_ih, &weights_.bias_hh})
      if (bias->defined() && bias->shape() != Shape{hh[0]})
        refuse(fmt::format("{} has shape {}, not {}", bias == &weights_.bias_ih ? "bias_ih" : "bias_hh",
                           to_string(bias->shape()), to_string(Shape{hh[0]})));
    Shape state{shape[0], hh[1]};
    for (const Tensor* t : {&h, &c})
      if (t->defined() && t->shape() != state)
        refuse(fmt::format("the initial {} has shape {}, not {}", t == &h ? "h" : "c", to_string(t->shape()),
                           to_string(state)));
    if (shape[1] == 0) complaint("the sequences have no steps: x has shape " + to_string(shape)).raise<ValueError>();
  }

  /// The lengths as the kernels take them.
  Array lengths(const Tensor& given) const {
    if (!given.defined()) return Array();
    std::int64_t batch = x_.shape()[0], time = x_.shape()[1];
    if (given.dtype() != DType::i64)
      complaint(fmt::format("lengths are {}, not i64", name_of(given.dtype())), &given)
          .mend("tensor({3, 5}, i64), or astype(lengths, i64)")
          .raise<DTypeError>();
    if (given.shape() != Shape{batch})
      complaint("lengths have shape " + to_string(given.shape()) + ", not one for each sequence of x", &given)
          .raise<ShapeError>();
    Array lengths = given.array().contiguous();
    for (std::int64_t b = 0; b < batch; ++b) {
      std::int64_t length = lengths.data<std::int64_t>()[b];
      if (length < 1)
        complaint(fmt::format("sequence {} has length {}; at least one step is needed", b, length))
            .mend("leave empty sequences out of the batch")
            .raise<ValueError>();
      if (length > time)
        complaint(fmt::format("sequence {} has length {}, but x has {} steps", b, length, time)).raise<ValueError>();
    }
    return lengths;
  }

 private:
  Complaint complaint(const std::string& what, const Tensor* lengths = nullptr) const {
    Complaint complaint(op_, what);
    if (weights_.ih.defined()) complaint.layer(weights_.ih.name());
    complaint.fact("x", describe(x_));
    if (weights_.ih.defined()) complaint.fact("weight_ih", describe(weights_.ih));
    if (weights_.hh.defined()) complaint.fact("weight_hh", describe(weights_.hh));
    if (lengths) complaint.fact("lengths", describe(*lengths));
    complaint.at(x_.site());
    return complaint;
  }
  [[noreturn]] void refuse(const std::string& what) const { complaint(what).raise<ShapeError>(); }

  const char* op_;
  std::int64_t gates_;
  const Operand& x_;
  const RecurrentWeights& weights_;
};

/// One step in ops that can be differentiated again; `p` is the projected input. Returns h' and for an LSTM c'.
std::pair<Tensor, Tensor> composed_step(Cell cell, const Tensor& p, const Tensor& q, const Tensor& h, const Tensor& c) {
  switch (cell) {
    case Cell::tanh: return {tanh(p + q), Tensor()};
    case Cell::relu: return {relu(p + q), Tensor()};
    case Cell::lstm: {
      Tensors gates = chunk(p + q, 4, 1);
      Tensor next = sigmoid(gates[1]) * c + sigmoid(gates[0]) * tanh(gates[2]);
      return {sigmoid(gates[3]) * tanh(next), next};
    }
    default: {
      Tensors from_x = chunk(p, 3, 1), from_h = chunk(q, 3, 1);
      Tensor reset = sigmoid(from_x[0] + from_h[0]), update = sigmoid(from_x[1] + from_h[1]);
      Tensor fresh = tanh(from_x[2] + reset * from_h[2]);
      return {fresh + update * (h - fresh), Tensor()};
    }
  }
}

/// Which sequences are not over at place `t`, (B, 1).
Tensor live_at(const Array& lengths, std::int64_t t) {
  Array live({lengths.size(), 1}, DType::boolean);
  for (std::int64_t b = 0; b < lengths.size(); ++b) live.fill<bool>()[b] = t < lengths.data<std::int64_t>()[b];
  return Tensor(live);
}

/// y, h and for an LSTM c, in ops that can be differentiated again.
Tensors composed(const Call& call, const Tensors& in) {
  Tensor x = in[part_x], h = in[part_h], c = in[part_c];
  std::int64_t batch = x.shape()[0], time = x.shape()[1], gates = in[part_hh].shape()[0];
  Tensors live;
  if (call.lengths) {
    for (std::int64_t t = 0; t < time; ++t) live.push_back(live_at(call.lengths, t));
    x = where(reshape(concatenate(live, 1), {batch, time, 1}), x, 0);
  }
  Tensors projected = split(linear(x, in[part_ih], in[part_bias_ih]), time, 1), y;
  y.resize(static_cast<std::size_t>(time));
  for (std::int64_t step = 0; step < time; ++step) {
    std::size_t t = static_cast<std::size_t>(call.reverse ? time - 1 - step : step);
    Tensor p = reshape(projected[t], {batch, gates}), q = linear(h, in[part_hh], in[part_bias_hh]);
    auto [next, next_c] = composed_step(call.cell, p, q, h, c);
    y[t] = call.lengths ? where(live[t], next, 0) : next;
    h = call.lengths ? where(live[t], next, h) : next;
    if (next_c.defined()) c = call.lengths ? where(live[t], next_c, c) : next_c;
  }
  Tensors results{stack(y, 1), h};
  if (c.defined()) results.push_back(c);
  return results;
}

/// Cotangents of the inputs for the cotangents `g` of the outputs, recorded.
Tensors composed_vjp(const Call& call, DType dtype, const Tensors& inputs, const Tensors& g, const Wants& wants) {
  // Each input behind a node of its own, so that its gradient is told from that of the same tensor elsewhere.
  Tensors in, wanted;
  std::size_t place = 0;
  for (const Tensor& input : inputs) {
    Tensor own = input;
    if (input.defined() && wants[place++]) {
      own = record("recurrent_input", input.array(), {input}, [](const Tensor& h) -> Tensors { return {h}; });
      wanted.push_back(own);
    }
    in.push_back(own.defined() && own.dtype() != dtype ? astype(own, dtype) : own);
  }
  Tensors all = composed(call, in), outputs, seeds;
  for (std::size_t k = 0; k < all.size(); ++k)
    if (g[k].defined() && all[k].requires_grad()) {
      outputs.push_back(all[k]);
      seeds.push_back(g[k]);
    }
  Tensors found;
  found.resize(wanted.size());
  if (!outputs.empty()) found = grad(outputs, wanted, seeds, {.create_graph = true, .allow_unused = true});
  Tensors gradients;
  std::size_t next = 0;
  for (std::size_t k = 0; k < wants.size(); ++k) gradients.push_back(wants[k] ? found[next++] : Tensor());
  return gradients;
}

kernels::Recurrence arrays_of(const Call& call, DType dtype, const Tensors& in) {
  auto array = [&](Part part) { return in[part].defined() ? in[part].array().cast(dtype) : Array(); };
  return {call.cell,           call.reverse,        array(part_x), array(part_ih), array(part_hh),
          array(part_bias_ih), array(part_bias_hh), array(part_h), array(part_c),  call.lengths};
}

/// The same by the kernel.
Tensors fused_vjp(const Call& call, DType dtype, const Tensors& in, const kernels::RecurrentRun& run, const Tensors& g,
                  const Wants& wants) {
  bool wanted[part_count];
  std::size_t place = 0;
  for (std::size_t part = 0; part < part_count; ++part) wanted[part] = in[part].defined() && wants[place++];
  auto cotangent = [&](std::size_t k) { return k < g.size() && g[k].defined() ? g[k].array() : Array(); };
  kernels::RecurrentGradients all = kernels::recurrent_vjp(
      arrays_of(call, dtype, in), run, {cotangent(0), cotangent(1), cotangent(2)},
      {wanted[part_x], wanted[part_ih], wanted[part_hh], wanted[part_bias_ih], wanted[part_bias_hh]});
  const Array* parts[part_count] = {&all.x, &all.weight_ih, &all.weight_hh, &all.bias_ih, &all.bias_hh, &all.h, &all.c};
  Tensors gradients;
  for (std::size_t part = 0; part < part_count; ++part)
    if (in[part].defined()) gradients.push_back(wanted[part] ? Tensor(*parts[part]) : Tensor());
  return gradients;
}

Tensors recurrent(const char* op, Cell cell, const Operand& x, const RecurrentWeights& weights, const Tensor& h,
                  const Tensor& c, const SequenceOptions& options) {
  Checks checks(op, cell, x, weights);
  checks.shapes(h, c);
  Call call{cell, options.reverse, checks.lengths(options.lengths)};
  CallScope scope(x.site());
  Tensors in{x.tensor(), weights.ih, weights.hh, weights.bias_ih, weights.bias_hh, h, c}, given;
  DType dtype = real(x.dtype());
  for (const Tensor& t : in)
    if (t.defined()) dtype = promote(dtype, t.dtype());
  for (Part part : {part_h, part_c})
    if (!in[part].defined() && (part == part_h || cell == Cell::lstm))
      in[part] = Tensor(Array::zeros({x.shape()[0], weights.hh.shape()[1]}, dtype));
  for (const Tensor& t : in)
    if (t.defined()) given.push_back(t);

  kernels::RecurrentRun run = kernels::run_recurrent(arrays_of(call, dtype, in));
  Arrays values{run.y, run.h};
  if (run.c) values.push_back(run.c);
  run.y = run.h = run.c = Array();
  return record_all(op, values, Operands(given, x.site()),
                    [call, dtype, in, run](const Tensors& g, const Wants& wants) -> Tensors {
                      if (is_recording()) return composed_vjp(call, dtype, in, g, wants);
                      return fused_vjp(call, dtype, in, run, g, wants);
                    });
}

}  // namespace

Recurrent rnn(const Operand& x, const RecurrentWeights& weights, const Tensor& h, const SequenceOptions& options,
              RnnNonlinearity nonlinearity) {
  Cell cell = nonlinearity == RnnNonlinearity::tanh ? Cell::tanh : Cell::relu;
  Tensors all = recurrent("rnn", cell, x, weights, h, {}, options);
  return {all[0], all[1]};
}

RecurrentWithCell lstm(const Operand& x, const RecurrentWeights& weights, const Tensor& h, const Tensor& c,
                       const SequenceOptions& options) {
  Tensors all = recurrent("lstm", Cell::lstm, x, weights, h, c, options);
  return {all[0], all[1], all[2]};
}

Recurrent gru(const Operand& x, const RecurrentWeights& weights, const Tensor& h, const SequenceOptions& options) {
  Tensors all = recurrent("gru", Cell::gru, x, weights, h, {}, options);
  return {all[0], all[1]};
}

}  // namespace xg
