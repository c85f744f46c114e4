// A whole ensemble of MLPs forward, and backward, each as one call. Rows are independent going forward and for the gradients of the
// activations, so a block of rows passes through all layers while it is in the cache; the gradients of the parameters sum over
// the rows and follow in a second pass, one task per panel of columns.
#pragma once

#include "gemm_impl.h"

namespace dynabridge {
namespace INSTRUCTION_SET {

constexpr int64_t kBlockRows = 11 * kTileRows;  // 256 rows make 3 or 4 blocks
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
      const Vector s = vector_sigmoid(z);
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

// All weights of a call in panels. `transposed` packs kernels for the products that go back through the layers.
class PackedWeights {
 public:
  // Layers below `first` are left out.
  PackedWeights(Workspace& workspace, const Mlp& mlp, const float* parameters, bool transposed, int first)
      : mlp_(mlp), parameters_(parameters), transposed_(transposed) {
    int64_t size = 0, count = 0;
    for (int layer = 0; layer <= mlp.depth; layer++) {
      offset_[layer] = size;
      start_[layer] = count;
      if (layer < first) continue;
      size += packed_size(steps(layer), columns(layer));
      count += panels(columns(layer));
    }
    member_size_ = size;
    // For few rows whole vectors are read from the parameters themselves; only a layer's last panel may need padding.
    in_place_ = mlp.batch < kWorthPacking && !transposed;
    packed_ = workspace.reserve(Workspace::kPackedWeights, mlp.members * size);
    parallel(workspace, mlp.members * count, mlp.members * size, [&](int64_t task, int) {
      const int64_t member = task / count;
      int64_t index = task % count;
      int layer = mlp.depth;
      while (start_[layer] > index || layer < first) layer--;
      index -= start_[layer];
      if (in_place_ && !padded(layer, index)) return;
      const int64_t column = index * kPanel, width = smaller(kPanel, columns(layer) - column);
      const float* kernel = kernel_of(member, layer);
      float* to = panel(member, layer, index);
      if (transposed_) {
        pack_transposed_panel(kernel + column * steps(layer), steps(layer), steps(layer), width, to);
      } else {
        pack_panel(kernel + column, columns(layer), steps(layer), width, to);
      }
    });
  }

  // c (rows x columns) = a times the layer's weights + bias
  void multiply(int64_t member, int layer, int64_t rows, const float* a, const float* bias, bool relu, float* c) const {
    const int64_t n = columns(layer), k = steps(layer);
    for (int64_t index = 0; index < panels(n); index++) {
      const int64_t column = index * kPanel;
      const bool in_place = in_place_ && !padded(layer, index);
      const float* b = in_place ? kernel_of(member, layer) + column : panel(member, layer, index);
      multiply_panel<Left::kRows>(rows, smaller(kPanel, n - column), k, a, k, b, in_place ? n : kPanel, c + column, n,
                                  bias == nullptr ? nullptr : bias + column, relu);
    }
  }

 private:
  int64_t steps(int layer) const { return transposed_ ? mlp_.layer_outputs(layer) : mlp_.layer_inputs(layer); }
  int64_t columns(int layer) const { return transposed_ ? mlp_.layer_inputs(layer) : mlp_.layer_outputs(layer); }
  bool padded(int layer, int64_t index) const { return smaller(kPanel, columns(layer) - index * kPanel) % kLanes != 0; }
  const float* kernel_of(int64_t member, int layer) const {
    return parameters_ + member * mlp_.parameter_count() + mlp_.parameter_offset(layer);
  }
  float* panel(int64_t member, int layer, int64_t index) const {
    return packed_ + member * member_size_ + offset_[layer] + index * steps(layer) * kPanel;
  }

  const Mlp& mlp_;
  const float* parameters_;
  bool transposed_;
  bool in_place_;
  float* packed_;
  int64_t member_size_;
  int64_t offset_[Mlp::kMaxDepth + 1], start_[Mlp::kMaxDepth + 1];
};

static inline int64_t widest(const Mlp& mlp) {
  int64_t width = 1;
  for (int layer = 0; layer < mlp.depth; layer++) width = mlp.hidden[layer] > width ? mlp.hidden[layer] : width;
  return width;
}

static inline int64_t multiply_adds(const Mlp& mlp) { return mlp.members * mlp.batch * mlp.parameter_count(); }

static void mlp_forward(Workspace& workspace, const Mlp& mlp, const float* x, const float* parameters, float* y,
                        float* kept) {
  const PackedWeights weights(workspace, mlp, parameters, false, 0);
  const int64_t count = blocks(mlp), width = widest(mlp);
  parallel(workspace, mlp.members * count, multiply_adds(mlp), [&](int64_t task, int thread) {
    const int64_t member = task / count, row = task % count * kBlockRows;
    const int64_t rows = smaller(kBlockRows, mlp.batch - row), first = member * mlp.batch + row;
    const float* input = x + ((mlp.shared_input ? 0 : member * mlp.batch) + row) * mlp.inputs;
    float* scratch = kept == nullptr ? workspace.thread_scratch(thread, 2 * kBlockRows * width) : nullptr;
    for (int layer = 0; layer < mlp.depth; layer++) {
      const int64_t n = mlp.hidden[layer], in = mlp.layer_inputs(layer);
      const float* bias = parameters + member * mlp.parameter_count() + mlp.parameter_offset(layer) + in * n;
      float *z = nullptr, *slope = nullptr, *normalised = nullptr, *inverse = nullptr;
      if (kept == nullptr) {
        z = scratch + layer % 2 * kBlockRows * width;
      } else {
        const Kept to(mlp, layer, kept);
        z = to.y + first * n;
        slope = to.slope + first * n;
        normalised = to.normalised + first * n;
        inverse = to.inverse + first;
      }
      const bool fused = mlp.activation == kRelu && !mlp.layer_norm;
      weights.multiply(member, layer, rows, input, bias, fused, z);
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
    const int64_t in = mlp.layer_inputs(mlp.depth);
    const float* head = parameters + member * mlp.parameter_count() + mlp.parameter_offset(mlp.depth);
    float* out = y + first * mlp.outputs;
    if (mlp.outputs == 1) {
      for (int64_t i = 0; i < rows; i++) out[i] = dot(input + i * in, head, in) + head[in];
    } else {
      weights.multiply(member, mlp.depth, rows, input, head + in * mlp.outputs, false, out);
    }
  });
}

// Gradients of one layer's kernel and bias, for the columns of one panel: input^T (batch x in) times dz (batch x n).
static inline void kernel_gradient(float* scratch, int64_t batch, int64_t in, int64_t n, int64_t index, const float* input,
                                   const float* dz, float* d_kernel, float* d_bias) {
  if (n == 1) {  // the transposed product fills the vectors: (1 x batch) times (batch x in)
    const int64_t column = index * kPanel, columns = smaller(kPanel, in - column);
    const float* b = input + column;
    int64_t stride = in;
    if (columns % kLanes != 0) {
      pack_panel(b, in, batch, columns, scratch);
      b = scratch;
      stride = kPanel;
    }
    multiply_panel<Left::kColumns>(1, columns, batch, dz, 1, b, stride, d_kernel + column, in, nullptr, false);
    if (index == 0) *d_bias = sum_of(dz, batch);
    return;
  }
  const int64_t column = index * kPanel, columns = smaller(kPanel, n - column);
  pack_panel(dz + column, n, batch, columns, scratch);
  multiply_panel<Left::kColumns>(in, columns, batch, input, in, scratch, kPanel, d_kernel + column, n, nullptr, false);
  for (int64_t j = 0; j < columns; j += kLanes) {
    Vector sum[2] = {};
    int64_t i = 0;
    for (; i + 2 <= batch; i += 2) {
      sum[0] += load(scratch + i * kPanel + j);
      sum[1] += load(scratch + (i + 1) * kPanel + j);
    }
    if (i < batch) sum[0] += load(scratch + i * kPanel + j);
    store_some(d_bias + column + j, sum[0] + sum[1], smaller(kLanes, columns - j));
  }
}

static void mlp_gradient(Workspace& workspace, const Mlp& mlp, const float* dy, const float* x, const float* parameters,
                         const float* kept, float* dx, float* d_parameters) {
  const int first_layer = dx != nullptr ? 0 : 1;
  const PackedWeights weights(workspace, mlp, parameters, true, first_layer);
  const int64_t count = blocks(mlp), all_rows = mlp.members * mlp.batch, total = mlp.parameter_count();
  float* delta = nullptr;
  int64_t delta_offset[Mlp::kMaxDepth + 1], norm_offset[Mlp::kMaxDepth + 1];
  delta_offset[0] = norm_offset[0] = 0;
  for (int layer = 0; layer < mlp.depth; layer++) {
    delta_offset[layer + 1] = delta_offset[layer] + all_rows * mlp.hidden[layer];
    norm_offset[layer + 1] = norm_offset[layer] + 2 * mlp.hidden[layer];
  }
  delta = workspace.reserve(Workspace::kDelta, delta_offset[mlp.depth] + 1);
  // layer norm: sums for scale and offset of each block of rows, added up in order afterwards
  const int64_t norm_size = norm_offset[mlp.depth];
  float* partial = workspace.reserve(Workspace::kPartial, mlp.members * count * norm_size + 1);
  const bool sum_members = dx != nullptr && mlp.shared_input && mlp.members > 1;
  float* member_dx = sum_members ? workspace.reserve(Workspace::kInputGradient, all_rows * mlp.inputs) : dx;

  parallel(workspace, mlp.members * count, multiply_adds(mlp), [&](int64_t task, int) {
    const int64_t member = task / count, block = task % count, row = block * kBlockRows;
    const int64_t rows = smaller(kBlockRows, mlp.batch - row), first = member * mlp.batch + row;
    const float* dz = dy + first * mlp.outputs;
    for (int layer = mlp.depth - 1; layer >= 0; layer--) {
      const int64_t n = mlp.hidden[layer];
      float* d = delta + delta_offset[layer] + first * n;
      weights.multiply(member, layer + 1, rows, dz, nullptr, false, d);
      const Kept from(mlp, layer, const_cast<float*>(kept));
      activate_gradient(mlp.activation, d, from.y + first * n, from.slope + first * n, rows * n);
      if (mlp.layer_norm) {
        float* sums = partial + task * norm_size + norm_offset[layer];
        for (int64_t j = 0; j < 2 * n; j++) sums[j] = 0;
        const float* scale = parameters + member * total + mlp.parameter_offset(layer) + mlp.layer_inputs(layer) * n + n;
        for (int64_t i = 0; i < rows; i++) {
          normalise_row_gradient(d + i * n, from.normalised + (first + i) * n, from.inverse[first + i], scale, sums,
                                 sums + n, n);
        }
      }
      dz = d;
    }
    if (dx != nullptr) {
      float* to = member_dx + (sum_members || !mlp.shared_input ? first : row) * mlp.inputs;
      weights.multiply(member, 0, rows, dz, nullptr, false, to);
    }
  });

  if (sum_members) {
    const int64_t size = mlp.batch * mlp.inputs;
    for (int64_t i = 0; i < size; i++) dx[i] = member_dx[i];
    for (int64_t member = 1; member < mlp.members; member++) {
      const float* part = member_dx + member * size;
      for (int64_t i = 0; i < size; i++) dx[i] += part[i];
    }
  }
  if (d_parameters == nullptr) return;

  int64_t start[Mlp::kMaxDepth + 2];
  start[0] = 0;
  for (int layer = 0; layer <= mlp.depth; layer++) {
    const int64_t n = mlp.layer_outputs(layer);
    start[layer + 1] = start[layer] + panels(n == 1 ? mlp.layer_inputs(layer) : n);
  }
  const int64_t tasks = start[mlp.depth + 1];
  parallel(workspace, mlp.members * tasks, multiply_adds(mlp), [&](int64_t task, int thread) {
    const int64_t member = task / tasks;
    int64_t index = task % tasks;
    int layer = 0;
    while (start[layer + 1] <= index) layer++;
    index -= start[layer];
    const int64_t n = mlp.layer_outputs(layer), in = mlp.layer_inputs(layer), first = member * mlp.batch;
    const float* input =
        layer == 0 ? x + (mlp.shared_input ? 0 : first) * in
                   : Kept(mlp, layer - 1, const_cast<float*>(kept)).y + first * in;
    const float* dz = layer == mlp.depth ? dy + first * n : delta + delta_offset[layer] + first * n;
    float* d_kernel = d_parameters + member * total + mlp.parameter_offset(layer);
    float* d_bias = d_kernel + in * n;
    kernel_gradient(workspace.thread_scratch(thread, mlp.batch * kPanel), mlp.batch, in, n, index, input, dz, d_kernel,
                    d_bias);
    if (mlp.layer_norm && layer < mlp.depth && index == 0) {
      float* d_norm = d_bias + n;
      for (int64_t j = 0; j < 2 * n; j++) d_norm[j] = 0;
      for (int64_t block = 0; block < count; block++) {
        const float* sums = partial + (member * count + block) * norm_size + norm_offset[layer];
        for (int64_t j = 0; j < 2 * n; j++) d_norm[j] += sums[j];
      }
    }
  });
}

}  // namespace INSTRUCTION_SET
}  // namespace dynabridge
