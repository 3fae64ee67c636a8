// The instructions of programs (program.h): one loop over a block each.
//
// Registers hold values of the program's type T, float or double, or conditions: integers of T's
// size, 0 or -1.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace tidu {

// X(name, operands, cost): cost in units of an addition, to decide on threads.
#define TIDU_OPCODES(X) \
  X(copy, 1, 1) X(neg, 1, 1) X(abs, 1, 1) X(square, 1, 1) X(sqrt, 1, 4) X(reciprocal, 1, 3) \
  X(floor, 1, 1) X(ceil, 1, 1) X(trunc, 1, 1) X(round, 1, 1) X(sign, 1, 2) X(relu, 1, 1) \
  X(exp, 1, 8) X(expm1, 1, 8) X(log, 1, 8) X(log1p, 1, 12) X(tanh, 1, 12) X(sigmoid, 1, 10) \
  X(erf, 1, 14) X(sin, 1, 12) X(cos, 1, 12) \
  X(exp2, 1, 8) X(log2, 1, 8) X(log10, 1, 8) X(pow, 2, 30) \
  X(add, 2, 1) X(sub, 2, 1) X(mul, 2, 1) X(div, 2, 3) X(maximum, 2, 1) X(minimum, 2, 1) \
  X(fmax, 2, 1) X(fmin, 2, 1) X(copysign, 2, 1) \
  X(lt, 2, 1) X(le, 2, 1) X(gt, 2, 1) X(ge, 2, 1) X(eq, 2, 1) X(ne, 2, 1) \
  X(both, 2, 1) X(either, 2, 1) X(differ, 2, 1) X(invert, 1, 1) X(is_nan, 1, 1) \
  X(where, 3, 1) X(keep, 2, 1) X(to_number, 1, 1) X(from_bool, 1, 1) X(to_bool, 1, 1)

enum Opcode : uint8_t {
#define TIDU_ENUM(name, operands, cost) op_##name,
  TIDU_OPCODES(TIDU_ENUM)
#undef TIDU_ENUM
  n_opcodes
};

// Computes n elements; operands and result do not overlap, or are the same.
using Loop = void (*)(const void* const* operands, void* result, size_t n);

struct LoopTable {
  Loop float32[n_opcodes], float64[n_opcodes];  // null where there is none
};

}  // namespace tidu
