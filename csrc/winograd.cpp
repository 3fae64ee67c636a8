// How Winograd convolutions are cut into pieces; see winograd.h.
//
// A thread takes some rows of tiles at a time, few enough for its caches: it transforms their inputs,
// multiplies them, one matrix product for each element of a tile, and transforms the products back.
// Transformed inputs are [element][tile][channel], products [element][block][tile][channel].
#include "winograd.h"

#include <atomic>

#include "convolution_patch.h"
#include "parallel.h"
#include "scratch.h"

namespace tidu {
namespace {

std::atomic<bool> allowed{true};

constexpr int64_t tiles_at_once = 48;     // enough for a matrix product to be worth its start
constexpr int64_t work_bytes = 384 << 10;  // of transformed tiles, while there are enough of them
constexpr int64_t sums_bytes = 64 << 20;  // of the sums that all threads have of a weight's gradient

constexpr int64_t inputs_at_once = 8;  // whose weights are transformed together

// Planes of elements lie one cache line further apart than they need to: powers of two would
// fall into the same part of a cache.
constexpr int64_t apart = 16;

const WinogradKernels& transforms_of(int64_t kernel) {
  return kernel == 5 ? winograd_kernels.of_5x5 : winograd_kernels.of_3x3;
}

// The tiles of a result of `images` images, and how a thread takes them.
struct Tiling {
  int64_t images, rows, columns;  // of tiles in an image
  int64_t at_once;                // rows of tiles, of any images

  Tiling(const WinogradKernels& w, int64_t n, int64_t height, int64_t width)
      : images(n), rows(ceil_div(height, w.outputs)), columns(ceil_div(width, w.outputs)) {}

  void choose(int64_t bytes_each, int64_t weight_bytes, int threads) {
    // Weights that do not stay in the second cache are read once for all tiles of a piece.
    const int64_t least = weight_bytes > 2 * work_bytes ? 36 : 12;
    const int64_t most = larger(least, smaller(tiles_at_once, work_bytes / bytes_each));
    at_once = larger(1, most / columns);
    const int64_t tasks = 4 * threads;
    if (threads > 1 && images * rows < at_once * tasks)
      at_once = larger(ceil_div(12, columns), smaller(at_once, images * rows / tasks));
  }
  int64_t tiles() const { return at_once * columns; }
  int64_t pieces() const { return ceil_div(images * rows, at_once); }

  // Calls segment(image, first row, number of rows, tiles before it) for each image in a piece.
  template <class F>
  void segments(int64_t piece, F&& segment) const {
    const int64_t begin = piece * at_once, end = smaller(begin + at_once, images * rows);
    for (int64_t row = begin; row < end;) {
      const int64_t first = row % rows, count = smaller(rows - first, end - row);
      segment(row / rows, first, count, (row - begin) * columns);
      row += count;
    }
  }
  int64_t tiles_of(int64_t piece) const {
    return (smaller((piece + 1) * at_once, images * rows) - piece * at_once) * columns;
  }
};

// Pixels of up to one vector of channels beside each other: `rows` rows from `row` on and `width`
// columns from `column` on of planes of height x width pixels, with zeros outside.
struct Window {
  int64_t row, rows, column, width;
};
void fill_window(const Window& window, const float* planes, int64_t height, int64_t width, int64_t channels,
                 float* out) {
  const auto& kernels = convolution_kernels<float>();
  const int64_t lanes = kernels.lanes, plane = height * width, pitch = window.width * lanes;
  const int64_t left = smaller(larger(-window.column, 0), window.width);
  const int64_t right = larger(left, smaller(width - window.column, window.width));
  const int64_t above = smaller(larger(-window.row, 0), window.rows);
  const int64_t below = larger(above, smaller(height - window.row, window.rows));
  auto clear = [&](float* from, int64_t count) { std::memset(from, 0, count * lanes * sizeof(float)); };
  if (channels < lanes) clear(out, window.rows * window.width);
  clear(out, above * window.width);
  clear(out + below * pitch, (window.rows - below) * window.width);
  const float* from = planes + window.row * width + window.column;
  if (window.width == width && window.column == 0) {
    kernels.transpose(from + above * width, plane, channels, (below - above) * width, out + above * pitch, lanes);
    return;
  }
  for (int64_t i = above; i < below; i++) {
    float* row = out + i * pitch;
    clear(row, left);
    kernels.transpose(from + i * width + left, plane, channels, right - left, row + left * lanes, lanes);
    clear(row + right * lanes, window.width - right);
  }
}

// What the passes share: sizes of the transformed arrays, and tables of places in them.
class Pass {
 protected:
  Pass(const ConvolutionShape& s, int64_t inputs, int64_t outputs, int64_t height, int64_t width)
      : transforms_(transforms_of(s.kernel[1])), kernels_(convolution_kernels<float>()), inputs_(inputs),
        outputs_(outputs), elements_(transforms_.size * transforms_.size),
        tiling_(transforms_, s.images, height, width), blocks_(channel_blocks(outputs, kernels_.lanes)) {
    threads_ = parallel::threads();
    padded_inputs_ = ceil_div(inputs, kernels_.lanes) * kernels_.lanes;
    padded_outputs_ = ceil_div(outputs, kernels_.lanes) * kernels_.lanes;
    constexpr int64_t bytes = sizeof(float);
    tiling_.choose(elements_ * (padded_inputs_ + padded_outputs_) * bytes, elements_ * inputs * padded_outputs_ * bytes,
                   threads_);
    input_pitch_ = tiling_.tiles() * padded_inputs_ + apart;
    product_pitch_ = tiling_.tiles() * padded_outputs_ + apart;
    weight_pitch_ = inputs * padded_outputs_ + apart;
    for (int64_t i = 0; i < tiling_.tiles(); i++) tile_places_.push_back(int32_t(i * padded_inputs_));
    for (int64_t i = 0; i < inputs; i++) channel_places_.push_back(int32_t(i));
  }

  // The transformed tiles of a piece of `in`, which has `height` x `width` pixels.
  void transform_inputs(int64_t piece, const float* in, int64_t height, int64_t width, const int64_t* padding,
                        float* window, float* tiles) const {
    const int64_t m = transforms_.outputs, lanes = kernels_.lanes;
    const int64_t row = tiling_.columns * m + transforms_.kernel - 1;
    for (int64_t c = 0; c < inputs_; c += lanes)
      tiling_.segments(piece, [&](int64_t image, int64_t first, int64_t count, int64_t before) {
        fill_window({first * m - padding[0], count * m + transforms_.kernel - 1, -padding[1], row},
                    in + (image * inputs_ + c) * height * width, height, width, smaller(lanes, inputs_ - c), window);
        float* tile = tiles + before * padded_inputs_ + c;
        for (int64_t i = 0; i < count; i++)
          for (int64_t j = 0; j < tiling_.columns; j++, tile += padded_inputs_)
            transforms_.input(window + (i * m * row + j * m) * lanes, row * lanes, tile, input_pitch_);
      });
  }

  int64_t window_size() const {
    const int64_t border = transforms_.kernel - 1;
    return (tiling_.at_once * transforms_.outputs + border) * (tiling_.columns * transforms_.outputs + border) *
           kernels_.lanes;
  }

  const WinogradKernels& transforms_;
  const ConvolutionKernels<float>& kernels_;
  int64_t inputs_, outputs_, padded_inputs_, padded_outputs_, elements_;
  Tiling tiling_;
  std::vector<ChannelBlock> blocks_;
  int threads_;
  int64_t input_pitch_, product_pitch_, weight_pitch_;
  std::vector<int32_t> tile_places_, channel_places_;
};

// A convolution of `in` with weights of which `in_pitch` and `out_pitch` are the steps from channel to
// channel; `turned` if the kernel is to be turned round, as the gradient of the input needs it.
struct Operands {
  const float *in, *w, *bias;
  float* out;
  int64_t in_size[2], out_size[2], padding[2], in_pitch, out_pitch;
  bool turned;
};

class Forward : Pass {
 public:
  Forward(const ConvolutionShape& s, int64_t inputs, int64_t outputs, const Operands& o)
      : Pass(s, inputs, outputs, o.out_size[0], o.out_size[1]), o_(o) {}

  void operator()() {
    float* weights = scratch<float>(scratch_shared, elements_ * weight_pitch_);
    const int64_t n_blocks = int64_t(blocks_.size());
    const int64_t parts = ceil_div(inputs_, inputs_at_once);
    parallel::split(parts * n_blocks, 2, 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; i++)
        transform_weights(blocks_[i / parts], i % parts * inputs_at_once, weights);
    });
    parallel::run(tiling_.pieces(), [&](int64_t piece) { compute(piece, weights); });
  }

 private:
  // Of a block of outputs and `inputs_at_once` inputs from `input` on.
  void transform_weights(const ChannelBlock& block, int64_t input, float* weights) const {
    const int64_t lanes = kernels_.lanes, taps = int64_t(transforms_.kernel) * transforms_.kernel;
    const int64_t inputs = smaller(inputs_at_once, inputs_ - input);
    float lined_up[inputs_at_once * 25 * 16];
    for (int v = 0; v < block.vectors; v++) {
      const int64_t first = block.first + v * lanes, count = smaller(lanes, outputs_ - first);
      const float* w = o_.w + first * o_.out_pitch + input * o_.in_pitch;
      if (count < lanes) std::memset(lined_up, 0, sizeof lined_up);
      if (o_.in_pitch == taps) kernels_.transpose(w, o_.out_pitch, count, inputs * taps, lined_up, lanes);
      else
        for (int64_t i = 0; i < inputs; i++)
          kernels_.transpose(w + i * o_.in_pitch, o_.out_pitch, count, taps, lined_up + i * taps * lanes, lanes);
      float* out = weights + block.offset * lanes * inputs_ + (input * block.vectors + v) * lanes;
      for (int64_t i = 0; i < inputs; i++, out += block.vectors * lanes) {
        const float* one = lined_up + i * taps * lanes;
        if (o_.turned) transforms_.weight(one + (taps - 1) * lanes, -lanes, out, weight_pitch_);
        else transforms_.weight(one, lanes, out, weight_pitch_);
      }
    }
  }

  void compute(int64_t piece, const float* weights) const {
    const int64_t lanes = kernels_.lanes, tiles = tiling_.tiles_of(piece);
    float* inputs = scratch<float>(scratch_own, elements_ * (input_pitch_ + product_pitch_));
    float* products = inputs + elements_ * input_pitch_;
    float* window = scratch<float>(scratch_second, window_size());
    transform_inputs(piece, o_.in, o_.in_size[0], o_.in_size[1], o_.padding, window, inputs);
    const bool few = inputs_ <= few_inputs;
    const float zeros[max_channel_vectors * 16] = {};
    for (int64_t e = 0; e < elements_ && !few; e++)
      for (const ChannelBlock& block : blocks_)
        kernels_.accumulate(inputs + e * input_pitch_, tile_places_.data(), tiles, channel_places_.data(), inputs_,
                            weights + e * weight_pitch_ + block.offset * lanes * inputs_, block.vectors, zeros,
                            products + e * product_pitch_ + block.offset * lanes * tiling_.tiles());
    for (const ChannelBlock& block : blocks_)
      for (int v = 0; v < block.vectors; v++) {
        const int64_t step = block.vectors * lanes;
        if (few)
          transform_outputs(piece, block.first + v * lanes, inputs, padded_inputs_, window,
                            weights + block.offset * lanes * inputs_ + v * lanes, step);
        else
          transform_outputs(piece, block.first + v * lanes,
                            products + block.offset * lanes * tiling_.tiles() + v * lanes, step, window, nullptr, 0);
      }
  }

  // Of the vector of channels from `channel` on. Tiles are `step` apart; they are products or, if there are
  // `weights`, inputs.
  void transform_outputs(int64_t piece, int64_t channel, const float* tiles, int64_t step, float* pixels,
                         const float* weights, int64_t weight_step) const {
    const int64_t m = transforms_.outputs, lanes = kernels_.lanes;
    const int64_t height = o_.out_size[0], width = o_.out_size[1];
    const int64_t channels = smaller(lanes, outputs_ - channel);
    float bias[16] = {};
    if (o_.bias) std::memcpy(bias, o_.bias + channel, channels * sizeof(float));
    tiling_.segments(piece, [&](int64_t image, int64_t first, int64_t count, int64_t before) {
      const float* tile = tiles + before * step;
      for (int64_t i = 0; i < count; i++)
        for (int64_t j = 0; j < tiling_.columns; j++, tile += step) {
          const int in_rows = int(smaller(m, height - (first + i) * m)), in_columns = int(smaller(m, width - j * m));
          float* at = pixels + (i * m * width + j * m) * lanes;
          if (weights)
            transforms_.output_of_few(tile, input_pitch_, int(inputs_), weights, weight_pitch_, weight_step, bias,
                                      in_rows, in_columns, at, width * lanes);
          else transforms_.output(tile, product_pitch_, bias, in_rows, in_columns, at, width * lanes);
        }
      const int64_t rows = smaller(count * m, height - first * m);
      kernels_.transpose(pixels, lanes, rows * width, channels,
                         o_.out + ((image * outputs_ + channel) * height + first * m) * width, height * width);
    });
  }

  const Operands& o_;
};

class WeightGradient : Pass {
 public:
  WeightGradient(const ConvolutionShape& s, const float* g, const float* x, float* w)
      : Pass(s, s.channels, s.outputs, s.out[1], s.out[2]), s_(s), g_(g), x_(x), w_(w) {}

  void operator()() {
    const int64_t total = elements_ * weight_pitch_, pieces = tiling_.pieces();
    const int64_t shares = smaller(threads_, pieces);
    float* sums = scratch<float>(scratch_shared, shares * total);
    parallel::run(shares, [&](int64_t share) {
      const int64_t first = pieces * share / shares;
      for (int64_t piece = first; piece < pieces * (share + 1) / shares; piece++)
        add(piece, piece == first, sums + share * total);
    });
    parallel::split(inputs_ * int64_t(blocks_.size()), 16, 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; i++) finish(blocks_[i / inputs_], i % inputs_, sums, shares);
    });
  }

 private:
  void add(int64_t piece, bool begin, float* sums) const {
    const int64_t lanes = kernels_.lanes, tiles = tiling_.tiles_of(piece);
    float* inputs = scratch<float>(scratch_own, elements_ * (input_pitch_ + product_pitch_));
    float* gradients = inputs + elements_ * input_pitch_;
    float* window = scratch<float>(scratch_second, window_size());
    const int64_t padding[2] = {s_.padding[1], s_.padding[2]};
    transform_inputs(piece, x_, s_.in[1], s_.in[2], padding, window, inputs);
    for (const ChannelBlock& block : blocks_)
      for (int v = 0; v < block.vectors; v++)
        transform_gradients(piece, block.first + v * lanes, block.vectors * lanes,
                            gradients + block.offset * lanes * tiling_.tiles() + v * lanes, window);
    const float zeros[max_channel_vectors * 16] = {};
    for (int64_t e = 0; e < elements_; e++)
      for (const ChannelBlock& block : blocks_)
        kernels_.accumulate(inputs + e * input_pitch_, channel_places_.data(), inputs_, tile_places_.data(), tiles,
                            gradients + e * product_pitch_ + block.offset * lanes * tiling_.tiles(), block.vectors,
                            begin ? zeros : nullptr, sums + e * weight_pitch_ + block.offset * lanes * inputs_);
  }

  void transform_gradients(int64_t piece, int64_t channel, int64_t step, float* gradients, float* window) const {
    const int64_t m = transforms_.outputs, lanes = kernels_.lanes, row = tiling_.columns * m;
    const int64_t height = s_.out[1], width = s_.out[2];
    tiling_.segments(piece, [&](int64_t image, int64_t first, int64_t count, int64_t before) {
      fill_window({first * m, count * m, 0, row}, g_ + (image * outputs_ + channel) * height * width, height, width,
                  smaller(lanes, outputs_ - channel), window);
      float* tile = gradients + before * step;
      for (int64_t i = 0; i < count; i++)
        for (int64_t j = 0; j < tiling_.columns; j++, tile += step)
          transforms_.output_gradient(window + (i * m * row + j * m) * lanes, row * lanes, tile, product_pitch_);
    });
  }

  void finish(const ChannelBlock& block, int64_t input, float* sums, int64_t shares) const {
    const int64_t lanes = kernels_.lanes, width = block.vectors * lanes;
    const int64_t taps = int64_t(transforms_.kernel) * transforms_.kernel;
    float* first = sums + block.offset * lanes * inputs_ + input * width;
    for (int64_t share = 1; share < shares; share++)
      for (int64_t e = 0; e < elements_; e++) {
        float* to = first + e * weight_pitch_;
        const float* from = to + share * elements_ * weight_pitch_;
        for (int64_t l = 0; l < width; l++) to[l] += from[l];
      }
    float weights[25 * 16];
    for (int v = 0; v < block.vectors; v++) {
      transforms_.weight_gradient(first + v * lanes, weight_pitch_, weights);
      const int64_t output = block.first + v * lanes;
      kernels_.transpose(weights, lanes, taps, smaller(lanes, outputs_ - output),
                         w_ + (output * inputs_ + input) * taps, inputs_ * taps);
    }
  }

  const ConvolutionShape& s_;
  const float *g_, *x_;
  float* w_;
};

}  // namespace

void allow_winograd(bool on) { allowed = on; }
bool winograd_allowed() { return allowed; }

bool winograd_wins(const ConvolutionShape& s) {
  if (!allowed || s.groups != 1 || s.in[0] != 1 || s.kernel[0] != 1 || s.padding[0] || s.kernel[1] != s.kernel[2] ||
      (s.kernel[1] != 3 && s.kernel[1] != 5))
    return false;
  for (int d = 0; d < 3; d++)
    if (s.stride[d] != 1 || s.dilation[d] != 1) return false;
  // Estimates of half cycles, for vectors of channels. The numbers were fitted to measured times: what a
  // transform takes for an element of a tile, and the transposition of a pixel.
  const WinogradKernels& w = transforms_of(s.kernel[1]);
  const int64_t lanes = convolution_kernels<float>().lanes;
  const double channels = double(s.channels), elements = double(w.size) * w.size, busy = 0.85, pixel = 27;
  if (elements * channels * s.outputs * sizeof(float) * parallel::threads() > sums_bytes) return false;
  const double inputs = double(ceil_div(s.channels, lanes)), outputs = double(ceil_div(s.outputs, lanes));
  const int64_t tiles = s.images * ceil_div(s.out[1], w.outputs) * ceil_div(s.out[2], w.outputs);
  const double pixels = double(tiles) * w.outputs * w.outputs, overhead = s.channels > few_inputs ? 6 : 2;
  const double products = elements * larger(tiles, 6) * outputs * (channels + overhead) / busy;
  const double transforms = elements * (tiles * (10 * inputs + 6.5 * outputs) + 12 * channels * outputs);
  const double transpositions = pixel * pixels * (inputs + outputs);
  const double definition = double(s.images) * s.out_plane() * outputs * (channels * s.taps() / busy + pixel);
  return products + transforms + transpositions < 0.9 * definition;
}

void winograd_forward(const ConvolutionShape& s, const float* x, const float* w, const float* bias, float* y) {
  const int64_t taps = s.taps();
  const Operands o{x, w, bias, y, {s.in[1], s.in[2]}, {s.out[1], s.out[2]}, {s.padding[1], s.padding[2]},
                   taps, taps * s.channels, false};
  Forward(s, s.channels, s.outputs, o)();
}

void winograd_input(const ConvolutionShape& s, const float* g, const float* w, const float* bias, float* x) {
  const int64_t taps = s.taps(), border = s.kernel[1] - 1;
  const Operands o{g, w, bias, x, {s.out[1], s.out[2]}, {s.in[1], s.in[2]},
                   {border - s.padding[1], border - s.padding[2]}, taps * s.channels, taps, true};
  Forward(s, s.outputs, s.channels, o)();
}

void winograd_weight(const ConvolutionShape& s, const float* g, const float* x, float* w) {
  WeightGradient(s, g, x, w)();
}

}  // namespace tidu
