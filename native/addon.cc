// The N-API side: reads arguments, checks every size, calls the kernels. Each check throws a JavaScript error and the function
// returns at once; nothing has been written by then. The types are in src/compute/native/addon.ts.
#include <cstring>
#include <new>
#include <string>

#include "arguments.h"
#include "kernels.h"
#include "workspace.h"

#if !defined(DYNABRIDGE_SOURCE_HASH)
#define DYNABRIDGE_SOURCE_HASH "unknown"
#endif

namespace dynabridge {
namespace {

constexpr int64_t kMostMembers = 1 << 16;
constexpr int kMostThreads = 256;

// [E, B, inputs, outputs, shared, activation, layer norm, hidden...]
Mlp read_mlp(Arguments& in) {
  Mlp mlp{};
  int64_t count;
  const int32_t* numbers = in.integers("dimensions", &count);
  if (!in.ok()) return mlp;
  constexpr int64_t kFixed = 7;
  if (count < kFixed || count > kFixed + Mlp::kMaxDepth) {
    in.fail<Napi::RangeError>("dimensions has " + std::to_string(count) + " numbers, expected 7 and at most " +
                              std::to_string(Mlp::kMaxDepth) + " hidden widths");
    return mlp;
  }
  mlp.members = numbers[0];
  mlp.batch = numbers[1];
  mlp.inputs = numbers[2];
  mlp.outputs = numbers[3];
  mlp.shared_input = numbers[4] != 0;
  mlp.activation = static_cast<Activation>(numbers[5]);
  mlp.layer_norm = numbers[6] != 0;
  mlp.depth = static_cast<int>(count - kFixed);
  bool valid = mlp.members >= 1 && mlp.members <= kMostMembers && mlp.batch >= 0 && mlp.inputs >= 1 && mlp.outputs >= 1 && numbers[5] >= kIdentity &&
               numbers[5] <= kSwish && numbers[4] >= 0 && numbers[4] <= 1 && numbers[6] >= 0 && numbers[6] <= 1;
  for (int i = 0; i < mlp.depth; i++) {
    mlp.hidden[i] = numbers[kFixed + i];
    valid = valid && mlp.hidden[i] >= 1;
  }
  if (!valid) {
    in.fail<Napi::RangeError>("dimensions must be positive (the batch may be 0, members at most 65536), the activation 0 to 2, flags 0 or 1");
    return mlp;
  }
  for (int layer = 0; layer <= mlp.depth; layer++) {  // bounds every offset that is computed from these numbers
    in.product({mlp.members, mlp.layer_inputs(layer), mlp.layer_outputs(layer), 4 * (mlp.depth + 1)});
    in.product({mlp.members, mlp.batch, mlp.layer_outputs(layer), 4 * (mlp.depth + 1)});
  }
  in.product({mlp.members, mlp.batch, mlp.inputs});
  return mlp;
}

int64_t input_size(const Mlp& mlp) { return (mlp.shared_input ? 1 : mlp.members) * mlp.batch * mlp.inputs; }

class Addon : public Napi::Addon<Addon> {
 public:
  Addon(Napi::Env env, Napi::Object exports) {
    count_ = available_kernels(tables_, kMostTables);
    kernels_ = tables_[0];
    Napi::Array names = Napi::Array::New(env, count_);
    for (int i = 0; i < count_; i++) names.Set(static_cast<uint32_t>(i), tables_[i]->name);
    DefineAddon(exports, {
                             InstanceValue("sourceHash", Napi::String::New(env, DYNABRIDGE_SOURCE_HASH)),
                             InstanceValue("instructionSets", names, napi_enumerable),
                             InstanceAccessor<&Addon::InstructionSet>("instructionSet", napi_enumerable),
                             InstanceAccessor<&Addon::Threads>("threads", napi_enumerable),
                             InstanceMethod<&Addon::SetInstructionSet>("setInstructionSet"),
                             InstanceMethod<&Addon::SetThreads>("setThreads"),
                             InstanceMethod<&Addon::MeasurePeak>("measurePeak"),
                             InstanceMethod<&Addon::MatmulShell>("matmul"),
                             InstanceMethod<&Addon::UnaryShell>("unary"),
                             InstanceMethod<&Addon::BinaryShell>("binary"),
                             InstanceMethod<&Addon::ReduceShell>("reduce"),
                             InstanceMethod<&Addon::CopyRows>("copyRows"),
                             InstanceMethod<&Addon::GatherRows>("gatherRows"),
                             InstanceMethod<&Addon::Transpose>("transpose"),
                             InstanceMethod<&Addon::MlpKeptSize>("mlpKeptSize"),
                             InstanceMethod<&Addon::MlpForward>("mlpForward"),
                             InstanceMethod<&Addon::MlpGradient>("mlpGradient"),
                             InstanceMethod<&Addon::GaussianNllShell>("gaussianNll"),
                             InstanceMethod<&Addon::GaussianNllGradient>("gaussianNllGradient"),
                             InstanceMethod<&Addon::SquashedGaussianShell>("squashedGaussian"),
                             InstanceMethod<&Addon::SquashedGaussianGradient>("squashedGaussianGradient"),
                             InstanceMethod<&Addon::AdamShell>("adam"),
                             InstanceMethod<&Addon::Polyak>("polyak"),
                         });
  }

 private:
  static constexpr int kMostTables = 4;

  // Runs a kernel; memory that is not to be had becomes a JavaScript error.
  template <typename Function>
  void compute(Arguments& in, const Function& function) {
    if (!in.ok()) return;
    try {
      function();
    } catch (const std::bad_alloc&) {
      in.fail<Napi::Error>("out of memory for its working buffers");
    }
  }

  Napi::Value InstructionSet(const Napi::CallbackInfo& info) {
    return Napi::String::New(info.Env(), kernels_->name);
  }

  Napi::Value Threads(const Napi::CallbackInfo& info) { return Napi::Number::New(info.Env(), workspace_.threads()); }

  void SetInstructionSet(const Napi::CallbackInfo& info) {
    Arguments in(info, "setInstructionSet");
    const std::string name = in.text("name");
    if (!in.ok()) return;
    for (int i = 0; i < count_; i++) {
      if (name == tables_[i]->name) {
        kernels_ = tables_[i];
        return;
      }
    }
    in.fail<Napi::RangeError>("'" + name + "' is not among the instruction sets of this processor and build");
  }

  void SetThreads(const Napi::CallbackInfo& info) {
    Arguments in(info, "setThreads");
    const int64_t count = in.integer("count", 1, kMostThreads), niceness = in.integer("niceness", 0, 19);
    if (!in.ok()) return;
    try {
      workspace_.set_threads(static_cast<int>(count), static_cast<int>(niceness));
    } catch (const std::exception& error) {
      in.fail<Napi::Error>(std::string("the threads could not be started: ") + error.what());
    }
  }

  Napi::Value MeasurePeak(const Napi::CallbackInfo& info) {
    Arguments in(info, "measurePeak");
    const double ms = in.number("ms");
    if (in.ok() && !(ms > 0 && ms <= 60'000)) in.fail<Napi::RangeError>("ms must be within (0, 60000]");
    return Napi::Number::New(info.Env(), in.ok() ? kernels_->measure_peak(ms) : 0);
  }

  void MatmulShell(const Napi::CallbackInfo& info) {
    Arguments in(info, "matmul");
    const Floats a = in.floats("a"), b = in.floats("b"), bias = in.floats_or_null("bias"), c = in.floats("c");
    Matmul g{a.data, b.data, bias.data, c.data, 0, 0, 0, 0, 0, 0, false, false, false};
    g.batch = in.size("batch");
    g.m = in.size("m");
    g.n = in.size("n");
    g.k = in.size("k");
    g.stride_a = in.size("strideA");
    g.stride_b = in.size("strideB");
    g.transpose_a = in.boolean("transposeA");
    g.transpose_b = in.boolean("transposeB");
    g.relu = in.integer("activation", kIdentity, kRelu) == kRelu;
    in.length("c", c, in.product({g.batch, g.m, g.n}));
    if (g.batch > 0) {
      in.at_least("a", a, in.product({g.batch - 1, g.stride_a}) + in.product({g.m, g.k}));
      in.at_least("b", b, in.product({g.batch - 1, g.stride_b}) + in.product({g.k, g.n}));
    }
    if (bias.given) in.length("bias", bias, g.n);
    compute(in, [&] { kernels_->matmul(workspace_, g); });
  }

  void UnaryShell(const Napi::CallbackInfo& info) {
    Arguments in(info, "unary");
    const auto code = static_cast<Unary>(in.integer("code", 0, kUnaryCount - 1));
    const Floats x = in.floats("x"), y = in.floats("y");
    in.length("y", y, x.size);
    compute(in, [&] { kernels_->unary(workspace_, code, x.data, y.data, x.size); });
  }

  void BinaryShell(const Napi::CallbackInfo& info) {
    Arguments in(info, "binary");
    const auto code = static_cast<Binary>(in.integer("code", 0, kBinaryCount - 1));
    const Floats a = in.floats("a"), b = in.floats("b"), out = in.floats("out");
    const int64_t rows = in.size("rows"), columns = in.size("columns");
    const Operand first{a.data, in.size("aRowStride"), in.integer("aColumnStride", 0, 1)};
    const Operand second{b.data, in.size("bRowStride"), in.integer("bColumnStride", 0, 1)};
    const int64_t count = in.product({rows, columns});
    in.length("out", out, count);
    if (count > 0) {
      in.at_least("a", a, in.product({rows - 1, first.row_stride}) + (columns - 1) * first.column_stride + 1);
      in.at_least("b", b, in.product({rows - 1, second.row_stride}) + (columns - 1) * second.column_stride + 1);
    }
    compute(in, [&] { kernels_->binary(workspace_, code, first, second, out.data, rows, columns); });
  }

  void ReduceShell(const Napi::CallbackInfo& info) {
    Arguments in(info, "reduce");
    const auto code = static_cast<Reduction>(in.integer("code", 0, kReductionCount - 1));
    const Floats x = in.floats("x"), y = in.floats("y");
    const int64_t outer = in.size("outer"), reduced = in.size("reduced"), inner = in.size("inner");
    in.length("x", x, in.product({outer, reduced, inner}));
    in.length("y", y, in.product({outer, inner}));
    if (y.size == 0) return;
    compute(in, [&] { kernels_->reduce(workspace_, code, x.data, y.data, outer, reduced, inner); });
  }

  void CopyRows(const Napi::CallbackInfo& info) {
    Arguments in(info, "copyRows");
    const Floats from = in.floats("from");
    const int64_t from_start = in.size("fromStart"), from_stride = in.size("fromStride");
    const Floats to = in.floats("to");
    const int64_t to_start = in.size("toStart"), to_stride = in.size("toStride");
    const int64_t rows = in.size("rows"), columns = in.size("columns");
    if (in.product({rows, columns}) == 0) return;
    in.at_least("from", from, from_start + in.product({rows - 1, from_stride}) + columns);
    in.at_least("to", to, to_start + in.product({rows - 1, to_stride}) + columns);
    if (!in.ok()) return;
    for (int64_t row = 0; row < rows; row++) {
      std::memmove(to.data + to_start + row * to_stride, from.data + from_start + row * from_stride,
                   static_cast<size_t>(columns) * sizeof(float));
    }
  }

  void GatherRows(const Napi::CallbackInfo& info) {
    Arguments in(info, "gatherRows");
    const Floats x = in.floats("x");
    int64_t count;
    const int32_t* indices = in.integers("indices", &count);
    const Floats out = in.floats("out");
    const int64_t columns = in.size("columns");
    in.length("out", out, in.product({count, columns}));
    if (!in.ok() || columns == 0) return;
    const int64_t rows = x.size / columns;
    for (int64_t i = 0; in.ok() && i < count; i++) {
      if (indices[i] < 0 || indices[i] >= rows) {
        in.fail<Napi::RangeError>("index " + std::to_string(indices[i]) + " is outside [0, " + std::to_string(rows) +
                                  ")");
      }
    }
    if (!in.ok()) return;
    for (int64_t i = 0; i < count; i++) {
      std::memcpy(out.data + i * columns, x.data + indices[i] * columns, static_cast<size_t>(columns) * sizeof(float));
    }
  }

  void Transpose(const Napi::CallbackInfo& info) {
    Arguments in(info, "transpose");
    const Floats x = in.floats("x"), y = in.floats("y");
    const int64_t batch = in.size("batch"), rows = in.size("rows"), columns = in.size("columns");
    const int64_t count = in.product({batch, rows, columns});
    in.length("x", x, count);
    in.length("y", y, count);
    if (count == 0) return;
    compute(in, [&] { kernels_->transpose(workspace_, x.data, y.data, batch, rows, columns); });
  }

  Napi::Value MlpKeptSize(const Napi::CallbackInfo& info) {
    Arguments in(info, "mlpKeptSize");
    const Mlp mlp = read_mlp(in);
    return Napi::Number::New(info.Env(), in.ok() ? static_cast<double>(kept_size(mlp)) : 0);
  }

  void MlpForward(const Napi::CallbackInfo& info) {
    Arguments in(info, "mlpForward");
    const Floats x = in.floats("x"), parameters = in.floats("parameters"), y = in.floats("y");
    const Floats kept = in.floats_or_null("kept");
    const Mlp mlp = read_mlp(in);
    if (!in.ok()) return;
    in.length("x", x, input_size(mlp));
    in.length("parameters", parameters, mlp.members * mlp.parameter_count());
    in.length("y", y, mlp.members * mlp.batch * mlp.outputs);
    if (kept.given) in.length("kept", kept, kept_size(mlp));
    compute(in, [&] { kernels_->mlp_forward(workspace_, mlp, x.data, parameters.data, y.data, kept.data); });
  }

  void MlpGradient(const Napi::CallbackInfo& info) {
    Arguments in(info, "mlpGradient");
    const Floats dy = in.floats("dy"), x = in.floats("x"), parameters = in.floats("parameters");
    const Floats kept = in.floats("kept"), dx = in.floats_or_null("dx");
    const Floats d_parameters = in.floats_or_null("dParameters");
    const Mlp mlp = read_mlp(in);
    if (!in.ok()) return;
    in.length("dy", dy, mlp.members * mlp.batch * mlp.outputs);
    in.length("x", x, input_size(mlp));
    in.length("parameters", parameters, mlp.members * mlp.parameter_count());
    in.length("kept", kept, kept_size(mlp));
    if (dx.given) in.length("dx", dx, x.size);
    if (d_parameters.given) in.length("dParameters", d_parameters, parameters.size);
    compute(in, [&] {
      kernels_->mlp_gradient(workspace_, mlp, dy.data, x.data, parameters.data, kept.data, dx.data, d_parameters.data);
    });
  }

  GaussianNll ReadNll(Arguments& in, Floats head, Floats targets, Floats bounds) {
    GaussianNll nll{head.data, targets.data, bounds.data, 0, 0, 0};
    nll.members = in.integer("members", 1, kMostMembers);
    nll.batch = in.size("batch");
    nll.outputs = in.size("outputs");
    in.product({nll.members, nll.outputs, 2});  // working memory, whatever the batch
    in.length("head", head, in.product({nll.members, nll.batch, nll.outputs, 2}));
    in.length("targets", targets, in.product({nll.members, nll.batch, nll.outputs}));
    in.length("bounds", bounds, in.product({nll.outputs, 2}));
    return nll;
  }

  Napi::Value GaussianNllShell(const Napi::CallbackInfo& info) {
    Arguments in(info, "gaussianNll");
    const Floats head = in.floats("head"), targets = in.floats("targets"), bounds = in.floats("bounds");
    const GaussianNll nll = ReadNll(in, head, targets, bounds);
    double loss = 0;
    compute(in, [&] { loss = kernels_->gaussian_nll(workspace_, nll); });
    return Napi::Number::New(info.Env(), loss);
  }

  void GaussianNllGradient(const Napi::CallbackInfo& info) {
    Arguments in(info, "gaussianNllGradient");
    const float scale = in.real("scale");
    const Floats head = in.floats("head"), targets = in.floats("targets"), bounds = in.floats("bounds");
    const Floats d_head = in.floats("dHead"), d_bounds = in.floats("dBounds");
    const GaussianNll nll = ReadNll(in, head, targets, bounds);
    in.length("dHead", d_head, head.size);
    in.length("dBounds", d_bounds, bounds.size);
    compute(in, [&] { kernels_->gaussian_nll_gradient(workspace_, nll, scale, d_head.data, d_bounds.data); });
  }

  SquashedGaussian ReadSquashed(Arguments& in, Floats head, Floats noise) {
    SquashedGaussian g{head.data, noise.data, 0, 0, 0, 0};
    g.batch = in.size("batch");
    g.actions = in.size("actions");
    g.log_std_min = in.real("logStdMin");
    g.log_std_max = in.real("logStdMax");
    in.length("head", head, in.product({g.batch, g.actions, 2}));
    in.length("noise", noise, in.product({g.batch, g.actions}));
    return g;
  }

  void SquashedGaussianShell(const Napi::CallbackInfo& info) {
    Arguments in(info, "squashedGaussian");
    const Floats head = in.floats("head"), noise = in.floats("noise");
    const Floats action = in.floats("action"), log_prob = in.floats("logProb");
    const SquashedGaussian g = ReadSquashed(in, head, noise);
    in.length("action", action, noise.size);
    in.length("logProb", log_prob, g.batch);
    compute(in, [&] { kernels_->squashed_gaussian(workspace_, g, action.data, log_prob.data); });
  }

  void SquashedGaussianGradient(const Napi::CallbackInfo& info) {
    Arguments in(info, "squashedGaussianGradient");
    const Floats d_action = in.floats("dAction"), d_log_prob = in.floats("dLogProb");
    const Floats head = in.floats("head"), noise = in.floats("noise"), d_head = in.floats("dHead");
    const SquashedGaussian g = ReadSquashed(in, head, noise);
    in.length("dAction", d_action, noise.size);
    in.length("dLogProb", d_log_prob, g.batch);
    in.length("dHead", d_head, head.size);
    compute(in, [&] {
      kernels_->squashed_gaussian_gradient(workspace_, g, d_action.data, d_log_prob.data, d_head.data);
    });
  }

  void AdamShell(const Napi::CallbackInfo& info) {
    Arguments in(info, "adam");
    const Floats parameters = in.floats("parameters"), gradient = in.floats("gradient");
    const Floats m = in.floats("m"), v = in.floats("v"), l2 = in.floats_or_null("l2");
    Adam adam{};
    adam.parameters = parameters.data;
    adam.gradient = gradient.data;
    adam.m = m.data;
    adam.v = v.data;
    adam.l2 = l2.data;
    adam.rows = 1;
    adam.columns = parameters.size;
    adam.rate = in.real("rate");
    adam.correction = in.real("correction");
    const double beta1 = in.number("beta1"), beta2 = in.number("beta2");
    adam.epsilon = in.real("epsilon");
    adam.shrink = in.real("shrink");
    adam.beta1 = static_cast<float>(beta1);
    adam.beta2 = static_cast<float>(beta2);
    adam.complement1 = static_cast<float>(1 - beta1);
    adam.complement2 = static_cast<float>(1 - beta2);
    in.length("gradient", gradient, parameters.size);
    in.length("m", m, parameters.size);
    in.length("v", v, parameters.size);
    if (l2.given) {
      in.at_least("l2", l2, 1);
      adam.columns = l2.size;
      adam.rows = in.ok() ? parameters.size / l2.size : 0;
      in.length("parameters", parameters, adam.rows * adam.columns);
    }
    compute(in, [&] { kernels_->adam(workspace_, adam); });
  }

  void Polyak(const Napi::CallbackInfo& info) {
    Arguments in(info, "polyak");
    const Floats target = in.floats("target"), source = in.floats("source");
    const float tau = in.real("tau");
    in.length("source", source, target.size);
    compute(in, [&] { kernels_->polyak(workspace_, target.data, source.data, target.size, tau); });
  }

  // never 0: a kept array of no elements would have no address
  static int64_t kept_size(const Mlp& mlp) { return mlp.kept_size() > 0 ? mlp.kept_size() : 1; }

  const Kernels* tables_[kMostTables];
  int count_;
  const Kernels* kernels_;
  Workspace workspace_;
};

NODE_API_ADDON(Addon)

}  // namespace
}  // namespace dynabridge
