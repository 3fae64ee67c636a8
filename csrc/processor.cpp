#include "processor.h"

#if defined(__x86_64__) || defined(_M_X64)
#include <cpuid.h>
#include <stdint.h>

// (Compilers have __builtin_cpu_supports, but not every one knows the levels, and not every one can
// link it. See: System V ABI, AMD64 supplement, 3.1.1 Processor Architecture.)
namespace tidu {
namespace {

struct Registers {
  uint32_t a = 0, b = 0, c = 0, d = 0;
};

Registers cpuid(uint32_t leaf) {
  Registers r;
  __get_cpuid_count(leaf, 0, &r.a, &r.b, &r.c, &r.d);  // leaves zeros where there is no such leaf
  return r;
}

// The registers that the system keeps for each thread.
uint64_t saved_registers() {
  uint32_t low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return uint64_t(high) << 32 | low;
}

constexpr bool all(uint64_t word, uint64_t bits) { return (word & bits) == bits; }
constexpr uint64_t bit(int i) { return uint64_t(1) << i; }

}  // namespace

bool supports_v3() {
  const uint32_t features = cpuid(1).c;
  // FMA, MOVBE, OSXSAVE, AVX, F16C, with SSE3, SSSE3, CMPXCHG16B, SSE4.1, SSE4.2 and POPCNT of v2
  if (!all(features, bit(12) | bit(22) | bit(27) | bit(28) | bit(29) | bit(0) | bit(9) | bit(13) |
                         bit(19) | bit(20) | bit(23)))
    return false;
  return all(saved_registers(), bit(1) | bit(2)) &&             // xmm, ymm
         all(cpuid(7).b, bit(3) | bit(5) | bit(8)) &&           // BMI1, AVX2, BMI2
         all(cpuid(0x80000001).c, bit(5));                      // LZCNT
}

bool supports_v4() {
  return supports_v3() &&
         all(saved_registers(), bit(5) | bit(6) | bit(7)) &&    // masks, zmm
         all(cpuid(7).b, bit(16) | bit(17) | bit(28) | bit(30) | bit(31));  // AVX512 F, DQ, CD, BW, VL
}

}  // namespace tidu

#else
namespace tidu {
bool supports_v3() { return false; }
bool supports_v4() { return false; }
}  // namespace tidu
#endif
