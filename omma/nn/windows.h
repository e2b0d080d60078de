// Square windows of a map of tokens, as windowed attention takes them: B maps of H x W tokens with C channels, windows of w x w.
#pragma once

#include <cstdint>

#include "omma/nn/tensor.h"

namespace omma {

// [B, H, W, C] with `value` [C], or zeros, to the right and below, up to multiples of w; the map itself where it has them already.
Tensor pad_to_windows(const Tensor& map, int64_t w, const Tensor& value = {});

// [B, H, W, C] -> [B M, w w, C], the M windows of a map row by row; H and W are multiples of w.
Tensor to_windows(const Tensor& map, int64_t w);

// The inverse: [B M, w w, C] -> [B, height, width, C].
Tensor from_windows(const Tensor& windows, int64_t w, int64_t height, int64_t width);

}  // namespace omma
