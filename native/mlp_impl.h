// A whole ensemble of MLPs forward, and backward, each as one call. Forward, some hundred rows pass through all layers while they are
// in the cache. Backward, layer by layer from the head: the gradients of a kernel by panels of its columns, beside the
// gradients before the activation below, by rows.
#pragma once

#include "gemm_impl.h"

namespace dynabridge {
namespace INSTRUCTION_SET {

// Rows are dealt to tasks in blocks of this many, at most kTaskBlocks to a task.
constexpr int64_t kBlockRows = 11 * kTileRows;
constexpr int64_t kTaskBlocks = 4;
constexpr float kLayerNormEpsilon = 1e-5f;  // PyTorch's default

// Where a hidden layer's results lie in `kept`: y, then the slope of swish, then layer norm's normalised rows and 1 / std.
struct Kept {
  float *y, *slope, *normalised, *inverse;

  Kept(const Mlp& mlp, int layer, float* kept) {
    const int64_t rows = mlp.members * mlp.batch, size = rows * mlp.hidden[layer];
    y = kept + mlp.kept_offset(layer);
    float* next = y + size;
    slope = next;
    if (mlp.activation == kSwish) next += size;
    normalised = next;
    if (mlp.layer_norm) next += size;
    inverse = next;
  }
};

static inline int64_t blocks(const Mlp& mlp) { return (mlp.batch + kBlockRows - 1) / kBlockRows; }

static inline float sum_of(const float* x, int64_t size) {
  Vector sum = {};
  int64_t i = 0;
  for (; i + kLanes <= size; i += kLanes) sum += load(x + i);
  if (i < size) sum += load_some(x + i, size - i);
  return sum_lanes(sum);
}

static inline float dot(const float* x, const float* y, int64_t size) {
  Vector sum[4] = {};
  int64_t i = 0;
  for (; i + 4 * kLanes <= size; i += 4 * kLanes) {
    for (int u = 0; u < 4; u++) sum[u] += load(x + i + u * kLanes) * load(y + i + u * kLanes);
  }
  for (; i < size; i += kLanes) {
    const int64_t left = smaller(kLanes, size - i);
    sum[0] += load_some(x + i, left) * load_some(y + i, left);
  }
  return sum_lanes((sum[0] + sum[1]) + (sum[2] + sum[3]));
}

// y = activation(z), slope = its derivative where not null (relu needs none: y > 0 tells).
static inline void activate(Activation activation, float* y, float* slope, int64_t size) {
  for (int64_t i = 0; i < size; i += kLanes) {
    const int64_t left = smaller(kLanes, size - i);
    const Vector z = left == kLanes ? load(y + i) : load_some(y + i, left);
    Vector value = z;
    if (activation == kRelu) {
      value = select(z <= 0.0f, Vector{}, z);
    } else if (activation == kSwish) {
      const Vector e = vector_exp_negative(-absolute(z)), s = sigmoid_from(z, e);
      value = z * s;
      if (slope != nullptr) {
        const Vector derivative = s + value - value * s;  // d(z s)/dz = s + z s (1 - s)
        if (left == kLanes) {
          store(slope + i, derivative);
        } else {
          store_some(slope + i, derivative, left);
        }
      }
    }
    if (left == kLanes) {
      store(y + i, value);
    } else {
      store_some(y + i, value, left);
    }
  }
}

// dy *= activation'(z), in place
static inline void activate_gradient(Activation activation, float* dy, const float* y, const float* slope,
                                     int64_t size) {
  if (activation == kIdentity) return;
  for (int64_t i = 0; i < size; i += kLanes) {
    const int64_t left = smaller(kLanes, size - i);
    const Vector d = left == kLanes ? load(dy + i) : load_some(dy + i, left);
    const float* by = activation == kRelu ? y : slope;
    const Vector m = left == kLanes ? load(by + i) : load_some(by + i, left);
    const Vector out = activation == kRelu ? select(m > 0.0f, d, Vector{}) : d * m;
    if (left == kLanes) {
      store(dy + i, out);
    } else {
      store_some(dy + i, out, left);
    }
  }
}

// Layer normalisation of one row (Ba et al. 2016): n = (z - mean) / std, z becomes n * scale + offset.
static inline float normalise_row(float* z, float* normalised, const float* scale, const float* offset, int64_t size) {
  const float mean = sum_of(z, size) / static_cast<float>(size);
  float squares = 0;
  {
    Vector sum = {};
    int64_t i = 0;
    for (; i + kLanes <= size; i += kLanes) {
      const Vector d = load(z + i) - mean;
      sum += d * d;
    }
    squares = sum_lanes(sum);
    for (; i < size; i++) squares += (z[i] - mean) * (z[i] - mean);
  }
  const float inverse = 1.0f / __builtin_sqrtf(squares / static_cast<float>(size) + kLayerNormEpsilon);
  for (int64_t i = 0; i < size; i++) {
    const float n = (z[i] - mean) * inverse;
    if (normalised != nullptr) normalised[i] = n;
    z[i] = n * scale[i] + offset[i];
  }
  return inverse;
}

// d, the gradient after scale and offset, becomes the gradient before the normalisation; sums for scale and offset are added to.
static inline void normalise_row_gradient(float* d, const float* normalised, float inverse, const float* scale,
                                          float* d_scale, float* d_offset, int64_t size) {
  for (int64_t i = 0; i < size; i++) {
    d_scale[i] += d[i] * normalised[i];
    d_offset[i] += d[i];
    d[i] *= scale[i];
  }
  const float mean = sum_of(d, size) / static_cast<float>(size);
  const float projection = dot(d, normalised, size) / static_cast<float>(size);
  for (int64_t i = 0; i < size; i++) d[i] = (d[i] - mean - normalised[i] * projection) * inverse;
}

// c (rows x n) = a (rows x k) b + bias
static inline void multiply_rows(int64_t rows, int64_t n, int64_t k, const float* a, Right b, const float* bias, bool relu,
                                 float* c, float* scratch) {
  for (int64_t column = 0; column < n; column += kPanel) {
    multiply_columns<Left::kRows>(rows, column, smaller(kPanel, n - column), k, a, k, b, c, n, bias, relu, scratch);
  }
}

// The rows of `members` members, dealt to tasks: as large as the caches like where every thread gets equally many members, else
// divided further. A row's result does not depend on which rows share its task, and sums over rows are taken block by block.
struct RowTasks {
  int64_t per_member, rows, batch;

  RowTasks(const Workspace& workspace, const Mlp& mlp, int64_t members) : batch(mlp.batch) {
    const int64_t parts = members % workspace.threads() == 0 ? 1 : workspace.threads();
    const int64_t wanted = (blocks(mlp) + parts - 1) / parts;
    rows = (wanted > 1 ? smaller(wanted, kTaskBlocks) : 1) * kBlockRows;
    per_member = (batch + rows - 1) / rows;
  }

  int64_t start(int64_t task) const { return task % per_member * rows; }
  int64_t size(int64_t task) const { return smaller(rows, batch - start(task)); }
};

// The widest layer, inputs and outputs included.
static inline int64_t widest(const Mlp& mlp) {
  int64_t width = mlp.inputs;
  for (int layer = 0; layer <= mlp.depth; layer++) {
    const int64_t next = mlp.layer_outputs(layer);
    width = next > width ? next : width;
  }
  return width;
}

static inline int64_t multiply_adds(const Mlp& mlp) { return mlp.members * mlp.batch * mlp.parameter_count(); }

static void mlp_forward(Workspace& workspace, const Mlp& mlp, const float* x, const float* parameters, float* y,
                        float* kept) {
  const RowTasks tasks(workspace, mlp, mlp.members);
  const int64_t width = widest(mlp);
  parallel(workspace, mlp.members * tasks.per_member, multiply_adds(mlp), [&](int64_t task, int thread) {
    const int64_t member = task / tasks.per_member, row = tasks.start(task), rows = tasks.size(task);
    const int64_t first = member * mlp.batch + row;
    const float* input = x + ((mlp.shared_input ? 0 : member * mlp.batch) + row) * mlp.inputs;
    float* scratch = workspace.thread_scratch(thread, panel_scratch(width) + (kept == nullptr ? 2 * tasks.rows * width : 0));
    const float* weights = parameters + member * mlp.parameter_count();
    for (int layer = 0; layer < mlp.depth; layer++) {
      const int64_t n = mlp.hidden[layer], in = mlp.layer_inputs(layer);
      const float* kernel = weights + mlp.parameter_offset(layer);
      const float* bias = kernel + in * n;
      float *z = nullptr, *slope = nullptr, *normalised = nullptr, *inverse = nullptr;
      if (kept == nullptr) {
        z = scratch + panel_scratch(width) + layer % 2 * tasks.rows * width;
      } else {
        const Kept to(mlp, layer, kept);
        z = to.y + first * n;
        slope = to.slope + first * n;
        normalised = to.normalised + first * n;
        inverse = to.inverse + first;
      }
      const bool fused = mlp.activation == kRelu && !mlp.layer_norm;
      multiply_rows(rows, n, in, input, {kernel, n, false}, bias, fused, z, scratch);
      if (mlp.layer_norm) {
        for (int64_t i = 0; i < rows; i++) {
          const float std = normalise_row(z + i * n, kept == nullptr ? nullptr : normalised + i * n, bias + n,
                                          bias + 2 * n, n);
          if (kept != nullptr) inverse[i] = std;
        }
      }
      if (!fused) activate(mlp.activation, z, slope, rows * n);
      input = z;
    }
    const int64_t in = mlp.layer_inputs(mlp.depth), n = mlp.outputs;
    const float* head = weights + mlp.parameter_offset(mlp.depth);
    float* out = y + first * n;
    if (n == 1) {
      for (int64_t i = 0; i < rows; i++) out[i] = dot(input + i * in, head, in) + head[in];
    } else {
      multiply_rows(rows, n, in, input, {head, n, false}, head + in * n, false, out, scratch);
    }
  });
}

// Gradients of one layer's kernel and bias, for the columns of one panel: input^T (batch x in) times dz (batch x n).
static inline void kernel_gradient(float* scratch, int64_t batch, int64_t in, int64_t n, int64_t index, const float* input,
                                   const float* dz, float* d_kernel, float* d_bias) {
  const int64_t column = index * kPanel;
  if (n == 1) {  // the transposed product fills the vectors: (1 x batch) times (batch x in)
    multiply_columns<Left::kColumns>(1, column, smaller(kPanel, in - column), batch, dz, 1, {input, in, false}, d_kernel,
                                     in, nullptr, false, scratch);
    if (index == 0) *d_bias = sum_of(dz, batch);
    return;
  }
  const int64_t columns = smaller(kPanel, n - column);
  multiply_columns<Left::kColumns>(in, column, columns, batch, input, in, {dz, n, false}, d_kernel, n, nullptr, false,
                                   scratch);
  for (int64_t j = column; j < column + columns; j += kLanes) {
    const int64_t width = smaller(kLanes, column + columns - j);
    Vector sum[2] = {};
    for (int64_t i = 0; i < batch; i++) {
      sum[i % 2] += width == kLanes ? load(dz + i * n + j) : load_some(dz + i * n + j, width);
    }
    store_some(d_bias + j, sum[0] + sum[1], width);
  }
}

// Where the parts of a backward pass lie.
struct Backward {
  const float *dy, *x, *parameters, *kept;
  float *dx, *d_parameters;
  float* delta[2];  // gradients before the activations of every other layer, for a group of members
  float* sums[2];   // layer norm's sums for scale and offset of every other layer, for each block of rows of the group
  bool sum_members;  // dx has a part for each member here, to be summed
};

// One member's place in its group.
struct Member {
  int64_t index, slot;
};

// Gradient before the activation of a layer (batch x width); of the head it is dy.
static inline float* delta_of(const Mlp& mlp, const Backward& p, Member member, int layer) {
  if (layer == mlp.depth) return const_cast<float*>(p.dy) + member.index * mlp.batch * mlp.outputs;
  return p.delta[layer % 2] + member.slot * mlp.batch * widest(mlp);
}

static inline float* norm_sums(const Mlp& mlp, const Backward& p, Member member, int layer, int64_t row) {
  return p.sums[layer % 2] + (member.slot * blocks(mlp) + row / kBlockRows) * 2 * widest(mlp);
}

// Rows [row, row + rows) from the gradient before the activation of `layer` to that of the layer below, or to dx.
static void gradient_below(const Mlp& mlp, const Backward& p, Member member, int layer, int64_t row, int64_t rows,
                           float* scratch) {
  const int64_t n = mlp.layer_inputs(layer), next = mlp.layer_outputs(layer), first = member.index * mlp.batch + row;
  const float* weights = p.parameters + member.index * mlp.parameter_count();
  const Right kernel{weights + mlp.parameter_offset(layer), next, true};
  const float* dz = delta_of(mlp, p, member, layer) + row * next;
  if (layer == 0) {
    float* to = p.dx + (p.sum_members || !mlp.shared_input ? first : row) * n;
    multiply_rows(rows, n, next, dz, kernel, nullptr, false, to, scratch);
    return;
  }
  float* d = delta_of(mlp, p, member, layer - 1) + row * n;
  multiply_rows(rows, n, next, dz, kernel, nullptr, false, d, scratch);
  const Kept from(mlp, layer - 1, const_cast<float*>(p.kept));
  activate_gradient(mlp.activation, d, from.y + first * n, from.slope + first * n, rows * n);
  if (!mlp.layer_norm) return;
  const float* scale = weights + mlp.parameter_offset(layer - 1) + mlp.layer_inputs(layer - 1) * n + n;
  for (int64_t start = 0; start < rows; start += kBlockRows) {
    float* sums = norm_sums(mlp, p, member, layer - 1, row + start);
    for (int64_t j = 0; j < 2 * n; j++) sums[j] = 0;
    for (int64_t i = start; i < smaller(start + kBlockRows, rows); i++) {
      normalise_row_gradient(d + i * n, from.normalised + (first + i) * n, from.inverse[first + i], scale, sums, sums + n,
                             n);
    }
  }
}

// Gradients of a layer's parameters for one panel of its columns.
static void layer_gradient(const Mlp& mlp, const Backward& p, Member member, int layer, int64_t index, float* scratch) {
  const int64_t n = mlp.layer_outputs(layer), in = mlp.layer_inputs(layer), first = member.index * mlp.batch;
  const float* input = layer == 0 ? p.x + (mlp.shared_input ? 0 : first) * in
                                  : Kept(mlp, layer - 1, const_cast<float*>(p.kept)).y + first * in;
  float* d_kernel = p.d_parameters + member.index * mlp.parameter_count() + mlp.parameter_offset(layer);
  float* d_bias = d_kernel + in * n;
  kernel_gradient(scratch, mlp.batch, in, n, index, input, delta_of(mlp, p, member, layer), d_kernel, d_bias);
  if (!mlp.layer_norm || layer == mlp.depth || index > 0) return;
  float* d_norm = d_bias + n;
  for (int64_t j = 0; j < 2 * n; j++) d_norm[j] = 0;
  for (int64_t row = 0; row < mlp.batch; row += kBlockRows) {
    const float* sums = norm_sums(mlp, p, member, layer, row);
    for (int64_t j = 0; j < 2 * n; j++) d_norm[j] += sums[j];
  }
}

static void mlp_gradient(Workspace& workspace, const Mlp& mlp, const float* dy, const float* x, const float* parameters,
                         const float* kept, float* dx, float* d_parameters) {
  Backward p{dy, x, parameters, kept, dx, d_parameters, {nullptr, nullptr}, {nullptr, nullptr}, false};
  // As many members at a time as there are threads: what one round of tasks leaves for the next is then still in the caches.
  const int64_t group = smaller(workspace.threads(), mlp.members), width = widest(mlp);
  const int64_t delta_size = group * mlp.batch * width;
  p.delta[0] = workspace.reserve(Workspace::kDelta, 2 * delta_size + 1);
  p.delta[1] = p.delta[0] + delta_size;
  const int64_t sums_size = mlp.layer_norm ? group * blocks(mlp) * 2 * width : 0;
  p.sums[0] = workspace.reserve(Workspace::kPartial, 2 * sums_size + 1);
  p.sums[1] = p.sums[0] + sums_size;
  p.sum_members = dx != nullptr && mlp.shared_input && mlp.members > 1;
  if (p.sum_members) p.dx = workspace.reserve(Workspace::kInputGradient, mlp.members * mlp.batch * mlp.inputs);
  const int64_t scratch_size = panel_scratch(width > mlp.batch ? width : mlp.batch);

  for (int64_t start = 0; start < mlp.members; start += group) {
    const int64_t members = smaller(group, mlp.members - start);
    const RowTasks tasks(workspace, mlp, members);
    for (int layer = mlp.depth; layer >= 0; layer--) {
      const int64_t n = mlp.layer_outputs(layer), in = mlp.layer_inputs(layer);
      const int64_t row_tasks = layer > 0 || dx != nullptr ? tasks.per_member : 0;
      const int64_t panel_tasks = d_parameters == nullptr ? 0 : panels(n == 1 ? in : n);
      const int64_t count = row_tasks + panel_tasks;
      parallel(workspace, members * count, 2 * members * mlp.batch * in * n, [&](int64_t task, int thread) {
        const Member member{start + task / count, task / count};
        const int64_t index = task % count;
        float* scratch = workspace.thread_scratch(thread, scratch_size);
        if (index < panel_tasks) {
          layer_gradient(mlp, p, member, layer, index, scratch);
        } else {
          const int64_t part = index - panel_tasks;
          gradient_below(mlp, p, member, layer, tasks.start(part), tasks.size(part), scratch);
        }
      });
    }
  }

  if (p.sum_members) {
    const int64_t size = mlp.batch * mlp.inputs;
    for (int64_t i = 0; i < size; i++) dx[i] = p.dx[i];
    for (int64_t member = 1; member < mlp.members; member++) {
      const float* part = p.dx + member * size;
      for (int64_t i = 0; i < size; i++) dx[i] += part[i];
    }
  }
}

}  // namespace INSTRUCTION_SET
}  // namespace dynabridge
