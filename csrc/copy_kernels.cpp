// The inner loops of copies: transposing tiles in registers, and conversions between dtypes.
#include "copy.h"
#include "shuffle.h"

namespace tidu::TIDU_ISA {
namespace {

// A square of n x n elements: interleaving the halves of the rows log2(n) times transposes it.
template <class T>
TIDU_INLINE void transpose_square(char* target, int64_t target_stride, const char* source,
                                  int64_t source_stride) {
  constexpr int n = lanes<T>;
  Vec<T> rows[n], next[n];
#pragma GCC unroll 16
  for (int j = 0; j < n; j++) rows[j] = load(reinterpret_cast<const T*>(source + j * source_stride));
#pragma GCC unroll 4
  for (int stage = 1; stage < n; stage *= 2) {
#pragma GCC unroll 16
    for (int j = 0; j < n / 2; j++) {
      next[2 * j] = Shuffle<n>::low(rows[j], rows[j + n / 2]);
      next[2 * j + 1] = Shuffle<n>::high(rows[j], rows[j + n / 2]);
    }
#pragma GCC unroll 16
    for (int j = 0; j < n; j++) rows[j] = next[j];
  }
#pragma GCC unroll 16
  for (int i = 0; i < n; i++) store(reinterpret_cast<T*>(target + i * target_stride), rows[i]);
}

template <class T>
void transpose(char* target, int64_t target_stride, const char* source, int64_t source_stride,
               int64_t rows, int64_t columns) {
  constexpr int64_t n = lanes<T>;
  constexpr int64_t line = n < int64_t(64 / sizeof(T)) ? 64 / sizeof(T) : n;  // elements in a cache line
  const int64_t whole_rows = rows / n * n, whole_columns = columns / n * n;
  // Whole cache lines are read, and written, at a time.
  for (int64_t i = 0; i < whole_rows; i += line)
    for (int64_t j = 0; j < whole_columns; j += line)
      for (int64_t ii = i; ii < i + line && ii < whole_rows; ii += n)
        for (int64_t jj = j; jj < j + line && jj < whole_columns; jj += n)
          transpose_square<T>(target + ii * target_stride + jj * int64_t(sizeof(T)), target_stride,
                              source + jj * source_stride + ii * int64_t(sizeof(T)), source_stride);
  auto element = [&](int64_t i, int64_t j) {
    __builtin_memcpy(target + i * target_stride + j * int64_t(sizeof(T)),
                     source + j * source_stride + i * int64_t(sizeof(T)), sizeof(T));
  };
  for (int64_t i = 0; i < whole_rows; i++)
    for (int64_t j = whole_columns; j < columns; j++) element(i, j);
  if (whole_rows < rows) {
    for (int64_t j = 0; j < columns; j++)
      for (int64_t i = whole_rows; i < rows; i++) element(i, j);
  }
}

template <class From, class To>
struct Cast {
  static inline To apply(From x) { return static_cast<To>(x); }
};
// What does not fit in a small integer is cut to its low bits, on every processor.
template <class From>
struct Cast<From, uint8_t> {
  static inline uint8_t apply(From x) { return static_cast<uint8_t>(static_cast<int32_t>(x)); }
};
template <class From>
struct Cast<From, int8_t> {
  static inline int8_t apply(From x) { return static_cast<int8_t>(static_cast<int32_t>(x)); }
};
template <class From>
struct Cast<From, int16_t> {
  static inline int16_t apply(From x) { return static_cast<int16_t>(static_cast<int32_t>(x)); }
};
template <class From>
struct Cast<From, bool> {
  static inline bool apply(From x) { return x != 0; }
};

template <class From, class To>
void convert(const void* source, void* target, size_t n) {
  const From* x = static_cast<const From*>(source);
  To* out = static_cast<To*>(target);
#pragma GCC ivdep
  for (size_t i = 0; i < n; i++) out[i] = Cast<From, To>::apply(x[i]);
}

template <class From>
void fill_row(void (**row)(const void*, void*, size_t)) {
  row[of_bool] = convert<From, bool>;
  row[of_uint8] = convert<From, uint8_t>;
  row[of_int8] = convert<From, int8_t>;
  row[of_int16] = convert<From, int16_t>;
  row[of_int32] = convert<From, int32_t>;
  row[of_int64] = convert<From, int64_t>;
  row[of_float32] = convert<From, float>;
  row[of_float64] = convert<From, double>;
}

}  // namespace

void fill(CopyTable& table) {
  table.transpose4 = transpose<int32_t>;
  table.transpose8 = transpose<int64_t>;
  fill_row<uint8_t>(table.convert[of_bool]);  // a bool is 0 or 1
  fill_row<uint8_t>(table.convert[of_uint8]);
  fill_row<int8_t>(table.convert[of_int8]);
  fill_row<int16_t>(table.convert[of_int16]);
  fill_row<int32_t>(table.convert[of_int32]);
  fill_row<int64_t>(table.convert[of_int64]);
  fill_row<float>(table.convert[of_float32]);
  fill_row<double>(table.convert[of_float64]);
}

}  // namespace tidu::TIDU_ISA
