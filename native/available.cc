#include "kernels.h"

namespace dynabridge {

int64_t Mlp::parameter_offset(int layer) const {
  int64_t offset = 0;
  for (int i = 0; i < layer; i++) {
    const int64_t out = layer_outputs(i);
    offset += layer_inputs(i) * out + out + (layer_norm && i < depth ? 2 * out : 0);
  }
  return offset;
}

int64_t Mlp::kept_offset(int layer) const {
  const int64_t rows = members * batch;
  int64_t offset = 0;
  for (int i = 0; i < layer; i++) {
    offset += rows * hidden[i] * (1 + (activation == kSwish) + layer_norm) + rows * layer_norm;
  }
  return offset;
}

namespace avx512 { extern const Kernels kTable; }
namespace avx2 { extern const Kernels kTable; }
namespace neon { extern const Kernels kTable; }
namespace portable { extern const Kernels kTable; }

int available_kernels(const Kernels** tables, int capacity) {
  int count = 0;
  const auto add = [&](const Kernels& table) {
    if (count < capacity) tables[count++] = &table;
  };
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512vl")) {
    add(avx512::kTable);
  }
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) add(avx2::kTable);
  add(portable::kTable);
#elif defined(__aarch64__)
  add(neon::kTable);
#else
  add(portable::kTable);
#endif
  return count;
}

}  // namespace dynabridge
