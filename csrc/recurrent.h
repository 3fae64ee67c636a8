// Recurrent layers: all steps of one direction of one layer.
//
// Sequences do not depend on each other, so threads share the batch, and each computes its sequences
// from the first step to the last.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace tidu {

enum RecurrentCell { cell_tanh, cell_relu, cell_gru, cell_lstm };

// Rows of all steps: step s, in the order of computing, has `count[s]` rows from `first[s]` on.
struct Steps {
  const int64_t *first, *count;
  int64_t steps;
};

// What saved gates and their gradients look like, for each row: i, f, u, o of an LSTM; r, z, n and
// the hidden state's part of n of a GRU. `units` numbers each.
template <class T>
struct RecurrentForward {
  Steps steps;
  int64_t inputs, units;
  const T *x, *h0, *c0;  // h0 and c0 may be null, for zeros
  const T* packed;       // what `pack` has made of the weights
  T *states, *out, *h, *c, *gates, *cells;  // `out` is a copy of `states`
};

template <class T>
struct RecurrentBackward {
  Steps steps;
  int64_t units;
  const T *h0, *c0, *states, *gates, *cells;
  const T* packed;               // what `pack_columns` has made of w_hh
  const T* g_out;                // a row for each row, or null
  T *dh, *dc;                    // in: gradients of the last states; out: those of the first ones
  T *da_x, *da_h;                // gradients of what is added to the gates; the same but for a GRU
};

template <class T>
struct RecurrentKernels {
  // Numbers that `pack` writes for these sizes.
  int64_t (*packed_size)(RecurrentCell, int64_t inputs, int64_t units);
  // Weights and biases in the order in which `forward` reads them. Biases may be null.
  void (*pack)(RecurrentCell, int64_t inputs, int64_t units, const T* w_ih, const T* w_hh, const T* b_ih,
               const T* b_hh, T* packed);
  int64_t (*packed_columns_size)(int64_t rows, int64_t columns);
  void (*pack_columns)(int64_t rows, int64_t columns, const T* w, T* packed);
  // Sequences [begin, end).
  void (*forward)(RecurrentCell, const RecurrentForward<T>&, int64_t begin, int64_t end);
  void (*backward)(RecurrentCell, const RecurrentBackward<T>&, int64_t begin, int64_t end);
  // out[j] = the sum of column j.
  void (*add_rows)(const T* values, int64_t rows, int64_t columns, T* out);
};

struct RecurrentTable {
  RecurrentKernels<float> float32;
  RecurrentKernels<double> float64;
};

}  // namespace tidu
