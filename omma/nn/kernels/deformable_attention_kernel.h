// Multi-scale deformable attention on raw memory: what one thread does for a piece of the work. See nn/deformable_attention.h.
#pragma once

#include <stdint.h>

#include "omma/nn/kernels/bfloat16.h"

namespace omma {

// Each of a head's K = levels * points samples has its level's extent and first position at [k]. Strides are in elements; the D
// channels of a head lie together. Locations, weights, outputs and their gradients are contiguous.
struct DeformableShape {
  int64_t queries, heads, samples, channels;  // Q, N, K, D
  const int32_t *height, *width, *start;      // [K]
  int64_t batch_stride, position_stride, head_stride;
};

// A thread's working memory.
template <class Real>
struct DeformableScratch {
  int32_t* positions;  // [K, 4]
  Real* shares;        // [K, 4]
  Real* products;      // [K, 4], for the backward pass only
};

template <class Value, class Real>
struct DeformableForward {
  DeformableShape shape;
  const Value* value;     // [B, S, N, D], strided
  const Real* locations;  // [B, Q, N, K, 2]
  const Real* weights;    // [B, Q, N, K]
  Value* output;          // [B, Q, N, D]
};

template <class Value, class Real>
struct DeformableBackward {
  DeformableForward<Value, Real> inputs;  // `output` unused
  const Value* grad_output;               // [B, Q, N, D]
  Real* grad_value;                       // [B, N, S, D], zero before the call
  Real* grad_locations;                   // [B, Q, N, K, 2]
  Real* grad_weights;                     // [B, Q, N, K]
  int64_t positions;                      // S
};

template <class Value, class Real>
struct DeformableKernel {
  // Fills output rows [begin, end) of B * Q.
  void (*forward)(const DeformableForward<Value, Real>& task, DeformableScratch<Real> scratch, int64_t begin, int64_t end);
  // Fills the gradients of maps [begin, end) of B * N: no two maps share an element, so that threads need no atomics.
  void (*backward)(const DeformableBackward<Value, Real>& task, DeformableScratch<Real> scratch, int64_t begin, int64_t end);
};

struct DeformableKernels {
  DeformableKernel<float, float> fp32;
  DeformableKernel<Bfloat16, float> bf16;
};

extern const DeformableKernels deformable_portable;
extern const DeformableKernels deformable_avx2;    // on x86-64
extern const DeformableKernels deformable_avx512;  // on x86-64
extern const DeformableKernel<double, double> deformable_double;

}  // namespace omma
