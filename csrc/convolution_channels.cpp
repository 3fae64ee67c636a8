// Depthwise convolution of small planes: vectors hold the same place of neighbouring channels.
//
// A vector of planes is transposed into one padded patch, whose places each hold a vector; sums are made
// of whole vectors, without a thought of borders or steps; and the result is transposed back. On large
// planes this is slower than vectors of places (convolution_planes.cpp), which need no transposing.
#include "convolution_correlation.h"
#include "parallel.h"
#include "scratch.h"

namespace tidu {
namespace {

constexpr int64_t most_patch_places = 4096;

// The kernel's places that a residue of places in every dimension uses.
struct Phase {
  const Residue* part[3];
  std::vector<int32_t> columns;  // where they read, in vectors
  std::vector<int64_t> taps;
};

template <class T>
class ChannelsRun {
 public:
  explicit ChannelsRun(const Correlation<T>& c)
      : c_(c), kernels_(convolution_kernels<T>()), width_(kernels_.lanes) {
    for (int d = 0; d < 3; d++) {
      int64_t count = 1;
      for (const Residue& r : c.residues[d]) count = larger(count, r.count);
      size_[d] = (count - 1) * c.reach[d].step + c.reach[d].most - c.reach[d].least + 1;
    }
  }

  bool fits() const {
    return c_.in_channels == 1 && c_.out_channels == 1 && c_.groups >= width_ &&
           size_[0] * size_[1] * size_[2] <= most_patch_places;
  }

  void operator()() {
    for (const Residue& a : c_.residues[0])
      for (const Residue& b : c_.residues[1])
        for (const Residue& c : c_.residues[2]) phases_.push_back(phase(a, b, c));
    const int64_t tasks = c_.images * ceil_div(c_.groups, width_);
    const double products = double(c_.images) * c_.groups * out_plane() * c_.taps[0] * c_.taps[1] * c_.taps[2];
    parallel::split(tasks, larger(1, int64_t(tasks * thread_products / 4 / larger(1, int64_t(products)))), 1,
                    [&](int64_t begin, int64_t end) {
                      // Places outside the image stay zero.
                      const int64_t elements = size_[0] * size_[1] * size_[2] * width_;
                      T* patch = scratch<T>(scratch_own, elements);
                      std::memset(patch, 0, elements * sizeof(T));
                      for (int64_t i = begin; i < end; i++) compute(i, patch);
                    });
  }

 private:
  int64_t in_plane() const { return c_.in_size[0] * c_.in_size[1] * c_.in_size[2]; }
  int64_t out_plane() const { return c_.out_size[0] * c_.out_size[1] * c_.out_size[2]; }

  Phase phase(const Residue& a, const Residue& b, const Residue& c) const {
    Phase p{{&a, &b, &c}, {}, {}};
    for (size_t i = 0; i < a.tap.size(); i++)
      for (size_t j = 0; j < b.tap.size(); j++)
        for (size_t k = 0; k < c.tap.size(); k++) {
          p.taps.push_back((a.tap[i] * c_.taps[1] + b.tap[j]) * c_.taps[2] + c.tap[k]);
          p.columns.push_back(int32_t(
              ((a.shift[i] - c_.reach[0].least) * size_[1] + b.shift[j] - c_.reach[1].least) * size_[2] +
              c.shift[k] - c_.reach[2].least));
        }
    return p;
  }

  void fill(const T* in, int64_t channels, T* patch) const {
    T* planes = scratch<T>(scratch_second, (in_plane() + out_plane()) * width_);
    kernels_.transpose(in, in_plane(), channels, in_plane(), planes, width_);
    Inside inside[3] = {{c_.reach[0].least, 1, size_[0], c_.in_size[0]},
                        {c_.reach[1].least, 1, size_[1], c_.in_size[1]},
                        {c_.reach[2].least, 1, size_[2], c_.in_size[2]}};
    const int64_t run = (inside[2].right - inside[2].left) * width_;
    for (int64_t a = inside[0].left; a < inside[0].right; a++)
      for (int64_t b = inside[1].left; b < inside[1].right; b++) {
        const int64_t from = ((a + c_.reach[0].least) * c_.in_size[1] + b + c_.reach[1].least) * c_.in_size[2] +
                             inside[2].left + c_.reach[2].least;
        T* to = patch + ((a * size_[1] + b) * size_[2] + inside[2].left) * width_;
        kernels_.copy_rows(planes + from * width_, 0, 1, 1, 0, run, run, to, 0);
      }
  }

  void compute(int64_t task, T* patch) const {
    const int64_t blocks = ceil_div(c_.groups, width_), image = task / blocks, first = task % blocks * width_;
    const int64_t channels = smaller(width_, c_.groups - first);
    fill(c_.in + (image * c_.groups + first) * in_plane(), channels, patch);
    T* out = scratch<T>(scratch_second, (in_plane() + out_plane()) * width_);
    for (const Phase& p : phases_) {
      const int64_t terms = int64_t(p.taps.size());
      T* weights = scratch<T>(scratch_third, (terms + 1) * width_);
      T* start = weights + terms * width_;
      const T* w = c_.w + first * c_.group_pitch;
      for (int64_t j = 0; j < terms; j++)
        for (int64_t l = 0; l < width_; l++)
          weights[j * width_ + l] = l < channels ? w[l * c_.group_pitch + p.taps[j]] : T(0);
      for (int64_t l = 0; l < width_; l++) start[l] = c_.bias && l < channels ? c_.bias[first + l] : T(0);
      const Residue &a = *p.part[0], &b = *p.part[1], &c = *p.part[2];
      for (int64_t i = 0; i < a.count; i++)
        for (int64_t j = 0; j < b.count; j++) {
          const int64_t row = (i * c_.reach[0].step * size_[1] + j * c_.reach[1].step) * size_[2];
          const int64_t to = ((a.start + i * a.step) * c_.out_size[1] + b.start + j * b.step) * c_.out_size[2];
          kernels_.channels(patch + row * width_, c_.reach[2].step, p.columns.data(), terms, weights, start,
                            out + (to + c.start) * width_, c.step, c.count);
        }
    }
    kernels_.transpose(out, width_, out_plane(), channels, c_.out + (image * c_.groups + first) * out_plane(),
                       out_plane());
  }

  const Correlation<T>& c_;
  const ConvolutionKernels<T>& kernels_;
  const int64_t width_;
  int64_t size_[3];  // of the patch
  std::vector<Phase> phases_;
};

}  // namespace

template <class T>
bool correlate_channels(const Correlation<T>& c) {
  ChannelsRun<T> run(c);
  if (!run.fits()) return false;
  run();
  return true;
}

template bool correlate_channels(const Correlation<float>&);
template bool correlate_channels(const Correlation<double>&);

}  // namespace tidu
