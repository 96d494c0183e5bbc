#include "elementwise.hpp"

#include <algorithm>
#include <cstring>

#include "../array/loops.hpp"
#include "../array/threads.hpp"

namespace xg::kernels {
namespace {

constexpr std::int64_t block_size = 256;
constexpr std::int64_t grain = 1 << 14;
constexpr std::int64_t long_row = 64;
constexpr std::size_t most_operands = 20;

// Room for one block of an operand that is not contiguous.
struct alignas(64) Room {
  std::byte bytes[block_size * 8];
};

template <class T>
void gather_row(const T* from, std::int64_t stride, T* to, std::int64_t count) {
  if (stride == 0) std::fill_n(to, count, *from);
  else if (stride == 1) std::copy_n(from, count, to);
  else
    for (std::int64_t i = 0; i < count; ++i) to[i] = from[i * stride];
}

void gather(const std::byte* from, std::int64_t stride, std::byte* to, std::int64_t count, std::size_t element) {
  switch (element) {
    case 1:
      return gather_row(reinterpret_cast<const std::uint8_t*>(from), stride, reinterpret_cast<std::uint8_t*>(to),
                        count);
    case 4:
      return gather_row(reinterpret_cast<const std::uint32_t*>(from), stride, reinterpret_cast<std::uint32_t*>(to),
                        count);
    default:
      return gather_row(reinterpret_cast<const std::uint64_t*>(from), stride, reinterpret_cast<std::uint64_t*>(to),
                        count);
  }
}

enum class Access : std::uint8_t { direct, splat, strided };

struct Call {
  Block block;
  const void* context;
  std::size_t operands;
  std::byte* base[most_operands];
  std::int64_t element[most_operands];
  Access access[most_operands];

  /// Neighbours [first, last) where every operand is direct or a splat.
  void flat(std::int64_t first, std::int64_t last) const {
    Room rooms[most_operands];
    std::byte* pointers[most_operands];
    std::int64_t step = last - first;
    for (std::size_t k = 0; k < operands; ++k)
      if (access[k] == Access::splat) step = std::min(step, block_size);
    for (std::size_t k = 0; k < operands; ++k) {
      if (access[k] == Access::splat) {
        gather(base[k], 0, rooms[k].bytes, step, static_cast<std::size_t>(element[k]));
        pointers[k] = rooms[k].bytes;
      } else {
        pointers[k] = base[k] + first * element[k];
      }
    }
    for (std::int64_t at = first; at < last; at += step) {
      block(context, pointers, std::min(step, last - at));
      for (std::size_t k = 0; k < operands; ++k)
        if (access[k] == Access::direct) pointers[k] += step * element[k];
    }
  }

  /// Whole rows [first, last) of a nest whose rows are long.
  void rows(const LoopNest& nest, std::int64_t first, std::int64_t last) const {
    Room rooms[most_operands];
    std::byte* pointers[most_operands];
    std::int64_t inner = nest.inner();
    for_each_outer(nest, 1, first, last, [&](const std::int64_t* offsets) {
      for (std::int64_t at = 0; at < inner; at += block_size) {
        std::int64_t count = std::min(block_size, inner - at);
        for (std::size_t k = 0; k < operands; ++k) {
          std::int64_t stride = nest.inner_stride(k);
          std::byte* from = base[k] + (offsets[k] + at * stride) * element[k];
          if (stride == 1) {
            pointers[k] = from;
            continue;
          }
          pointers[k] = rooms[k].bytes;
          if (stride != 0 || at == 0) gather(from, stride, pointers[k], count, static_cast<std::size_t>(element[k]));
        }
        block(context, pointers, count);
      }
    });
  }

  /// Neighbours [first, last) of the outputs, where rows are short: several rows are gathered into one block.
  void gathered(const LoopNest& nest, std::int64_t first, std::int64_t last) const {
    Room rooms[most_operands];
    std::byte* pointers[most_operands];
    std::int64_t inner = nest.inner();
    std::int64_t rows_a_block = block_size / inner;
    for (std::int64_t row = first / inner; row * inner < last; row += rows_a_block) {
      std::int64_t stop = std::min(row + rows_a_block, last / inner);
      std::int64_t done = 0;
      for_each_outer(nest, 1, row, stop, [&](const std::int64_t* offsets) {
        for (std::size_t k = 0; k < operands; ++k)
          if (access[k] == Access::strided)
            gather(base[k] + offsets[k] * element[k], nest.inner_stride(k), rooms[k].bytes + done * element[k], inner,
                   static_cast<std::size_t>(element[k]));
        done += inner;
      });
      for (std::size_t k = 0; k < operands; ++k)
        pointers[k] = access[k] == Access::strided ? rooms[k].bytes : base[k] + row * inner * element[k];
      block(context, pointers, done);
    }
  }
};

}  // namespace

void elementwise(Block block, const void* context, const ArrayRefs& outputs, const ArrayRefs& inputs) {
  const Shape& shape = outputs[0]->shape();
  std::int64_t count = outputs[0]->size();
  if (count == 0) return;
  auto operand = [&](std::size_t k) -> const Array& {
    return k < outputs.size() ? *outputs[k] : *inputs[k - outputs.size()];
  };
  if (count < 2 * grain) {  // most calls of small models: everything lies side by side, nothing needs room or a plan
    std::byte* pointers[most_operands];
    std::size_t operands = outputs.size() + inputs.size(), k = 0;
    for (; k < operands && operand(k).is_contiguous() && operand(k).size() == count; ++k)
      pointers[k] = const_cast<std::byte*>(operand(k).bytes());
    if (k == operands) return block(context, pointers, count);
  }
  Call call;
  call.block = block;
  call.context = context;
  call.operands = outputs.size() + inputs.size();
  bool is_flat = true;
  for (std::size_t k = 0; k < call.operands; ++k) {
    const Array& array = operand(k);
    call.base[k] = const_cast<std::byte*>(array.bytes());
    call.element[k] = static_cast<std::int64_t>(size_of(array.dtype()));
    if (array.is_contiguous() && array.size() == count) call.access[k] = Access::direct;
    else call.access[k] = array.size() == 1 ? Access::splat : Access::strided;
    is_flat = is_flat && call.access[k] != Access::strided;
  }
  if (is_flat) {
    parallel_for(count, grain, [&](std::int64_t first, std::int64_t last) { call.flat(first, last); });
    return;
  }
  SmallVector<Strides, 4> strides;
  for (std::size_t k = 0; k < call.operands; ++k) {
    const Array& array = operand(k);
    if (call.access[k] == Access::splat) call.access[k] = Access::strided;
    strides.push_back(array.broadcast_to(shape).strides());
  }
  LoopNest nest(shape, strides);
  std::int64_t inner = nest.inner();
  if (inner >= long_row) {
    parallel_for(count / inner, std::max<std::int64_t>(1, grain / inner),
                 [&](std::int64_t first, std::int64_t last) { call.rows(nest, first, last); });
  } else {
    std::int64_t rows = std::max<std::int64_t>(1, grain / inner);
    parallel_for(count / inner, rows,
                 [&](std::int64_t first, std::int64_t last) { call.gathered(nest, first * inner, last * inner); });
  }
}

void elementwise(Block block, const void* context, Array* outputs, std::size_t output_count, const Array* inputs,
                 std::size_t input_count) {
  ArrayRefs to, from;
  for (std::size_t k = 0; k < output_count; ++k) to.push_back(outputs + k);
  for (std::size_t k = 0; k < input_count; ++k) from.push_back(inputs + k);
  elementwise(block, context, to, from);
}

namespace {

template <class T>
void add_block(const void*, std::byte* const* pointers, std::int64_t count) {
  T* to = reinterpret_cast<T*>(pointers[0]);
  const T* a = reinterpret_cast<const T*>(pointers[1]);
  const T* b = reinterpret_cast<const T*>(pointers[2]);
  for (std::int64_t i = 0; i < count; ++i) {
    if constexpr (std::is_same_v<T, bool>) to[i] = a[i] || b[i];
    else if constexpr (std::is_same_v<T, std::int64_t>)
      to[i] = static_cast<T>(static_cast<std::uint64_t>(a[i]) + static_cast<std::uint64_t>(b[i]));
    else to[i] = a[i] + b[i];
  }
}

Block add_block(DType dtype) {
  return visit(dtype, [](auto t) -> Block { return add_block<decltype(t)>; });
}

}  // namespace

Array add(const Array& a, const Array& b, const Shape& shape) {
  Array result(shape, a.dtype());
  elementwise(add_block(a.dtype()), nullptr, {&result}, {&a, &b});
  return result;
}

void add_into(Array& target, const Array& x) {
  elementwise(add_block(target.dtype()), nullptr, {&target}, {&target, &x});
}

}  // namespace xg::kernels
