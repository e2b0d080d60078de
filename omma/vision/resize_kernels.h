// The inner loops of resize. Raw pointers and no library headers, so that code compiled for newer instruction sets stays here.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace omma {

constexpr int resize_precision = 22;  // fractional bits of a weight
constexpr int resize_lanes = 8;       // rows resized across at a time

// The weighted sum of source pixels that makes each destination pixel, along one axis: destination i is the sum over k < count[i]
// of weights[i stride + k] times source first[i] + k.
struct ResizeTaps {
  const int32_t* first;
  const int32_t* count;
  const int32_t* weights;
  int stride;
};

// RGB rows `from` (each from_width pixels) to rows `to` (each to_width), `rows` of them, at most resize_lanes. `scratch` holds
// 3 resize_lanes (from_width + to_width) bytes.
void resize_across(const uint8_t* from, int from_width, uint8_t* to, int to_width, int rows, const ResizeTaps& taps,
                   uint8_t* scratch);

// The weighted sum of `count` rows of `bytes` bytes, one after the other from `from` on, to the row `to`.
void resize_down(const uint8_t* from, uint8_t* to, size_t bytes, const int32_t* weights, int count);

}  // namespace omma
