// How the passes of a convolution are cut into pieces that fit into a cache, and the padded copies of
// inputs, with the tables of places in them, that the inner kernel works on.
#pragma once

#include <cstring>
#include <vector>

#include "convolution.h"
#include "dispatch.h"

namespace tidu {

template <class T>
const ConvolutionKernels<T>& convolution_kernels();
template <>
inline const ConvolutionKernels<float>& convolution_kernels<float>() { return conv_kernels.float32; }
template <>
inline const ConvolutionKernels<double>& convolution_kernels<double>() { return conv_kernels.float64; }

constexpr int64_t patch_bytes = 192 << 10;   // of a padded copy: about half of a second cache
constexpr int64_t most_places = 2048;        // output places of a piece
constexpr int64_t terms_at_once = 256;       // whose packed vectors stay in the first cache
constexpr double thread_products = 1 << 19;  // multiplications that are worth a second thread

inline int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }
inline int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }
inline int64_t larger(int64_t a, int64_t b) { return a > b ? a : b; }

// Blocks of two or three vectors of channels (one if there are no more) that cover `channels`.
struct ChannelBlock {
  int64_t first, count;  // channels
  int vectors;
  int64_t offset;  // vectors before this block
};
inline std::vector<ChannelBlock> channel_blocks(int64_t channels, int lanes) {
  std::vector<ChannelBlock> blocks;
  int64_t offset = 0;
  for (int64_t left = ceil_div(channels, lanes); left > 0;) {
    const int vectors = left == 1 ? 1 : left % 2 ? 3 : 2;
    const int64_t first = offset * lanes;
    blocks.push_back({first, smaller(vectors * lanes, channels - first), vectors, offset});
    offset += vectors;
    left -= vectors;
  }
  return blocks;
}

// A range of images and of output places.
struct Piece {
  int64_t image, images, start[3], count[3];
  int64_t places() const { return images * count[0] * count[1] * count[2]; }
};

// One dimension of what the inner kernel reads: output place t and kernel place k (of the `taps`)
// need input place t * step + shift[k].
struct Reach {
  int64_t step, least, most;  // the least and the greatest shift
};

// The padded copies that pieces of a shape need.
struct PatchShape {
  Reach reach[3];
  int64_t size[3], plane, image;  // elements from one channel to the next, and from image to image

  PatchShape(const Reach* reaches, const int64_t* count, int64_t channels) {
    int64_t elements = 1;
    for (int d = 0; d < 3; d++) {
      reach[d] = reaches[d];
      size[d] = (count[d] - 1) * reach[d].step + reach[d].most - reach[d].least + 1;
      elements *= size[d];
    }
    // An odd number of cache lines, lest all channels' values fall into the same part of a cache.
    plane = (ceil_div(elements, 16) | 1) * 16;
    image = plane * channels;
  }
  int64_t place(int64_t a, int64_t b, int64_t c) const { return (a * size[1] + b) * size[2] + c; }
};

// Cuts `images` and the output range `count` into pieces whose patches are small, and which are
// many enough for the threads; fills `piece_count` and `piece_images` with the size of all but the last.
inline void choose_piece(const Reach* reach, const int64_t* count, int64_t images, int64_t channels,
                         int64_t element, int64_t fewest_places, int64_t least_tasks,
                         int64_t* piece_count, int64_t& piece_images) {
  std::memcpy(piece_count, count, 3 * sizeof *count);
  auto places = [&] { return piece_count[0] * piece_count[1] * piece_count[2]; };
  for (;;) {
    const PatchShape patch(reach, piece_count, channels);
    int64_t tasks = images;
    for (int d = 0; d < 3; d++) tasks *= ceil_div(count[d], piece_count[d]);
    const bool large = patch.image * element > patch_bytes || places() > most_places;
    if (!(large && places() > 48) && !(tasks < least_tasks && places() > 2 * fewest_places)) break;
    int d = 0;
    while (piece_count[d] == 1) d++;
    piece_count[d] = ceil_div(piece_count[d], 2);
  }
  const PatchShape patch(reach, piece_count, channels);
  int64_t tasks = 1;
  for (int d = 0; d < 3; d++) tasks *= ceil_div(count[d], piece_count[d]);
  piece_images = larger(1, smaller(ceil_div(fewest_places, places()), 2 * patch_bytes / (patch.image * element)));
  piece_images = larger(1, smaller(piece_images, images * tasks / least_tasks));
}

inline std::vector<Piece> all_pieces(const int64_t* count, int64_t images, const int64_t* piece_count,
                                     int64_t piece_images) {
  std::vector<Piece> pieces;
  for (int64_t n = 0; n < images; n += piece_images)
    for (int64_t a = 0; a < count[0]; a += piece_count[0])
      for (int64_t b = 0; b < count[1]; b += piece_count[1])
        for (int64_t c = 0; c < count[2]; c += piece_count[2])
          pieces.push_back({n,
                            smaller(piece_images, images - n),
                            {a, b, c},
                            {smaller(piece_count[0], count[0] - a), smaller(piece_count[1], count[1] - b),
                             smaller(piece_count[2], count[2] - c)}});
  return pieces;
}

// Places [left, right) of a range of `count` places, `step` apart from `first` on, that lie in [0, size).
struct Inside {
  int64_t left, right;
  Inside(int64_t first, int64_t step, int64_t count, int64_t size) {
    left = smaller(first < 0 ? ceil_div(-first, step) : 0, count);
    right = larger(left, smaller(first < size ? ceil_div(size - first, step) : 0, count));
  }
};

// Copies what a piece reads of `channels` planes of `in` (each `image_pitch` from image to image).
template <class T>
void fill_patch(const PatchShape& patch, const Piece& piece, const T* in, const int64_t* in_size,
                int64_t channels, int64_t image_pitch, T* out) {
  const auto& kernels = convolution_kernels<T>();
  const int64_t width = patch.size[2], area = patch.size[1] * width;
  int64_t first[3];
  for (int d = 0; d < 3; d++) first[d] = piece.start[d] * patch.reach[d].step + patch.reach[d].least;
  const Inside depth(first[0], 1, patch.size[0], in_size[0]), rows(first[1], 1, patch.size[1], in_size[1]),
      columns(first[2], 1, width, in_size[2]);
  const int64_t in_plane = in_size[0] * in_size[1] * in_size[2];
  for (int64_t n = 0; n < piece.images; n++)
    for (int64_t c = 0; c < channels; c++) {
      const T* source = in + (piece.image + n) * image_pitch + c * in_plane;
      T* layer = out + n * patch.image + c * patch.plane;
      for (int64_t a = 0; a < patch.size[0]; a++, layer += area) {
        const bool exists = a >= depth.left && a < depth.right;
        const int64_t above = exists ? rows.left : patch.size[1], below = exists ? rows.right : patch.size[1];
        std::memset(layer, 0, above * width * sizeof(T));
        if (!exists) continue;
        const T* from = source + ((first[0] + a) * in_size[1] + first[1] + above) * in_size[2] + first[2];
        const int64_t length = below - above;
        if (columns.right - columns.left == in_size[2] && width == in_size[2])  // whole rows
          kernels.copy_rows(from, 0, 1, 1, 0, length * width, length * width, layer + above * width, 0);
        else
          kernels.copy_rows(from, in_size[2], 1, length, columns.left, columns.right, width, layer + above * width,
                            width);
        std::memset(layer + below * width, 0, (patch.size[1] - below) * width * sizeof(T));
      }
    }
}

// Where in the patch the windows of a piece's output places begin.
inline void fill_places(const PatchShape& patch, const Piece& piece, int32_t* places) {
  for (int64_t n = 0; n < piece.images; n++)
    for (int64_t a = 0; a < piece.count[0]; a++)
      for (int64_t b = 0; b < piece.count[1]; b++) {
        int64_t place = n * patch.image + patch.place(a * patch.reach[0].step, b * patch.reach[1].step, 0);
        for (int64_t c = 0; c < piece.count[2]; c++, place += patch.reach[2].step)
          *places++ = static_cast<int32_t>(place);
      }
}

}  // namespace tidu
