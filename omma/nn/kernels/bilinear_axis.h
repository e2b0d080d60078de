// Bilinear interpolation along one axis of a map, for kernels on the CPU and on CUDA. Internal linkage: see isa.h.
#pragma once

#include <stdint.h>

#if defined(__CUDACC__)
#define OMMA_HOST_DEVICE __host__ __device__
#else
#define OMMA_HOST_DEVICE
#endif

namespace omma {
namespace {

// The two pixels about a location, their weights, and the weights' slopes in the location.
template <class Real>
struct Axis {
  int32_t low, high;
  Real low_weight, high_weight;
  Real low_slope, high_slope;
};

OMMA_HOST_DEVICE inline int32_t clamped(int32_t index, int32_t size) {
  const int32_t above = index > 0 ? index : 0;
  return above < size ? above : size - 1;
}

// About the place x of pixels at 0, 1, ..., size - 1. A pixel outside the map has no weight and no slope; its index is moved
// inside, to be read in vain. Nor has a place beyond the map by a pixel or more. Without branches, so that the compiler turns a
// loop over samples into vectors.
template <class Real>
OMMA_HOST_DEVICE inline Axis<Real> about(Real x, int32_t size) {
  const Real extent = static_cast<Real>(size);
  const Real above = x > -1 ? x : -2;  // NaN too becomes a place with both pixels outside
  const Real at = above < extent ? above : extent;
  const int32_t truncated = static_cast<int32_t>(at);
  const int32_t low = truncated - (at < static_cast<Real>(truncated)), high = low + 1;
  const Real fraction = at - static_cast<Real>(low);
  const Real has_low = static_cast<uint32_t>(low) < static_cast<uint32_t>(size);
  const Real has_high = static_cast<uint32_t>(high) < static_cast<uint32_t>(size);
  return {.low = clamped(low, size),
          .high = clamped(high, size),
          .low_weight = has_low * (1 - fraction),
          .high_weight = has_high * fraction,
          .low_slope = -has_low,
          .high_slope = has_high};
}

// About a location in 0..1 of the map's extent, with pixel centres at (i + .5) / size.
template <class Real>
OMMA_HOST_DEVICE inline Axis<Real> along_axis(Real location, int32_t size) {
  const Real extent = static_cast<Real>(size);
  Axis<Real> axis = about(location * extent - Real(0.5), size);
  axis.low_slope *= extent;
  axis.high_slope *= extent;
  return axis;
}

// A bilinear sample and its slopes along both axes.
template <class Real>
struct BilinearSample {
  Real value, x_slope, y_slope;
};

template <class Real>
OMMA_HOST_DEVICE inline BilinearSample<Real> bilinear(const Axis<Real>& x, const Axis<Real>& y, Real upper_left, Real upper_right,
                                                      Real lower_left, Real lower_right) {
  const Real left = y.low_weight * upper_left + y.high_weight * lower_left,
             right = y.low_weight * upper_right + y.high_weight * lower_right;
  const Real upper = x.low_weight * upper_left + x.high_weight * upper_right,
             lower = x.low_weight * lower_left + x.high_weight * lower_right;
  return {.value = x.low_weight * left + x.high_weight * right,
          .x_slope = x.low_slope * left + x.high_slope * right,
          .y_slope = y.low_slope * upper + y.high_slope * lower};
}

}  // namespace
}  // namespace omma
