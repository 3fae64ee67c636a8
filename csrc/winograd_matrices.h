// The matrices of Winograd's algorithm, worked out exactly when compiling.
//
// With n = m + r - 1 points, the last at infinity, m results y of r weights g are
//     y = A^T [(G g) * (B^T d)].
// A evaluates a polynomial with m coefficients at the points, G one with r coefficients, divided by
// the derivative of the product of all (x - point); B^T holds the coefficients of the products
// without one point (Blahut, "Fast algorithms for signal processing", chapter 5). Rows of B^T are
// scaled by powers of two, and those of G by the inverse, so that neither loses precision.
#pragma once

#include <stdint.h>

#include "simd.h"

namespace tidu::TIDU_ISA {

struct Fraction {
  int64_t top, bottom;
  constexpr Fraction(int64_t t = 0, int64_t b = 1) : top(t), bottom(b) {
    int64_t x = t < 0 ? -t : t, y = b < 0 ? -b : b;
    while (y) {
      int64_t rest = x % y;
      x = y, y = rest;
    }
    if (b < 0) x = -x;
    top /= x, bottom /= x;
  }
  constexpr Fraction operator*(Fraction o) const { return {top * o.top, bottom * o.bottom}; }
  constexpr Fraction operator/(Fraction o) const { return {top * o.bottom, bottom * o.top}; }
  constexpr Fraction operator+(Fraction o) const {
    return {top * o.bottom + o.top * bottom, bottom * o.bottom};
  }
  constexpr Fraction operator-(Fraction o) const { return *this + Fraction(-o.top, o.bottom); }
  constexpr float value() const { return float(double(top) / double(bottom)); }
};

// After 0, points come in pairs of a number and its negative.
constexpr Fraction winograd_points[] = {{0}, {1}, {-1}, {2}, {-2}, {1, 2}, {-1, 2}};

template <int m, int r>
struct Matrices {
  static constexpr int n = m + r - 1;
  float a[n][m], g[n][r], b[n][n];

  constexpr Matrices() : a(), g(), b() {
    for (int i = 0; i < n; i++) {
      const bool infinity = i == n - 1;
      Fraction product[n] = {1};  // of (x - point) without this one's
      Fraction derivative = 1;
      for (int j = 0, degree = 0; j < n - 1; j++) {
        if (j == i) continue;
        degree++;
        for (int k = degree; k > 0; k--) product[k] = product[k - 1] - winograd_points[j] * product[k];
        product[0] = Fraction(0) - winograd_points[j] * product[0];
        if (!infinity) derivative = derivative * (winograd_points[i] - winograd_points[j]);
      }
      const Fraction scale = scale_of(product);
      for (int k = 0; k < n; k++) b[i][k] = (product[k] * scale).value();
      Fraction power = 1;
      for (int k = 0; k < (m > r ? m : r); k++) {
        if (k < m) a[i][k] = infinity ? k == m - 1 : power.value();
        if (k < r) g[i][k] = ((infinity ? Fraction(k == r - 1) : power / derivative) / scale).value();
        if (!infinity) power = power * winograd_points[i];
      }
    }
  }

  // A power of two that makes the row's length between 1.4 and 2.8.
  static constexpr Fraction scale_of(const Fraction* row) {
    double square = 0;
    for (int k = 0; k < n; k++) square += double(row[k].value()) * row[k].value();
    Fraction scale = 1;
    for (; square >= 8; square /= 4) scale = scale / 2;
    for (; square < 2; square *= 4) scale = scale * 2;
    return scale;
  }
};

template <int m, int r>
constexpr Matrices<m, r> matrices{};

// Products of these matrices with vectors of Vec<float>. The loops unroll and the elements become
// constants; the two rows of a pair of points share their even and odd parts.

template <class V>
TIDU_INLINE void add_product(V& sum, bool& first, float factor, V x) {
  if (factor == 0) return;
  sum = first ? factor * x : sum + factor * x;
  first = false;
}

// y = M x for a matrix whose rows 2p+1 and 2p+2 differ by the signs of the odd (or even) columns.
template <int rows, int columns>
TIDU_INLINE void multiply_rows(const float (&matrix)[rows][columns], const Vec<float>* x, Vec<float>* y) {
#pragma GCC unroll 16
  for (int i = 0; i < rows; i++) {
    Vec<float> part[2] = {};
    bool first[2] = {true, true};
    if (i > 0 && i < rows - 1) {
      if (i % 2 == 0) continue;
      float sign = 1;
#pragma GCC unroll 16
      for (int k = 0; k < columns; k++) {
        add_product(part[k % 2], first[k % 2], matrix[i][k], x[k]);
        if (k % 2 == 0 && matrix[i][k] != 0 && matrix[i][k] != matrix[i + 1][k]) sign = -1;
      }
      y[i] = part[0] + part[1];
      y[i + 1] = sign == 1 ? part[0] - part[1] : part[1] - part[0];
    } else {
#pragma GCC unroll 16
      for (int k = 0; k < columns; k++) add_product(part[0], first[0], matrix[i][k], x[k]);
      y[i] = part[0];
    }
  }
}

// y = M^T x for such a matrix.
template <int rows, int columns>
TIDU_INLINE void multiply_columns(const float (&matrix)[rows][columns], const Vec<float>* x, Vec<float>* y) {
  Vec<float> sum[rows / 2], difference[rows / 2];
#pragma GCC unroll 16
  for (int i = 1; i + 1 < rows - 1; i += 2) {
    sum[i / 2] = x[i] + x[i + 1];
    difference[i / 2] = x[i] - x[i + 1];
  }
#pragma GCC unroll 16
  for (int k = 0; k < columns; k++) {
    Vec<float> total = {};
    bool first = true;
    add_product(total, first, matrix[0][k], x[0]);
#pragma GCC unroll 16
    for (int i = 1; i + 1 < rows - 1; i += 2) {
      add_product(total, first, (matrix[i][k] + matrix[i + 1][k]) / 2, sum[i / 2]);
      add_product(total, first, (matrix[i][k] - matrix[i + 1][k]) / 2, difference[i / 2]);
    }
    add_product(total, first, matrix[rows - 1][k], x[rows - 1]);
    y[k] = total;
  }
}

}  // namespace tidu::TIDU_ISA
