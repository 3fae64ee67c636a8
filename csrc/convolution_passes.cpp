// The three passes as problems for the ways to compute them by the definition.
#include "convolution_correlation.h"

namespace tidu {
namespace {

void find_reach(std::vector<Residue>& residues, int64_t step, Reach& reach) {
  reach = {step, INT64_MAX, INT64_MIN};
  for (const Residue& r : residues)
    for (int64_t shift : r.shift) reach.least = smaller(reach.least, shift), reach.most = larger(reach.most, shift);
  if (reach.least > reach.most) reach.least = reach.most = 0;
}

// Whether vectors of so few output channels would be mostly empty.
template <class T>
bool few(int64_t outputs) {
  return outputs == 1 || 2 * outputs <= convolution_kernels<T>().lanes;
}

template <class T>
void run(const Correlation<T>& c) {
  if (correlate_channels(c)) return;
  few<T>(c.out_channels) ? correlate_planes(c) : correlate(c);
}

}  // namespace

template <class T>
void convolve(const ConvolutionShape& s, const T* x, const T* w, const T* bias, T* y) {
  Correlation<T> c(x, w, bias, y, s);
  c.in_channels = s.group_channels(), c.out_channels = s.group_outputs();
  c.in_pitch = s.taps();
  c.out_pitch = c.in_pitch * c.in_channels;
  c.group_pitch = c.out_pitch * c.out_channels;
  for (int d = 0; d < 3; d++) {
    c.in_size[d] = s.in[d], c.out_size[d] = s.out[d], c.taps[d] = s.kernel[d];
    Residue all{0, 1, s.out[d], {}, {}};
    for (int64_t k = 0; k < s.kernel[d]; k++) {
      all.tap.push_back(k);
      all.shift.push_back(k * s.dilation[d] - s.padding[d]);
    }
    c.residues[d].push_back(std::move(all));
    find_reach(c.residues[d], s.stride[d], c.reach[d]);
  }
  run(c);
}

template <class T>
void convolve_input(const ConvolutionShape& s, const T* g, const T* w, const T* bias, T* x) {
  Correlation<T> c(g, w, bias, x, s);
  c.in_channels = s.group_outputs(), c.out_channels = s.group_channels();
  c.out_pitch = s.taps();
  c.in_pitch = c.out_pitch * c.out_channels;
  c.group_pitch = c.in_pitch * c.in_channels;
  for (int d = 0; d < 3; d++) {
    c.in_size[d] = s.out[d], c.out_size[d] = s.in[d], c.taps[d] = s.kernel[d];
    for (int64_t start = 0; start < smaller(s.stride[d], s.in[d]); start++) {
      Residue r{start, s.stride[d], ceil_div(s.in[d] - start, s.stride[d]), {}, {}};
      for (int64_t k = 0; k < s.kernel[d]; k++) {
        const int64_t distance = start + s.padding[d] - k * s.dilation[d];
        if (distance % s.stride[d]) continue;
        r.tap.push_back(k);
        r.shift.push_back(distance / s.stride[d]);
      }
      c.residues[d].push_back(std::move(r));
    }
    find_reach(c.residues[d], 1, c.reach[d]);
  }
  run(c);
}

template <class T>
void convolve_weight(const ConvolutionShape& s, const T* g, const T* x, T* w) {
  few<T>(s.group_outputs()) ? convolve_weight_planes(s, g, x, w) : convolve_weight_directly(s, g, x, w);
}

template void convolve(const ConvolutionShape&, const float*, const float*, const float*, float*);
template void convolve(const ConvolutionShape&, const double*, const double*, const double*, double*);
template void convolve_input(const ConvolutionShape&, const float*, const float*, const float*, float*);
template void convolve_input(const ConvolutionShape&, const double*, const double*, const double*, double*);
template void convolve_weight(const ConvolutionShape&, const float*, const float*, float*);
template void convolve_weight(const ConvolutionShape&, const double*, const double*, double*);

}  // namespace tidu
