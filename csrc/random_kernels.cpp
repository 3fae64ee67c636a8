// The inner loops of random numbers.
//
// The generator: M. Matsumoto, T. Nishimura, "Mersenne Twister: a 623-dimensionally equidistributed
// uniform pseudo-random number generator", ACM TOMACS 8 (1998). A word depends on those 624, 623 and
// 227 before it, so that vectors of up to 227 words are computed at once.
#include "random.h"
#include "vmath.h"

namespace tidu::TIDU_ISA {
namespace {

TIDU_INLINE uint32_t next_word(uint32_t first, uint32_t second, uint32_t far) {
  const uint32_t mixed = (first & 0x80000000u) | (second & 0x7fffffffu);
  return far ^ (mixed >> 1) ^ (-(second & 1u) & 0x9908b0dfu);
}

void refill(uint32_t* state) {
  constexpr int n = twister_words, m = 397;
#pragma GCC ivdep
  for (int i = 0; i < n - m; i++) state[i] = next_word(state[i], state[i + 1], state[i + m]);
#pragma GCC ivdep
  for (int i = n - m; i < n - 1; i++) state[i] = next_word(state[i], state[i + 1], state[i + m - n]);
  state[n - 1] = next_word(state[n - 1], state[0], state[m - 1]);
}

void temper(const uint32_t* __restrict state, uint32_t* __restrict draws, size_t n) {
  for (size_t i = 0; i < n; i++) {
    uint32_t y = state[i];
    y ^= y >> 11;
    y ^= (y << 7) & 0x9d2c5680u;
    y ^= (y << 15) & 0xefc60000u;
    draws[i] = y ^ (y >> 18);
  }
}

void floats(const uint32_t* draws, float* out, size_t n) {
  const int32_t* words = reinterpret_cast<const int32_t*>(draws);
  constexpr size_t step = lanes<float>;
  size_t i = 0;
  for (; i + step <= n; i += step)
    store(out + i, __builtin_convertvector(load(words + i) & 0xffffff, Vec<float>) * 0x1p-24f);
  for (; i < n; i++) {
    uint32_t word;
    __builtin_memcpy(&word, draws + i, sizeof word);
    out[i] = static_cast<float>(word & 0xffffff) * 0x1p-24f;
  }
}

// The high half comes first: its low 21 bits, and all of the low half.
TIDU_INLINE int64_t bits53(const uint32_t* draws) {
  uint32_t halves[2];
  __builtin_memcpy(halves, draws, sizeof halves);
  return static_cast<int64_t>(halves[0] & 0x1fffff) << 32 | halves[1];
}

void doubles(const uint32_t* draws, double* out, size_t n) {
  typedef Vec<int64_t> I;
  constexpr size_t step = lanes<double>;
  constexpr int64_t exponent = 0x4330000000000000;  // of 2^52: below it stands the number itself
  size_t i = 0;
  for (; i + step <= n; i += step) {
    I pair;
    __builtin_memcpy(&pair, draws + 2 * i, sizeof pair);
    const Vec<double> high = (Vec<double>)((pair & 0x1fffff) | exponent) - 0x1p52;
    const Vec<double> low = (Vec<double>)(((pair >> 32) & 0xffffffff) | exponent) - 0x1p52;
    store(out + i, (high * 0x1p32 + low) * 0x1p-53);
  }
  for (; i < n; i++) out[i] = static_cast<double>(bits53(draws + 2 * i)) * 0x1p-53;
}

TIDU_INLINE float fused(float x, float factor, float term) { return __builtin_fmaf(x, factor, term); }
TIDU_INLINE double fused(double x, double factor, double term) { return __builtin_fma(x, factor, term); }

template <class T>
void scale(T* values, size_t n, T factor, T term, T bound) {
#pragma GCC ivdep
  for (size_t i = 0; i < n; i++) {
    const T y = fused(values[i], factor, term);
    values[i] = y == bound ? term : y;
  }
}

// Box and Muller: 8 radii and 8 angles.
TIDU_INLINE void pairs(Vec<float> u, Vec<float> v, Vec<float>& first, Vec<float>& second) {
  typedef Math<float> M;
  const Vec<float> radius = M::sqrt(M::log(1.f - u) * -2.f), angle = v * 6.28318530717958647692f;
  first = M::cos(angle) * radius, second = M::sin(angle) * radius;
}

void normal_floats(float* values, size_t blocks, bool scales, float mean, float std) {
  // As many blocks as fill a vector.
  constexpr size_t together = lanes<float> > 8 ? lanes<float> / 8 : 1;
  constexpr size_t width = 8 * together;
  float u[width] = {}, v[width] = {};
  for (size_t b = 0; b < blocks; b += together) {
    const size_t count = blocks - b < together ? blocks - b : together;
    for (size_t i = 0; i < count; i++) {
      __builtin_memcpy(u + 8 * i, values + 16 * (b + i), 8 * sizeof *u);
      __builtin_memcpy(v + 8 * i, values + 16 * (b + i) + 8, 8 * sizeof *v);
    }
    for (size_t i = 0; i < width; i += lanes<float>) {
      Vec<float> first, second;
      pairs(load(u + i), load(v + i), first, second);
      store(u + i, first), store(v + i, second);
    }
    if (scales)
      for (size_t i = 0; i < width; i++) u[i] = fused(u[i], std, mean), v[i] = fused(v[i], std, mean);
    for (size_t i = 0; i < count; i++) {
      __builtin_memcpy(values + 16 * (b + i), u + 8 * i, 8 * sizeof *u);
      __builtin_memcpy(values + 16 * (b + i) + 8, v + 8 * i, 8 * sizeof *v);
    }
  }
}

void normal_doubles(double* values, size_t blocks, bool scales, double mean, double std) {
  for (size_t b = 0; b < blocks; b++, values += 16)
    for (int i = 0; i < 8; i++) {
      const double radius = __builtin_sqrt(__builtin_log(1. - values[i]) * -2.);
      const double angle = values[i + 8] * 6.28318530717958647692;
      const double first = __builtin_cos(angle) * radius, second = __builtin_sin(angle) * radius;
      values[i] = scales ? fused(first, std, mean) : first;
      values[i + 8] = scales ? fused(second, std, mean) : second;
    }
}

template <class T>
void trials(const uint32_t* draws, T* out, size_t n, int64_t bound, T value) {
  for (size_t i = 0; i < n; i++) out[i] = bits53(draws + 2 * i) < bound ? value : T(0);
}

}  // namespace

void fill(RandomTable& table) {
  table = {refill, temper, floats, doubles, scale<float>, scale<double>, normal_floats, normal_doubles,
           trials<float>, trials<double>, trials<uint8_t>};
}

}  // namespace tidu::TIDU_ISA
