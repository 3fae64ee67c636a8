// Convolution by Winograd's algorithm, for 3x3 and 5x5 kernels with stride 1 in float32.
//
// A tile of `size` x `size` inputs and the kernel are transformed such that all `outputs` x `outputs`
// results of the tile need one multiplication for each element of the transformed tile and channel:
// 64 instead of 400 for 5x5, 36 instead of 144 for 3x3. The sums over channels are then matrix products.
// See Lavin and Gray, "Fast algorithms for convolutional neural networks" (2016); winograd_matrices.h.
#pragma once

#include "convolution.h"

namespace tidu {

// The transforms of a kernel size. Each is for one vector of channels; `pitch` is the distance from
// one element of a transformed tile to the next, rows of pixels are `row` apart.
struct WinogradKernels {
  int outputs, kernel, size;  // of a tile, in each dimension
  void (*input)(const float* pixels, int64_t row, float* tile, int64_t pitch);
  // kernel x kernel vectors, `step` from one to the next.
  void (*weight)(const float* weights, int64_t step, float* tile, int64_t pitch);
  // Of the results, `rows` x `columns` exist; `bias` is added to them.
  void (*output)(const float* tile, int64_t pitch, const float* bias, int rows, int columns,
                 float* pixels, int64_t row);
  // The same from the transformed inputs of one tile, of up to few_inputs channels: the products are
  // made on the way. Weights are `weight_step` from channel to channel.
  void (*output_of_few)(const float* tile, int64_t pitch, int channels, const float* weights, int64_t weight_pitch,
                        int64_t weight_step, const float* bias, int rows, int columns, float* pixels, int64_t row);
  // The transposes of `output` and of `weight`.
  void (*output_gradient)(const float* pixels, int64_t row, float* tile, int64_t pitch);
  void (*weight_gradient)(const float* tile, int64_t pitch, float* weights);
};

// Of so few input channels, writing and reading sums would take longer than computing them.
constexpr int few_inputs = 4;

struct WinogradTable {
  WinogradKernels of_3x3, of_5x5;
};

// Whether a convolution may be, and should be, computed this way. A switch for all: `allow_winograd`.
bool winograd_wins(const ConvolutionShape&);
void allow_winograd(bool);
bool winograd_allowed();

void winograd_forward(const ConvolutionShape&, const float* x, const float* w, const float* bias, float* y);
void winograd_input(const ConvolutionShape&, const float* g, const float* w, const float* bias, float* x);
void winograd_weight(const ConvolutionShape&, const float* g, const float* x, float* w);

}  // namespace tidu
