#include "sort.hpp"

#include <algorithm>
#include <vector>

#include "rows.hpp"

namespace xg::kernels {
namespace {

template <class T>
struct Entry {
  T value;
  std::int64_t index;
};

template <class T>
bool is_missing(T value) {
  return value != value;
}

// Equal elements compare by index, so the order is total and any sort is a stable one.
template <bool descending, class T>
bool precedes(const Entry<T>& a, const Entry<T>& b) {
  bool a_missing = is_missing(a.value), b_missing = is_missing(b.value);
  if (a_missing != b_missing) return descending ? a_missing : b_missing;
  if (a.value < b.value) return !descending;
  if (b.value < a.value) return descending;
  return a.index < b.index;
}

template <bool descending, class T>
void rank_row(const T* x, std::int64_t length, std::int64_t count, std::int64_t* to, std::vector<Entry<T>>& room) {
  room.resize(static_cast<std::size_t>(length));
  for (std::int64_t i = 0; i < length; ++i) room[i] = {x[i], i};
  if (count < length) {
    std::nth_element(room.begin(), room.begin() + count, room.end(), precedes<descending, T>);
    std::sort(room.begin(), room.begin() + count, precedes<descending, T>);
  } else {
    std::sort(room.begin(), room.end(), precedes<descending, T>);
  }
  for (std::int64_t i = 0; i < count; ++i) to[i] = room[i].index;
}

}  // namespace

Array ranking(const Array& x, std::int64_t axis, std::int64_t count, bool descending) {
  Rows rows(x, {axis});
  Shape shape = rows.kept;
  shape.push_back(count);
  Array result(shape, DType::i64);
  std::int64_t work = std::max<std::int64_t>(1, (1 << 12) / std::max<std::int64_t>(1, rows.length));
  visit(x.dtype(), [&](auto t) {
    using T = decltype(t);
    const T* from = rows.values.template data<T>();
    std::int64_t* to = result.fill<std::int64_t>();
    parallel_for(rows.count, work, [&](std::int64_t first, std::int64_t last) {
      std::vector<Entry<T>> room;
      for (std::int64_t row = first; row < last; ++row)
        if (descending) rank_row<true>(from + row * rows.length, rows.length, count, to + row * count, room);
        else rank_row<false>(from + row * rows.length, rows.length, count, to + row * count, room);
    });
  });
  return rows.restored(std::move(result));
}

}  // namespace xg::kernels
