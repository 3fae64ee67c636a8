// What the processor and the system can do.
#pragma once

namespace tidu {

// The levels of x86-64 as its ABI defines them: v3 has AVX2 and FMA, v4 AVX-512. False elsewhere.
bool supports_v3();
bool supports_v4();

// What every processor has that the module is built for.
inline bool supports_v1() { return true; }
inline bool supports_neon() { return true; }

}  // namespace tidu
