#include "recurrent.hpp"

#include "../array/threads.hpp"
#include "matmul.hpp"
#include "recurrent_cells.hpp"
#include "reduce.hpp"
#include "step_product.hpp"

namespace xg::kernels {
namespace {

/// The sizes of a recurrence, and where its sequences end.
struct Loop {
  std::int64_t batch, time, in, size, gates;  // gates · H
  std::int64_t steps;                         // that the longest sequence takes
  const std::int64_t* lengths;                // or null
  bool reverse;

  explicit Loop(const Recurrence& of)
      : batch(of.x.shape()[0]), time(of.x.shape()[1]), in(of.x.shape()[2]), size(of.weight_hh.shape()[1]),
        gates(of.weight_hh.shape()[0]), steps(time), lengths(of.lengths ? of.lengths.data<std::int64_t>() : nullptr),
        reverse(of.reverse) {
    if (!lengths || batch == 0) return;
    steps = *std::max_element(lengths, lengths + batch);
  }

  /// The place in time of a step.
  std::int64_t place(std::int64_t step) const { return reverse ? steps - 1 - step : step; }
  bool is_live(std::int64_t step, std::int64_t sequence) const { return !lengths || place(step) < lengths[sequence]; }

  /// Calls `body(first, last)` with blocks of sequences, which know nothing of each other, in parallel.
  template <class F>
  void each_block(const F& body) const {
    constexpr std::int64_t rows = 16, work = 1 << 19;  // products of a block go on alone; for less, threads cost more
    std::int64_t blocks = (batch + rows - 1) / rows, own = std::max<std::int64_t>(1, steps * rows * gates * size);
    parallel_for(blocks, std::max<std::int64_t>(1, work / own), [&](std::int64_t first, std::int64_t last) {
      for (; first < last; ++first) body(first * rows, std::min(batch, (first + 1) * rows));
    });
  }
};

/// Calls `body(step, from, to)` for the rows of `width` numbers in a batch-first and a step-first array.
template <class F>
void each_row(const Loop& loop, std::int64_t width, const F& body) {
  std::int64_t grain = (1 << 14) / std::max<std::int64_t>(1, loop.batch * width);
  parallel_for(loop.steps, std::max<std::int64_t>(1, grain), [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t step = first; step < last; ++step)
      for (std::int64_t b = 0; b < loop.batch; ++b)
        body((b * loop.time + loop.place(step)) * width, (step * loop.batch + b) * width, loop.is_live(step, b));
  });
}

/// x with steps first; 0 where it is padded, so that nothing there, not even a NaN, goes anywhere.
template <class T>
Array steps_first(const Loop& loop, const Array& x) {
  Array rows = x.contiguous(), result({loop.steps, loop.batch, loop.in}, x.dtype());
  const T* from = rows.data<T>();
  T* to = result.fill<T>();
  each_row(loop, loop.in, [&](std::int64_t outside, std::int64_t inside, bool live) {
    if (live) std::copy_n(from + outside, loop.in, to + inside);
    else std::fill_n(to + inside, loop.in, T(0));
  });
  return result;
}

/// The opposite: 0 where padded.
template <class T>
Array batch_first(const Loop& loop, const T* from, std::int64_t width, DType dtype) {
  Shape shape{loop.batch, loop.time, width};
  Array result = loop.steps < loop.time ? Array::zeros(shape, dtype) : Array(shape, dtype);
  T* to = result.fill<T>();
  each_row(loop, width, [&](std::int64_t outside, std::int64_t inside, bool live) {
    if (live) std::copy_n(from + inside, width, to + outside);
    else std::fill_n(to + outside, width, T(0));
  });
  return result;
}

/// The biases as the cells add them: `both`, and for a GRU the new gate's of the state, which the reset gate scales.
template <class T>
struct Biases {
  Array both, state;

  Biases(const Recurrence& of, const Loop& loop)
      : both(Array::zeros({loop.gates}, of.x.dtype())), state(Array::zeros({loop.size}, of.x.dtype())) {
    std::int64_t apart = of.cell == Cell::gru ? 2 * loop.size : loop.gates;
    T *to = both.fill<T>(), *fresh = state.fill<T>();
    for (const Array* bias : {&of.bias_ih, &of.bias_hh}) {
      if (!*bias) continue;
      Array values = bias->contiguous();
      const T* from = values.data<T>();
      for (std::int64_t j = 0; j < loop.gates; ++j)
        if (j < apart || bias == &of.bias_ih) to[j] += from[j];
        else fresh[j - apart] += from[j];
    }
  }
};

template <class T>
MatrixView<T> matrix(const Array& m) {
  return {m.data<T>(), m.shape()[0], m.shape()[1], m.strides()[0], m.strides()[1]};
}

/// The states of all steps, the first of which is `start`.
template <class T>
Array states(const Loop& loop, const Array& start) {
  Array result({loop.steps + 1, loop.batch, loop.size}, start.dtype());
  Array rows = start.contiguous();
  std::copy_n(rows.data<T>(), loop.batch * loop.size, result.fill<T>());
  return result;
}

/// p + n; null stays null.
template <class T>
T* ahead(T* p, std::int64_t n) {
  return p ? p + n : nullptr;
}

/// One step of an array of steps, as a copy.
Array step_of(const Array& all, std::int64_t step) {
  Shape shape(all.shape().begin() + 1, all.shape().end());
  return all.view(shape, contiguous_strides(shape), step * shape.elements()).copy();
}

template <Cell cell, class T>
RecurrentRun run(const Recurrence& of) {
  Loop loop(of);
  DType dtype = of.x.dtype();
  std::int64_t size = loop.size, gates = loop.gates;
  Biases<T> biases(of, loop);
  RecurrentRun all;
  // One product for all steps.
  all.gates = linear(steps_first<T>(loop, of.x), of.weight_ih, nullptr);
  all.hidden = states<T>(loop, of.h);
  if (cell == Cell::lstm) all.cells = states<T>(loop, of.c);
  if (gate_count(cell) > 1) all.extra = Array({loop.steps, loop.batch, size}, dtype);
  T *to = all.gates.fill<T>(), *hidden = all.hidden.fill<T>(), *cells = nullptr, *extra = nullptr;
  if (all.cells) cells = all.cells.fill<T>();
  if (all.extra) extra = all.extra.fill<T>();

  StepProduct<T> product(matrix<T>(of.weight_hh).transposed(), loop.steps);
  loop.each_block([&](std::int64_t first, std::int64_t last) {
    std::int64_t rows = last - first;
    Array room = cell == Cell::gru ? Array({rows, gates}, dtype) : Array();
    T* apart = room ? room.fill<T>() : nullptr;
    for (std::int64_t step = 0; step < loop.steps; ++step) {
      std::int64_t block = step * loop.batch + first;
      if (cell == Cell::gru) product(hidden + block * size, rows, apart, false);
      else product(hidden + block * size, rows, to + block * gates, true);
      for (std::int64_t b = 0; b < rows; ++b) {
        std::int64_t at = (block + b) * size, next = at + loop.batch * size;
        if (!loop.is_live(step, first + b)) {
          std::copy_n(hidden + at, size, hidden + next);
          if (cells) std::copy_n(cells + at, size, cells + next);
          continue;
        }
        step_cell<cell, T>({to + (block + b) * gates, biases.both.template data<T>(), ahead(apart, b * gates),
                            biases.state.template data<T>(), hidden + at, ahead(cells, at), hidden + next,
                            ahead(cells, next), ahead(extra, at)},
                           size);
      }
    }
  });

  all.y = batch_first<T>(loop, hidden + loop.batch * size, size, dtype);
  all.h = step_of(all.hidden, loop.steps);
  if (all.cells) all.c = step_of(all.cells, loop.steps);
  if (gate_count(cell) == 1) all.gates = Array();
  return all;
}

template <Cell cell, class T>
RecurrentGradients vjp(const Recurrence& of, const RecurrentRun& run, const RecurrentCotangents& g,
                       const RecurrentWants& wants) {
  Loop loop(of);
  DType dtype = of.x.dtype();
  std::int64_t size = loop.size, gates = loop.gates;
  auto start = [&](const Array& last) { return last ? last.copy() : Array::zeros({loop.batch, size}, dtype); };
  RecurrentGradients all;
  all.h = start(g.h);
  if (cell == Cell::lstm) all.c = start(g.c);
  Array dgates({loop.steps, loop.batch, gates}, dtype);
  Array dproduct = cell == Cell::gru ? Array({loop.steps, loop.batch, gates}, dtype) : dgates;
  Array cotangents = g.y ? g.y.contiguous() : Array();
  T *to = dgates.fill<T>(), *apart = dproduct.fill<T>(), *dh = all.h.fill<T>(), *dc = all.c ? all.c.fill<T>() : nullptr;
  const T* dy = cotangents ? cotangents.data<T>() : nullptr;
  const T *hidden = run.hidden.data<T>(), *cells = run.cells ? run.cells.data<T>() : nullptr;
  const T *activated = run.gates ? run.gates.data<T>() : nullptr, *extra = run.extra ? run.extra.data<T>() : nullptr;

  StepProduct<T> product(matrix<T>(of.weight_hh), loop.steps);
  loop.each_block([&](std::int64_t first, std::int64_t last) {
    for (std::int64_t step = loop.steps; step-- > 0;) {
      std::int64_t block = step * loop.batch + first;
      for (std::int64_t b = first; b < last; ++b) {
        std::int64_t row = step * loop.batch + b, at = row * size, wide = row * gates;
        if (!loop.is_live(step, b)) {
          std::fill_n(to + wide, gates, T(0));
          if (cell == Cell::gru) std::fill_n(apart + wide, gates, T(0));
          continue;
        }
        const T* seed = dy ? dy + (b * loop.time + loop.place(step)) * size : nullptr;
        step_cell_back<cell, T>({ahead(activated, wide), hidden + at, ahead(cells, at), hidden + at + loop.batch * size,
                                 ahead(extra, at), seed, dh + b * size, ahead(dc, b * size), to + wide, apart + wide},
                                size);
      }
      product(apart + block * gates, last - first, dh + first * size, true);
    }
  });

  if (wants.x) {
    Array dx = linear(dgates, of.weight_ih, nullptr, true);
    all.x = batch_first<T>(loop, dx.data<T>(), loop.in, dtype);
  }
  if (wants.weight_ih) all.weight_ih = sum_of_outer(dgates, steps_first<T>(loop, of.x));
  if (wants.weight_hh) {
    Shape shape{loop.steps, loop.batch, size};
    all.weight_hh = sum_of_outer(dproduct, run.hidden.view(shape, contiguous_strides(shape)));
  }
  if (wants.bias_ih || (wants.bias_hh && cell != Cell::gru)) all.bias_ih = sum(dgates, {0, 1});
  if (wants.bias_hh) all.bias_hh = cell == Cell::gru ? sum(dproduct, {0, 1}) : all.bias_ih;
  return all;
}

template <class F>
decltype(auto) visit_cell(Cell cell, const F& f) {
  switch (cell) {
    case Cell::tanh: return f(std::integral_constant<Cell, Cell::tanh>());
    case Cell::relu: return f(std::integral_constant<Cell, Cell::relu>());
    case Cell::lstm: return f(std::integral_constant<Cell, Cell::lstm>());
    default: return f(std::integral_constant<Cell, Cell::gru>());
  }
}

}  // namespace

RecurrentRun run_recurrent(const Recurrence& of) {
  return visit_cell(of.cell, [&](auto cell) {
    return visit_real(of.x.dtype(), [&](auto t) { return run<cell(), decltype(t)>(of); });
  });
}

RecurrentGradients recurrent_vjp(const Recurrence& of, const RecurrentRun& run, const RecurrentCotangents& g,
                                 const RecurrentWants& wants) {
  return visit_cell(of.cell, [&](auto cell) {
    return visit_real(of.x.dtype(), [&](auto t) { return vjp<cell(), decltype(t)>(of, run, g, wants); });
  });
}

}  // namespace xg::kernels
