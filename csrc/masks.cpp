// Indexing by masks: elements picked by bools and put back, numbers filled in, places of nonzeros.
#include "families.h"
#include "places.h"

namespace tidu {
namespace {

constexpr int64_t part = 1 << 14;  // elements of a mask that are counted, and then read, together

// How many elements each part of a mask picks, as places where the part's begin; then the total.
int64_t count_parts(const uint8_t* mask, int64_t n, int64_t* begins) {
  const int64_t parts = (n + part - 1) / part;
  parallel::split(parts, 16, 1, [&](int64_t begin, int64_t end) {
    for (int64_t p = begin; p < end; p++)
      begins[p] = index_loops.count(mask + p * part, n - p * part < part ? n - p * part : part);
  });
  int64_t total = 0;
  for (int64_t p = 0; p < parts; p++) {
    const int64_t count = begins[p];
    begins[p] = total;
    total += count;
  }
  return total;
}

// Calls body(first, last, place of the first one picked) for parts of a mask.
template <class F>
void run_parts(int64_t n, const int64_t* begins, F&& body) {
  parallel::split((n + part - 1) / part, 2, 1, [&](int64_t begin, int64_t end) {
    for (int64_t p = begin; p < end; p++)
      body(p * part, n - p * part < part ? n : (p + 1) * part, begins[p]);
  });
}

int64_t* begins_for(int64_t n) { return scratch<int64_t>(scratch_shared, n / part + 2); }

// Without a branch: a slot is written for every element, and kept if the mask picks it. What is
// `left` says for how many there is room.
template <class T>
void pick_part(const T* x, const uint8_t* mask, int64_t first, int64_t last, T* out, T* end) {
  for (int64_t i = first; i < last && out < end; i++) {
    *out = x[i];
    out += mask[i] != 0;
  }
}

template <class T>
void pick_elements(const T* x, const uint8_t* mask, int64_t n, const int64_t* begins, T* out,
                   int64_t total) {
  const int64_t parts = (n + part - 1) / part;
  run_parts(n, begins, [&](int64_t first, int64_t last, int64_t at) {
    // Up to the place where the next part begins, which another thread writes.
    const int64_t next = first / part + 1 < parts ? begins[first / part + 1] : total;
    pick_part(x, mask, first, last, out + at, out + next);
  });
}

// The elements, or the rows of `inner` elements, of x in C order that a mask picks.
PyArrayObject* pick(PyArrayObject* x, PyArrayObject* mask, int mask_ndim) {
  const int64_t n = PyArray_SIZE(mask), item = PyArray_ITEMSIZE(x);
  int64_t inner = 1;
  npy_intp shape[NPY_MAXDIMS];
  for (int d = mask_ndim; d < PyArray_NDIM(x); d++) {
    shape[1 + d - mask_ndim] = PyArray_DIM(x, d);
    inner *= PyArray_DIM(x, d);
  }
  const uint8_t* m = data<uint8_t>(mask);
  int64_t* begins = begins_for(n);
  const int64_t total = shape[0] = count_parts(m, n, begins);
  PyArrayObject* out = new_array(1 + PyArray_NDIM(x) - mask_ndim, shape, PyArray_TYPE(x));
  if (!out) return nullptr;
  const char* from = data<char>(x);
  char* to = data<char>(out);
  unlocked(n + PyArray_NBYTES(out) > index_release, [&] {
    if (inner == 1 && item == 4) {
      pick_elements(data<uint32_t>(x), m, n, begins, data<uint32_t>(out), total);
    } else if (inner == 1 && item == 8) {
      pick_elements(data<uint64_t>(x), m, n, begins, data<uint64_t>(out), total);
    } else {
      const int64_t bytes = inner * item;
      run_parts(n, begins, [&](int64_t first, int64_t last, int64_t at) {
        for (int64_t i = first; i < last; i++)
          if (m[i]) std::memcpy(to + at++ * bytes, from + i * bytes, bytes);
      });
    }
  });
  return out;
}

bool fits(PyArrayObject* mask, int ndim, const npy_intp* shape) {
  if (!mask || PyArray_NDIM(mask) > ndim || !PyArray_NDIM(mask) || !is_contiguous(mask)) return false;
  return PyArray_CompareLists(PyArray_DIMS(mask), shape, PyArray_NDIM(mask)) && PyArray_SIZE(mask);
}

}  // namespace

// x[mask] for index(x, (mask,)); see index_rows.cpp.
PyObject* pick_by_mask(PyArrayObject* x, PyArrayObject* mask) {
  if (!is_contiguous(x) || !fits(mask, PyArray_NDIM(x), PyArray_DIMS(x))) return nullptr;
  return reinterpret_cast<PyObject*>(pick(x, mask, PyArray_NDIM(mask)));
}

// Zeros with the elements of `g` where the mask is true: the gradient of that.
PyObject* place_by_mask(PyArrayObject* g, const npy_intp* shape, int ndim, PyArrayObject* mask) {
  if (!fits(mask, ndim, shape)) return nullptr;
  int64_t inner = 1;
  for (int d = PyArray_NDIM(mask); d < ndim; d++) inner *= shape[d];
  const int64_t n = PyArray_SIZE(mask);
  const uint8_t* m = data<uint8_t>(mask);
  int64_t* begins = begins_for(n);
  if (count_parts(m, n, begins) * inner != PyArray_SIZE(g)) return nullptr;
  Held from = in_rows(g), out(new_array(ndim, shape, PyArray_TYPE(g)));
  if (!from || !out) return nullptr;
  const int64_t bytes = inner * PyArray_ITEMSIZE(g);
  const char* source = data<char>(from.get());
  char* to = data<char>(out.get());
  unlocked(n * bytes > index_release, [&] {
    run_parts(n, begins, [&](int64_t first, int64_t last, int64_t at) {
      std::memset(to + first * bytes, 0, (last - first) * bytes);
      for (int64_t i = first; i < last; i++) {
        if (!m[i]) continue;
        if (bytes == 4)
          std::memcpy(to + i * 4, source + at++ * 4, 4);
        else
          std::memcpy(to + i * bytes, source + at++ * bytes, bytes);
      }
    });
  });
  return out.object();
}

namespace {

// masked_pick(x, mask) of one shape; masked_place(g, mask)

PyObject* masked_pick(const Args& args) {
  PyArrayObject *x = args.array(0), *mask = args.array(1, NPY_BOOL);
  if (args.count() != 2 || !x || !mask || PyArray_NDIM(mask) != PyArray_NDIM(x)) return nullptr;
  return pick_by_mask(x, mask);
}

PyObject* masked_place(const Args& args) {
  PyArrayObject *g = args.array(0), *mask = args.array(1, NPY_BOOL);
  if (args.count() != 2 || !g || !mask) return nullptr;
  return place_by_mask(g, PyArray_DIMS(mask), PyArray_NDIM(mask), mask);
}

// masked_fill(x, mask, number), where x already has the result's shape

// One line along the last dimension; the mask's step is 0 or 1.
template <class T>
void fill_line(T* out, const T* x, const uint8_t* mask, bool one, T value, int64_t n) {
  if (!one) {
    if constexpr (sizeof(T) == 4)
      index_loops.fill4(out, x, mask, value, n);
    else
      index_loops.fill8(out, x, mask, value, n);
  } else if (*mask) {
    for (int64_t i = 0; i < n; i++) out[i] = value;
  } else {
    std::memcpy(out, x, n * sizeof(T));
  }
}

template <class T>
void fill_lines(const Walk& walk, int64_t n, bool one, const T* x, const uint8_t* mask, T value, T* out) {
  if (!walk.ndim) {
    parallel::split(n, index_grain / 4, 64, [&](int64_t begin, int64_t end) {
      fill_line(out + begin, x + begin, one ? mask : mask + begin, one, value, end - begin);
    });
    return;
  }
  parallel::split(walk.count(), index_grain / (4 * n) + 1, 1, [&](int64_t begin, int64_t end) {
    int64_t at[1];
    for (int64_t i = begin; i < end; i++) {
      walk.offsets(i, at, 1);
      fill_line(out + i * n, x + i * n, mask + at[0], one, value, n);
    }
  });
}

PyObject* masked_fill(const Args& args) {
  PyArrayObject *x = args.array(0), *mask = args.array(1, NPY_BOOL);
  double number;
  if (args.count() != 3 || !x || !mask || !is_contiguous(x) || !PyArray_SIZE(x) || !PyArray_NDIM(x) ||
      !args.number(2, number) || PyArray_NDIM(mask) > PyArray_NDIM(x))
    return nullptr;
  const int type = PyArray_TYPE(x), ndim = PyArray_NDIM(x), lead = ndim - PyArray_NDIM(mask);
  if (type != NPY_FLOAT32 && type != NPY_FLOAT64) return nullptr;
  // Numbers that float32 does not have: the reference knows what to raise.
  if (type == NPY_FLOAT32 && (number > 3e38 || number < -3e38) && number - number == 0) return nullptr;
  // Dimensions along which both go on without a gap are one.
  Walk walk;
  int64_t sizes[NPY_MAXDIMS], strides[NPY_MAXDIMS];
  int count = 0;
  for (int d = 0; d < ndim; d++) {
    const int64_t size = PyArray_DIM(x, d);
    int64_t stride = 0;
    if (d >= lead && PyArray_DIM(mask, d - lead) != 1) {
      if (PyArray_DIM(mask, d - lead) != size) return nullptr;
      stride = PyArray_STRIDE(mask, d - lead);
    }
    if (size == 1) continue;
    if (count && strides[count - 1] == stride * size) {
      sizes[count - 1] *= size;
      strides[count - 1] = stride;
    } else {
      sizes[count] = size;
      strides[count++] = stride;
    }
  }
  const int64_t n = count ? sizes[count - 1] : 1, step = count ? strides[count - 1] : 0;
  if (step != 0 && step != 1) return nullptr;
  walk.ndim = count ? count - 1 : 0;
  for (int d = 0; d < walk.ndim; d++) walk.sizes[d] = sizes[d], walk.strides[0][d] = strides[d];
  PyArrayObject* out = new_array(ndim, PyArray_DIMS(x), type);
  if (!out) return nullptr;
  const float single = static_cast<float>(number);
  uint32_t value4;
  uint64_t value8;
  std::memcpy(&value4, &single, 4);
  std::memcpy(&value8, &number, 8);
  unlocked(PyArray_NBYTES(out) > index_release, [&] {
    const uint8_t* m = data<uint8_t>(mask);
    if (type == NPY_FLOAT32)
      fill_lines(walk, n, step == 0, data<uint32_t>(x), m, value4, data<uint32_t>(out));
    else
      fill_lines(walk, n, step == 0, data<uint64_t>(x), m, value8, data<uint64_t>(out));
  });
  return reinterpret_cast<PyObject*>(out);
}

// nonzero(x): the positions

template <class T>
void mark_nonzero(const T* x, int64_t n, uint8_t* mask) {
  parallel::split(n, index_grain, 64, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) mask[i] = x[i] != 0;
  });
}

// out[d * total + i]: the position of the i-th along dimension d. As in `pick_part`, a slot is written
// for every element of a row and kept if it is not zero.
void write_positions(const uint8_t* mask, int64_t n, const int64_t* begins, int ndim,
                     const npy_intp* shape, int64_t total, int64_t* out) {
  const int64_t row = shape[ndim - 1], parts = (n + part - 1) / part;
  run_parts(n, begins, [&](int64_t first, int64_t last, int64_t at) {
    const int64_t next = first / part + 1 < parts ? begins[first / part + 1] : total;
    while (first < last) {
      const int64_t number = first / row, begin = first - number * row, before = at;
      const int64_t end = last - number * row < row ? last - number * row : row;
      int64_t* column = out + (ndim - 1) * total;
      for (int64_t i = begin; i < end && at < next; i++) {
        column[at] = i;
        at += mask[number * row + i] != 0;
      }
      for (int64_t d = ndim - 2, rest = number; d >= 0; d--) {
        for (int64_t i = before; i < at; i++) out[d * total + i] = rest % shape[d];
        rest /= shape[d];
      }
      first = number * row + end;
    }
  });
}

PyObject* nonzero(const Args& args) {
  PyArrayObject* x = args.array(0);
  if (args.count() != 1 || !x || !is_contiguous(x) || !PyArray_NDIM(x) || !PyArray_SIZE(x)) return nullptr;
  const int type = PyArray_TYPE(x), ndim = PyArray_NDIM(x);
  const int64_t n = PyArray_SIZE(x);
  const uint8_t* mask = data<uint8_t>(x);
  if (type != NPY_BOOL) {
    uint8_t* marks = scratch<uint8_t>(scratch_second, n);
    if (type == NPY_FLOAT32)
      mark_nonzero(data<float>(x), n, marks);
    else if (type == NPY_FLOAT64)
      mark_nonzero(data<double>(x), n, marks);
    else if (type == NPY_INT64)
      mark_nonzero(data<int64_t>(x), n, marks);
    else
      return nullptr;
    mask = marks;
  }
  int64_t* begins = begins_for(n);
  const npy_intp shape[] = {count_parts(mask, n, begins), ndim};
  const npy_intp strides[] = {8, 8 * shape[0]};  // one column after another, as in the reference
  PyArrayObject* out = new_array(2, shape, NPY_INT64, strides);
  if (!out) return nullptr;
  unlocked(n > index_release, [&] {
    write_positions(mask, n, begins, ndim, PyArray_DIMS(x), shape[0], data<int64_t>(out));
  });
  return reinterpret_cast<PyObject*>(out);
}

}  // namespace

const Entry mask_kernels[] = {
    {"masked_pick", masked_pick},
    {"masked_place", masked_place},
    {"masked_fill", masked_fill},
    {"nonzero", nonzero},
    {nullptr, nullptr},
};

}  // namespace tidu
