// Compiled once per instruction set: -DINSTRUCTION_SET=name -DLANES=... -DTILE_ROWS=... -DPANEL_VECTORS=...
#include "kernels.h"

#include <ctime>

#include "elementwise_impl.h"
#include "gemm_impl.h"
#include "losses_impl.h"
#include "mlp_impl.h"
#include "optimiser_impl.h"

namespace dynabridge {
namespace INSTRUCTION_SET {

static double now_ms() {
  timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<double>(t.tv_sec) * 1e3 + static_cast<double>(t.tv_nsec) * 1e-6;
}

// As many independent chains as a tile has accumulators: more than latency times throughput of any processor so far.
static double measure_peak(double ms) {
  constexpr int kChains = TILE_ROWS * PANEL_VECTORS < 12 ? TILE_ROWS * PANEL_VECTORS : 12;
  constexpr int64_t kSteps = 20'000;
  Vector sum[kChains];
  for (int i = 0; i < kChains; i++) sum[i] = splat(static_cast<float>(i));
  Vector x = splat(0.999f), y = splat(0.001f);
  double best = 0;
  const double end = now_ms() + ms;
  do {
    const double start = now_ms();
    for (int64_t step = 0; step < kSteps; step++) {
      for (int i = 0; i < kChains; i++) sum[i] = sum[i] * x + y;
    }
    const double rate = 2.0 * kLanes * kChains * static_cast<double>(kSteps) / ((now_ms() - start) * 1e6);
    if (rate > best) best = rate;
  } while (now_ms() < end);
  Vector total = {};
  for (int i = 0; i < kChains; i++) total += sum[i];
  volatile float keep = sum_lanes(total);
  (void)keep;
  return best;
}

#define QUOTED(x) #x
#define NAME_OF(x) QUOTED(x)

extern const Kernels kTable;
const Kernels kTable = {
    NAME_OF(INSTRUCTION_SET), matmul,           mlp_forward, mlp_gradient, gaussian_nll, gaussian_nll_gradient,
    squashed_gaussian, squashed_gaussian_gradient,    adam,         polyak,       unary,
    binary,            reduce,           transpose,   measure_peak,
};

}  // namespace INSTRUCTION_SET
}  // namespace dynabridge
