// Products of bf16 matrices by AMX, 32 rows at most and 64 columns at a time.
#pragma once

#include "omma/nn/kernels/panel_avx512.h"

namespace omma {
namespace {

// Of wide_attention_loops.h. While one lives, this thread's eight tile registers are set up as 16 rows of 64 bytes each.
class AmxProduct {
 public:
  using Value = Bfloat16;
  static constexpr int64_t kRows = 32;

  AmxProduct() {
    struct alignas(64) {
      uint8_t palette = 1, first_row = 0, reserved[14] = {};
      uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
      uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
    } tiles;
    _tile_loadconfig(&tiles);
  }
  AmxProduct(const AmxProduct&) = delete;
  AmxProduct& operator=(const AmxProduct&) = delete;
  ~AmxProduct() { _tile_release(); }

  void multiply(const LeftRows<Bfloat16>& left, const uint32_t* panel, int64_t values, const Sums& sums, bool adds) const {
    const int64_t steps = rounded_up(values, kUnit) / kUnit;
    if (left.rows <= kLanes) return multiply_16_by_64(left, panel, steps, sums, adds);
    multiply_32_by_32(left, panel, steps, sums, adds);
    multiply_32_by_32(left, panel + 2 * kLanes, steps, {sums.at + 2 * kLanes, sums.stride}, adds);
  }

 private:
  static constexpr int64_t kUnit = kPanelUnit<Bfloat16>, kStep = kLanes * kPanelColumns, kPanelBytes = 4 * kPanelColumns;

  static void multiply_32_by_32(const LeftRows<Bfloat16>& left, const uint32_t* panel, int64_t steps, const Sums& sums, bool adds) {
    const Bfloat16 *upper = left.x, *lower = upper + kLanes * left.stride;
    float *upper_sums = sums.at, *lower_sums = sums.at + kLanes * sums.stride;
    const int64_t left_bytes = 2 * left.stride, sums_bytes = 4 * sums.stride;
    if (adds) {
      _tile_loadd(0, upper_sums, sums_bytes);
      _tile_loadd(1, upper_sums + kLanes, sums_bytes);
      _tile_loadd(2, lower_sums, sums_bytes);
      _tile_loadd(3, lower_sums + kLanes, sums_bytes);
    } else {
      zero_sums();
    }
    for (int64_t step = 0; step < steps; ++step, upper += kUnit, lower += kUnit, panel += kStep) {
      _tile_loadd(4, upper, left_bytes);
      _tile_loadd(6, panel, kPanelBytes);
      _tile_dpbf16ps(0, 4, 6);
      _tile_loadd(7, panel + kLanes, kPanelBytes);
      _tile_dpbf16ps(1, 4, 7);
      _tile_loadd(5, lower, left_bytes);
      _tile_dpbf16ps(2, 5, 6);
      _tile_dpbf16ps(3, 5, 7);
    }
    _tile_stored(0, upper_sums, sums_bytes);
    _tile_stored(1, upper_sums + kLanes, sums_bytes);
    _tile_stored(2, lower_sums, sums_bytes);
    _tile_stored(3, lower_sums + kLanes, sums_bytes);
  }

  static void multiply_16_by_64(const LeftRows<Bfloat16>& left, const uint32_t* panel, int64_t steps, const Sums& sums, bool adds) {
    const Bfloat16* x = left.x;
    const int64_t left_bytes = 2 * left.stride, sums_bytes = 4 * sums.stride;
    if (adds) {
      _tile_loadd(0, sums.at, sums_bytes);
      _tile_loadd(1, sums.at + kLanes, sums_bytes);
      _tile_loadd(2, sums.at + 2 * kLanes, sums_bytes);
      _tile_loadd(3, sums.at + 3 * kLanes, sums_bytes);
    } else {
      zero_sums();
    }
    for (int64_t step = 0; step < steps; ++step, x += kUnit, panel += kStep) {
      _tile_loadd(4, x, left_bytes);
      _tile_loadd(5, panel, kPanelBytes);
      _tile_dpbf16ps(0, 4, 5);
      _tile_loadd(6, panel + kLanes, kPanelBytes);
      _tile_dpbf16ps(1, 4, 6);
      _tile_loadd(7, panel + 2 * kLanes, kPanelBytes);
      _tile_dpbf16ps(2, 4, 7);
      _tile_loadd(5, panel + 3 * kLanes, kPanelBytes);
      _tile_dpbf16ps(3, 4, 5);
    }
    _tile_stored(0, sums.at, sums_bytes);
    _tile_stored(1, sums.at + kLanes, sums_bytes);
    _tile_stored(2, sums.at + 2 * kLanes, sums_bytes);
    _tile_stored(3, sums.at + 3 * kLanes, sums_bytes);
  }

  static void zero_sums() {
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
  }
};

}  // namespace
}  // namespace omma
