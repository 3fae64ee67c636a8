// Convolution by its definition, for all sizes; see convolution.h.
//
// A thread copies what a piece of the output reads into a padded patch, so that the inner kernel
// meets no border; sums are collected place by place with the channels beside each other, and then
// transposed. The gradient of the input with stride s is s^d convolutions of g, one for each
// remainder of the places by s, with the part of the kernel that meets such places.
#include "convolution_correlation.h"
#include "parallel.h"
#include "scratch.h"

namespace tidu {
namespace {

// The part of a correlation that has one residue in each dimension.
struct Phase {
  const Residue* part[3];
  int64_t taps, terms;           // kernel places, and times channels
  int64_t packed;                // where its weights begin in a group's
  std::vector<int32_t> columns;  // of all terms
};

template <class T>
class Run {
 public:
  explicit Run(const Correlation<T>& c)
      : c_(c), kernels_(convolution_kernels<T>()), blocks_(channel_blocks(c.out_channels, kernels_.lanes)) {
    vectors_ = blocks_.back().offset + blocks_.back().vectors;
  }

  void operator()() {
    const double products = work();
    const int threads = products >= 2 * thread_products ? parallel::threads() : 1;
    int64_t count[3], piece_count[3], piece_images;
    for (int d = 0; d < 3; d++) {
      count[d] = 0;
      for (const Residue& r : c_.residues[d]) count[d] = larger(count[d], r.count);
    }
    const int64_t least_tasks = threads == 1 ? 1 : 4 * threads;
    choose_piece(c_.reach, count, c_.images, c_.in_channels, sizeof(T), 96, ceil_div(least_tasks, c_.groups),
                 piece_count, piece_images);
    const PatchShape patch(c_.reach, piece_count, c_.in_channels);
    const std::vector<Piece> pieces = all_pieces(count, c_.images, piece_count, piece_images);
    make_phases(patch);
    const int64_t group_size = packed_size_;
    T* packed = scratch<T>(scratch_shared, c_.groups * group_size);
    const int64_t n_blocks = int64_t(blocks_.size());
    auto pack_some = [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; i++)
        pack(i / n_blocks, blocks_[i % n_blocks], packed + i / n_blocks * group_size);
    };
    if (threads == 1) pack_some(0, c_.groups * n_blocks);
    else parallel::split(c_.groups * n_blocks, 1, 1, pack_some);
    // If there are too few pieces, threads share the channels of each.
    const int64_t n_pieces = int64_t(pieces.size()) * c_.groups;
    const int64_t cuts = larger(1, smaller(threads / n_pieces, n_blocks));
    auto task = [&](int64_t i) {
      const int64_t cut = i % cuts, group = i / cuts % c_.groups;
      compute(patch, pieces[i / cuts / c_.groups], group, packed + group * group_size, n_blocks * cut / cuts,
              n_blocks * (cut + 1) / cuts);
    };
    if (threads == 1)
      for (int64_t i = 0; i < n_pieces; i++) task(i);
    else parallel::run(n_pieces * cuts, task);
  }

 private:
  double work() const {
    double products = double(c_.images) * c_.groups * c_.in_channels * c_.out_channels;
    for (int d = 0; d < 3; d++) {
      int64_t sum = 0;
      for (const Residue& r : c_.residues[d]) sum += r.count * int64_t(r.tap.size());
      products *= double(sum);
    }
    return products;
  }

  void make_phases(const PatchShape& patch) {
    packed_size_ = 0;
    for (const Residue& a : c_.residues[0])
      for (const Residue& b : c_.residues[1])
        for (const Residue& c : c_.residues[2]) {
          Phase phase{{&a, &b, &c}, int64_t(a.tap.size() * b.tap.size() * c.tap.size()), 0, packed_size_, {}};
          phase.terms = phase.taps * c_.in_channels;
          phase.columns.reserve(phase.terms);
          for (int64_t channel = 0; channel < c_.in_channels; channel++)
            for (int64_t i : a.shift)
              for (int64_t j : b.shift)
                for (int64_t k : c.shift)
                  phase.columns.push_back(int32_t(channel * patch.plane +
                                                  patch.place(i - c_.reach[0].least, j - c_.reach[1].least,
                                                              k - c_.reach[2].least)));
          packed_size_ += phase.terms * vectors_ * kernels_.lanes;
          phases_.push_back(std::move(phase));
        }
  }

  // The weights of a block of output channels, for each phase [term][channel of the block].
  void pack(int64_t group, const ChannelBlock& block, T* packed) const {
    const int64_t width = block.vectors * kernels_.lanes;
    const int64_t taps = c_.taps[0] * c_.taps[1] * c_.taps[2];
    const T* w = c_.w + group * c_.group_pitch + block.first * c_.out_pitch;
    for (const Phase& phase : phases_) {
      T* out = packed + phase.packed + phase.terms * block.offset * kernels_.lanes;
      if (block.count < width) std::memset(out, 0, phase.terms * width * sizeof(T));
      if (phase.taps == taps && c_.in_pitch == taps) {
        kernels_.transpose(w, c_.out_pitch, block.count, phase.terms, out, width);
        continue;
      }
      for (int64_t channel = 0; channel < c_.in_channels; channel++, out += phase.taps * width) {
        const T* from = w + channel * c_.in_pitch;
        if (phase.taps == taps) {
          kernels_.transpose(from, c_.out_pitch, block.count, taps, out, width);
          continue;
        }
        T* to = out;
        for (int64_t i : phase.part[0]->tap)
          for (int64_t j : phase.part[1]->tap)
            for (int64_t k : phase.part[2]->tap) {
              const T* tap = from + (i * c_.taps[1] + j) * c_.taps[2] + k;
              for (int64_t l = 0; l < block.count; l++) to[l] = tap[l * c_.out_pitch];
              to += width;
            }
      }
    }
  }

  void compute(const PatchShape& patch, const Piece& whole, int64_t group, const T* packed, int64_t first_block,
               int64_t last_block) const {
    T* values = scratch<T>(scratch_own, whole.images * patch.image);
    const int64_t in_plane = c_.in_size[0] * c_.in_size[1] * c_.in_size[2];
    fill_patch(patch, whole, c_.in + group * c_.in_channels * in_plane, c_.in_size, c_.in_channels,
               c_.groups * c_.in_channels * in_plane, values);
    const int64_t most_width = max_channel_vectors * kernels_.lanes;
    T* sums = scratch<T>(scratch_second, whole.places() * most_width + 2 * most_width);
    T* start = sums + whole.places() * most_width;
    int32_t* places = scratch<int32_t>(scratch_third, whole.places());
    for (const Phase& phase : phases_) {
      Piece piece = whole;
      for (int d = 0; d < 3; d++) piece.count[d] = smaller(piece.count[d], phase.part[d]->count - piece.start[d]);
      if (piece.count[0] <= 0 || piece.count[1] <= 0 || piece.count[2] <= 0) continue;
      fill_places(patch, piece, places);
      for (int64_t b = first_block; b < last_block; b++) {
        const ChannelBlock& block = blocks_[b];
        const int64_t width = block.vectors * kernels_.lanes;
        std::memset(start, 0, width * sizeof(T));
        if (c_.bias)
          std::memcpy(start, c_.bias + group * c_.out_channels + block.first, block.count * sizeof(T));
        const T* weights = packed + phase.packed + phase.terms * block.offset * kernels_.lanes;
        int64_t term = 0;
        do {
          const int64_t terms = smaller(terms_at_once, phase.terms - term);
          kernels_.accumulate(values, places, piece.places(), phase.columns.data() + term, terms,
                              weights + term * width, block.vectors, term ? nullptr : start, sums);
          term += terms;
        } while (term < phase.terms);
        write(piece, phase, group, block, sums);
      }
    }
  }

  // Transposes sums into the planes of the output.
  void write(const Piece& piece, const Phase& phase, int64_t group, const ChannelBlock& block, const T* sums) const {
    const int64_t width = block.vectors * kernels_.lanes, size = c_.out_size[2];
    const int64_t plane = c_.out_size[0] * c_.out_size[1] * size;
    const Residue *const *part = phase.part;
    const bool dense = part[2]->step == 1;
    // Rows that follow each other in memory are written as one.
    const bool joined = dense && part[1]->step == 1 && piece.count[2] == size;
    const int64_t rows = joined ? 1 : piece.count[1];
    const int64_t length = joined ? piece.count[1] * piece.count[2] : piece.count[2];
    for (int64_t n = 0; n < piece.images; n++)
      for (int64_t a = 0; a < piece.count[0]; a++)
        for (int64_t b = 0; b < rows; b++, sums += length * width) {
          const int64_t i = part[0]->start + (piece.start[0] + a) * part[0]->step;
          const int64_t j = part[1]->start + (piece.start[1] + b) * part[1]->step;
          const int64_t k = part[2]->start + piece.start[2] * part[2]->step;
          const int64_t channel = ((piece.image + n) * c_.groups + group) * c_.out_channels + block.first;
          T* out = c_.out + channel * plane + (i * c_.out_size[1] + j) * size + k;
          if (dense) {
            kernels_.transpose(sums, width, length, block.count, out, plane);
            continue;
          }
          for (int64_t l = 0; l < block.count; l++)
            for (int64_t c = 0; c < length; c++) out[l * plane + c * part[2]->step] = sums[c * width + l];
        }
  }

  const Correlation<T>& c_;
  const ConvolutionKernels<T>& kernels_;
  const std::vector<ChannelBlock> blocks_;
  std::vector<Phase> phases_;
  int64_t vectors_, packed_size_ = 0;
};

// The gradient of the weight: a sum over the places of g for every kernel place and channel.
template <class T>
class WeightRun {
 public:
  WeightRun(const ConvolutionShape& s, const T* g, const T* x, T* w)
      : s_(s), g_(g), x_(x), w_(w), kernels_(convolution_kernels<T>()),
        blocks_(channel_blocks(s.group_outputs(), kernels_.lanes)) {
    vectors_ = blocks_.back().offset + blocks_.back().vectors;
    terms_ = s.group_channels() * s.taps();
  }

  void operator()() {
    const int threads = s_.products() >= 2 * thread_products ? parallel::threads() : 1;
    Reach reach[3];
    for (int d = 0; d < 3; d++)
      reach[d] = {s_.stride[d], -s_.padding[d], (s_.kernel[d] - 1) * s_.dilation[d] - s_.padding[d]};
    const int64_t n_blocks = int64_t(blocks_.size()) * s_.groups;
    const int64_t total = s_.groups * terms_ * vectors_ * kernels_.lanes;
    // Threads have sums of their own over some of the pieces, or, if that is much memory, some of
    // the channels. Either way which pieces a sum has depends on the number of threads alone.
    const int64_t cuts = total * int64_t(sizeof(T)) > (1 << 20) ? smaller(threads, n_blocks) : 1;
    int64_t shares = threads / cuts;
    int64_t piece_count[3], piece_images;
    choose_piece(reach, s_.out, s_.images, s_.group_channels(), sizeof(T), terms_at_once, shares, piece_count,
                 piece_images);
    const PatchShape patch(reach, piece_count, s_.group_channels());
    const std::vector<Piece> pieces = all_pieces(s_.out, s_.images, piece_count, piece_images);
    shares = smaller(shares, int64_t(pieces.size()));
    make_rows(patch);
    T* sums = scratch<T>(scratch_shared, shares * total);
    auto task = [&](int64_t i) {
      const int64_t share = i % shares, cut = i / shares, n = int64_t(pieces.size());
      const int64_t first_block = n_blocks * cut / cuts, last_block = n_blocks * (cut + 1) / cuts;
      const int64_t first = n * share / shares;
      for (int64_t p = first; p < n * (share + 1) / shares; p++)
        add(patch, pieces[p], first_block, last_block, p == first, sums + share * total);
    };
    auto finish_some = [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; i++) finish(i, sums, shares, total);
    };
    if (threads == 1) {
      task(0);
      finish_some(0, n_blocks);
    } else {
      parallel::run(shares * cuts, task);
      parallel::split(n_blocks, 1, 1, finish_some);
    }
  }

 private:
  void make_rows(const PatchShape& patch) {
    rows_.reserve(terms_);
    for (int64_t c = 0; c < s_.group_channels(); c++)
      for (int64_t i = 0; i < s_.kernel[0]; i++)
        for (int64_t j = 0; j < s_.kernel[1]; j++)
          for (int64_t k = 0; k < s_.kernel[2]; k++)
            rows_.push_back(int32_t(c * patch.plane +
                                    patch.place(i * s_.dilation[0], j * s_.dilation[1], k * s_.dilation[2])));
  }

  T* block_sums(int64_t group, const ChannelBlock& block, T* sums) const {
    return sums + (group * vectors_ + block.offset) * kernels_.lanes * terms_;
  }

  void add(const PatchShape& patch, const Piece& piece, int64_t first, int64_t last, bool begin, T* sums) const {
    const int64_t n = int64_t(blocks_.size()), places = piece.places();
    const int64_t most_width = max_channel_vectors * kernels_.lanes, channels = s_.group_channels();
    T* values = scratch<T>(scratch_own, piece.images * patch.image);
    T* zeros = scratch<T>(scratch_second, most_width * (places + 1));
    T* packed = zeros + most_width;
    int32_t* columns = scratch<int32_t>(scratch_third, places);
    std::memset(zeros, 0, most_width * sizeof(T));
    fill_places(patch, piece, columns);
    int64_t filled = -1;  // the group whose channels are in the patch
    for (int64_t i = first; i < last; i++) {
      const int64_t group = i / n;
      const ChannelBlock& block = blocks_[i % n];
      const int64_t width = block.vectors * kernels_.lanes;
      if (group != filled)
        fill_patch(patch, piece, x_ + group * channels * s_.in_plane(), s_.in, channels,
                   s_.channels * s_.in_plane(), values);
      filled = group;
      pack(piece, group, block, packed);
      for (int64_t place = 0; place < places; place += terms_at_once)
        kernels_.accumulate(values, rows_.data(), terms_, columns + place, smaller(terms_at_once, places - place),
                            packed + place * width, block.vectors, begin && place == 0 ? zeros : nullptr,
                            block_sums(group, block, sums));
    }
  }

  // A piece of g with a block's channels beside each other.
  void pack(const Piece& piece, int64_t group, const ChannelBlock& block, T* packed) const {
    const int64_t width = block.vectors * kernels_.lanes;
    if (block.count < width) std::memset(packed, 0, piece.places() * width * sizeof(T));
    const bool joined = piece.count[2] == s_.out[2];
    const int64_t rows = joined ? 1 : piece.count[1];
    const int64_t length = joined ? piece.count[1] * piece.count[2] : piece.count[2];
    for (int64_t n = 0; n < piece.images; n++)
      for (int64_t a = 0; a < piece.count[0]; a++)
        for (int64_t b = 0; b < rows; b++, packed += length * width) {
          const int64_t channel = (piece.image + n) * s_.outputs + group * s_.group_outputs() + block.first;
          const T* from = g_ + channel * s_.out_plane() +
                          ((piece.start[0] + a) * s_.out[1] + piece.start[1] + b) * s_.out[2] + piece.start[2];
          kernels_.transpose(from, s_.out_plane(), block.count, length, packed, width);
        }
  }

  void finish(int64_t i, T* sums, int64_t shares, int64_t total) const {
    const int64_t n = int64_t(blocks_.size()), group = i / n;
    const ChannelBlock& block = blocks_[i % n];
    const int64_t width = block.vectors * kernels_.lanes;
    T* first = block_sums(group, block, sums);
    for (int64_t share = 1; share < shares; share++)
      for (int64_t j = 0; j < terms_ * width; j++) first[j] += first[share * total + j];
    kernels_.transpose(first, width, terms_, block.count, w_ + (group * s_.group_outputs() + block.first) * terms_,
                       terms_);
  }

  const ConvolutionShape& s_;
  const T *g_, *x_;
  T* w_;
  const ConvolutionKernels<T>& kernels_;
  const std::vector<ChannelBlock> blocks_;
  std::vector<int32_t> rows_;
  int64_t vectors_, terms_;
};

}  // namespace

template <class T>
void correlate(const Correlation<T>& c) {
  Run<T> run(c);
  run();
}

template <class T>
void convolve_weight_directly(const ConvolutionShape& s, const T* g, const T* x, T* w) {
  WeightRun<T> run(s, g, x, w);
  run();
}

template void correlate(const Correlation<float>&);
template void correlate(const Correlation<double>&);
template void convolve_weight_directly(const ConvolutionShape&, const float*, const float*, float*);
template void convolve_weight_directly(const ConvolutionShape&, const double*, const double*, double*);

}  // namespace tidu
