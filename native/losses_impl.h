// The two distributions of the agent: the world model's Gaussian and the policy's squashed Gaussian.
#pragma once

#include "elementwise_impl.h"

namespace dynabridge {
namespace INSTRUCTION_SET {

// Columns [start, start + columns) of `rows` rows of `stride` floats, one after the other, and back.
static inline void gather_columns(const float* from, int64_t stride, int64_t rows, int64_t columns, float* to) {
  for (int64_t i = 0; i < rows; i++) {
    for (int64_t j = 0; j < columns; j++) to[i * columns + j] = from[i * stride + j];
  }
}
static inline void scatter_columns(const float* from, int64_t rows, int64_t columns, float* to, int64_t stride) {
  for (int64_t i = 0; i < rows; i++) {
    for (int64_t j = 0; j < columns; j++) to[i * stride + j] = from[i * columns + j];
  }
}

constexpr int64_t kLossRows = 32;
static_assert(kLossRows % kLanes == 0, "a whole block needs no padding");

// A block of rows with mean and raw log variance apart, so that whole vectors are worked on whatever D is. The arrays are
// padded to whole vectors; only a last, short block needs it, so it may overwrite the repeated bounds.
struct NllBlock {
  int64_t size, padded;
  float *mean, *raw, *target, *high, *low, *first, *second;

  NllBlock(Workspace& workspace, int thread, const GaussianNll& nll) {
    const int64_t capacity = (kLossRows * nll.outputs + kLanes - 1) / kLanes * kLanes;
    mean = workspace.thread_scratch(thread, 7 * capacity);
    raw = mean + capacity;
    target = raw + capacity;
    high = target + capacity;
    low = high + capacity;
    first = low + capacity;
    second = first + capacity;
    for (int64_t i = 0; i < kLossRows; i++) {
      for (int64_t j = 0; j < nll.outputs; j++) {
        high[i * nll.outputs + j] = nll.bounds[j];
        low[i * nll.outputs + j] = nll.bounds[nll.outputs + j];
      }
    }
  }

  void read(const GaussianNll& nll, int64_t row, int64_t rows) {
    const int64_t d = nll.outputs;
    size = rows * d;
    padded = (size + kLanes - 1) / kLanes * kLanes;
    gather_columns(nll.head + row * 2 * d, 2 * d, rows, d, mean);
    gather_columns(nll.head + row * 2 * d + d, 2 * d, rows, d, raw);
    for (int64_t i = 0; i < size; i++) target[i] = nll.targets[row * d + i];
    for (int64_t i = size; i < padded; i++) mean[i] = raw[i] = target[i] = high[i] = low[i] = 0;
  }
};

static double gaussian_nll(Workspace& workspace, const GaussianNll& nll) {
  const int64_t blocks = (nll.batch + kLossRows - 1) / kLossRows;
  float* sums = workspace.reserve(Workspace::kPartial, nll.members * blocks + 1);
  parallel(workspace, nll.members, nll.members * nll.batch * nll.outputs * 50, [&](int64_t member, int thread) {
    NllBlock block(workspace, thread, nll);
    for (int64_t b = 0; b < blocks; b++) {
      const int64_t start = b * kLossRows, left = nll.batch - start;
      block.read(nll, member * nll.batch + start, left < kLossRows ? left : kLossRows);
      for (int64_t i = 0; i < block.padded; i += kLanes) {
        const Vector high = load(block.high + i), low = load(block.low + i);
        const Vector above = high - load(block.raw + i);
        const Vector upper = high - softplus_from(above, vector_exp_negative(-absolute(above)));
        const Vector inside = upper - low;
        const Vector log_variance = low + softplus_from(inside, vector_exp_negative(-absolute(inside)));
        const Vector error = load(block.mean + i) - load(block.target + i);
        store(block.first + i, error * error * vector_exp(-log_variance) + log_variance);
      }
      sums[member * blocks + b] = static_cast<float>(block_sum(block.first, block.size));
    }
  });
  return block_sum(sums, nll.members * blocks) / static_cast<double>(nll.batch * nll.outputs);
}

static void gaussian_nll_gradient(Workspace& workspace, const GaussianNll& nll, float scale, float* d_head,
                                  float* d_bounds) {
  const int64_t d = nll.outputs, blocks = (nll.batch + kLossRows - 1) / kLossRows;
  const float weight = scale / static_cast<float>(nll.batch * d);
  float* sums = workspace.reserve(Workspace::kPartial, nll.members * 2 * d);
  parallel(workspace, nll.members, nll.members * nll.batch * d * 60, [&](int64_t member, int thread) {
    NllBlock block(workspace, thread, nll);
    float* sum = sums + member * 2 * d;
    for (int64_t j = 0; j < 2 * d; j++) sum[j] = 0;
    for (int64_t b = 0; b < blocks; b++) {
      const int64_t start = b * kLossRows, left = nll.batch - start, rows = left < kLossRows ? left : kLossRows;
      const int64_t row = member * nll.batch + start;
      block.read(nll, row, rows);
      for (int64_t i = 0; i < block.padded; i += kLanes) {
        const Vector high = load(block.high + i), low = load(block.low + i);
        const Vector above = high - load(block.raw + i), e = vector_exp_negative(-absolute(above));
        const Vector upper = high - softplus_from(above, e);
        const Vector inside = upper - low, f = vector_exp_negative(-absolute(inside));
        const Vector log_variance = low + softplus_from(inside, f);
        const Vector error = load(block.mean + i) - load(block.target + i);
        const Vector precision = vector_exp(-log_variance);
        const Vector d_log_variance = (1.0f - error * error * precision) * weight;
        const Vector by_upper = d_log_variance * sigmoid_from(inside, f);
        const Vector by_raw = by_upper * sigmoid_from(above, e);
        store(block.mean + i, error * precision * (2.0f * weight));
        store(block.raw + i, by_raw);
        store(block.first + i, by_upper - by_raw);
        store(block.second + i, d_log_variance - by_upper);
      }
      scatter_columns(block.mean, rows, d, d_head + row * 2 * d, 2 * d);
      scatter_columns(block.raw, rows, d, d_head + row * 2 * d + d, 2 * d);
      for (int64_t i = 0; i < rows; i++) {
        for (int64_t j = 0; j < d; j++) {
          sum[j] += block.first[i * d + j];
          sum[d + j] += block.second[i * d + j];
        }
      }
    }
  });
  for (int64_t j = 0; j < 2 * d; j++) {
    float total = 0;
    for (int64_t member = 0; member < nll.members; member++) total += sums[member * 2 * d + j];
    d_bounds[j] = total;
  }
}

constexpr float kHalfLogTwoPi = 0.918938533204672742f;
constexpr float kLogTwo = 0.693147180559945309f;

// Mean, raw log std and noise of a block of rows, padded to whole vectors.
struct SquashedBlock {
  int64_t size, padded;
  float *mean, *raw, *noise, *first, *second;

  SquashedBlock(Workspace& workspace, int thread, const SquashedGaussian& g) {
    const int64_t capacity = (kLossRows * g.actions + kLanes - 1) / kLanes * kLanes;
    mean = workspace.thread_scratch(thread, 5 * capacity);
    raw = mean + capacity;
    noise = raw + capacity;
    first = noise + capacity;
    second = first + capacity;
  }

  void read(const SquashedGaussian& g, int64_t row, int64_t rows) {
    const int64_t a = g.actions;
    size = rows * a;
    padded = (size + kLanes - 1) / kLanes * kLanes;
    gather_columns(g.head + row * 2 * a, 2 * a, rows, a, mean);
    gather_columns(g.head + row * 2 * a + a, 2 * a, rows, a, raw);
    for (int64_t i = 0; i < size; i++) noise[i] = g.noise[row * a + i];
    for (int64_t i = size; i < padded; i++) mean[i] = raw[i] = noise[i] = 0;
  }
};

static inline int64_t loss_tasks(int64_t batch) { return (batch + kLossRows - 1) / kLossRows; }

// u = mean + std noise, action = tanh u, log prob = sum of log N(u) - log(1 - tanh(u)^2), the latter as
// 2 (ln 2 - u - softplus(-2 u)).
static void squashed_gaussian(Workspace& workspace, const SquashedGaussian& g, float* action, float* log_prob) {
  const float half = 0.5f * (g.log_std_max - g.log_std_min), middle = g.log_std_min + half;
  const int64_t a = g.actions;
  parallel(workspace, loss_tasks(g.batch), g.batch * a * 60, [&](int64_t task, int thread) {
    const int64_t row = task * kLossRows, left = g.batch - row, rows = left < kLossRows ? left : kLossRows;
    SquashedBlock block(workspace, thread, g);
    block.read(g, row, rows);
    for (int64_t i = 0; i < block.padded; i += kLanes) {
      const Vector noise = load(block.noise + i);
      const Vector log_std = vector_tanh(load(block.raw + i)) * half + middle;
      const Vector u = load(block.mean + i) + vector_exp(log_std) * noise;
      const Vector gaussian = -(noise * noise * 0.5f + kHalfLogTwoPi + log_std);
      const Vector correction = (kLogTwo - u - vector_softplus(u * -2.0f)) * 2.0f;
      store(block.first + i, vector_tanh(u));
      store(block.second + i, gaussian - correction);
    }
    for (int64_t i = 0; i < block.size; i++) action[row * a + i] = block.first[i];
    for (int64_t i = 0; i < rows; i++) {
      float sum = 0;
      for (int64_t j = 0; j < a; j++) sum += block.second[i * a + j];
      log_prob[row + i] = sum;
    }
  });
}

// d action / du = 1 - action^2; d log prob / du = 2 tanh u; d log prob / d log std = -1 besides what goes through u.
static void squashed_gaussian_gradient(Workspace& workspace, const SquashedGaussian& g, const float* d_action,
                                       const float* d_log_prob, float* d_head) {
  const float half = 0.5f * (g.log_std_max - g.log_std_min), middle = g.log_std_min + half;
  const int64_t a = g.actions;
  parallel(workspace, loss_tasks(g.batch), g.batch * a * 60, [&](int64_t task, int thread) {
    const int64_t row = task * kLossRows, left = g.batch - row, rows = left < kLossRows ? left : kLossRows;
    SquashedBlock block(workspace, thread, g);
    block.read(g, row, rows);
    for (int64_t i = 0; i < rows; i++) {
      for (int64_t j = 0; j < a; j++) {
        block.first[i * a + j] = d_action[(row + i) * a + j];
        block.second[i * a + j] = d_log_prob[row + i];
      }
    }
    for (int64_t i = block.size; i < block.padded; i++) block.first[i] = block.second[i] = 0;
    for (int64_t i = 0; i < block.padded; i += kLanes) {
      const Vector bounded = vector_tanh(load(block.raw + i)), spread = vector_exp(bounded * half + middle);
      const Vector noise = load(block.noise + i), by_log_prob = load(block.second + i);
      const Vector y = vector_tanh(load(block.mean + i) + spread * noise);
      const Vector du = load(block.first + i) * (1.0f - y * y) + by_log_prob * y * 2.0f;
      const Vector d_log_std = du * spread * noise - by_log_prob;
      store(block.mean + i, du);
      store(block.raw + i, d_log_std * (1.0f - bounded * bounded) * half);
    }
    scatter_columns(block.mean, rows, a, d_head + row * 2 * a, 2 * a);
    scatter_columns(block.raw, rows, a, d_head + row * 2 * a + a, 2 * a);
  });
}

}  // namespace INSTRUCTION_SET
}  // namespace dynabridge
