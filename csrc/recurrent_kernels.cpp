// A tile is a few sequences by one or four vectors of hidden units, with all gates of these units, so
// that the gates' arithmetic follows on the sums while they are in registers.
#include "recurrent.h"
#include "vmath.h"

namespace tidu::TIDU_ISA {
namespace {

constexpr int vectors = 4;
constexpr int tile_rows = TIDU_VECTOR_BYTES == 64 ? 6 : 3;  // with 32 registers, or 16

// sum[i][v] += the sum over p of a[i][p] b[p][v], where `width` vectors of B are used for each p: the
// first ones, and the last of them for sum[i][last].
template <class T, int rows, int width, int last>
TIDU_INLINE void accumulate(Vec<T> (&sum)[rows][vectors], const T* const (&a)[rows], int64_t k, const T* b) {
  for (int64_t p = 0; p < k; p++) {
    Vec<T> x[rows];
#pragma GCC unroll 8
    for (int i = 0; i < rows; i++) x[i] = splat(a[i][p]);
#pragma GCC unroll 4
    for (int v = 0; v < width; v++) {
      const Vec<T> y = load(b + (p * width + v) * lanes<T>);
#pragma GCC unroll 8
      for (int i = 0; i < rows; i++) sum[i][v == width - 1 ? last : v] += x[i] * y;
    }
  }
}

template <class T>
TIDU_INLINE Vec<T> load_part(const T* p, int64_t count) {
  if (count >= lanes<T>) return load(p);
  T values[lanes<T>] = {};
  for (int64_t i = 0; i < count; i++) values[i] = p[i];
  return load(values);
}

template <class T>
TIDU_INLINE void store_part(T* p, Vec<T> v, int64_t count) {
  if (count >= lanes<T>) return store(p, v);
  T values[lanes<T>];
  store(values, v);
  for (int64_t i = 0; i < count; i++) p[i] = values[i];
}

// exp for |x| <= 87, where one power of two is enough.
TIDU_INLINE Vec<float> exponential(Vec<float> x) {
  Vec<int32_t> n;
  const Vec<float> r = Math<float>::reduce(x, n);
  return (Math<float>::expm1_reduced(r) + 1.f) * Math<float>::power_of_two(n);
}

TIDU_INLINE Vec<float> hyperbolic_tangent(Vec<float> x) {
  const Vec<float> a = Math<float>::abs(x), z = x * x;
  const Vec<float> small = polynomial(z, -5.70498872745e-3, 2.06390887954e-2, -5.37397155531e-2,
                                      1.33314422036e-1, -3.33332819422e-1) * z * x + x;
  const Vec<float> e = exponential((a > 15.f ? splat(15.f) : a) * 2.f);  // NaN passes
  return a < 0.625f ? small : Math<float>::copysign(1.f - 2.f / (e + 1.f), x);
}
TIDU_INLINE Vec<double> hyperbolic_tangent(Vec<double> x) {
  for (int i = 0; i < lanes<double>; i++) x[i] = __builtin_tanh(x[i]);
  return x;
}
TIDU_INLINE Vec<float> logistic(Vec<float> x) {
  x = x > 87.f ? splat(87.f) : x;
  x = x < -87.f ? splat(-87.f) : x;
  return 1.f / (1.f + exponential(-x));
}
TIDU_INLINE Vec<double> logistic(Vec<double> x) { return 1. / (1. + Math<double>::exp(-x)); }

// How the weights of a cell are laid out in panels of `units` hidden units: for each input `of_x`
// vectors, for each hidden unit of the step before `of_h`, after four vectors of biases.
struct Layout {
  int units, of_x, of_h;
};
template <class T>
Layout layout(RecurrentCell cell) {
  if (cell == cell_lstm) return {lanes<T>, 4, 4};
  if (cell == cell_gru) return {lanes<T>, 3, 3};
  return {vectors * lanes<T>, 4, 4};
}

template <class T>
int64_t panel_size(const Layout& l, int64_t inputs, int64_t units) {
  return (vectors + l.of_x * inputs + l.of_h * units) * lanes<T>;
}

int64_t panels(int64_t units, int64_t width) { return (units + width - 1) / width; }

template <class T>
int64_t packed_size(RecurrentCell cell, int64_t inputs, int64_t units) {
  const Layout l = layout<T>(cell);
  return panels(units, l.units) * panel_size<T>(l, inputs, units);
}

template <class T>
void pack(RecurrentCell cell, int64_t inputs, int64_t units, const T* w_ih, const T* w_hh, const T* b_ih,
          const T* b_hh, T* packed) {
  const Layout l = layout<T>(cell);
  const bool gated = cell == cell_lstm || cell == cell_gru;
  for (int64_t first = 0; first < units; first += l.units) {
    // Row of the weights that lane i of vector v belongs to; -1 beyond the last.
    auto row = [&](int v, int i) -> int64_t {
      const int64_t unit = first + (gated ? 0 : v * lanes<T>) + i;
      return unit < units ? (gated ? v * units : 0) + unit : -1;
    };
    auto put = [&](int v, auto value) {
      for (int i = 0; i < lanes<T>; i++) {
        const int64_t r = row(v, i);
        *packed++ = r < 0 ? T(0) : value(r);
      }
    };
    auto bias = [](const T* b, int64_t r) { return b ? b[r] : T(0); };
    for (int v = 0; v < vectors; v++) {
      if (cell == cell_gru && v == 2) put(2, [&](int64_t r) { return bias(b_ih, r); });
      else if (cell == cell_gru && v == 3) put(2, [&](int64_t r) { return bias(b_hh, r); });
      else put(v, [&](int64_t r) { return bias(b_ih, r) + bias(b_hh, r); });
    }
    for (int64_t p = 0; p < inputs; p++)
      for (int v = 0; v < l.of_x; v++) put(v, [&](int64_t r) { return w_ih[r * inputs + p]; });
    for (int64_t p = 0; p < units; p++)
      for (int v = 0; v < l.of_h; v++) put(v, [&](int64_t r) { return w_hh[r * units + p]; });
  }
}

// The states before a step: those of its first `known` sequences are rows of the step before, the
// others' are the first states.
template <class T>
struct Before {
  const T *rows, *start, *zeros;
  int64_t known, width;
  TIDU_INLINE const T* of(const Before& b, int64_t sequence) {
    if (sequence < b.known) return b.rows + sequence * b.width;
    return b.start ? b.start + sequence * b.width : b.zeros;
  }
};

template <class T>
Before<T> before(const Steps& s, int64_t step, const T* values, const T* start, const T* zeros, int64_t width) {
  if (step == 0) return {nullptr, start, zeros, 0, width};
  const int64_t known = s.count[step - 1] < s.count[step] ? s.count[step - 1] : s.count[step];
  return {values + s.first[step - 1] * width, start, zeros, known, width};
}

// A step of `rows` sequences from `sequence` on, for the hidden units of one panel.
template <class T, RecurrentCell cell, int rows>
__attribute__((noinline)) void forward_tile(const RecurrentForward<T>& f, const Before<T>& h_before,
                                            const Before<T>& c_before, int64_t row, int64_t sequence,
                                            int64_t unit, const T* packed) {
  const int64_t units = f.units;
  const T *x[rows], *h[rows];
#pragma GCC unroll 8
  for (int i = 0; i < rows; i++) {
    x[i] = f.x + (row + i) * f.inputs;
    h[i] = Before<T>::of(h_before, sequence + i);
  }
  Vec<T> sum[rows][vectors];
#pragma GCC unroll 8
  for (int i = 0; i < rows; i++)
#pragma GCC unroll 4
    for (int v = 0; v < vectors; v++) sum[i][v] = load(packed + v * lanes<T>);
  packed += vectors * lanes<T>;
  if constexpr (cell == cell_gru) {
    accumulate<T, rows, 3, 2>(sum, x, f.inputs, packed);
    accumulate<T, rows, 3, 3>(sum, h, units, packed + 3 * f.inputs * lanes<T>);
  } else {
    accumulate<T, rows, 4, 3>(sum, x, f.inputs, packed);
    accumulate<T, rows, 4, 3>(sum, h, units, packed + 4 * f.inputs * lanes<T>);
  }
  const int64_t left = units - unit;
  for (int i = 0; i < rows; i++) {
    T *state = f.states + (row + i) * units + unit, *out = f.out + (row + i) * units + unit;
    auto put = [&](int64_t at, Vec<T> value) __attribute__((always_inline)) {
      store_part(state + at, value, left - at);
      store_part(out + at, value, left - at);
    };
    if constexpr (cell == cell_lstm) {
      const Vec<T> in = logistic(sum[i][0]), forget = logistic(sum[i][1]);
      const Vec<T> update = hyperbolic_tangent(sum[i][2]), shown = logistic(sum[i][3]);
      const Vec<T> was = load_part(Before<T>::of(c_before, sequence + i) + unit, left);
      const Vec<T> c = forget * was + in * update;
      T* gates = f.gates + (row + i) * 4 * units + unit;
      store_part(gates, in, left);
      store_part(gates + units, forget, left);
      store_part(gates + 2 * units, update, left);
      store_part(gates + 3 * units, shown, left);
      store_part(f.cells + (row + i) * units + unit, c, left);
      put(0, shown * hyperbolic_tangent(c));
    } else if constexpr (cell == cell_gru) {
      const Vec<T> reset = logistic(sum[i][0]), keep = logistic(sum[i][1]);
      const Vec<T> update = hyperbolic_tangent(sum[i][2] + reset * sum[i][3]);
      const Vec<T> was = load_part(h[i] + unit, left);
      T* gates = f.gates + (row + i) * 4 * units + unit;
      store_part(gates, reset, left);
      store_part(gates + units, keep, left);
      store_part(gates + 2 * units, update, left);
      store_part(gates + 3 * units, sum[i][3], left);
      put(0, (was - update) * keep + update);
    } else {
      for (int v = 0; v < vectors && v * lanes<T> < left; v++) {
        Vec<T> y = sum[i][v];
        if constexpr (cell == cell_tanh) y = hyperbolic_tangent(y);
        else y = y < T(0) ? Vec<T>{} : y;  // NaN stays
        put(v * lanes<T>, y);
      }
    }
  }
}

template <class T, RecurrentCell cell, int rows = tile_rows>
TIDU_INLINE void forward_rows(int64_t n, const RecurrentForward<T>& f, const Before<T>& h, const Before<T>& c,
                              int64_t row, int64_t sequence, int64_t unit, const T* packed) {
  if constexpr (rows > 0) {
    if (n == rows) forward_tile<T, cell, rows>(f, h, c, row, sequence, unit, packed);
    else forward_rows<T, cell, rows - 1>(n, f, h, c, row, sequence, unit, packed);
  }
}

// The last state of a sequence is in the row of its last step.
template <class T>
void last_states(const Steps& s, const T* rows, int64_t width, int64_t begin, int64_t end, T* states) {
  for (int64_t i = begin; i < end; i++) {
    int64_t step = s.steps - 1;
    while (s.count[step] <= i) step--;
    __builtin_memcpy(states + i * width, rows + (s.first[step] + i) * width, width * sizeof(T));
  }
}

template <class T, RecurrentCell cell>
void forward_cell(const RecurrentForward<T>& f, int64_t begin, int64_t end, const T* zeros) {
  const Layout l = layout<T>(cell);
  const int64_t size = panel_size<T>(l, f.inputs, f.units);
  for (int64_t step = 0; step < f.steps.steps; step++) {
    const Before<T> h = before<T>(f.steps, step, f.states, f.h0, zeros, f.units);
    const Before<T> c = before<T>(f.steps, step, f.cells, f.c0, zeros, f.units);
    const int64_t stop = f.steps.count[step] < end ? f.steps.count[step] : end;
    for (int64_t unit = 0, panel = 0; unit < f.units; unit += l.units, panel++)
      for (int64_t i = begin; i < stop; i += tile_rows)
        forward_rows<T, cell>(stop - i < tile_rows ? stop - i : tile_rows, f, h, c, f.steps.first[step] + i, i,
                              unit, f.packed + panel * size);
  }
  last_states(f.steps, f.states, f.units, begin, end, f.h);
  if (cell == cell_lstm) last_states(f.steps, f.cells, f.units, begin, end, f.c);
}

// A vector of zeros that is long enough comes with the packed weights: see `pack_columns`.
template <class T>
void forward(RecurrentCell cell, const RecurrentForward<T>& f, int64_t begin, int64_t end) {
  const T* zeros = f.packed + packed_size<T>(cell, f.inputs, f.units);
  if (cell == cell_lstm) forward_cell<T, cell_lstm>(f, begin, end, zeros);
  else if (cell == cell_gru) forward_cell<T, cell_gru>(f, begin, end, zeros);
  else if (cell == cell_tanh) forward_cell<T, cell_tanh>(f, begin, end, zeros);
  else forward_cell<T, cell_relu>(f, begin, end, zeros);
}

// Backward. First the gates of one sequence, whose gradients need no sums; then dh of the step before.

template <class T>
int64_t packed_columns_size(int64_t rows, int64_t columns) {
  return panels(columns, vectors * lanes<T>) * rows * vectors * lanes<T>;
}

template <class T>
void pack_columns(int64_t rows, int64_t columns, const T* w, T* packed) {
  constexpr int width = vectors * lanes<T>;
  for (int64_t first = 0; first < columns; first += width)
    for (int64_t p = 0; p < rows; p++)
      for (int64_t j = first; j < first + width; j++) *packed++ = j < columns ? w[p * columns + j] : T(0);
}

template <class T, RecurrentCell cell>
TIDU_INLINE void gate_gradients(const RecurrentBackward<T>& b, int64_t row, int64_t sequence, const T* h_before,
                                const T* c_before) {
  constexpr int step = lanes<T>;
  const int64_t units = b.units;
  const T* g_out = b.g_out ? b.g_out + row * units : nullptr;
  T *dh = b.dh + sequence * units, *dc = b.dc + sequence * units;
  for (int64_t j = 0; j < units; j += step) {
    const int64_t left = units - j;
    auto get = [&](const T* p) __attribute__((always_inline)) { return load_part(p + j, left); };
    auto put = [&](T* p, Vec<T> v) __attribute__((always_inline)) { store_part<T>(p + j, v, left); };
    Vec<T> g = get(dh);
    if (g_out) g += get(g_out);
    if constexpr (cell == cell_lstm) {
      const T* gates = b.gates + row * 4 * units;
      T* da = b.da_x + row * 4 * units;
      const Vec<T> in = get(gates), forget = get(gates + units), update = get(gates + 2 * units);
      const Vec<T> shown = get(gates + 3 * units), t = hyperbolic_tangent(get(b.cells + row * units));
      const Vec<T> d_c = get(dc) + g * shown * (T(1) - t * t);
      put(da, d_c * update * (in * (T(1) - in)));
      put(da + units, d_c * get(c_before) * (forget * (T(1) - forget)));
      put(da + 2 * units, d_c * in * (T(1) - update * update));
      put(da + 3 * units, g * t * (shown * (T(1) - shown)));
      put(dc, d_c * forget);
      put(dh, Vec<T>{});
    } else if constexpr (cell == cell_gru) {
      const T* gates = b.gates + row * 4 * units;
      T *da = b.da_x + row * 3 * units, *da_h = b.da_h + row * 3 * units;
      const Vec<T> reset = get(gates), keep = get(gates + units), update = get(gates + 2 * units);
      const Vec<T> d_u = g * (T(1) - keep) * (T(1) - update * update);
      const Vec<T> d_r = d_u * get(gates + 3 * units) * reset * (T(1) - reset);
      const Vec<T> d_z = g * (get(h_before) - update) * keep * (T(1) - keep);
      put(da, d_r);
      put(da + units, d_z);
      put(da + 2 * units, d_u);
      put(da_h, d_r);
      put(da_h + units, d_z);
      put(da_h + 2 * units, d_u * reset);
      put(dh, g * keep);
    } else {
      const Vec<T> y = get(b.states + row * units);
      if constexpr (cell == cell_tanh) put(b.da_x + row * units, g * (T(1) - y * y));
      else put(b.da_x + row * units, y > T(0) ? g : Vec<T>{});
      put(dh, Vec<T>{});
    }
  }
}

// dh += da w_hh for `rows` sequences and four vectors of hidden units.
template <class T, int rows>
__attribute__((noinline)) void backward_tile(const T* da, int64_t width, const T* packed, int64_t units,
                                             int64_t left, T* dh) {
  const T* a[rows];
  Vec<T> sum[rows][vectors];
#pragma GCC unroll 8
  for (int i = 0; i < rows; i++) {
    a[i] = da + i * width;
#pragma GCC unroll 4
    for (int v = 0; v < vectors; v++) sum[i][v] = Vec<T>{};
  }
  accumulate<T, rows, 4, 3>(sum, a, width, packed);
  for (int i = 0; i < rows; i++)
#pragma GCC unroll 4
    for (int v = 0; v < vectors; v++) {
      T* p = dh + i * units + v * lanes<T>;
      const int64_t n = left - v * lanes<T>;
      if (n > 0) store_part<T>(p, load_part(p, n) + sum[i][v], n);
    }
}

template <class T, int rows = tile_rows>
TIDU_INLINE void backward_rows(int64_t n, const T* da, int64_t width, const T* packed, int64_t units, int64_t left,
                               T* dh) {
  if constexpr (rows > 0) {
    if (n == rows) backward_tile<T, rows>(da, width, packed, units, left, dh);
    else backward_rows<T, rows - 1>(n, da, width, packed, units, left, dh);
  }
}

template <class T, RecurrentCell cell>
void backward_cell(const RecurrentBackward<T>& b, int64_t begin, int64_t end, const T* zeros) {
  constexpr int panel_units = vectors * lanes<T>;
  constexpr int gates = cell == cell_lstm ? 4 : cell == cell_gru ? 3 : 1;
  const int64_t width = gates * b.units;
  for (int64_t step = b.steps.steps - 1; step >= 0; step--) {
    const Before<T> h = before<T>(b.steps, step, b.states, b.h0, zeros, b.units);
    const Before<T> c = before<T>(b.steps, step, b.cells, b.c0, zeros, b.units);
    const int64_t first = b.steps.first[step];
    const int64_t stop = b.steps.count[step] < end ? b.steps.count[step] : end;
    for (int64_t i = begin; i < stop; i++)
      gate_gradients<T, cell>(b, first + i, i, Before<T>::of(h, i), Before<T>::of(c, i));
    if (step == 0 && !b.h0 && cell != cell_gru) break;  // nobody asks for dh of the first states
    for (int64_t unit = 0, panel = 0; unit < b.units; unit += panel_units, panel++)
      for (int64_t i = begin; i < stop; i += tile_rows)
        backward_rows<T>(stop - i < tile_rows ? stop - i : tile_rows, b.da_h + (first + i) * width, width,
                         b.packed + panel * width * panel_units, b.units, b.units - unit,
                         b.dh + i * b.units + unit);
  }
}

template <class T>
void backward(RecurrentCell cell, const RecurrentBackward<T>& b, int64_t begin, int64_t end) {
  const int64_t gates = cell == cell_lstm ? 4 : cell == cell_gru ? 3 : 1;
  const T* zeros = b.packed + packed_columns_size<T>(gates * b.units, b.units);
  if (cell == cell_lstm) backward_cell<T, cell_lstm>(b, begin, end, zeros);
  else if (cell == cell_gru) backward_cell<T, cell_gru>(b, begin, end, zeros);
  else if (cell == cell_tanh) backward_cell<T, cell_tanh>(b, begin, end, zeros);
  else backward_cell<T, cell_relu>(b, begin, end, zeros);
}

template <class T>
void add_rows(const T* values, int64_t rows, int64_t columns, T* out) {
  constexpr int step = lanes<T>;
  int64_t j = 0;
  for (; j + 4 * step <= columns; j += 4 * step) {
    Vec<T> sum[4] = {};
    for (int64_t i = 0; i < rows; i++)
#pragma GCC unroll 4
      for (int v = 0; v < 4; v++) sum[v] += load(values + i * columns + j + v * step);
#pragma GCC unroll 4
    for (int v = 0; v < 4; v++) store(out + j + v * step, sum[v]);
  }
  for (; j < columns; j++) {
    T sum = 0;
    for (int64_t i = 0; i < rows; i++) sum += values[i * columns + j];
    out[j] = sum;
  }
}

template <class T>
RecurrentKernels<T> kernels() {
  return {packed_size<T>, pack<T>, packed_columns_size<T>, pack_columns<T>, forward<T>, backward<T>, add_rows<T>};
}

}  // namespace

void fill(RecurrentTable& table) { table = {kernels<float>(), kernels<double>()}; }

}  // namespace tidu::TIDU_ISA
