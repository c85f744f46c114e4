// Adam and Polyak averaging, in place.
#pragma once

#include "elementwise_impl.h"

namespace dynabridge {
namespace INSTRUCTION_SET {

static void adam(Workspace& workspace, const Adam& adam) {
  const int64_t per_row = (adam.columns + kElementsPerTask - 1) / kElementsPerTask;
  parallel(workspace, adam.rows * per_row, adam.rows * adam.columns * 10, [&](int64_t task, int) {
    const int64_t column = task % per_row * kElementsPerTask, left = adam.columns - column;
    const int64_t size = left < kElementsPerTask ? left : kElementsPerTask;
    const int64_t start = task / per_row * adam.columns + column;
    float* __restrict p = adam.parameters + start;
    float* __restrict m = adam.m + start;
    float* __restrict v = adam.v + start;
    const float* __restrict gradient = adam.gradient + start;
    const float* l2 = adam.l2 == nullptr ? nullptr : adam.l2 + column;
    for (int64_t i = 0; i < size; i += kLanes) {
      const int64_t rest = size - i;
      const bool whole = rest >= kLanes;
      const auto read = [&](const float* from) { return whole ? load(from + i) : load_some(from + i, rest); };
      const auto write = [&](float* to, Vector x) { whole ? store(to + i, x) : store_some(to + i, x, rest); };
      const Vector weight = read(p);
      Vector g = read(gradient);
      if (l2 != nullptr) g += read(l2) * weight;
      const Vector mean = adam.beta1 * read(m) + adam.complement1 * g;
      const Vector square = adam.beta2 * read(v) + adam.complement2 * g * g;
      write(m, mean);
      write(v, square);
      const Vector step = adam.rate * mean / (vector_sqrt(square * adam.correction) + adam.epsilon);
      write(p, weight - step - adam.shrink * weight);
    }
  });
}

static void polyak(Workspace& workspace, float* target, const float* source, int64_t size, float tau) {
  const int64_t tasks = (size + kElementsPerTask - 1) / kElementsPerTask;
  parallel(workspace, tasks, size * 4, [&](int64_t task, int) {
    const int64_t start = task * kElementsPerTask, left = size - start;
    combine(target + start, 1, source + start, 1, target + start, left < kElementsPerTask ? left : kElementsPerTask,
            [tau](Vector t, Vector s) { return t + tau * (s - t); });
  });
}

}  // namespace INSTRUCTION_SET
}  // namespace dynabridge
