// Exponential, logarithm and relatives on vectors, without branches.
//
// Polynomials and constants are those of Cephes (Moshier, 1989), erf's in float those of
// N. Juffa's minimax fits; each function's largest error is tested in tests/backend/test_accuracy.py.
// Rounding to integers relies on adding 1.5 * 2^23 (2^52), so -ffast-math is not for this file.
#pragma once

#include <math.h>

#include "simd.h"

namespace tidu::TIDU_ISA {

template <class V>
TIDU_INLINE V polynomial(V x, double c) {
  return V{} + decltype(x[0] + 0)(c);
}

// c0 * x^n + c1 * x^(n-1) + ..., by Horner's rule.
template <class V, class... C>
TIDU_INLINE V polynomial(V x, double c0, double c1, C... rest) {
  typedef __typeof__(x[0] + 0) T;
  V sum = x * T(c0) + T(c1);
  T coefficients[] = {T(0), T(rest)...};
#pragma GCC unroll 16
  for (unsigned i = 1; i < sizeof...(rest) + 1; i++) sum = sum * x + coefficients[i];
  return sum;
}

template <class T>
struct Math;

template <>
struct Math<float> {
  typedef Vec<float> V;
  typedef Vec<int32_t> I;

  TIDU_INLINE V abs(V x) { return (V)((I)x & 0x7fffffff); }
  TIDU_INLINE V copysign(V x, V sign) {
    return (V)(((I)x & 0x7fffffff) | ((I)sign & (int32_t)0x80000000));
  }
  TIDU_INLINE V power_of_two(I n) { return (V)((n + 127) << 23); }  // -126 <= n <= 127

  // r and n with x = r + n log 2 and |r| <= log(2) / 2.
  TIDU_INLINE V reduce(V x, I& n) {
    V shifted = x * 1.44269504088896341f + 12582912.f;
    n = (I)shifted - 0x4B400000;
    V whole = shifted - 12582912.f;
    return (x - whole * 0.693359375f) + whole * 2.12194440e-4f;
  }
  // exp(r) - 1 for the reduced argument.
  TIDU_INLINE V expm1_reduced(V r) {
    V p = polynomial(r, 1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2,
                     1.6666665459e-1, 5.0000001201e-1);
    return (p * r) * r + r;
  }
  TIDU_INLINE V limit(V x) {
    x = x > 88.8f ? splat(88.8f) : x;  // NaN passes both
    return x < -104.f ? splat(-104.f) : x;
  }
  TIDU_INLINE V exp(V x) {
    I n;
    V y = expm1_reduced(reduce(limit(x), n)) + 1.f;
    I half = n >> 1;  // in two steps, since 2^n itself may be out of range
    return y * power_of_two(half) * power_of_two(n - half);
  }
  TIDU_INLINE V expm1(V x) {
    I n;
    V p = expm1_reduced(reduce(limit(x), n));
    I half = n >> 1;
    V s1 = power_of_two(half), s2 = power_of_two(n - half);
    V y = (p * s1 + (s1 - 1.f / s2)) * s2;  // (p + 1) 2^n - 1, without overflow on the way
    return x == 0.f ? x : y;  // the sign of zero
  }
  TIDU_INLINE V log(V x) {
    I tiny = x < 1.17549435e-38f;
    I bits = (I)(tiny ? x * 8388608.f : x);
    I e = (bits - 0x3f3504f3) >> 23;  // so that sqrt(1/2) <= m < sqrt(2)
    V m = (V)(bits - (e << 23));
    V whole = __builtin_convertvector(e, V) - (tiny ? splat(23.f) : V{});
    V f = m - 1.f, z = f * f;
    V y = polynomial(f, 7.0376836292e-2, -1.1514610310e-1, 1.1676998740e-1, -1.2420140846e-1,
                     1.4249322787e-1, -1.6668057665e-1, 2.0000714765e-1, -2.4999993993e-1,
                     3.3333331174e-1) * f * z;
    y = y - whole * 2.12194440e-4f;
    y = y - 0.5f * z;
    V out = (f + y) + whole * 0.693359375f;
    out = x == 0.f ? splat(-__builtin_inff()) : out;
    out = x < 0.f ? splat(__builtin_nanf("")) : out;
    return (x == __builtin_inff()) | (x != x) ? x : out;
  }
  // Rounding 1 + x loses digits; they come back as a correction of the logarithm.
  TIDU_INLINE V log1p(V x) {
    V u = x + 1.f;
    V out = log(u) + (x - (u - 1.f)) / u;
    return (u == 1.f) | (u == __builtin_inff()) ? x : (u == 0.f ? log(u) : out);
  }
  TIDU_INLINE V tanh(V x) {
    V a = abs(x), z = x * x;
    V small = polynomial(z, -5.70498872745e-3, 2.06390887954e-2, -5.37397155531e-2,
                         1.33314422036e-1, -3.33332819422e-1) * z * x + x;
    V e = exp((a > 15.f ? splat(15.f) : a) * 2.f);
    V big = copysign(1.f - 2.f / (e + 1.f), x);
    V out = a < 0.625f ? small : big;
    return x != x ? x : out;
  }
  TIDU_INLINE V erf(V x) {
    V t = abs(x), s = x * x;
    V r = (t * -1.72853470e-5f + 3.83197126e-4f) * s + (t * -3.88396438e-3f + 2.42546219e-2f);
    r = r * t - 1.06777877e-1f;
    r = r * t - 6.34846687e-1f;
    r = r * t - 1.28717512e-1f;
    r = r * t - t;
    V big = copysign(1.f - exp(r), x);
    big = t > 4.f ? copysign(splat(1.f), x) : big;
    V small = polynomial(s, -5.96761703e-4, 4.99119423e-3, -2.67681349e-2, 1.12819925e-1,
                         -3.76125336e-1, 1.28379166e-1) * x + x;
    V out = t > 0.927734375f ? big : small;
    return x != x ? x : out;
  }
  // r in [-pi/4, pi/4] and n with x = r + n pi/2, by way of double: exact enough for |x| < 1e6.
  TIDU_INLINE V reduce_angle(V x, I& n) {
    typedef VectorOf<double>::twice D;
    V whole = (x * 0.636619772f + 12582912.f) - 12582912.f;
    D w = __builtin_convertvector(whole, D), wide = __builtin_convertvector(x, D);
    n = __builtin_convertvector(whole, I);
    return __builtin_convertvector((wide - w * 1.57079632679489655800e+00) -
                                   w * 6.12323399573676603587e-17, V);
  }
  TIDU_INLINE bool angles_in_range(V x) { return !any<float>(!(abs(x) < 1e6f)); }
  // sin(r + n pi/2)
  TIDU_INLINE V sine(V r, I n) {
    V z = r * r;
    V s = polynomial(z, -1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1) * z * r + r;
    V c = polynomial(z, 2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2) * z * z -
          0.5f * z + 1.f;
    V out = (n & 1) == 0 ? s : c;
    return (n & 2) == 0 ? out : -out;
  }
  TIDU_INLINE V sin(V x) {
    if (!angles_in_range(x)) return by_lanes(x, ::sinf);
    I n;
    V r = reduce_angle(x, n);
    return x == 0.f ? x : sine(r, n);
  }
  TIDU_INLINE V cos(V x) {
    if (!angles_in_range(x)) return by_lanes(x, ::cosf);
    I n;
    V r = reduce_angle(x, n);
    return sine(r, n + 1);
  }
  TIDU_INLINE V by_lanes(V x, float (*f)(float)) {
    for (int i = 0; i < lanes<float>; i++) x[i] = f(x[i]);
    return x;
  }
  TIDU_INLINE V sqrt(V x) {
    for (int i = 0; i < lanes<float>; i++) x[i] = __builtin_sqrtf(x[i]);
    return x;
  }
};

template <>
struct Math<double> {
  typedef Vec<double> V;
  typedef Vec<int64_t> I;

  TIDU_INLINE V abs(V x) { return (V)((I)x & 0x7fffffffffffffffL); }
  TIDU_INLINE V copysign(V x, V sign) {
    const int64_t top = (int64_t)1 << 63;
    return (V)(((I)x & ~top) | ((I)sign & top));
  }
  TIDU_INLINE V power_of_two(I n) { return (V)((n + 1023) << 52); }

  TIDU_INLINE V exp(V x) {
    V y = x > 709.9 ? splat(709.9) : x;
    y = y < -746. ? splat(-746.) : y;
    V shifted = y * 1.4426950408889634073599 + 6755399441055744.;
    I n = (I)shifted - 0x4338000000000000L;
    V whole = shifted - 6755399441055744.;
    V r = (y - whole * 6.93145751953125e-1) - whole * 1.42860682030941723212e-6;
    V z = r * r;
    V p = polynomial(z, 1.26177193074810590878e-4, 3.02994407707441961300e-2,
                     9.99999999999999999910e-1) * r;
    V q = polynomial(z, 3.00198505138664455042e-6, 2.52448340349684104192e-3,
                     2.27265548208155028766e-1, 2.00000000000000000009e0);
    V out = 1. + 2. * (p / (q - p));
    I half = n >> 1;
    return out * power_of_two(half) * power_of_two(n - half);
  }
  TIDU_INLINE V log(V x) {
    I tiny = x < 2.2250738585072014e-308;
    I bits = (I)(tiny ? x * 18014398509481984. : x);
    I e = (bits - 0x3fe6a09e667f3bcdL) >> 52;
    V f = (V)(bits - (e << 52)) - 1.;
    V whole = __builtin_convertvector(e, V) - (tiny ? splat(54.) : V{});
    V z = f * f;
    V p = polynomial(f, 1.01875663804580931796e-4, 4.97494994976747001425e-1,
                     4.70579119878881725854e0, 1.44989225341610930846e1,
                     1.79368678507819816313e1, 7.70838733755885391666e0);
    V q = polynomial(f, 1., 1.12873587189167450590e1, 4.52279145837532221105e1,
                     8.29875266912776603211e1, 7.11544750618563894466e1,
                     2.31251620126765340583e1);
    V y = f * (z * p / q) - whole * 2.121944400546905827679e-4;
    V out = (f + (y - 0.5 * z)) + whole * 0.693359375;
    out = x == 0. ? splat(-__builtin_inf()) : out;
    out = x < 0. ? splat(__builtin_nan("")) : out;
    return (x == __builtin_inf()) | (x != x) ? x : out;
  }
  TIDU_INLINE V log1p(V x) {
    V u = x + 1.;
    V out = log(u) + (x - (u - 1.)) / u;
    return (u == 1.) | (u == __builtin_inf()) ? x : (u == 0. ? log(u) : out);
  }
  TIDU_INLINE V sqrt(V x) {
    for (int i = 0; i < lanes<double>; i++) x[i] = __builtin_sqrt(x[i]);
    return x;
  }
};


}  // namespace tidu::TIDU_ISA
