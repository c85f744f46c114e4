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

static inline int64_t loss_blocks(int64_t batch) { return (batch + kLossRows - 1) / kLossRows; }

// A block of rows of a head (mean | raw scale) with its two halves apart, beside what is known of each output (target or noise), so
// that whole vectors are worked on whatever the number of outputs. Padded with zeros to whole vectors.
struct HeadBlock {
  int64_t outputs, capacity, size, padded;
  float *mean, *raw, *known, *first, *second;

  // `arrays` of the block's capacity in the thread's scratch memory, five of them its own
  HeadBlock(Workspace& workspace, int thread, int64_t outputs, int64_t arrays)
      : outputs(outputs), capacity((kLossRows * outputs + kLanes - 1) / kLanes * kLanes), size(0), padded(0) {
    mean = workspace.thread_scratch(thread, arrays * capacity);
    raw = mean + capacity;
    known = raw + capacity;
    first = known + capacity;
    second = first + capacity;
  }

  void read(const float* head, const float* all_known, int64_t row, int64_t rows) {
    size = rows * outputs;
    padded = (size + kLanes - 1) / kLanes * kLanes;
    gather_columns(head + row * 2 * outputs, 2 * outputs, rows, outputs, mean);
    gather_columns(head + row * 2 * outputs + outputs, 2 * outputs, rows, outputs, raw);
    for (int64_t i = 0; i < size; i++) known[i] = all_known[row * outputs + i];
    for (int64_t i = size; i < padded; i++) mean[i] = raw[i] = known[i] = 0;
  }

  // mean and raw, which hold gradients by now, to the same rows of the head's gradient
  void write(float* d_head, int64_t row) const {
    const int64_t rows = outputs == 0 ? 0 : size / outputs;
    scatter_columns(mean, rows, outputs, d_head + row * 2 * outputs, 2 * outputs);
    scatter_columns(raw, rows, outputs, d_head + row * 2 * outputs + outputs, 2 * outputs);
  }
};

// With the bounds of the log variance, repeated for each row.
struct NllBlock : HeadBlock {
  float *high, *low;

  NllBlock(Workspace& workspace, int thread, const GaussianNll& nll) : HeadBlock(workspace, thread, nll.outputs, 7) {
    high = second + capacity;
    low = high + capacity;
    for (int64_t i = 0; i < capacity; i++) high[i] = low[i] = 0;
    for (int64_t i = 0; i < kLossRows; i++) {
      for (int64_t j = 0; j < outputs; j++) {
        high[i * outputs + j] = nll.bounds[j];
        low[i * outputs + j] = nll.bounds[outputs + j];
      }
    }
  }
};

static double gaussian_nll(Workspace& workspace, const GaussianNll& nll) {
  const int64_t blocks = loss_blocks(nll.batch);
  float* sums = workspace.reserve(Workspace::kPartial, nll.members * blocks + 1);
  parallel(workspace, nll.members, nll.members * nll.batch * nll.outputs * 50, [&](int64_t member, int thread) {
    NllBlock block(workspace, thread, nll);
    for (int64_t b = 0; b < blocks; b++) {
      const int64_t start = b * kLossRows, left = nll.batch - start;
      block.read(nll.head, nll.targets, member * nll.batch + start, left < kLossRows ? left : kLossRows);
      for (int64_t i = 0; i < block.padded; i += kLanes) {
        const Vector high = load(block.high + i), low = load(block.low + i);
        const Vector above = high - load(block.raw + i);
        const Vector upper = high - softplus_from(above, vector_exp_negative(-absolute(above)));
        const Vector inside = upper - low;
        const Vector log_variance = low + softplus_from(inside, vector_exp_negative(-absolute(inside)));
        const Vector error = load(block.mean + i) - load(block.known + i);
        store(block.first + i, error * error * vector_exp(-log_variance) + log_variance);
      }
      sums[member * blocks + b] = static_cast<float>(block_sum(block.first, block.size));
    }
  });
  return block_sum(sums, nll.members * blocks) / static_cast<double>(nll.batch * nll.outputs);
}

static void gaussian_nll_gradient(Workspace& workspace, const GaussianNll& nll, float scale, float* d_head,
                                  float* d_bounds) {
  const int64_t d = nll.outputs, blocks = loss_blocks(nll.batch);
  const float weight = scale / static_cast<float>(nll.batch * d);
  float* sums = workspace.reserve(Workspace::kPartial, nll.members * 2 * d);
  parallel(workspace, nll.members, nll.members * nll.batch * d * 60, [&](int64_t member, int thread) {
    NllBlock block(workspace, thread, nll);
    float* sum = sums + member * 2 * d;
    for (int64_t j = 0; j < 2 * d; j++) sum[j] = 0;
    for (int64_t b = 0; b < blocks; b++) {
      const int64_t start = b * kLossRows, left = nll.batch - start, rows = left < kLossRows ? left : kLossRows;
      const int64_t row = member * nll.batch + start;
      block.read(nll.head, nll.targets, row, rows);
      for (int64_t i = 0; i < block.padded; i += kLanes) {
        const Vector high = load(block.high + i), low = load(block.low + i);
        const Vector above = high - load(block.raw + i), e = vector_exp_negative(-absolute(above));
        const Vector upper = high - softplus_from(above, e);
        const Vector inside = upper - low, f = vector_exp_negative(-absolute(inside));
        const Vector log_variance = low + softplus_from(inside, f);
        const Vector error = load(block.mean + i) - load(block.known + i);
        const Vector precision = vector_exp(-log_variance);
        const Vector d_log_variance = (1.0f - error * error * precision) * weight;
        const Vector by_upper = d_log_variance * sigmoid_from(inside, f);
        const Vector by_raw = by_upper * sigmoid_from(above, e);
        store(block.mean + i, error * precision * (2.0f * weight));
        store(block.raw + i, by_raw);
        store(block.first + i, by_upper - by_raw);
        store(block.second + i, d_log_variance - by_upper);
      }
      block.write(d_head, row);
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

// u = mean + std noise, action = tanh u, log prob = sum of log N(u) - log(1 - tanh(u)^2), the latter as
// 2 (ln 2 - u - softplus(-2 u)).
static void squashed_gaussian(Workspace& workspace, const SquashedGaussian& g, float* action, float* log_prob) {
  const float half = 0.5f * (g.log_std_max - g.log_std_min), middle = g.log_std_min + half;
  const int64_t a = g.actions;
  parallel(workspace, loss_blocks(g.batch), g.batch * a * 60, [&](int64_t task, int thread) {
    const int64_t row = task * kLossRows, left = g.batch - row, rows = left < kLossRows ? left : kLossRows;
    HeadBlock block(workspace, thread, a, 5);
    block.read(g.head, g.noise, row, rows);
    for (int64_t i = 0; i < block.padded; i += kLanes) {
      const Vector noise = load(block.known + i);
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
  parallel(workspace, loss_blocks(g.batch), g.batch * a * 60, [&](int64_t task, int thread) {
    const int64_t row = task * kLossRows, left = g.batch - row, rows = left < kLossRows ? left : kLossRows;
    HeadBlock block(workspace, thread, a, 5);
    block.read(g.head, g.noise, row, rows);
    for (int64_t i = 0; i < rows; i++) {
      for (int64_t j = 0; j < a; j++) {
        block.first[i * a + j] = d_action[(row + i) * a + j];
        block.second[i * a + j] = d_log_prob[row + i];
      }
    }
    for (int64_t i = block.size; i < block.padded; i++) block.first[i] = block.second[i] = 0;
    for (int64_t i = 0; i < block.padded; i += kLanes) {
      const Vector bounded = vector_tanh(load(block.raw + i)), spread = vector_exp(bounded * half + middle);
      const Vector noise = load(block.known + i), by_log_prob = load(block.second + i);
      const Vector y = vector_tanh(load(block.mean + i) + spread * noise);
      const Vector du = load(block.first + i) * (1.0f - y * y) + by_log_prob * y * 2.0f;
      const Vector d_log_std = du * spread * noise - by_log_prob;
      store(block.mean + i, du);
      store(block.raw + i, d_log_std * (1.0f - bounded * bounded) * half);
    }
    block.write(d_head, row);
  });
}

}  // namespace INSTRUCTION_SET
}  // namespace dynabridge
