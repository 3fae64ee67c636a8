// Random numbers: the Mersenne Twister and what its draws become. See tidu/backend/random.py.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace tidu {

constexpr int twister_words = 624;

// The inner loops. `draws` are what the generator gave, and results may take their place.
struct RandomTable {
  // The next words of the state, by the recurrence.
  void (*refill)(uint32_t* state);
  // Words of the state as the numbers that are drawn.
  void (*temper)(const uint32_t* state, uint32_t* draws, size_t n);
  // Uniform numbers below 1; a double takes two draws.
  void (*floats)(const uint32_t* draws, float* out, size_t n);
  void (*doubles)(const uint32_t* draws, double* out, size_t n);
  // u * factor + term, rounded once; `bound` becomes `term`.
  void (*scale_floats)(float* values, size_t n, float factor, float term, float bound);
  void (*scale_doubles)(double* values, size_t n, double factor, double term, double bound);
  // Blocks of 16 uniform numbers become normal ones, in place; `scales` unless mean 0 and std 1.
  void (*normal_floats)(float* values, size_t blocks, bool scales, float mean, float std);
  void (*normal_doubles)(double* values, size_t blocks, bool scales, double mean, double std);
  // `value` where the 53 bits of two draws are below the bound, else 0.
  void (*trials_float)(const uint32_t* draws, float* out, size_t n, int64_t bound, float value);
  void (*trials_double)(const uint32_t* draws, double* out, size_t n, int64_t bound, double value);
  void (*trials_byte)(const uint32_t* draws, uint8_t* out, size_t n, int64_t bound, uint8_t value);
};

enum class DrawKind { uniform, normal, integers };

// What to draw: between the two numbers, or normal with them as mean and standard deviation.
struct Draw {
  DrawKind kind;
  double first, second;
};

}  // namespace tidu
