// What is computed row by row, a block of rows at a time.
#pragma once

#include <algorithm>
#include <cstdint>

#include "omma/nn/tensor.h"

namespace omma {

// through(x) of x [..., C], where `through` makes [M, outputs] of [M, C], each row by itself. Without gradients on a CPU the rows
// go through in blocks, so that what is wide within `through` stays in the cache.
template <class Through>
Tensor in_row_blocks(const Tensor& x, int64_t outputs, const Through& through) {
  constexpr int64_t block = 1024;
  const int64_t rows = x.numel() / x.size(-1);
  if (torch::GradMode::is_enabled() || !x.is_cpu() || rows <= block) return through(x);
  const Tensor flat = x.reshape({rows, x.size(-1)});
  Tensor out = torch::empty({rows, outputs}, x.options());
  for (int64_t start = 0; start < rows; start += block) {
    const int64_t count = std::min(block, rows - start);
    out.narrow(0, start, count).copy_(through(flat.narrow(0, start, count)));
  }
  auto sizes = x.sizes().vec();
  sizes.back() = outputs;
  return out.view(sizes);
}

}  // namespace omma
