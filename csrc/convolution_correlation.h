// The convolution and the gradient of its input as one problem: every output place of a residue is a sum
// over the same part of the kernel.
#pragma once

#include "convolution_patch.h"

namespace tidu {

// Output places of one dimension that use the same part of the kernel: start, start + step, ...
struct Residue {
  int64_t start, step, count;
  std::vector<int64_t> tap, shift;  // of the kernel's places, and where each reads
};

// A convolution in any direction: of `in` (images, groups * in_channels, *in_size).
template <class T>
struct Correlation {
  const T *in, *w, *bias;
  T* out;
  int64_t images, groups, in_channels, out_channels;  // channels of one group
  int64_t in_size[3], out_size[3], taps[3];
  int64_t in_pitch, out_pitch, group_pitch;  // in w: from channel to channel and group to group
  Reach reach[3];
  std::vector<Residue> residues[3];

  Correlation(const T* in, const T* w, const T* bias, T* out, const ConvolutionShape& s)
      : in(in), w(w), bias(bias), out(out), images(s.images), groups(s.groups) {}
};

// With the channels of one group of outputs beside each other (convolution_direct.cpp).
template <class T>
void correlate(const Correlation<T>&);
template <class T>
void convolve_weight_directly(const ConvolutionShape&, const T* g, const T* x, T* w);

// With the channels of as many groups beside each other, if these are depthwise and their planes small
// (convolution_channels.cpp); false if they are not.
template <class T>
bool correlate_channels(const Correlation<T>&);

// With output places beside each other (convolution_planes.cpp): for groups of few outputs.
template <class T>
void correlate_planes(const Correlation<T>&);
template <class T>
void convolve_weight_planes(const ConvolutionShape&, const T* g, const T* x, T* w);

}  // namespace tidu
