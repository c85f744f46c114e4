// Register-tiled products. Both operands are read in place, the left one by one broadcast per row and step, the right one by whole
// vectors: at the sizes of small networks the matrices lie in the second cache and copying them first costs more than it saves.
// Only panels of a transposed right operand and panels that end within a vector are copied, to rows of kPanel floats.
#pragma once

#include "kernels.h"
#include "simd.h"
#include "workspace.h"

namespace dynabridge {
namespace INSTRUCTION_SET {

// Accumulators of a tile: kTileRows * kPanelVectors registers, less than the processor has.
#ifndef TILE_ROWS
#error "compile with -DTILE_ROWS=n -DPANEL_VECTORS=n"
#endif
constexpr int kTileRows = TILE_ROWS;
constexpr int kPanelVectors = PANEL_VECTORS;
constexpr int64_t kPanel = static_cast<int64_t>(kPanelVectors) * kLanes;

static inline int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }
static inline int64_t panels(int64_t columns) { return (columns + kPanel - 1) / kPanel; }

#if defined(__clang__)
#define UNROLLED _Pragma("unroll")
#else
#define UNROLLED _Pragma("GCC unroll 16")
#endif

// Element (i, p) of a left operand: a[i * stride] for p = 0, advancing by 1 (Rows) or by `stride` with a[i] (Columns) per step p.
enum class Left { kRows, kColumns };

// Steps that the right operand is fetched ahead: weights come from the last cache, in strides that no processor foresees well.
constexpr int64_t kAhead = 4;

template <int kRows, int kVectors, Left kLeft>
static void tile(int64_t k, const float* __restrict a, int64_t stride_a, const float* __restrict b, int64_t stride_b,
                 float* __restrict c, int64_t stride_c, int64_t columns, const float* bias, bool relu) {
  const int64_t last = columns - (kVectors - 1) * kLanes;  // of the last vector, 1 to kLanes
  Vector sum[kRows][kVectors];
  UNROLLED for (int v = 0; v < kVectors; v++) {
    const Vector start = bias == nullptr ? Vector{} : load(bias + v * kLanes);
    UNROLLED for (int i = 0; i < kRows; i++) sum[i][v] = start;
  }
  for (int64_t p = 0; p < k; p++) {
    Vector right[kVectors];
    UNROLLED for (int v = 0; v < kVectors; v++) {
      right[v] = load(b + v * kLanes);
      if (kLeft == Left::kRows) __builtin_prefetch(b + kAhead * stride_b + v * kLanes);
    }
    UNROLLED for (int i = 0; i < kRows; i++) {
      const Vector left = splat(kLeft == Left::kRows ? a[i * stride_a] : a[i]);
      UNROLLED for (int v = 0; v < kVectors; v++) sum[i][v] += left * right[v];
    }
    b += stride_b;
    a += kLeft == Left::kRows ? 1 : stride_a;
  }
  if (relu) {
    UNROLLED for (int i = 0; i < kRows; i++) {
      UNROLLED for (int v = 0; v < kVectors; v++) sum[i][v] = select(sum[i][v] <= 0.0f, Vector{}, sum[i][v]);
    }
  }
  UNROLLED for (int i = 0; i < kRows; i++) {
    UNROLLED for (int v = 0; v < kVectors - 1; v++) store(c + i * stride_c + v * kLanes, sum[i][v]);
    float* end = c + i * stride_c + (kVectors - 1) * kLanes;
    if (last >= kLanes) {
      store(end, sum[i][kVectors - 1]);
    } else {
      store_some(end, sum[i][kVectors - 1], last);
    }
  }
}

using Tile = void (*)(int64_t, const float*, int64_t, const float*, int64_t, float*, int64_t, int64_t, const float*,
                      bool);

// tile_of(rows, vectors): every remainder has its own kernel.
template <Left kLeft, int kVectors, int kRows>
struct TileTable {
  static Tile at(int64_t rows) {
    return rows == kRows ? tile<kRows, kVectors, kLeft> : TileTable<kLeft, kVectors, kRows - 1>::at(rows);
  }
};
template <Left kLeft, int kVectors>
struct TileTable<kLeft, kVectors, 1> {
  static Tile at(int64_t) { return tile<1, kVectors, kLeft>; }
};
template <Left kLeft, int kVectors>
struct PanelTable {
  static Tile at(int64_t rows, int64_t vectors) {
    return vectors == kVectors ? TileTable<kLeft, kVectors, kTileRows>::at(rows)
                               : PanelTable<kLeft, kVectors - 1>::at(rows, vectors);
  }
};
template <Left kLeft>
struct PanelTable<kLeft, 1> {
  static Tile at(int64_t rows, int64_t) { return TileTable<kLeft, 1, kTileRows>::at(rows); }
};

// c (rows x columns) = a b + bias for at most kPanel columns; b in steps of stride_b, readable up to whole vectors.
template <Left kLeft>
static void multiply_panel(int64_t rows, int64_t columns, int64_t k, const float* a, int64_t stride_a, const float* b,
                           int64_t stride_b, float* c, int64_t stride_c, const float* bias, bool relu) {
  const int64_t vectors = (columns + kLanes - 1) / kLanes;
  const Tile whole = PanelTable<kLeft, kPanelVectors>::at(kTileRows, vectors);
  const int64_t step_a = kLeft == Left::kRows ? stride_a : 1;
  float padded[kPanel];
  if (bias != nullptr) {
    for (int64_t j = 0; j < vectors * kLanes; j++) padded[j] = j < columns ? bias[j] : 0;
    bias = padded;
  }
  int64_t i = 0;
  for (; i + kTileRows <= rows; i += kTileRows) {
    whole(k, a + i * step_a, stride_a, b, stride_b, c + i * stride_c, stride_c, columns, bias, relu);
  }
  if (i < rows) {
    const Tile rest = PanelTable<kLeft, kPanelVectors>::at(rows - i, vectors);
    rest(k, a + i * step_a, stride_a, b, stride_b, c + i * stride_c, stride_c, columns, bias, relu);
  }
}

// b (k x columns, rows `stride` apart) -> k rows of kPanel, padded with zeros to whole vectors.
static inline void pack_panel(const float* b, int64_t stride, int64_t k, int64_t columns, float* packed) {
  const int64_t vectors = columns / kLanes, rest = columns % kLanes;
  for (int64_t p = 0; p < k; p++, b += stride, packed += kPanel) {
    for (int64_t v = 0; v < vectors; v++) store(packed + v * kLanes, load(b + v * kLanes));
    if (rest > 0) store(packed + vectors * kLanes, load_some(b + vectors * kLanes, rest));
  }
}

#if defined(__clang__)
#define SHUFFLED(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else  // GCC has __builtin_shufflevector since 12 only
typedef int32_t FourIndices __attribute__((vector_size(16)));
#define SHUFFLED(a, b, ...) __builtin_shuffle(a, b, FourIndices{__VA_ARGS__})
#endif

static inline void transpose_four(const float* from, int64_t stride, float* to) {
  const Four r0 = *reinterpret_cast<const UnalignedFour*>(from);
  const Four r1 = *reinterpret_cast<const UnalignedFour*>(from + stride);
  const Four r2 = *reinterpret_cast<const UnalignedFour*>(from + 2 * stride);
  const Four r3 = *reinterpret_cast<const UnalignedFour*>(from + 3 * stride);
  const Four a0 = SHUFFLED(r0, r1, 0, 4, 1, 5), a1 = SHUFFLED(r0, r1, 2, 6, 3, 7);
  const Four b0 = SHUFFLED(r2, r3, 0, 4, 1, 5), b1 = SHUFFLED(r2, r3, 2, 6, 3, 7);
  *reinterpret_cast<UnalignedFour*>(to) = SHUFFLED(a0, b0, 0, 1, 4, 5);
  *reinterpret_cast<UnalignedFour*>(to + kPanel) = SHUFFLED(a0, b0, 2, 3, 6, 7);
  *reinterpret_cast<UnalignedFour*>(to + 2 * kPanel) = SHUFFLED(a1, b1, 0, 1, 4, 5);
  *reinterpret_cast<UnalignedFour*>(to + 3 * kPanel) = SHUFFLED(a1, b1, 2, 3, 6, 7);
}

// The same from b transposed: b is (columns x k), rows `stride` apart. Sixteen steps at a time use up each cache line that is read:
// with strides of powers of two, lines would be evicted before a second visit.
static inline void pack_transposed_panel(const float* b, int64_t stride, int64_t k, int64_t columns, float* packed) {
  constexpr int64_t kSteps = 16;
  const int64_t padded = (columns + kLanes - 1) / kLanes * kLanes;
  for (int64_t p = 0; p < k; p += kSteps) {
    const int64_t end = smaller(p + kSteps, k);
    int64_t j = 0;
    for (; j + 4 <= columns; j += 4) {
      int64_t q = p;
      for (; q + 4 <= end; q += 4) transpose_four(b + j * stride + q, stride, packed + q * kPanel + j);
      for (; q < end; q++) {
        for (int64_t u = j; u < j + 4; u++) packed[q * kPanel + u] = b[u * stride + q];
      }
    }
    for (; j < padded; j++) {
      for (int64_t q = p; q < end; q++) packed[q * kPanel + j] = j < columns ? b[j * stride + q] : 0;
    }
  }
}

// The right operand of a product: (k x n) with rows `stride` apart, or transposed, (n x k) with rows `stride` apart.
struct Right {
  const float* data;
  int64_t stride;
  bool transposed;
};

// Copies are made of this many steps at a time, which bounds their memory.
constexpr int64_t kMostSteps = 2048;
static inline int64_t panel_scratch(int64_t k) { return smaller(k, kMostSteps) * kPanel; }

// Columns [column, column + columns) of c (rows x ...) = a b + bias, at most kPanel of them. `scratch` has room for panel_scratch(k).
template <Left kLeft>
static void multiply_columns(int64_t rows, int64_t column, int64_t columns, int64_t k, const float* a, int64_t stride_a,
                             Right b, float* c, int64_t stride_c, const float* bias, bool relu, float* scratch) {
  const float* panel = b.data + column * (b.transposed ? b.stride : 1);
  if (bias != nullptr) bias += column;
  c += column;
  if (!b.transposed && columns % kLanes == 0) {
    multiply_panel<kLeft>(rows, columns, k, a, stride_a, panel, b.stride, c, stride_c, bias, relu);
    return;
  }
  float part[kTileRows * kPanel];
  for (int64_t step = 0; step == 0 || step < k; step += kMostSteps) {
    const int64_t steps = smaller(kMostSteps, k - step);
    const bool clamp = relu && step + steps == k;
    if (b.transposed) {
      pack_transposed_panel(panel + step, b.stride, steps, columns, scratch);
    } else {
      pack_panel(panel + step * b.stride, b.stride, steps, columns, scratch);
    }
    const float* left = a + step * (kLeft == Left::kRows ? 1 : stride_a);
    if (step == 0) {
      multiply_panel<kLeft>(rows, columns, steps, left, stride_a, scratch, kPanel, c, stride_c, bias, clamp);
      continue;
    }
    for (int64_t i = 0; i < rows; i += kTileRows) {  // long sums are rare: their later parts are added tile by tile
      const int64_t some = smaller(kTileRows, rows - i);
      multiply_panel<kLeft>(some, columns, steps, left + i * (kLeft == Left::kRows ? stride_a : 1), stride_a, scratch,
                            kPanel, part, kPanel, nullptr, false);
      for (int64_t r = 0; r < some; r++) {
        for (int64_t j = 0; j < columns; j++) {
          const float sum = c[(i + r) * stride_c + j] + part[r * kPanel + j];
          c[(i + r) * stride_c + j] = clamp && sum <= 0 ? 0 : sum;
        }
      }
    }
  }
}

// A task is one panel of columns for one block of rows of one matrix of the batch.
constexpr int64_t kTaskRows = 32 * kTileRows;

static void matmul(Workspace& workspace, const Matmul& g) {
  const int64_t column_tasks = panels(g.n);
  const int64_t row_tasks = (g.m + kTaskRows - 1) / kTaskRows;
  const int64_t stride_a = g.transpose_a ? g.m : g.k;
  parallel(workspace, g.batch * column_tasks * row_tasks, g.batch * g.m * g.n * g.k, [&](int64_t task, int thread) {
    const int64_t row = task % row_tasks * kTaskRows;
    const int64_t column = task / row_tasks % column_tasks * kPanel;
    const int64_t matrix = task / row_tasks / column_tasks;
    const int64_t rows = smaller(kTaskRows, g.m - row), columns = smaller(kPanel, g.n - column);
    const Right b{g.b + matrix * g.stride_b, g.transpose_b ? g.k : g.n, g.transpose_b};
    const float* a = g.a + matrix * g.stride_a + row * (g.transpose_a ? 1 : stride_a);
    float* c = g.c + matrix * g.m * g.n + row * g.n;
    const auto multiply = g.transpose_a ? multiply_columns<Left::kColumns> : multiply_columns<Left::kRows>;
    multiply(rows, column, columns, g.k, a, stride_a, b, c, g.n, g.bias, g.relu,
             workspace.thread_scratch(thread, panel_scratch(g.k)));
  });
}

}  // namespace INSTRUCTION_SET
}  // namespace dynabridge
