// Vectors of kLanes floats by GCC and Clang vector extensions, in the namespace of one instruction set. Included by kernels.cc only.
// No inline function of a standard header is used here: the linker could keep the copy compiled for another processor.
#pragma once

#include <cstdint>

#if !defined(INSTRUCTION_SET) || !defined(LANES)
#error "compile with -DINSTRUCTION_SET=name -DLANES=floats"
#endif

namespace dynabridge {
namespace INSTRUCTION_SET {

constexpr int kLanes = LANES;

typedef float Vector __attribute__((vector_size(LANES * 4)));
typedef int32_t IntVector __attribute__((vector_size(LANES * 4)));
// the same in memory, wherever it lies
typedef float UnalignedVector __attribute__((vector_size(LANES * 4), aligned(4), may_alias));

static inline Vector load(const float* p) { return *reinterpret_cast<const UnalignedVector*>(p); }
static inline void store(float* p, Vector v) { *reinterpret_cast<UnalignedVector*>(p) = v; }
static inline Vector splat(float x) { return x - Vector{}; }

// The first `count` of kLanes floats; the others are 0.
static inline Vector load_some(const float* p, int64_t count) {
  Vector v = {};
  __builtin_memcpy(&v, p, static_cast<size_t>(count) * sizeof(float));
  return v;
}
static inline void store_some(float* p, Vector v, int64_t count) {
  __builtin_memcpy(p, &v, static_cast<size_t>(count) * sizeof(float));
}

typedef float Four __attribute__((vector_size(16)));
typedef float UnalignedFour __attribute__((vector_size(16), aligned(4), may_alias));

static inline float sum_lanes(Vector v) {
  Four parts[kLanes / 4];
  __builtin_memcpy(parts, &v, sizeof(v));
  Four sum = parts[0];
  for (int i = 1; i < kLanes / 4; i++) sum += parts[i];
  return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

static inline Vector select(IntVector mask, Vector yes, Vector no) { return mask ? yes : no; }
static inline Vector absolute(Vector x) { return (Vector)((IntVector)x & 0x7fffffff); }

// Adding it to a float rounds that to an integer, which is then in the low bits: 1.5 * 2^23.
constexpr float kRounding = 12582912.0f;
constexpr float kLogTwoE = 1.44269504088896341f;

// e^(z - n ln 2) for the n that is nearest to z / ln 2 (Cephes expf, Moshier).
static inline Vector exp_reduced(Vector z, Vector n) {
  Vector r = z - n * 0.693359375f;
  r = r - n * -2.12194440e-4f;
  Vector p = splat(1.9875691500e-4f);
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  return p * r * r + r + 1.0f;
}

// e^x to 2 units in the last place, denormal results included.
static inline Vector vector_exp(Vector x) {
  const Vector high = splat(89.0f), low = splat(-104.0f);  // beyond these the result is infinite or 0
  Vector z = select(x > high, high, x);
  z = select(z < low, low, z);
  const Vector n = (z * kLogTwoE + kRounding) - kRounding;
  const Vector p = exp_reduced(z, n);
  // 2^n in two factors, because 2^n alone may be out of range where the product is not
  const IntVector whole = __builtin_convertvector(select(n == n, n, splat(0)), IntVector);
  const IntVector half = whole >> 1;
  const Vector first = (Vector)((half + 127) << 23);
  const Vector second = (Vector)((whole - half + 127) << 23);
  return p * first * second;
}

// ln x to 2 units in the last place (coefficients: Cephes logf, Moshier). ln 0 = -inf, ln of a negative number is NaN.
static inline Vector vector_log(Vector x) {
  const IntVector tiny = x < 1.17549435e-38f;
  const Vector scaled = select(tiny, x * 8388608.0f, x);
  const IntVector bits = (IntVector)scaled;
  IntVector exponent = ((bits >> 23) & 0xff) - 126;
  Vector m = (Vector)((bits & 0x007fffff) | 0x3f000000);  // [0.5, 1)
  const IntVector below = m < 0.707106781186547524f;
  exponent = exponent + below - (tiny & 23);  // a true mask is -1
  m = select(below, m + m, m) - 1.0f;
  const Vector z = m * m;
  Vector p = splat(7.0376836292e-2f);
  p = p * m - 1.1514610310e-1f;
  p = p * m + 1.1676998740e-1f;
  p = p * m - 1.2420140846e-1f;
  p = p * m + 1.4249322787e-1f;
  p = p * m - 1.6668057665e-1f;
  p = p * m + 2.0000714765e-1f;
  p = p * m - 2.4999993993e-1f;
  p = p * m + 3.3333331174e-1f;
  const Vector e = __builtin_convertvector(exponent, Vector);
  Vector y = p * m * z + e * -2.12194440e-4f - z * 0.5f;
  y = m + y + e * 0.693359375f;
  const Vector infinity = splat(__builtin_inff());
  y = select(x == infinity, infinity, y);
  y = select(x == 0.0f, -infinity, y);
  return select((x < 0.0f) | (x != x), splat(__builtin_nanf("")), y);
}

// ln(1 + u) for u >= 0, exact for small u (Kahan's correction of the rounding of 1 + u).
static inline Vector vector_log1p(Vector u) {
  const Vector w = u + 1.0f;
  return select(w == splat(__builtin_inff()), w, vector_log(w) + (u - (w - 1.0f)) / w);
}

// e^x for x <= 0, flushed to about 1e-38 below -87: half the work of vector_exp, for activations.
static inline Vector vector_exp_negative(Vector x) {
  const Vector z = select(x < -87.0f, splat(-87.0f), x);
  const Vector shifted = z * kLogTwoE + kRounding;
  const Vector n = shifted - kRounding;
  const Vector p = exp_reduced(z, n);
  // the low bits of `shifted` hold n; adding them to the exponent multiplies by 2^n, NaN stays NaN
  const Vector scaled = (Vector)((IntVector)p + ((IntVector)shifted << 23));
  return select(z == z, scaled, z);
}

// 1 / (1 + e^-x), for negative x as e^x / (1 + e^x), which does not overflow; e = e^-|x|
static inline Vector sigmoid_from(Vector x, Vector e) { return select(x < 0.0f, e, splat(1)) / (1.0f + e); }
static inline Vector vector_sigmoid(Vector x) { return sigmoid_from(x, vector_exp(-absolute(x))); }

// ln(1 + e^x) = max(x, 0) + ln(1 + e^-|x|); e = e^-|x|
static inline Vector softplus_from(Vector x, Vector e) { return select(x <= 0.0f, splat(0), x) + vector_log1p(e); }
static inline Vector vector_softplus(Vector x) { return softplus_from(x, vector_exp(-absolute(x))); }

// Cephes tanhf: a polynomial below 0.625, else 1 - 2 / (e^2|x| + 1).
static inline Vector vector_tanh(Vector x) {
  const Vector a = absolute(x);
  const Vector z = x * x;
  Vector p = splat(-5.70498872745e-3f);
  p = p * z + 2.06390887954e-2f;
  p = p * z - 5.37397155531e-2f;
  p = p * z + 1.33314422036e-1f;
  p = p * z - 3.33332819422e-1f;
  const Vector small = p * z * x + x;
  const Vector large = 1.0f - 2.0f / (vector_exp(a + a) + 1.0f);
  return select(a < 0.625f, small, select(x < 0.0f, -large, large));
}

}  // namespace INSTRUCTION_SET
}  // namespace dynabridge
