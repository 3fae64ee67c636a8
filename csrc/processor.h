// What the processor and the system can do.
#pragma once

namespace tidu {

// The levels of x86-64 as its ABI defines them: v3 has AVX2 and FMA, v4 AVX-512. False elsewhere.
bool supports_x86_64_v3();
bool supports_x86_64_v4();

}  // namespace tidu
