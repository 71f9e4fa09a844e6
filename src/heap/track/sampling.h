// SPDX-License-Identifier: Apache-2.0
// Which allocations are sampled: a Poisson process over the bytes that a thread allocates, so that a block of
// s bytes is taken with probability 1 - exp(-s/m) under a mean distance m, and stands for the inverse of that
// many. Without libm, which is not ours to bring.
#pragma once

#include <cstdint>
#include <cstring>

namespace ullage::heap::track {

// 1 - exp(-x) for x >= 0, to 1e-9.
inline double one_minus_exp(double x) {
  if (x > 40) return 1;
  int halvings = 0;
  for (; x > 0.25; x /= 2) ++halvings;
  double term = x, sum = x;
  for (int n = 2; n <= 8; ++n) {
    term *= -x / n;
    sum += term;
  }
  double rest = 1 - sum;
  if (halvings == 0) return sum;
  for (; halvings > 0; --halvings) rest *= rest;
  return 1 - rest;
}

// The natural logarithm of a normal number > 0, to 1e-9: of the exponent, and 2·artanh((f-1)/(f+1)) of the
// fraction.
inline double logarithm(double value) {
  std::uint64_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  int exponent = static_cast<int>(bits >> 52) - 1022;
  bits = (bits & 0x000FFFFFFFFFFFFF) | 0x3FE0000000000000;  // in [1/2, 1)
  double fraction;
  std::memcpy(&fraction, &bits, sizeof fraction);
  if (fraction < 0.70710678118654752) {
    fraction *= 2;
    --exponent;
  }
  const double z = (fraction - 1) / (fraction + 1), square = z * z;
  double sum = 0, power = z;
  for (int n = 1; n <= 13; n += 2, power *= square) sum += power / n;
  return 2 * sum + exponent * 0.69314718055994531;
}

// Marsaglia's xorshift64*.
inline std::uint64_t next_random(std::uint64_t& state) {
  state ^= state >> 12;
  state ^= state << 25;
  state ^= state >> 27;
  return state * 0x2545F4914F6CDD1D;
}

// Bytes until the next sample, exponentially distributed; at least 1.
inline std::int64_t draw_distance(std::uint64_t& state, std::uint64_t mean_bytes) {
  const double uniform = static_cast<double>((next_random(state) >> 11) + 1) * 0x1p-53;  // in (0, 1]
  return static_cast<std::int64_t>(-logarithm(uniform) * static_cast<double>(mean_bytes)) + 1;
}

struct Weight {
  double count = 1;     // blocks that it stands for
  double variance = 0;  // of the bytes' estimate
};
inline Weight weigh(std::uint64_t size, double mean_bytes) {
  const double s = size == 0 ? 1 : static_cast<double>(size);
  const double count = 1 / one_minus_exp(s / mean_bytes);
  return {count, count * (count - 1) * s * s};
}

}  // namespace ullage::heap::track
