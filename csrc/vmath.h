// Exponential, logarithm and relatives on vectors, without branches.
//
// Polynomials and constants are those of Cephes (Moshier, 1989), except for erf and ndtr in float.
// Theirs are least-squares fits on 400 Chebyshev nodes to values of 40 digits, by Lawson's method:
// each point's weight is multiplied with its error, relative to the function, until the largest errors
// are equal. Each function's largest error is stated, and tested, in tests/native/test_accuracy.py.
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
  // For x <= 40 only: n + 64 is in range if n is not.
  TIDU_INLINE V exp_of_negative(V x) {
    I n;
    V y = expm1_reduced(reduce(at_least(x, -104.f), n)) + 1.f;
    return y * power_of_two(n + 64) * 0x1p-64f;
  }
  // For |x| <= 87 only.
  TIDU_INLINE V exp_of_moderate(V x) {
    I n;
    V y = expm1_reduced(reduce(x, n)) + 1.f;
    return y * power_of_two(n);
  }
  TIDU_INLINE V exp2(V x) {
    x = x > 129.f ? splat(129.f) : x;
    x = x < -151.f ? splat(-151.f) : x;
    V shifted = x + 12582912.f;
    I n = (I)shifted - 0x4B400000;
    V r = (x - (shifted - 12582912.f)) * 0.693147180559945309f;
    V y = expm1_reduced(r) + 1.f;
    I half = n >> 1;
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
  // x = (1 + f) 2^whole with sqrt(1/2) <= 1 + f < sqrt(2).
  TIDU_INLINE void mantissa(V x, V& f, V& whole) {
    I tiny = x < 1.17549435e-38f;
    I bits = (I)(tiny ? x * 8388608.f : x) & 0x7fffffff;  // of |x|, so that nothing overflows
    I e = (bits - 0x3f3504f3) >> 23;
    f = (V)(bits - (e << 23)) - 1.f;
    whole = __builtin_convertvector(e, V) - (tiny ? splat(23.f) : V{});
  }
  // log(x) = f - f^2 / 2 + y + whole log 2
  TIDU_INLINE V log_parts(V x, V& f, V& whole) {
    mantissa(x, f, whole);
    V z = f * f;
    return polynomial(f, 7.0376836292e-2, -1.1514610310e-1, 1.1676998740e-1, -1.2420140846e-1,
                      1.4249322787e-1, -1.6668057665e-1, 2.0000714765e-1, -2.4999993993e-1,
                      3.3333331174e-1) * f * z;
  }
  // What every logarithm gives for 0, negative numbers, infinity and NaN.
  TIDU_INLINE V log_limits(V x, V out) {
    out = x == 0.f ? splat(-__builtin_inff()) : out;
    out = x < 0.f ? splat(__builtin_nanf("")) : out;
    return (x == __builtin_inff()) | (x != x) ? x : out;
  }
  TIDU_INLINE V log(V x) {
    V f, whole, y = log_parts(x, f, whole);
    y = y - whole * 2.12194440e-4f;
    y = y - 0.5f * (f * f);
    return log_limits(x, (f + y) + whole * 0.693359375f);
  }
  TIDU_INLINE V log2(V x) {
    V f, whole, y = log_parts(x, f, whole) - 0.5f * (f * f);
    const float c = 0.44269504088896340735992f;  // log2(e) - 1
    return log_limits(x, (((y * c + f * c) + y) + f) + whole);
  }
  TIDU_INLINE V log10(V x) {
    V f, whole, y = log_parts(x, f, whole) - 0.5f * (f * f);
    // log10(e) and log10(2) in two parts each, of which the first has few digits
    V out = (f + y) * 7.00731903251827651129e-4f + y * 4.3359375e-1f;
    out = (out + whole * 2.48745663981195213739e-4f) + f * 4.3359375e-1f;
    return log_limits(x, out + whole * 3.0078125e-1f);
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
    V e = exp_of_moderate((a > 15.f ? splat(15.f) : a) * 2.f);
    V big = copysign(1.f - 2.f / (e + 1.f), x);
    V out = a < 0.625f ? small : big;
    return (x != x) | (x == 0.f) ? x : out;
  }
  TIDU_INLINE V erf(V x) {
    V t = abs(x), z = x * x;
    // log(1 - erf(t)) on [0.85, 4], as p(t) t - t, which rounds less: relative to erf, 3.3e-9
    V p = polynomial(t, 2.156223752e-4, -3.228351257e-3, 2.293256392e-2, -1.053276859e-1,
                     -6.356688300e-1, -1.285288392e-1);
    V big = copysign(1.f - exp_of_moderate(t > 4.f ? splat(-18.f) : p * t - t), x);
    // erf(x) / x - 1 on [0, 0.865]: 7.5e-9
    V small = polynomial(z, -6.248137786e-4, 5.039902113e-3, -2.679606632e-2, 1.128256603e-1,
                         -3.761255964e-1, 1.283791587e-1) * x + x;
    V out = t > 0.86f ? big : small;
    return x != x ? x : out;
  }
  // The share of the standard normal distribution below x, and exp(-x^2 / 2).
  TIDU_INLINE V ndtr(V x, V& density) {
    // As 2^(f + n), n whole, |f| <= 1/2; 0 where that is no longer a normal number. The factor
    // -log2(e) / 2 is in two parts; 2^f is within 2e-9.
    V whole = x * x, square = whole > 173.f ? splat(173.f) : whole;
    V shifted = square * -0.7213475f + 12582912.f;
    V f = (square * -0.7213475f - (shifted - 12582912.f)) - square * 9.6298e-9f;
    V e = polynomial(f, 1.535336822e-4, 1.339887420e-3, 9.618437335e-3, 5.550332472e-2,
                     2.402264791e-1, 6.931472029e-1, 1.);
    I bits = (I)e + ((I)shifted << 23);
    density = whole > 173.f ? V{} : (V)bits;
    // For x < 0, exp(-x^2 / 2) s P(s) with s = 1 / (1 - 0.296 x): up to |x| = 15, P is within
    // 1.6e-8 (1 + x^2 / 2), relative to it.
    V s = 1.f / (1.f + 0.296f * abs(x));
    V p = polynomial(s, 3.708621534e-2, -1.700140072e-1, 2.402833839e-1, -8.311556706e-2,
                     1.435843611e-1, 9.437108578e-2, 1.198102849e-1, 1.179942511e-1);
    V below = density * (s * p);
    return x > 0.f ? 1.f - below : below;
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

  // r and n with x = r + n log 2 and |r| <= log(2) / 2.
  TIDU_INLINE V reduce(V x, I& n) {
    V shifted = x * 1.4426950408889634073599 + 6755399441055744.;
    n = (I)shifted - 0x4338000000000000L;
    V whole = shifted - 6755399441055744.;
    return (x - whole * 6.93145751953125e-1) - whole * 1.42860682030941723212e-6;
  }
  TIDU_INLINE V expm1_reduced(V r) {
    V z = r * r;
    V p = polynomial(z, 1.26177193074810590878e-4, 3.02994407707441961300e-2,
                     9.99999999999999999910e-1) * r;
    V q = polynomial(z, 3.00198505138664455042e-6, 2.52448340349684104192e-3,
                     2.27265548208155028766e-1, 2.00000000000000000009e0);
    // 2 p / (q - p) as r and a small rest, which rounds less; d is 2 p / r - q.
    V d = polynomial(z, -3.001985051386644550420e-6, -2.272129017347219860164e-3, -1.666666666666666365060e-1) * z;
    return r + r * ((p + d) / (q - p));
  }
  TIDU_INLINE V limit(V x) {
    x = x > 709.9 ? splat(709.9) : x;
    return x < -746. ? splat(-746.) : x;
  }
  TIDU_INLINE V exp(V x) {
    I n;
    V y = expm1_reduced(reduce(limit(x), n)) + 1.;
    I half = n >> 1;
    return y * power_of_two(half) * power_of_two(n - half);
  }
  TIDU_INLINE V exp_of_negative(V x) {  // see above
    I n;
    V y = expm1_reduced(reduce(at_least(x, -746.), n)) + 1.;
    return y * power_of_two(n + 64) * 0x1p-64;
  }
  TIDU_INLINE V exp2(V x) {
    x = x > 1025. ? splat(1025.) : x;
    x = x < -1080. ? splat(-1080.) : x;
    V shifted = x + 6755399441055744.;
    I n = (I)shifted - 0x4338000000000000L;
    V r = (x - (shifted - 6755399441055744.)) * 0.693147180559945309417;
    V y = expm1_reduced(r) + 1.;
    I half = n >> 1;
    return y * power_of_two(half) * power_of_two(n - half);
  }
  TIDU_INLINE V expm1(V x) {
    I n;
    V p = expm1_reduced(reduce(limit(x), n));
    I half = n >> 1;
    V s1 = power_of_two(half), s2 = power_of_two(n - half);
    V y = (p * s1 + (s1 - 1. / s2)) * s2;
    return x == 0. ? x : y;
  }
  TIDU_INLINE V log_parts(V x, V& f, V& whole) {
    I tiny = x < 2.2250738585072014e-308;
    I bits = (I)(tiny ? x * 18014398509481984. : x) & 0x7fffffffffffffff;
    I e = (bits - 0x3fe6a09e667f3bcdL) >> 52;
    f = (V)(bits - (e << 52)) - 1.;
    whole = __builtin_convertvector(e, V) - (tiny ? splat(54.) : V{});
    V z = f * f;
    V p = polynomial(f, 1.01875663804580931796e-4, 4.97494994976747001425e-1,
                     4.70579119878881725854e0, 1.44989225341610930846e1,
                     1.79368678507819816313e1, 7.70838733755885391666e0);
    V q = polynomial(f, 1., 1.12873587189167450590e1, 4.52279145837532221105e1,
                     8.29875266912776603211e1, 7.11544750618563894466e1,
                     2.31251620126765340583e1);
    return f * (z * p / q);
  }
  TIDU_INLINE V log_limits(V x, V out) {
    out = x == 0. ? splat(-__builtin_inf()) : out;
    out = x < 0. ? splat(__builtin_nan("")) : out;
    return (x == __builtin_inf()) | (x != x) ? x : out;
  }
  TIDU_INLINE V log(V x) {
    V f, whole, y = log_parts(x, f, whole);
    y = y - whole * 2.121944400546905827679e-4;
    return log_limits(x, (f + (y - 0.5 * (f * f))) + whole * 0.693359375);
  }
  TIDU_INLINE V log2(V x) {
    V f, whole, y = log_parts(x, f, whole) - 0.5 * (f * f);
    const double c = 0.44269504088896340735992;
    return log_limits(x, (((y * c + f * c) + y) + f) + whole);
  }
  TIDU_INLINE V log10(V x) {
    V f, whole, y = log_parts(x, f, whole) - 0.5 * (f * f);
    V out = (f + y) * 7.00731903251827651129e-4 + y * 4.3359375e-1;
    out = (out + whole * 2.48745663981195213739e-4) + f * 4.3359375e-1;
    return log_limits(x, out + whole * 3.0078125e-1);
  }
  TIDU_INLINE V log1p(V x) {
    V u = x + 1.;
    V out = log(u) + (x - (u - 1.)) / u;
    return (u == 1.) | (u == __builtin_inf()) ? x : (u == 0. ? log(u) : out);
  }
  TIDU_INLINE V tanh(V x) {
    V a = abs(x), z = x * x;
    V p = polynomial(z, -9.64399179425052238628e-1, -9.92877231001918586564e1,
                     -1.61468768441708447952e3);
    V q = polynomial(z, 1., 1.12811678491632931402e2, 2.23548839060100448583e3,
                     4.84406305325125486048e3);
    V small = x + x * (z * (p / q));
    V big = copysign(1. - 2. / (exp((a > 20. ? splat(20.) : a) * 2.) + 1.), x);
    V out = a < 0.625 ? small : big;
    return (x != x) | (x == 0.) ? x : out;
  }
  TIDU_INLINE V erf(V x) {
    V t = abs(x), z = x * x;
    // T(z) / U(z) of Cephes is near 1: as 1 + (T(z) - U(z)) / U(z) it rounds less.
    V p = polynomial(z, -1.000000000000000000000e0, -2.395674042487979357721e1, -4.313319300597684108733e2, -2.362318483762958087610e3, -1.562567492026104266987e4, 6.324907040175904168200e3);
    V q = polynomial(z, 1., 3.35617141647503099647e1, 5.21357949780152679795e2,
                     4.59432382970980127987e3, 2.26290000613890934246e4,
                     4.92673942608635921086e4);
    V small = x + x * (p / q);
    t = t > 6.5 ? splat(6.5) : t;
    V above = polynomial(t, 2.46196981473530512524e-10, 5.64189564831068821977e-1,
                         7.46321056442269912687e0, 4.86371970985681366614e1,
                         1.96520832956077098242e2, 5.26445194995477358631e2,
                         9.34528527171957607540e2, 1.02755188689515710272e3,
                         5.57535335369399327526e2);
    V below = polynomial(t, 1., 1.32281951154744992508e1, 8.67072140885989742329e1,
                         3.54937778887819891062e2, 9.75708501743205489753e2,
                         1.82390916687909736289e3, 2.24633760818710981792e3,
                         1.65666309194161350182e3, 5.57535340817727675546e2);
    V big = copysign(1. - exp(-t * t) * (above / below), x);
    V out = abs(x) > 1. ? big : small;
    return x != x ? x : out;
  }
  // The share of the standard normal distribution below x, half of erfc(-x sqrt(1/2)), and exp(-x^2 / 2).
  TIDU_INLINE V ndtr(V x, V& density) {
    V t = abs(x);
    t = t > 39. ? splat(39.) : t;
    V z = t * 0.707106781186547524401;
    V above = polynomial(z, 2.46196981473530512524e-10, 5.64189564831068821977e-1,
                         7.46321056442269912687e0, 4.86371970985681366614e1,
                         1.96520832956077098242e2, 5.26445194995477358631e2,
                         9.34528527171957607540e2, 1.02755188689515710272e3,
                         5.57535335369399327526e2);
    V under = polynomial(z, 1., 1.32281951154744992508e1, 8.67072140885989742329e1,
                         3.54937778887819891062e2, 9.75708501743205489753e2,
                         1.82390916687909736289e3, 2.24633760818710981792e3,
                         1.65666309194161350182e3, 5.57535340817727675546e2);
    V far_above = polynomial(z, 5.64189583547755073984e-1, 1.27536670759978104416e0,
                             5.01905042251180477414e0, 6.16021097993053585195e0,
                             7.40974269950448939160e0, 2.97886665372100240670e0);
    V far_under = polynomial(z, 1., 2.26052863220117276590e0, 9.39603524938001434673e0,
                             1.20489539808096656605e1, 1.70814450747565897222e1,
                             9.60896809063285878198e0, 3.36907645100081516050e0);
    I far = z > 8.;
    V first = (V)((I)t & ~(((int64_t)1 << 27) - 1));
    I n;
    V r = reduce(-0.5 * first * first, n) - 0.5 * (t - first) * (t + first);
    V e = expm1_reduced(r) + 1.;
    I half = n >> 1;
    V first_scale = power_of_two(half), scale = power_of_two(n - half);
    density = e * first_scale * scale;
    V tail = e * (0.5 * (far ? far_above : above) / (far ? far_under : under)) * first_scale * scale;
    // near 0, where erf is exact: 0.5 + erf / 2
    V near = 0.5 + 0.5 * erf(x * 0.707106781186547524401);
    return z < 1. ? near : (x > 0. ? 1. - tail : tail);
  }
  // Three parts of pi/2, of which the first two have so few digits that their products with n
  // are exact.
  TIDU_INLINE V reduce_angle(V x, I& n) {
    V shifted = x * 0.636619772367581343076 + 6755399441055744.;
    n = (I)shifted;
    V whole = shifted - 6755399441055744.;
    V r = x - whole * 1.57079625129699707031;
    r = r - whole * 7.54978941586159635335e-8;
    return r - whole * 5.39030285815811905290e-15;
  }
  TIDU_INLINE V sine(V r, I n) {
    V z = r * r;
    V s = polynomial(z, 1.58962301576546568060e-10, -2.50507477628578072866e-8,
                     2.75573136213857245213e-6, -1.98412698295895385996e-4,
                     8.33333333332211858878e-3, -1.66666666666666307295e-1) * z * r + r;
    V c = polynomial(z, -1.13585365213876817300e-11, 2.08757008419747316778e-9,
                     -2.75573141792967388112e-7, 2.48015872888517045348e-5,
                     -1.38888888888730564116e-3, 4.16666666666665929218e-2) * z * z -
          0.5 * z + 1.;
    V out = (n & 1) == 0 ? s : c;
    return (n & 2) == 0 ? out : -out;
  }
  TIDU_INLINE bool angles_in_range(V x) { return !any<double>(!(abs(x) < 1e6)); }
  TIDU_INLINE V sin(V x) {
    if (!angles_in_range(x)) return by_lanes(x, ::sin);
    I n;
    V r = reduce_angle(x, n);
    return x == 0. ? x : sine(r, n);
  }
  TIDU_INLINE V cos(V x) {
    if (!angles_in_range(x)) return by_lanes(x, ::cos);
    I n;
    V r = reduce_angle(x, n);
    return sine(r, n + 1);
  }
  TIDU_INLINE V by_lanes(V x, double (*f)(double)) {
    for (int i = 0; i < lanes<double>; i++) x[i] = f(x[i]);
    return x;
  }
  TIDU_INLINE V sqrt(V x) {
    for (int i = 0; i < lanes<double>; i++) x[i] = __builtin_sqrt(x[i]);
    return x;
  }
};

// x^y as 2^(y log2(x)), in double on the way, so that only the result is rounded. Zeros, infinities
// and NaN as C has them: NaN for negative x unless y is a whole number; 1 if y is 0 or x is 1.
TIDU_INLINE Vec<float> power(Vec<float> x, Vec<float> y) {
  typedef Vec<double> D;
  typedef float Half __attribute__((vector_size(TIDU_VECTOR_BYTES / 2)));
  typedef Math<float> M;
  const Vec<float> a = M::abs(x), infinity = splat(__builtin_inff());
  Vec<float> f, whole, out;
  M::mantissa(a, f, whole);
  Half mantissas[2], exponents[2], factors[2], found[2];
  __builtin_memcpy(mantissas, &f, sizeof f);
  __builtin_memcpy(exponents, &whole, sizeof f);
  __builtin_memcpy(factors, &y, sizeof f);
#pragma GCC unroll 2
  for (int i = 0; i < 2; i++) {
    // log(1 + f) = 2 artanh(s), s = f / (2 + f), |s| < 0.172, by its series; so is 2^r below.
    const D m = __builtin_convertvector(mantissas[i], D), s = m / (m + 2.), z = s * s;
    const D series = polynomial(z, 1. / 17, 1. / 15, 1. / 13, 1. / 11, 1. / 9, 1. / 7, 1. / 5, 1. / 3, 1.);
    const D log2 = series * s * 2.88539008177792681472 + __builtin_convertvector(exponents[i], D);
    D t = log2 * __builtin_convertvector(factors[i], D);
    t = t > 160. ? splat(160.) : t;
    t = t < -160. ? splat(-160.) : t;
    const D shifted = t + 6755399441055744.;
    const D r = (t - (shifted - 6755399441055744.)) * 0.693147180559945309417;
    const D e = polynomial(r, 1. / 3628800, 1. / 362880, 1. / 40320, 1. / 5040, 1. / 720, 1. / 120,
                           1. / 24, 1. / 6, 0.5, 1., 1.);
    const D scale = (D)(((Vec<int64_t>)shifted - (0x4338000000000000L - 1023)) << 52);
    found[i] = __builtin_convertvector(e * scale, Half);
  }
  __builtin_memcpy(&out, found, sizeof out);
  out = (a == 0.f) | (a == infinity) ? ((a == 0.f) == (y < 0.f) ? infinity : Vec<float>{}) : out;
  const Vec<float> size = M::abs(y);
  const Vec<int32_t> large = size >= 16777216.f;  // an even number, or infinity
  const Vec<int32_t> number = __builtin_convertvector(large | (y != y) ? Vec<float>{} : size, Vec<int32_t>);
  const Vec<int32_t> is_whole = large | (__builtin_convertvector(number, Vec<float>) == size);
  const Vec<int32_t> odd = is_whole & ((number & 1) != 0);
  out = odd ? M::copysign(out, x) : out;
  out = (x < 0.f) & (a != infinity) & ~is_whole ? splat(__builtin_nanf("")) : out;
  out = (x != x) | (y != y) ? x + y : out;
  out = (a == 1.f) & (size == infinity) ? splat(1.f) : out;
  return (y == 0.f) | (x == 1.f) ? splat(1.f) : out;
}

TIDU_INLINE Vec<double> power(Vec<double> x, Vec<double> y) {
  for (int i = 0; i < lanes<double>; i++) x[i] = ::pow(x[i], y[i]);
  return x;
}

}  // namespace tidu::TIDU_ISA
