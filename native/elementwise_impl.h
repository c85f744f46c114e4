// Elementwise functions, broadcasts, reductions and transposition.
#pragma once

#include "kernels.h"
#include "simd.h"
#include "workspace.h"

namespace dynabridge {
namespace INSTRUCTION_SET {

constexpr int64_t kElementsPerTask = 1 << 15;

template <typename Function>
static inline void map(const float* x, float* y, int64_t size, const Function& function) {
  int64_t i = 0;
  for (; i + kLanes <= size; i += kLanes) store(y + i, function(load(x + i)));
  if (i < size) store_some(y + i, function(load_some(x + i, size - i)), size - i);
}

static inline Vector vector_sqrt(Vector x) {
  Vector y;
  for (int i = 0; i < kLanes; i++) y[i] = __builtin_sqrtf(x[i]);
  return y;
}

static void unary(Workspace& workspace, Unary code, const float* x, float* y, int64_t size) {
  const int64_t tasks = (size + kElementsPerTask - 1) / kElementsPerTask;
  parallel(workspace, tasks, size * 8, [&](int64_t task, int) {
    const float* from = x + task * kElementsPerTask;
    float* to = y + task * kElementsPerTask;
    const int64_t left = size - task * kElementsPerTask, n = left < kElementsPerTask ? left : kElementsPerTask;
    switch (code) {
      case kNeg: map(from, to, n, [](Vector v) { return -v; }); break;
      case kAbs: map(from, to, n, [](Vector v) { return absolute(v); }); break;
      case kSquare: map(from, to, n, [](Vector v) { return v * v; }); break;
      case kSqrt: map(from, to, n, [](Vector v) { return vector_sqrt(v); }); break;
      case kRsqrt: map(from, to, n, [](Vector v) { return 1.0f / vector_sqrt(v); }); break;
      case kExp: map(from, to, n, [](Vector v) { return vector_exp(v); }); break;
      case kLog: map(from, to, n, [](Vector v) { return vector_log(v); }); break;
      case kSigmoid: map(from, to, n, [](Vector v) { return vector_sigmoid(v); }); break;
      case kTanh: map(from, to, n, [](Vector v) { return vector_tanh(v); }); break;
      case kReluUnary: map(from, to, n, [](Vector v) { return select(v <= 0.0f, Vector{}, v); }); break;
      case kSoftplus: map(from, to, n, [](Vector v) { return vector_softplus(v); }); break;
      case kStep:
        map(from, to, n, [](Vector v) { return select(v != v, v, select(v > 0.0f, splat(1), Vector{})); });
        break;
      case kUnaryCount: break;
    }
  });
}

// One row; an operand's step is 1 (an array) or 0 (one value).
template <typename Function>
static inline void combine(const float* a, int64_t step_a, const float* b, int64_t step_b, float* out, int64_t size,
                           const Function& function) {
  const Vector all_a = splat(*a), all_b = splat(*b);
  int64_t i = 0;
  for (; i + kLanes <= size; i += kLanes) {
    store(out + i, function(step_a ? load(a + i) : all_a, step_b ? load(b + i) : all_b));
  }
  if (i < size) {
    const int64_t left = size - i;
    store_some(out + i, function(step_a ? load_some(a + i, left) : all_a, step_b ? load_some(b + i, left) : all_b),
               left);
  }
}

static void combine_row(Binary code, const float* a, int64_t step_a, const float* b, int64_t step_b, float* out,
                        int64_t size) {
  switch (code) {
    case kAdd: combine(a, step_a, b, step_b, out, size, [](Vector x, Vector y) { return x + y; }); break;
    case kSub: combine(a, step_a, b, step_b, out, size, [](Vector x, Vector y) { return x - y; }); break;
    case kMul: combine(a, step_a, b, step_b, out, size, [](Vector x, Vector y) { return x * y; }); break;
    case kDiv: combine(a, step_a, b, step_b, out, size, [](Vector x, Vector y) { return x / y; }); break;
    case kMaximum:  // NaN if either is, as Math.max
      combine(a, step_a, b, step_b, out, size,
              [](Vector x, Vector y) { return select((x > y) | (x != x), x, y); });
      break;
    case kMinimum:
      combine(a, step_a, b, step_b, out, size,
              [](Vector x, Vector y) { return select((x < y) | (x != x), x, y); });
      break;
    case kBinaryCount: break;
  }
}

static void binary(Workspace& workspace, Binary code, Operand a, Operand b, float* out, int64_t rows, int64_t columns) {
  if (rows * columns == 0) return;
  const int64_t by_row = columns < kElementsPerTask ? kElementsPerTask / columns : 1;
  const int64_t row_tasks = (rows + by_row - 1) / by_row;
  const int64_t column_tasks = (columns + kElementsPerTask - 1) / kElementsPerTask;
  parallel(workspace, row_tasks * column_tasks, rows * columns * 4, [&](int64_t task, int) {
    const int64_t first = task / column_tasks * by_row, last = first + by_row < rows ? first + by_row : rows;
    const int64_t column = task % column_tasks * kElementsPerTask, left = columns - column;
    const int64_t size = left < kElementsPerTask ? left : kElementsPerTask;
    for (int64_t row = first; row < last; row++) {
      combine_row(code, a.data + row * a.row_stride + column * a.column_stride, a.column_stride,
                  b.data + row * b.row_stride + column * b.column_stride, b.column_stride, out + row * columns + column,
                  size);
    }
  });
}

static inline float larger_or_nan(float a, float b) { return a != a || a > b ? a : b; }
static inline float smaller_or_nan(float a, float b) { return a != a || a < b ? a : b; }

// Sum in single precision within blocks, in double precision over them.
static inline double block_sum(const float* x, int64_t size) {
  double total = 0;
  constexpr int64_t kBlock = 64 * kLanes;
  for (int64_t start = 0; start < size; start += kBlock) {
    const int64_t end = start + kBlock < size ? start + kBlock : size;
    Vector sum = {};
    int64_t i = start;
    for (; i + kLanes <= end; i += kLanes) sum += load(x + i);
    if (i < end) sum += load_some(x + i, end - i);
    total += static_cast<double>(sum_lanes(sum));
  }
  return total;
}

static void reduce(Workspace& workspace, Reduction code, const float* x, float* y, int64_t outer, int64_t reduced,
                   int64_t inner) {
  const bool sums = code == kSum || code == kMean;
  const double divisor = code == kMean ? static_cast<double>(reduced) : 1.0;
  const float start = sums ? 0.0f : code == kMax ? -__builtin_inff() : __builtin_inff();
  parallel(workspace, outer, outer * reduced * inner * 2, [&](int64_t o, int) {
    const float* from = x + o * reduced * inner;
    if (inner == 1) {
      if (sums) {
        y[o] = static_cast<float>(block_sum(from, reduced) / divisor);
        return;
      }
      float best = start;
      for (int64_t i = 0; i < reduced; i++) {
        best = code == kMax ? larger_or_nan(best, from[i]) : smaller_or_nan(best, from[i]);
      }
      y[o] = best;
      return;
    }
    constexpr int64_t kColumns = 256;
    for (int64_t column = 0; column < inner; column += kColumns) {
      const int64_t left = inner - column, width = left < kColumns ? left : kColumns;
      double total[kColumns];
      float* to = y + o * inner + column;
      for (int64_t j = 0; j < width; j++) {
        total[j] = 0;
        to[j] = start;
      }
      for (int64_t i = 0; i < reduced; i++) {
        const float* row = from + i * inner + column;
        if (sums) {
          for (int64_t j = 0; j < width; j++) total[j] += static_cast<double>(row[j]);
        } else if (code == kMax) {
          for (int64_t j = 0; j < width; j++) to[j] = larger_or_nan(to[j], row[j]);
        } else {
          for (int64_t j = 0; j < width; j++) to[j] = smaller_or_nan(to[j], row[j]);
        }
      }
      if (sums) {
        for (int64_t j = 0; j < width; j++) to[j] = static_cast<float>(total[j] / divisor);
      }
    }
  });
}

static void transpose(Workspace& workspace, const float* x, float* y, int64_t batch, int64_t rows, int64_t columns) {
  constexpr int64_t kTile = 16;
  const int64_t bands = (columns + kTile - 1) / kTile;
  parallel(workspace, batch * bands, batch * rows * columns * 4, [&](int64_t task, int) {
    const float* from = x + task / bands * rows * columns;
    float* to = y + task / bands * rows * columns;
    const int64_t first = task % bands * kTile, last = first + kTile < columns ? first + kTile : columns;
    for (int64_t i = 0; i < rows; i += kTile) {
      const int64_t end = i + kTile < rows ? i + kTile : rows;
      for (int64_t j = first; j < last; j++) {
        for (int64_t k = i; k < end; k++) to[j * rows + k] = from[k * columns + j];
      }
    }
  });
}

}  // namespace INSTRUCTION_SET
}  // namespace dynabridge
