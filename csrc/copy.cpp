#include "copy.h"

#include <cstring>

#include "dispatch.h"
#include "parallel.h"

namespace tidu {
namespace {

constexpr int64_t thread_bytes = 64 << 10;  // read and written, that are worth a second thread
constexpr int64_t block = 1024;             // elements that are converted at a time

struct Axis {
  int64_t n, target, source;  // length and strides
};

struct Copy {
  int ndim = 0;
  Axis axes[max_copy_dims];  // the target's order in memory: the last one is the innermost
  char* target;
  const char* source;
  int itemsize, source_itemsize;
  void (*convert)(const void*, void*, size_t) = nullptr;
  bool transposes = false;  // the last axis but one is the source's innermost
  bool in_rows = false;     // the last axis has no gaps on either side, and there are others
};

// Orders the axes by the target's strides and makes one of those that lie behind one another.
bool arrange(Copy& c, int ndim, const intptr_t* shape, CopySide target, CopySide source) {
  c.target = target.data, c.source = source.data;
  Axis sorted[max_copy_dims];
  int count = 0;
  for (int d = 0; d < ndim; d++) {
    Axis axis{shape[d], target.strides[d], source.strides[d]};
    if (axis.n == 0) return false;
    if (axis.n == 1) continue;
    if (axis.target < 0) {  // from the other end
      c.target += (axis.n - 1) * axis.target, c.source += (axis.n - 1) * axis.source;
      axis.target = -axis.target, axis.source = -axis.source;
    }
    int at = count++;
    for (; at > 0 && sorted[at - 1].target < axis.target; at--) sorted[at] = sorted[at - 1];
    sorted[at] = axis;
  }
  for (int i = 0; i < count; i++) {
    const Axis& axis = sorted[i];
    Axis* last = c.ndim ? &c.axes[c.ndim - 1] : nullptr;
    if (last && last->target == axis.n * axis.target && last->source == axis.n * axis.source) {
      last->n *= axis.n, last->target = axis.target, last->source = axis.source;
    } else {
      c.axes[c.ndim++] = axis;
    }
  }
  if (c.ndim == 0) c.axes[c.ndim++] = {1, c.itemsize, c.source_itemsize};
  return true;
}

// Brings the axis along which the source has no gaps to the last place but one, if there is one.
void find_transposition(Copy& c) {
  const Axis inner = c.axes[c.ndim - 1];
  if ((c.itemsize != 4 && c.itemsize != 8) || inner.target != c.itemsize ||
      inner.source == c.itemsize || inner.source == 0 || inner.n < 4)
    return;
  for (int a = c.ndim - 2; a >= 0; a--) {
    const Axis axis = c.axes[a];
    if (axis.source != c.itemsize || axis.n < 4) continue;
    for (int d = a; d < c.ndim - 2; d++) c.axes[d] = c.axes[d + 1];
    c.axes[c.ndim - 2] = axis;
    c.transposes = true;
    return;
  }
}

// Makes the longer one of the last two axes the inner loop if the last one is short.
void avoid_short_runs(Copy& c) {
  if (c.ndim < 2 || c.transposes || c.in_rows) return;
  Axis &inner = c.axes[c.ndim - 1], &next = c.axes[c.ndim - 2];
  if (inner.n >= 8 || next.n <= inner.n) return;
  const Axis axis = inner;
  inner = next, next = axis;
}

template <class T>
void move_strided(char* target, int64_t target_stride, const char* source, int64_t source_stride, int64_t n) {
  if (target_stride == sizeof(T)) {  // the usual cases, for the compiler to make vectors of
    if (source_stride == -int64_t(sizeof(T))) {
      T* out = reinterpret_cast<T*>(target);
      const T* x = reinterpret_cast<const T*>(source);
      for (int64_t i = 0; i < n; i++) out[i] = x[-i];
      return;
    }
    if (source_stride == 0) {
      T value;
      std::memcpy(&value, source, sizeof value);
      T* out = reinterpret_cast<T*>(target);
      for (int64_t i = 0; i < n; i++) out[i] = value;
      return;
    }
    if (source_stride == 2 * int64_t(sizeof(T))) {
      T* out = reinterpret_cast<T*>(target);
      const T* x = reinterpret_cast<const T*>(source);
      for (int64_t i = 0; i < n; i++) out[i] = x[2 * i];
      return;
    }
  }
  for (int64_t i = 0; i < n; i++) std::memcpy(target + i * target_stride, source + i * source_stride, sizeof(T));
}

struct Sixteen {
  uint64_t half[2];
};

void move_run(char* target, int64_t target_stride, const char* source, int64_t source_stride,
              int itemsize, int64_t n) {
  if (target_stride == itemsize && source_stride == itemsize) {
    std::memcpy(target, source, n * itemsize);
    return;
  }
  switch (itemsize) {
    case 1: move_strided<uint8_t>(target, target_stride, source, source_stride, n); break;
    case 2: move_strided<uint16_t>(target, target_stride, source, source_stride, n); break;
    case 4: move_strided<uint32_t>(target, target_stride, source, source_stride, n); break;
    case 8: move_strided<uint64_t>(target, target_stride, source, source_stride, n); break;
    default: move_strided<Sixteen>(target, target_stride, source, source_stride, n);
  }
}

// Rows without gaps. Most are short, and a call of memcpy for each would take longer than the copy.
void copy_rows(char* target, int64_t target_stride, const char* source, int64_t source_stride,
               int64_t rows, int64_t bytes) {
  for (int64_t row = 0; row < rows; row++, target += target_stride, source += source_stride) {
    if (bytes > 1024) {
      std::memcpy(target, source, bytes);
      continue;
    }
    int64_t i = 0;
    for (; i + 32 <= bytes; i += 32) std::memcpy(target + i, source + i, 32);
    if (bytes & 16) std::memcpy(target + i, source + i, 16), i += 16;
    if (bytes & 8) std::memcpy(target + i, source + i, 8), i += 8;
    if (bytes & 4) std::memcpy(target + i, source + i, 4), i += 4;
    for (; i < bytes; i++) target[i] = source[i];
  }
}

void convert_run(const Copy& c, char* target, int64_t target_stride, const char* source,
                 int64_t source_stride, int64_t n) {
  if (target_stride == c.itemsize && source_stride == c.source_itemsize) {
    c.convert(source, target, n);
    return;
  }
  alignas(64) char gathered[block * 8], converted[block * 8];
  for (int64_t done = 0; done < n; done += block) {
    const int64_t count = n - done < block ? n - done : block;
    move_run(gathered, c.source_itemsize, source + done * source_stride, source_stride, c.source_itemsize, count);
    char* place = target + done * target_stride;
    if (target_stride == c.itemsize) {
      c.convert(gathered, place, count);
    } else {
      c.convert(gathered, converted, count);
      move_run(place, target_stride, converted, c.itemsize, c.itemsize, count);
    }
  }
}

// The whole of a copy, or of a thread's part of it.
void run(const Copy& c) {
  const Axis inner = c.axes[c.ndim - 1];
  const int outer = c.ndim - (c.transposes || c.in_rows ? 2 : 1);
  int64_t at[max_copy_dims] = {};
  char* target = c.target;
  const char* source = c.source;
  for (;;) {
    if (c.transposes) {
      const Axis& rows = c.axes[outer];
      auto transpose = c.itemsize == 4 ? copy_kernels.transpose4 : copy_kernels.transpose8;
      transpose(target, rows.target, source, inner.source, rows.n, inner.n);
    } else if (c.in_rows) {
      const Axis& rows = c.axes[outer];
      copy_rows(target, rows.target, source, rows.source, rows.n, inner.n * c.itemsize);
    } else if (c.convert) {
      convert_run(c, target, inner.target, source, inner.source, inner.n);
    } else {
      move_run(target, inner.target, source, inner.source, c.itemsize, inner.n);
    }
    int d = outer - 1;
    for (; d >= 0; d--) {
      target += c.axes[d].target, source += c.axes[d].source;
      if (++at[d] < c.axes[d].n) break;
      target -= at[d] * c.axes[d].target, source -= at[d] * c.axes[d].source;
      at[d] = 0;
    }
    if (d < 0) return;
  }
}

void run_threaded(const Copy& c) {
  int64_t size = 1;
  for (int d = 0; d < c.ndim; d++) size *= c.axes[d].n;
  const int64_t bytes = size * (c.itemsize + c.source_itemsize);
  int64_t parts = bytes / thread_bytes;
  if (parts > parallel::threads()) parts = parallel::threads();
  if (parts <= 1) {
    run(c);
    return;
  }
  int axis = 0;  // the outermost one that is long enough
  while (axis < c.ndim - 1 && c.axes[axis].n < 4 * parts) axis++;
  for (int d = 0; d < c.ndim; d++)
    if (c.axes[axis].n < 4 * parts && c.axes[d].n > c.axes[axis].n) axis = d;
  // Whole cache lines for each thread.
  const int64_t n = c.axes[axis].n, unit = n >= 64 * parts ? 64 : 1;
  parallel::split(n, n / parts, unit, [&](int64_t begin, int64_t end) {
    Copy part = c;
    part.axes[axis].n = end - begin;
    part.target += begin * c.axes[axis].target, part.source += begin * c.axes[axis].source;
    if (end > begin) run(part);
  });
}

const int sizes[n_element_types] = {1, 1, 1, 2, 4, 8, 4, 8};

}  // namespace

void copy_elements(int ndim, const intptr_t* shape, CopySide target, CopySide source, int itemsize) {
  Copy c;
  c.itemsize = c.source_itemsize = itemsize;
  if (!arrange(c, ndim, shape, target, source)) return;
  const Axis& inner = c.axes[c.ndim - 1];
  c.in_rows = c.ndim > 1 && inner.target == itemsize && inner.source == itemsize;
  find_transposition(c);
  avoid_short_runs(c);
  run_threaded(c);
}

void convert_elements(int ndim, const intptr_t* shape, CopySide target, ElementType target_type,
                      CopySide source, ElementType source_type) {
  Copy c;
  c.itemsize = sizes[target_type], c.source_itemsize = sizes[source_type];
  c.convert = copy_kernels.convert[source_type][target_type];
  if (!arrange(c, ndim, shape, target, source)) return;
  avoid_short_runs(c);
  run_threaded(c);
}

}  // namespace tidu
