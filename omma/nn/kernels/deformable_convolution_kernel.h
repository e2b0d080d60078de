// Modulated deformable convolution on raw memory: its samples, a column of them an output position. A matrix product makes the
// output of them. See nn/deformable_convolution.h.
#pragma once

#include <stdint.h>

namespace omma {

// One image's sizes: K taps, D of a map's C channels (which lie together), Ho Wo output positions.
struct DeformableConvolutionShape {
  int32_t height, width;           // H, W
  int64_t channels, pixel_stride;  // D; elements from a pixel of the map to the next, C
  int64_t taps, kernel_width;      // K, kw
  int64_t stride, padding, dilation;
  int64_t positions, output_width;  // Ho Wo, Wo
};

// On the CPU and on CUDA.
template <class Real>
struct DeformableConvolutionInputs {
  DeformableConvolutionShape shape;
  const Real* map;      // [H, W, D], its pixels C apart
  const Real* offsets;  // [K, 2, Ho Wo], (y, x)
  const Real* mask;     // [K, Ho Wo]
};

template <class Real>
struct DeformableConvolutionGradients {
  Real* map;      // [H, W, D], its pixels C apart: what is there is added to
  Real* offsets;  // [K, 2, Ho Wo]
  Real* mask;     // [K, Ho Wo]
};

// Columns are [end - begin, K, D], of output positions [begin, end).
template <class Real>
struct DeformableConvolutionKernel {
  // Fills the columns with the samples times the mask.
  void (*sample)(const DeformableConvolutionInputs<Real>& inputs, int64_t begin, int64_t end, Real* columns);
  // Turns the columns' gradient into those of the inputs, and leaves the samples in its place.
  void (*backward)(const DeformableConvolutionInputs<Real>& inputs, const DeformableConvolutionGradients<Real>& gradients,
                   int64_t begin, int64_t end, Real* columns);
};

extern const DeformableConvolutionKernel<float> deformable_convolution_portable;
extern const DeformableConvolutionKernel<float> deformable_convolution_avx2;    // on x86-64
extern const DeformableConvolutionKernel<float> deformable_convolution_avx512;  // on x86-64
extern const DeformableConvolutionKernel<double> deformable_convolution_double;

}  // namespace omma
