// What the addon computes: plain data in, plain data out, no N-API. Every instruction set compiles the same sources (kernels.cc) and
// fills one table of these functions. Matrices are row-major float32; sizes are in elements and have been checked by the caller.
#pragma once

#include <cstdint>

namespace dynabridge {

class Workspace;

enum Activation : int32_t { kIdentity, kRelu, kSwish };
enum Unary : int32_t {
  kNeg, kAbs, kSquare, kSqrt, kRsqrt, kExp, kLog, kSigmoid, kTanh, kReluUnary, kSoftplus, kStep, kUnaryCount
};
enum Binary : int32_t { kAdd, kSub, kMul, kDiv, kMaximum, kMinimum, kBinaryCount };
enum Reduction : int32_t { kSum, kMean, kMax, kMin, kReductionCount };

// c (batch x m x n) = op(a) op(b) + bias, then relu if wanted
struct Matmul {
  const float* a;
  const float* b;
  const float* bias;  // n, or null
  float* c;
  int64_t batch, m, n, k;
  int64_t stride_a, stride_b;  // between the matrices of a batch; 0 uses one for all
  bool transpose_a, transpose_b, relu;
};

// An ensemble of equal MLPs: each hidden layer is activation(norm(x kernel + bias)), the head is linear.
struct Mlp {
  static constexpr int kMaxDepth = 32;
  int64_t members, batch, inputs, outputs;
  bool shared_input;  // x is (batch x inputs) for all members, else (members x batch x inputs)
  Activation activation;
  bool layer_norm;
  int depth;  // hidden layers
  int64_t hidden[kMaxDepth];

  // Inlined always: a copy compiled for one instruction set must not serve another.
  __attribute__((always_inline)) int64_t layer_inputs(int layer) const { return layer == 0 ? inputs : hidden[layer - 1]; }
  __attribute__((always_inline)) int64_t layer_outputs(int layer) const { return layer == depth ? outputs : hidden[layer]; }
  // Offset of a layer's kernel within a member's parameters; bias, scale and offset follow it.
  int64_t parameter_offset(int layer) const;
  __attribute__((always_inline)) int64_t parameter_count() const { return parameter_offset(depth + 1); }
  // What the forward pass keeps for the backward pass, per hidden layer over all members and rows (see mlp_impl.h).
  int64_t kept_offset(int layer) const;
  __attribute__((always_inline)) int64_t kept_size() const { return kept_offset(depth); }
};

struct GaussianNll {
  const float* head;     // members x batch x 2 outputs: mean | raw log variance
  const float* targets;  // members x batch x outputs
  const float* bounds;   // 2 x outputs: max; min
  int64_t members, batch, outputs;
};

struct SquashedGaussian {
  const float* head;   // batch x 2 actions: mean | raw log std
  const float* noise;  // batch x actions
  int64_t batch, actions;
  float log_std_min, log_std_max;
};

struct Adam {
  float* parameters;
  const float* gradient;
  float* m;
  float* v;
  const float* l2;  // columns, repeated over the rows; or null
  int64_t rows, columns;
  float rate, correction, epsilon, shrink;
  float beta1, beta2, complement1, complement2;  // 1 - beta, which single precision would round
};

// Element (row, column) of an operand is at row * row_stride + column * column_stride; a stride of 0 broadcasts.
struct Operand {
  const float* data;
  int64_t row_stride, column_stride;
};

struct Kernels {
  const char* name;
  void (*matmul)(Workspace&, const Matmul&);
  void (*mlp_forward)(Workspace&, const Mlp&, const float* x, const float* parameters, float* y, float* kept);
  void (*mlp_gradient)(Workspace&, const Mlp&, const float* dy, const float* x, const float* parameters,
                       const float* kept, float* dx, float* d_parameters);
  double (*gaussian_nll)(Workspace&, const GaussianNll&);
  void (*gaussian_nll_gradient)(Workspace&, const GaussianNll&, float scale, float* d_head, float* d_bounds);
  void (*squashed_gaussian)(Workspace&, const SquashedGaussian&, float* action, float* log_prob);
  void (*squashed_gaussian_gradient)(Workspace&, const SquashedGaussian&, const float* d_action,
                                     const float* d_log_prob, float* d_head);
  void (*adam)(Workspace&, const Adam&);
  void (*polyak)(Workspace&, float* target, const float* source, int64_t size, float tau);
  void (*unary)(Workspace&, Unary, const float* x, float* y, int64_t size);
  void (*binary)(Workspace&, Binary, Operand a, Operand b, float* out, int64_t rows, int64_t columns);
  void (*reduce)(Workspace&, Reduction, const float* x, float* y, int64_t outer, int64_t reduced, int64_t inner);
  void (*transpose)(Workspace&, const float* x, float* y, int64_t batch, int64_t rows, int64_t columns);
  // GFLOP/s of fused multiply-adds on registers for about `ms` milliseconds
  double (*measure_peak)(double ms);
};

// The tables that this build has and this processor runs, best first; at least one.
int available_kernels(const Kernels** tables, int capacity);

}  // namespace dynabridge
