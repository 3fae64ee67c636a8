// Convolution, its transpose and its gradients, over up to three spatial dimensions.
//
// One inner kernel computes all of them: sums of products of single numbers, found through two
// tables of places, with vectors of channels. For the forward pass and the gradient of the input the
// sums are output positions and the terms are channels and kernel places; for the gradient of
// the weight it is the other way round.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace tidu {

// The most vectors of channels that the inner kernel takes at once.
constexpr int max_channel_vectors = 3;
// The most planes of outputs that `planes` and `dots` take at once.
constexpr int max_plane_outputs = 4;

// The columns [left, right) of half a row that are copied, the others being 0. Those of the other half
// begin and end at most one column from there.
struct SplitColumns {
  int64_t left, right;
};

template <class T>
struct ConvolutionKernels {
  int lanes;
  // For width = vectors * lanes:
  //   out[i * width + l] = start[l] + sum over j of in[rows[i] + columns[j]] * packed[j * width + l]
  // If `start` is null, out's own values are added to.
  void (*accumulate)(const T* in, const int32_t* rows, int64_t n_rows, const int32_t* columns,
                     int64_t n_columns, const T* packed, int vectors, const T* start, T* out);
  // For up to max_plane_outputs outputs r, and for q from 0 to vectors * lanes:
  //   out[r * out_pitch + q] = start[r] + sum over j of weights[j * outputs + r] * in[columns[j] + q]
  void (*planes)(const T* in, int64_t vectors, const int32_t* columns, int64_t n_columns, const T* weights,
                 int outputs, const T* start, T* out, int64_t out_pitch);
  // For `count` places i, each a vector wide, as are weights and start:
  //   out[i * out_step] = start + sum over j of weights[j] * in[i * step + columns[j]]
  void (*channels)(const T* in, int64_t step, const int32_t* columns, int64_t n_columns, const T* weights,
                   const T* start, T* out, int64_t out_step, int64_t count);
  //   out[r * n_columns + j] += sum over q of g[r * g_pitch + q] * in[columns[j] + q]
  void (*dots)(const T* in, int64_t vectors, const int32_t* columns, int64_t n_columns, const T* g,
               int64_t g_pitch, int outputs, T* out);
  // `rows` rows: out[j] = in[j * step] for j from `left` up to `right`, and 0 up to `width` elsewhere.
  void (*copy_rows)(const T* in, int64_t in_pitch, int64_t step, int64_t rows, int64_t left, int64_t right,
                    int64_t width, T* out, int64_t out_pitch);
  // Rows from `first` to `end`, even and odd columns apart: out[j] = in[2 * j] and
  // out[part + j] = in[2 * j + 1]. Row i goes to out + i % step * block + i / step * out_pitch.
  void (*split_rows)(const T* in, int64_t in_pitch, int64_t first, int64_t end, SplitColumns even,
                     SplitColumns odd, int64_t width, T* out, int64_t part, int64_t step, int64_t block,
                     int64_t out_pitch);
  // out[j * out_pitch + i] = in[i * in_pitch + j]
  void (*transpose)(const T* in, int64_t in_pitch, int64_t rows, int64_t columns, T* out,
                    int64_t out_pitch);
};

struct ConvolutionTable {
  ConvolutionKernels<float> float32;
  ConvolutionKernels<double> float64;
};

// The sizes of a convolution of x (images, channels, *in) with w (outputs, channels/groups, *kernel)
// that gives y (images, outputs, *out). With fewer than three dimensions the first ones are 1.
struct ConvolutionShape {
  int64_t images, channels, outputs, groups;
  int64_t in[3], out[3], kernel[3], stride[3], padding[3], dilation[3];

  int64_t taps() const { return kernel[0] * kernel[1] * kernel[2]; }
  int64_t in_plane() const { return in[0] * in[1] * in[2]; }
  int64_t out_plane() const { return out[0] * out[1] * out[2]; }
  int64_t group_channels() const { return channels / groups; }
  int64_t group_outputs() const { return outputs / groups; }
  double products() const {
    return double(images) * outputs * group_channels() * taps() * out_plane();
  }
};

// All arrays are contiguous. `bias` has a number for each channel of the result, or is null.
template <class T>
void convolve(const ConvolutionShape&, const T* x, const T* w, const T* bias, T* y);
template <class T>
void convolve_input(const ConvolutionShape&, const T* g, const T* w, const T* bias, T* x);
template <class T>
void convolve_weight(const ConvolutionShape&, const T* g, const T* x, T* w);

}  // namespace tidu
