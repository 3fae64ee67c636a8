// Places in a sorted sequence, and how often numbers occur or fall into bins (tidu/ops/masking.py,
// tidu/ops/sorting.py).
#include <algorithm>

#include "families.h"
#include "places.h"

namespace tidu {
namespace {

// Binary search without a branch, for several values side by side: all take the same number of steps.
// NaN counts as the largest.
template <bool right, class T>
void place_values(const T* edges, int64_t n, const T* values, int64_t count, int64_t* out) {
  constexpr int64_t at_once = 8;
  auto behind = [](T edge, T value) { return right ? !(value < edge) : edge < value; };
  int64_t numbers = n;  // edges that are not NaN
  while (numbers && edges[numbers - 1] != edges[numbers - 1]) numbers--;
  for (int64_t i = 0; i < count; i += at_once) {
    const int64_t m = std::min(at_once, count - i);
    int64_t at[at_once] = {};
    T value[at_once];
    for (int64_t j = 0; j < at_once; j++) value[j] = values[i + std::min(j, m - 1)];
    int64_t left = numbers;  // the place is between `at` and at + left
    while (left > 1) {
      const int64_t half = left / 2;
      for (int64_t j = 0; j < at_once; j++) at[j] += half & -int64_t(behind(edges[at[j] + half - 1], value[j]));
      left -= half;
    }
    for (int64_t j = 0; j < m; j++) {
      out[i + j] = at[j] + (numbers && behind(edges[at[j]], value[j]));
      if (value[j] != value[j]) out[i + j] = right ? n : numbers;
    }
  }
}

// sorted_places(edges, values, right): along the last dimension, of which `edges` has one row for all or
// one for each row of values
PyObject* sorted_places(const Args& args) {
  PyArrayObject *edges = args.array(0), *values = args.array(1);
  bool right;
  if (!edges || !values || !args.flag(2, right) || PyArray_TYPE(edges) != PyArray_TYPE(values) ||
      !PyArray_NDIM(edges) || !PyArray_SIZE(values))
    return nullptr;
  const int64_t n = PyArray_DIM(edges, PyArray_NDIM(edges) - 1), size = PyArray_SIZE(values);
  const bool shared = PyArray_NDIM(edges) == 1;
  const int64_t row = shared ? size : PyArray_DIM(values, PyArray_NDIM(values) - 1);
  if (!shared && PyArray_SIZE(edges) != size / row * n) return nullptr;
  return by_number_type(edges, [&](auto zero) -> PyObject* {
    using T = decltype(zero);
    Held sorted = in_rows(edges), from = in_rows(values);
    Held out(new_array(PyArray_NDIM(values), PyArray_DIMS(values), NPY_INT64));
    if (!sorted || !from || !out) return nullptr;
    const auto place = right ? place_values<true, T> : place_values<false, T>;
    const T *edge = data<T>(sorted.get()), *value = data<T>(from.get());
    int64_t* to = data<int64_t>(out.get());
    unlocked(size * 8 > index_release, [&] {
      parallel::split(size, index_grain / 16, 1, [&](int64_t begin, int64_t end) {
        while (begin < end) {  // a row, or the part of one
          const int64_t i = begin / row, stop = std::min(end, (i + 1) * row);
          place(edge + (shared ? 0 : i * n), n, value + begin, stop - begin, to + begin);
          begin = stop;
        }
      });
    });
    return out.object();
  });
}

// occurrences(x, least): how often 0, 1, 2, ... occur in a row of integers that are not negative; at
// least so many counts
PyObject* occurrences(const Args& args) {
  PyArrayObject* x = args.array(0, NPY_INT64);
  int64_t least;
  if (!x || PyArray_NDIM(x) != 1 || !PyArray_SIZE(x) || !args.integer(1, least) || least < 0) return nullptr;
  Held from = in_rows(x);
  if (!from) return nullptr;
  const int64_t *numbers = data<int64_t>(from.get()), n = PyArray_SIZE(x);
  uint64_t bits = 0;  // bounds all of them, and has the sign of any
  for (int64_t i = 0; i < n; i++) bits |= uint64_t(numbers[i]);
  constexpr uint64_t most = 1 << 16;
  if (bits >= most) return nullptr;
  int64_t range = 1;
  while (uint64_t(range) <= bits) range *= 2;
  int64_t *counts = scratch<int64_t>(scratch_own, 2 * range), *others = counts + range;
  std::fill(counts, counts + 2 * range, 0);
  for (int64_t i = 0; i + 1 < n; i += 2) {  // neighbours are counted apart: they may be equal
    counts[numbers[i]]++;
    others[numbers[i + 1]]++;
  }
  if (n % 2) counts[numbers[n - 1]]++;
  while (!counts[range - 1] && !others[range - 1]) range--;
  const npy_intp length = std::max(range, least);
  Held out(new_array(1, &length, NPY_INT64));
  if (!out) return nullptr;
  int64_t* to = data<int64_t>(out.get());
  for (int64_t i = 0; i < length; i++) to[i] = i < range ? counts[i] + others[i] : 0;
  return out.object();
}

// bin_counts(x, bins, low, high, width): how many numbers from low to high, which is low + width, are in
// each of so many equal parts
PyObject* bin_counts(const Args& args) {
  PyArrayObject* x = args.array(0);
  int64_t bins;
  double low, high, width;
  if (!x || !args.integer(1, bins) || bins < 1 || !args.number(2, low) || !args.number(3, high) ||
      !args.number(4, width))
    return nullptr;
  return by_type(x, [&](auto zero) -> PyObject* {
    using T = decltype(zero);
    const npy_intp length = bins;
    Held from = in_rows(x), out(new_zeros(1, &length, NPY_INT64));
    if (!from || !out) return nullptr;
    const T *numbers = data<T>(from.get()), first = T(low), last = T(high), part = T(width), count = T(bins);
    int64_t* counts = data<int64_t>(out.get());
    const int64_t n = PyArray_SIZE(x);
    unlocked(n * 4 > index_release, [&] {
      for (int64_t i = 0; i < n; i++) {
        if (!(numbers[i] >= first && numbers[i] <= last)) continue;
        const int64_t bin = int64_t((numbers[i] - first) / part * count);
        counts[bin < bins ? bin : bins - 1]++;
      }
    });
    return out.object();
  });
}

}  // namespace

const Entry counting_kernels[] = {
    {"sorted_places", sorted_places},
    {"occurrences", occurrences},
    {"bin_counts", bin_counts},
    {nullptr, nullptr},
};

}  // namespace tidu
