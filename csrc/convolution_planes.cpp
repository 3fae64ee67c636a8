// Convolution with vectors of neighbouring output places, for groups of few outputs (as in depthwise
// convolutions), where vectors of channels would be mostly empty.
//
// Inputs are copied into padded patches as in convolution_direct.cpp. With stride s, columns (and rows)
// of equal remainder by s are put beside each other, so that neighbouring outputs read neighbouring
// values; all rows of a patch are computed as if they were one, and what lies between them is left out when
// the result is written.
#include "convolution_correlation.h"
#include "parallel.h"
#include "scratch.h"

namespace tidu {
namespace {

// Values that vectors may read and write beyond the end.
constexpr int64_t spare = 64;

// A patch of which each dimension is split by the remainder of its places by `step`.
struct SplitPatch {
  Reach reach[3];
  int64_t part[3];  // places of a remainder
  int64_t parts, plane;

  SplitPatch(const Reach* reaches, const int64_t* count) {
    int64_t elements = 1;
    parts = 1;
    for (int d = 0; d < 3; d++) {
      reach[d] = reaches[d];
      const int64_t size = (count[d] - 1) * reach[d].step + reach[d].most - reach[d].least + 1;
      part[d] = ceil_div(size, reach[d].step);
      elements *= part[d];
      parts *= reach[d].step;
    }
    plane = (ceil_div(parts * elements, 16) | 1) * 16;
  }
  int64_t row(int64_t a, int64_t b) const {
    const int64_t i = a % reach[0].step * reach[1].step + b % reach[1].step;  // which remainders
    return ((i * reach[2].step * part[0] + a / reach[0].step) * part[1] + b / reach[1].step) * part[2];
  }
  int64_t place(int64_t a, int64_t b, int64_t c) const {
    return row(a, b) + c % reach[2].step * part[0] * part[1] * part[2] + c / reach[2].step;
  }
  // Places from the first to the last output of a piece.
  int64_t extent(const int64_t* count) const {
    return ((count[0] - 1) * part[1] + count[1] - 1) * part[2] + count[2];
  }
};

// Copies a layer's rows, columns in two parts and rows in one for each remainder: in one pass, for
// they are read from far away. `from`: of the plane, what lies `first` before row and column 0.
template <class T>
void split_layer(const SplitPatch& patch, const int64_t* first, const T* from, const int64_t* in_size, T* out) {
  const int64_t part = patch.part[0] * patch.part[1] * patch.part[2], step = patch.reach[1].step;
  const int64_t width = patch.part[2], rows = step * patch.part[1];
  const Inside inside(first[1], 1, rows, in_size[1]);
  const Inside even(first[2], 2, width, in_size[2]), odd(first[2] + 1, 2, width, in_size[2]);
  for (int64_t i = 0; i < rows; i++) {
    if (i == inside.left) i = inside.right;
    if (i == rows) break;
    T* row = out + i % step * 2 * part + i / step * width;
    std::memset(row, 0, width * sizeof(T));
    std::memset(row + part, 0, width * sizeof(T));
  }
  convolution_kernels<T>().split_rows(from + inside.left * in_size[2], in_size[2], inside.left, inside.right,
                                      {even.left, even.right}, {odd.left, odd.right}, width, out, part, step,
                                      2 * part, width);
}

// Copies what outputs from `start` on read of a plane; `out` has patch.plane elements.
template <class T>
void fill_plane(const SplitPatch& patch, const int64_t* start, const T* plane, const int64_t* in_size, T* out) {
  const int64_t *part = patch.part, area = part[1] * part[2];
  int64_t first[3], step[3];
  for (int d = 0; d < 3; d++) {
    step[d] = patch.reach[d].step;
    first[d] = start[d] * step[d] + patch.reach[d].least;
  }
  T* layer = out;
  if (step[2] == 2) {
    for (int64_t a = 0; a < step[0]; a++)
      for (int64_t i = 0; i < part[0]; i++) {
        const int64_t depth = first[0] + a + i * step[0];
        T* to = out + (a * step[1] * 2 * part[0] + i) * area;
        if (depth >= 0 && depth < in_size[0])
          split_layer(patch, first, plane + (depth * in_size[1] + first[1]) * in_size[2] + first[2], in_size, to);
        else
          for (int64_t j = 0; j < 2 * step[1]; j++) std::memset(to + j * part[0] * area, 0, area * sizeof(T));
      }
    layer += step[0] * step[1] * 2 * part[0] * area;
    std::memset(layer, 0, (out + patch.plane - layer) * sizeof(T));
    return;
  }
  for (int64_t a = 0; a < step[0]; a++)
    for (int64_t b = 0; b < step[1]; b++)
      for (int64_t c = 0; c < step[2]; c++) {
        const Inside depth(first[0] + a, step[0], part[0], in_size[0]);
        const Inside rows(first[1] + b, step[1], part[1], in_size[1]);
        const Inside columns(first[2] + c, step[2], part[2], in_size[2]);
        for (int64_t i = 0; i < part[0]; i++, layer += area) {
          const bool exists = i >= depth.left && i < depth.right;
          const int64_t above = exists ? rows.left : part[1], below = exists ? rows.right : part[1];
          std::memset(layer, 0, above * part[2] * sizeof(T));
          if (!exists) continue;
          const int64_t row = (first[0] + a + i * step[0]) * in_size[1] + first[1] + b + above * step[1];
          convolution_kernels<T>().copy_rows(plane + row * in_size[2] + first[2] + c, step[1] * in_size[2], step[2],
                                             below - above, columns.left, columns.right, part[2],
                                             layer + above * part[2], part[2]);
          std::memset(layer + below * part[2], 0, (part[1] - below) * part[2] * sizeof(T));
        }
      }
  std::memset(layer, 0, (out + patch.plane - layer) * sizeof(T));
}

// One residue in each dimension, and the places that its terms read.
struct PlanePhase {
  const Residue* part[3];
  std::vector<int32_t> columns;
  std::vector<int64_t> taps;  // of one channel, in w
};

template <class T>
class PlanesRun {
 public:
  explicit PlanesRun(const Correlation<T>& c) : c_(c), kernels_(convolution_kernels<T>()) {}

  void operator()() {
    int64_t count[3], piece_count[3], piece_images;
    double products = double(c_.images) * c_.groups * c_.in_channels * c_.out_channels;
    for (int d = 0; d < 3; d++) {
      count[d] = 0;
      for (const Residue& r : c_.residues[d]) count[d] = larger(count[d], r.count);
      products *= double(c_.out_size[d]) * c_.taps[d];
    }
    // These kernels do little with what they read.
    const int threads = products >= thread_products / 4 ? parallel::threads() : 1;
    choose_piece(c_.reach, count, c_.images, c_.in_channels, sizeof(T), 1,
                 threads == 1 ? 1 : ceil_div(4 * threads, c_.groups), piece_count, piece_images);
    const SplitPatch patch(c_.reach, piece_count);
    const std::vector<Piece> pieces = all_pieces(count, c_.images, piece_count, 1);
    make_phases(patch);
    auto some = [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; i++) compute(patch, pieces[i / c_.groups], i % c_.groups);
    };
    const int64_t tasks = int64_t(pieces.size()) * c_.groups;
    if (threads == 1) some(0, tasks);
    else parallel::split(tasks, 1, 1, some);
  }

 private:
  void make_phases(const SplitPatch& patch) {
    for (const Residue& a : c_.residues[0])
      for (const Residue& b : c_.residues[1])
        for (const Residue& c : c_.residues[2]) {
          PlanePhase phase{{&a, &b, &c}, {}, {}};
          for (int64_t channel = 0; channel < c_.in_channels; channel++)
            for (int64_t i : a.shift)
              for (int64_t j : b.shift)
                for (int64_t k : c.shift)
                  phase.columns.push_back(
                      int32_t(channel * patch.plane + patch.place(i - c_.reach[0].least, j - c_.reach[1].least,
                                                                  k - c_.reach[2].least)));
          for (int64_t i : a.tap)
            for (int64_t j : b.tap)
              for (int64_t k : c.tap) phase.taps.push_back((i * c_.taps[1] + j) * c_.taps[2] + k);
          phases_.push_back(std::move(phase));
        }
  }

  void compute(const SplitPatch& patch, const Piece& whole, int64_t group) const {
    T* values = scratch<T>(scratch_own, c_.in_channels * patch.plane + spare);
    const int64_t in_plane = c_.in_size[0] * c_.in_size[1] * c_.in_size[2];
    const T* in = c_.in + (whole.image * c_.groups + group) * c_.in_channels * in_plane;
    for (int64_t channel = 0; channel < c_.in_channels; channel++)
      fill_plane(patch, whole.start, in + channel * in_plane, c_.in_size, values + channel * patch.plane);
    const int64_t out_plane = c_.out_size[0] * c_.out_size[1] * c_.out_size[2];
    const int64_t pitch = ceil_div(patch.extent(whole.count), spare) * spare;
    for (const PlanePhase& phase : phases_) {
      Piece piece = whole;
      for (int d = 0; d < 3; d++) piece.count[d] = smaller(piece.count[d], phase.part[d]->count - piece.start[d]);
      if (piece.count[0] <= 0 || piece.count[1] <= 0 || piece.count[2] <= 0) continue;
      const int64_t vectors = ceil_div(patch.extent(piece.count), kernels_.lanes);
      const int64_t terms = int64_t(phase.columns.size());
      T* sums = scratch<T>(scratch_second, max_plane_outputs * pitch);
      T* weights = scratch<T>(scratch_third, max_plane_outputs * (terms + 1));
      for (int64_t output = 0; output < c_.out_channels; output += max_plane_outputs) {
        const int outputs = int(smaller(max_plane_outputs, c_.out_channels - output));
        T* start = weights + terms * outputs;
        pack(phase, group, output, outputs, weights);
        for (int r = 0; r < outputs; r++) start[r] = c_.bias ? c_.bias[group * c_.out_channels + output + r] : T(0);
        kernels_.planes(values, vectors, phase.columns.data(), terms, weights, outputs, start, sums, pitch);
        for (int r = 0; r < outputs; r++)
          write(patch, piece, phase, sums + r * pitch,
                c_.out + ((piece.image * c_.groups + group) * c_.out_channels + output + r) * out_plane);
      }
    }
  }

  void pack(const PlanePhase& phase, int64_t group, int64_t output, int outputs, T* weights) const {
    const T* w = c_.w + group * c_.group_pitch + output * c_.out_pitch;
    for (int64_t channel = 0; channel < c_.in_channels; channel++, w += c_.in_pitch)
      for (int64_t tap : phase.taps)
        for (int r = 0; r < outputs; r++) *weights++ = w[r * c_.out_pitch + tap];
  }

  void write(const SplitPatch& patch, const Piece& piece, const PlanePhase& phase, const T* sums, T* plane) const {
    const Residue *const *part = phase.part;
    const int64_t step = part[2]->step;
    for (int64_t a = 0; a < piece.count[0]; a++) {
      const T* row = sums + a * patch.part[1] * patch.part[2];
      const int64_t i = part[0]->start + (piece.start[0] + a) * part[0]->step;
      const int64_t j = part[1]->start + piece.start[1] * part[1]->step;
      const int64_t pitch = part[1]->step * c_.out_size[2];
      T* out = plane + (i * c_.out_size[1] + j) * c_.out_size[2] + part[2]->start + piece.start[2] * step;
      if (step == 1) {
        kernels_.copy_rows(row, patch.part[2], 1, piece.count[1], 0, piece.count[2], piece.count[2], out, pitch);
        continue;
      }
      for (int64_t b = 0; b < piece.count[1]; b++, row += patch.part[2], out += pitch)
        for (int64_t c = 0; c < piece.count[2]; c++) out[c * step] = row[c];
    }
  }

  const Correlation<T>& c_;
  const ConvolutionKernels<T>& kernels_;
  std::vector<PlanePhase> phases_;
};

// The gradient of the weight: g, with zeros between its rows, times the patch moved by each kernel place.
template <class T>
class WeightPlanesRun {
 public:
  WeightPlanesRun(const ConvolutionShape& s, const T* g, const T* x, T* w)
      : s_(s), g_(g), x_(x), w_(w), kernels_(convolution_kernels<T>()), terms_(s.group_channels() * s.taps()) {}

  void operator()() {
    const int threads = s_.products() >= thread_products / 4 ? parallel::threads() : 1;
    Reach reach[3];
    for (int d = 0; d < 3; d++)
      reach[d] = {s_.stride[d], -s_.padding[d], (s_.kernel[d] - 1) * s_.dilation[d] - s_.padding[d]};
    // Threads share the groups, or, if these are too few, the images, each with sums of its own.
    const int64_t shares = s_.groups >= threads ? 1 : smaller(threads, s_.images);
    int64_t piece_count[3], piece_images;
    choose_piece(reach, s_.out, s_.images, s_.group_channels(), sizeof(T), 1, 1, piece_count, piece_images);
    const SplitPatch patch(reach, piece_count);
    const std::vector<Piece> pieces = all_pieces(s_.out, s_.images, piece_count, 1);
    for (int64_t c = 0; c < s_.group_channels(); c++)
      for (int64_t i = 0; i < s_.kernel[0]; i++)
        for (int64_t j = 0; j < s_.kernel[1]; j++)
          for (int64_t k = 0; k < s_.kernel[2]; k++)
            columns_.push_back(int32_t(
                c * patch.plane + patch.place(i * s_.dilation[0], j * s_.dilation[1], k * s_.dilation[2])));
    const int64_t total = s_.outputs * terms_, n = int64_t(pieces.size());
    T* sums = shares == 1 ? w_ : scratch<T>(scratch_shared, shares * total);
    std::memset(sums, 0, shares * total * sizeof(T));
    auto task = [&](int64_t i) {
      const int64_t share = i % shares, group = i / shares;
      for (int64_t p = n * share / shares; p < n * (share + 1) / shares; p++)
        add(patch, pieces[p], group, sums + share * total + group * s_.group_outputs() * terms_);
    };
    if (threads == 1)
      for (int64_t i = 0; i < s_.groups * shares; i++) task(i);
    else parallel::run(s_.groups * shares, task);
    if (shares == 1) return;
    for (int64_t i = 0; i < total; i++) {
      T sum = 0;
      for (int64_t share = 0; share < shares; share++) sum += sums[share * total + i];
      w_[i] = sum;
    }
  }

 private:
  void add(const SplitPatch& patch, const Piece& piece, int64_t group, T* sums) const {
    const int64_t channels = s_.group_channels(), outputs = s_.group_outputs(), row = patch.part[2];
    T* values = scratch<T>(scratch_own, channels * patch.plane + spare);
    const T* x = x_ + (piece.image * s_.channels + group * channels) * s_.in_plane();
    for (int64_t c = 0; c < channels; c++)
      fill_plane(patch, piece.start, x + c * s_.in_plane(), s_.in, values + c * patch.plane);
    std::memset(values + channels * patch.plane, 0, spare * sizeof(T));
    const int64_t extent = patch.extent(piece.count);
    // A row more than there are: what follows the last one is zero too.
    const int64_t pitch = ceil_div(patch.part[0] * patch.part[1] * row, spare) * spare + spare;
    T* g = scratch<T>(scratch_second, outputs * pitch);
    for (int64_t r = 0; r < outputs; r++) {
      const T* from = g_ + (piece.image * s_.outputs + group * outputs + r) * s_.out_plane();
      T* to = g + r * pitch;
      for (int64_t a = 0; a < piece.count[0]; a++, to += patch.part[1] * row) {
        const int64_t first = ((piece.start[0] + a) * s_.out[1] + piece.start[1]) * s_.out[2] + piece.start[2];
        kernels_.copy_rows(from + first, s_.out[2], 1, piece.count[1], 0, piece.count[2], row, to, row);
        std::memset(to + piece.count[1] * row, 0, (patch.part[1] - piece.count[1]) * row * sizeof(T));
      }
      std::memset(to, 0, (g + (r + 1) * pitch - to) * sizeof(T));
    }
    for (int64_t r = 0; r < outputs; r += max_plane_outputs)
      kernels_.dots(values, ceil_div(extent, kernels_.lanes), columns_.data(), terms_, g + r * pitch, pitch,
                    int(smaller(max_plane_outputs, outputs - r)), sums + r * terms_);
  }

  const ConvolutionShape& s_;
  const T *g_, *x_;
  T* w_;
  const ConvolutionKernels<T>& kernels_;
  const int64_t terms_;
  std::vector<int32_t> columns_;
};

}  // namespace

template <class T>
void correlate_planes(const Correlation<T>& c) {
  PlanesRun<T> run(c);
  run();
}

template <class T>
void convolve_weight_planes(const ConvolutionShape& s, const T* g, const T* x, T* w) {
  WeightPlanesRun<T> run(s, g, x, w);
  run();
}

template void correlate_planes(const Correlation<float>&);
template void correlate_planes(const Correlation<double>&);
template void convolve_weight_planes(const ConvolutionShape&, const float*, const float*, float*);
template void convolve_weight_planes(const ConvolutionShape&, const double*, const double*, double*);

}  // namespace tidu
