// One step of one sequence of each recurrent cell, and its derivative, in one pass over the hidden units.
#pragma once

#include "lane_exp.hpp"
#include "lane_rows.hpp"
#include "recurrent.hpp"

namespace xg::kernels {

template <class T>
struct CellStep {
  T* gates;             // in: x weight_ihᵀ, for all but a GRU with h weight_hhᵀ added; out: activated
  const T* bias;        // both biases; for the new gate of a GRU only the input's
  const T* product;     // of a GRU: h weight_hhᵀ
  const T* state_bias;  // of a GRU: the new gate's
  const T *h, *c;       // before the step
  T *h_next, *c_next, *extra;
};

template <class T>
struct CellBack {
  const T *gates, *h, *c, *h_next, *extra;
  const T* g;            // the output's cotangent, or null
  T *dh, *dc;            // in: cotangents after the step; out: before it, but for what goes through the product
  T *dgates, *dproduct;  // dproduct for a GRU
};

template <Cell cell, class T>
void step_cell(const CellStep<T>& s, std::int64_t size) {
  using L = Lane<T>;
  for_row<T>(size, [&](std::int64_t i, std::int64_t n) {
    auto at = [&](const T* from, std::int64_t gate = 0) { return load(from + gate * size + i, n, T(0)); };
    auto keep = [&](L lane, T* to, std::int64_t gate = 0) { store(lane, to + gate * size + i, n); };
    auto sum = [&](std::int64_t gate) { return at(s.gates, gate) + at(s.bias, gate); };
    if constexpr (cell == Cell::tanh) {
      keep(tanh(sum(0)), s.h_next);
    } else if constexpr (cell == Cell::relu) {
      keep(maximum(sum(0), 0), s.h_next);
    } else if constexpr (cell == Cell::lstm) {
      L in = sigmoid(sum(0)), forget = sigmoid(sum(1)), fresh = tanh(sum(2)), out = sigmoid(sum(3));
      L c = forget * at(s.c) + in * fresh, squashed = tanh(c);
      keep(in, s.gates, 0), keep(forget, s.gates, 1), keep(fresh, s.gates, 2), keep(out, s.gates, 3);
      keep(c, s.c_next), keep(squashed, s.extra), keep(out * squashed, s.h_next);
    } else {
      L reset = sigmoid(sum(0) + at(s.product, 0)), update = sigmoid(sum(1) + at(s.product, 1));
      L scaled = at(s.product, 2) + at(s.state_bias), fresh = tanh(sum(2) + reset * scaled);
      keep(reset, s.gates, 0), keep(update, s.gates, 1), keep(fresh, s.gates, 2), keep(scaled, s.extra);
      keep((1 - update) * fresh + update * at(s.h), s.h_next);
    }
  });
}

template <Cell cell, class T>
void step_cell_back(const CellBack<T>& s, std::int64_t size) {
  using L = Lane<T>;
  for_row<T>(size, [&](std::int64_t i, std::int64_t n) {
    auto at = [&](const T* from, std::int64_t gate = 0) { return load(from + gate * size + i, n, T(0)); };
    auto keep = [&](L lane, T* to, std::int64_t gate = 0) { store(lane, to + gate * size + i, n); };
    L dh = at(s.dh);
    if (s.g) dh = dh + at(s.g);
    if constexpr (cell == Cell::tanh) {
      L y = at(s.h_next);
      keep(dh * (1 - y * y), s.dgates), keep(0, s.dh);
    } else if constexpr (cell == Cell::relu) {
      keep(where(at(s.h_next) > 0, dh, 0), s.dgates), keep(0, s.dh);
    } else if constexpr (cell == Cell::lstm) {
      L in = at(s.gates, 0), forget = at(s.gates, 1), fresh = at(s.gates, 2), out = at(s.gates, 3);
      L squashed = at(s.extra), dc = at(s.dc) + dh * out * (1 - squashed * squashed);
      keep(dc * fresh * in * (1 - in), s.dgates, 0);
      keep(dc * at(s.c) * forget * (1 - forget), s.dgates, 1);
      keep(dc * in * (1 - fresh * fresh), s.dgates, 2);
      keep(dh * squashed * out * (1 - out), s.dgates, 3);
      keep(dc * forget, s.dc), keep(0, s.dh);
    } else {
      L reset = at(s.gates, 0), update = at(s.gates, 1), fresh = at(s.gates, 2);
      L dfresh = dh * (1 - update) * (1 - fresh * fresh);
      L dreset = dfresh * at(s.extra) * reset * (1 - reset);
      L dupdate = dh * (at(s.h) - fresh) * update * (1 - update);
      for (T* to : {s.dgates, s.dproduct}) keep(dreset, to, 0), keep(dupdate, to, 1);
      keep(dfresh, s.dgates, 2), keep(dfresh * reset, s.dproduct, 2);
      keep(dh * update, s.dh);
    }
  });
}

}  // namespace xg::kernels
