// The loops behind the instructions of programs: see opcodes.h.
#include "opcodes.h"
#include "vmath.h"

namespace tidu::TIDU_ISA {
namespace {

// Loops over whole vectors; the last, partial one is computed in a buffer.
template <class T, class F>
void unary(const void* const* operands, void* result, size_t n) {
  const T* x = static_cast<const T*>(operands[0]);
  T* out = static_cast<T*>(result);
  constexpr size_t step = lanes<T>;
  size_t i = 0;
  for (; i + step <= n; i += step) store(out + i, F::apply(load(x + i)));
  if (i < n) {
    T buffer[step] = {};
    __builtin_memcpy(buffer, x + i, (n - i) * sizeof(T));
    store(buffer, F::apply(load(buffer)));
    __builtin_memcpy(out + i, buffer, (n - i) * sizeof(T));
  }
}

// Loops that the compiler makes vectors of. An operand may be the result itself: still no
// iteration depends on another.
template <class X, class Out, class F>
void map1(const void* const* operands, void* result, size_t n) {
  const X* x = static_cast<const X*>(operands[0]);
  Out* out = static_cast<Out*>(result);
#pragma GCC ivdep
  for (size_t i = 0; i < n; i++) out[i] = F::apply(x[i]);
}

template <class X, class Out, class F>
void map2(const void* const* operands, void* result, size_t n) {
  const X* x = static_cast<const X*>(operands[0]);
  const X* y = static_cast<const X*>(operands[1]);
  Out* out = static_cast<Out*>(result);
#pragma GCC ivdep
  for (size_t i = 0; i < n; i++) out[i] = F::apply(x[i], y[i]);
}

template <class T>
void where(const void* const* operands, void* result, size_t n) {
  const Integer<T>* c = static_cast<const Integer<T>*>(operands[0]);
  const T* x = static_cast<const T*>(operands[1]);
  const T* y = static_cast<const T*>(operands[2]);
  T* out = static_cast<T*>(result);
#pragma GCC ivdep
  for (size_t i = 0; i < n; i++) out[i] = c[i] ? x[i] : y[i];
}

// x where the condition holds, else 0.
template <class T>
void keep(const void* const* operands, void* result, size_t n) {
  const Integer<T>* x = static_cast<const Integer<T>*>(operands[0]);  // bits: NaN stays as it is
  const Integer<T>* c = static_cast<const Integer<T>*>(operands[1]);
  Integer<T>* out = static_cast<Integer<T>*>(result);
#pragma GCC ivdep
  for (size_t i = 0; i < n; i++) out[i] = x[i] & c[i];
}

#define TIDU_FUNCTION1(name, expression) \
  struct name {                          \
    template <class X>                   \
    TIDU_INLINE X apply(X x) {           \
      return expression;                 \
    }                                    \
  };
#define TIDU_FUNCTION2(name, expression) \
  struct name {                          \
    template <class X>                   \
    TIDU_INLINE auto apply(X x, X y) {   \
      return expression;                 \
    }                                    \
  };
// A comparison of scalars is 0 or 1; conditions are 0 or -1.
#define TIDU_COMPARISON(name, expression) TIDU_FUNCTION2(name, -(expression))

TIDU_FUNCTION1(Copy, x)
TIDU_FUNCTION1(Neg, -x)
TIDU_FUNCTION1(Abs, __builtin_fabs(x))
TIDU_FUNCTION1(Square, x* x)
TIDU_FUNCTION1(Cube, x* x* x)
TIDU_FUNCTION1(ReciprocalSquare, 1 / (x * x))
TIDU_FUNCTION1(Reciprocal, 1 / x)
TIDU_FUNCTION1(Floor, __builtin_floor(x))
TIDU_FUNCTION1(Ceil, __builtin_ceil(x))
TIDU_FUNCTION1(Trunc, __builtin_trunc(x))
TIDU_FUNCTION1(Round, __builtin_nearbyint(x))
TIDU_FUNCTION1(Sign, X((x > 0) - (x < 0)))  // 0 for NaN, as in PyTorch
TIDU_FUNCTION1(Relu, (x <= 0 ? X(0) : x))
TIDU_FUNCTION1(Invert, ~x)
TIDU_FUNCTION2(Add, x + y)
TIDU_FUNCTION2(Sub, x - y)
TIDU_FUNCTION2(Mul, x* y)
TIDU_FUNCTION2(Div, x / y)
// NaN wins in the first pair and loses in the second, as in NumPy.
TIDU_FUNCTION2(Maximum, ((x >= y) | (x != x) ? x : y))
TIDU_FUNCTION2(Minimum, ((x <= y) | (x != x) ? x : y))
TIDU_FUNCTION2(FMax, ((x >= y) | (y != y) ? x : y))
TIDU_FUNCTION2(FMin, ((x <= y) | (y != y) ? x : y))
TIDU_FUNCTION2(CopySign, __builtin_copysign(x, y))
TIDU_COMPARISON(Less, x < y)
TIDU_COMPARISON(LessEqual, x <= y)
TIDU_COMPARISON(Greater, x > y)
TIDU_COMPARISON(GreaterEqual, x >= y)
TIDU_COMPARISON(Equal, x == y)
TIDU_COMPARISON(NotEqual, x != y)
TIDU_FUNCTION2(Both, x& y)
TIDU_FUNCTION2(Either, x | y)
TIDU_FUNCTION2(Differ, x ^ y)

struct IsNan {
  template <class X>
  TIDU_INLINE auto apply(X x) {
    return -(x != x);
  }
};
struct Negated {
  template <class X>
  TIDU_INLINE auto apply(X x) {
    return -x;
  }
};
struct NonZero {
  template <class X>
  TIDU_INLINE int apply(X x) {
    return -(x != 0);
  }
};

#define TIDU_VECTOR_FUNCTION(name, function)        \
  template <class T>                                \
  struct name {                                     \
    TIDU_INLINE Vec<T> apply(Vec<T> x) {            \
      return Math<T>::function(x);                  \
    }                                               \
  };
TIDU_VECTOR_FUNCTION(Sqrt, sqrt)
TIDU_VECTOR_FUNCTION(Exp, exp)
TIDU_VECTOR_FUNCTION(Expm1, expm1)
TIDU_VECTOR_FUNCTION(Log, log)
TIDU_VECTOR_FUNCTION(Log1p, log1p)
TIDU_VECTOR_FUNCTION(Tanh, tanh)
TIDU_VECTOR_FUNCTION(Erf, erf)
TIDU_VECTOR_FUNCTION(Sin, sin)
TIDU_VECTOR_FUNCTION(Cos, cos)
TIDU_VECTOR_FUNCTION(Exp2, exp2)
TIDU_VECTOR_FUNCTION(Log2, log2)
TIDU_VECTOR_FUNCTION(Log10, log10)

template <class T>
struct Sigmoid {
  TIDU_INLINE Vec<T> apply(Vec<T> x) {
    return T(1) / (T(1) + Math<T>::exp(-x));
  }
};

// Powers. An exponent that is the same for all is mostly one of a few, which need no logarithm; these
// are the ones that PyTorch treats so too.
template <class T>
void pow(const void* const* operands, void* result, size_t n) {
  const T* x = static_cast<const T*>(operands[0]);
  const T* y = static_cast<const T*>(operands[1]);
  T* out = static_cast<T*>(result);
  const T first = n ? y[0] : T(0);
  constexpr size_t step = lanes<T>;
  Mask<T> others = {};
  size_t i = 0;
  for (; i + step <= n; i += step) others |= load(y + i) != first;
  bool same = !any<T>(others);
  for (; i < n; i++) same = same && y[i] == first;
  if (same && first == 1) return map1<T, T, Copy>(operands, result, n);
  if (same && first == 2) return map1<T, T, Square>(operands, result, n);
  if (same && first == 3) return map1<T, T, Cube>(operands, result, n);
  if (same && first == -1) return map1<T, T, Reciprocal>(operands, result, n);
  if (same && first == -2) return map1<T, T, ReciprocalSquare>(operands, result, n);
  if (same && first == T(0.5)) return unary<T, Sqrt<T>>(operands, result, n);
  for (i = 0; i + step <= n; i += step) store(out + i, power(load(x + i), load(y + i)));
  if (i < n) {
    T bases[step] = {}, exponents[step] = {};
    __builtin_memcpy(bases, x + i, (n - i) * sizeof(T));
    __builtin_memcpy(exponents, y + i, (n - i) * sizeof(T));
    store(bases, power(load(bases), load(exponents)));
    __builtin_memcpy(out + i, bases, (n - i) * sizeof(T));
  }
}

template <class T>
void fill_common(Loop* loops) {
  typedef Integer<T> I;
  loops[op_copy] = map1<T, T, Copy>;
  loops[op_neg] = map1<T, T, Neg>;
  loops[op_abs] = map1<T, T, Abs>;
  loops[op_square] = map1<T, T, Square>;
  loops[op_sqrt] = unary<T, Sqrt<T>>;
  loops[op_reciprocal] = map1<T, T, Reciprocal>;
  loops[op_floor] = map1<T, T, Floor>;
  loops[op_ceil] = map1<T, T, Ceil>;
  loops[op_trunc] = map1<T, T, Trunc>;
  loops[op_round] = map1<T, T, Round>;
  loops[op_sign] = map1<T, T, Sign>;
  loops[op_relu] = map1<T, T, Relu>;
  loops[op_exp] = unary<T, Exp<T>>;
  loops[op_log] = unary<T, Log<T>>;
  loops[op_expm1] = unary<T, Expm1<T>>;
  loops[op_log1p] = unary<T, Log1p<T>>;
  loops[op_tanh] = unary<T, Tanh<T>>;
  loops[op_erf] = unary<T, Erf<T>>;
  loops[op_sin] = unary<T, Sin<T>>;
  loops[op_cos] = unary<T, Cos<T>>;
  loops[op_exp2] = unary<T, Exp2<T>>;
  loops[op_log2] = unary<T, Log2<T>>;
  loops[op_log10] = unary<T, Log10<T>>;
  loops[op_pow] = pow<T>;
  loops[op_sigmoid] = unary<T, Sigmoid<T>>;
  loops[op_add] = map2<T, T, Add>;
  loops[op_sub] = map2<T, T, Sub>;
  loops[op_mul] = map2<T, T, Mul>;
  loops[op_div] = map2<T, T, Div>;
  loops[op_maximum] = map2<T, T, Maximum>;
  loops[op_minimum] = map2<T, T, Minimum>;
  loops[op_fmax] = map2<T, T, FMax>;
  loops[op_fmin] = map2<T, T, FMin>;
  loops[op_copysign] = map2<T, T, CopySign>;
  loops[op_lt] = map2<T, I, Less>;
  loops[op_le] = map2<T, I, LessEqual>;
  loops[op_gt] = map2<T, I, Greater>;
  loops[op_ge] = map2<T, I, GreaterEqual>;
  loops[op_eq] = map2<T, I, Equal>;
  loops[op_ne] = map2<T, I, NotEqual>;
  loops[op_both] = map2<I, I, Both>;
  loops[op_either] = map2<I, I, Either>;
  loops[op_differ] = map2<I, I, Differ>;
  loops[op_invert] = map1<I, I, Invert>;
  loops[op_is_nan] = map1<T, I, IsNan>;
  loops[op_where] = where<T>;
  loops[op_keep] = keep<T>;
  loops[op_to_number] = map1<I, T, Negated>;
  loops[op_from_bool] = map1<uint8_t, I, NonZero>;
  loops[op_to_bool] = map1<I, uint8_t, Negated>;
}

}  // namespace

void fill(LoopTable& table) {
  fill_common<float>(table.float32);
  fill_common<double>(table.float64);
}

}  // namespace tidu::TIDU_ISA
