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

// A pixel outside the map has no weight and no slope; its index is moved inside, to be read in vain. Without branches, so that the
// compiler turns a loop over samples into vectors.
template <class Real>
OMMA_HOST_DEVICE inline Axis<Real> along_axis(Real location, int32_t size) {
  const Real extent = static_cast<Real>(size);
  const Real x = location * extent - Real(0.5);
  const Real above = x > -2 ? x : -2;  // NaN too becomes a place with both pixels outside
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
          .low_slope = -has_low * extent,
          .high_slope = has_high * extent};
}

}  // namespace
}  // namespace omma
