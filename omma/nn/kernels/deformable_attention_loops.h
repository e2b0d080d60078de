// The loops of deformable_attention_kernel.h over a SIMD type. Included once by the file of each instruction set; everything here
// has internal linkage, so that each keeps its own code.
#pragma once

#include "omma/nn/kernels/bilinear_axis.h"
#include "omma/nn/kernels/channel_blocks.h"
#include "omma/nn/kernels/deformable_attention_kernel.h"

namespace omma {
namespace {

// The four pixels of each sample, left and right of the upper row, then of the lower, and their shares of the sum.
template <class Real>
inline void corners(const DeformableShape& shape, const Real* locations, const Real* weights, int32_t* __restrict positions,
                    Real* __restrict shares) {
  for (int64_t k = 0; k < shape.samples; ++k) {
    const Axis<Real> x = along_axis(locations[2 * k], shape.width[k]);
    const Axis<Real> y = along_axis(locations[2 * k + 1], shape.height[k]);
    const int32_t upper = shape.start[k] + y.low * shape.width[k], lower = shape.start[k] + y.high * shape.width[k];
    positions[4 * k] = upper + x.low;
    positions[4 * k + 1] = upper + x.high;
    positions[4 * k + 2] = lower + x.low;
    positions[4 * k + 3] = lower + x.high;
    shares[4 * k] = weights[k] * y.low_weight * x.low_weight;
    shares[4 * k + 1] = weights[k] * y.low_weight * x.high_weight;
    shares[4 * k + 2] = weights[k] * y.high_weight * x.low_weight;
    shares[4 * k + 3] = weights[k] * y.high_weight * x.high_weight;
  }
}

template <class Simd, class Value>
void forward(const DeformableForward<Value, typename Simd::Real>& task, DeformableScratch<typename Simd::Real> scratch,
             int64_t begin, int64_t end) {
  const DeformableShape& shape = task.shape;
  for (int64_t row = begin; row < end; ++row) {
    const Value* map = task.value + row / shape.queries * shape.batch_stride;
    for (int64_t head = 0; head < shape.heads; ++head) {
      const int64_t index = row * shape.heads + head;
      corners(shape, task.locations + index * shape.samples * 2, task.weights + index * shape.samples, scratch.positions,
              scratch.shares);
      for_blocks<Simd>(shape.channels, [&](int64_t channel, auto block) {
        const Value* from = map + head * shape.head_stride + channel;
        typename Simd::Vector sum[4][block.vectors];
        for (auto& corner : sum)
          for (auto& vector : corner) vector = Simd::zero();
        for (int64_t k = 0; k < shape.samples; ++k) {
          for (int corner = 0; corner < 4; ++corner) {
            const auto share = Simd::broadcast(scratch.shares[4 * k + corner]);
            const Value* pixel = from + scratch.positions[4 * k + corner] * shape.position_stride;
            for (int v = 0; v < block.vectors; ++v) sum[corner][v] = Simd::fma(share, block.load(pixel, v), sum[corner][v]);
          }
        }
        Value* output = task.output + index * shape.channels + channel;
        for (int v = 0; v < block.vectors; ++v) block.store(output, (sum[0][v] + sum[1][v]) + (sum[2][v] + sum[3][v]), v);
      });
    }
  }
}

// Adds shares * grad to the gradient of the value, and leaves the products of grad with each pixel.
template <class Simd, class Value>
inline void backward_channels(const DeformableShape& shape, const DeformableScratch<typename Simd::Real>& scratch,
                              const Value* grad, const Value* map, typename Simd::Real* grad_map) {
  for (int64_t i = 0; i < 4 * shape.samples; ++i) scratch.products[i] = 0;
  for_blocks<Simd>(shape.channels, [&](int64_t channel, auto block) {
    typename Simd::Vector g[block.vectors];
    for (int v = 0; v < block.vectors; ++v) g[v] = block.load(grad + channel, v);
    for (int64_t k = 0; k < shape.samples; ++k) {
      typename Simd::Vector product[4];
      for (int corner = 0; corner < 4; ++corner) {
        const auto share = Simd::broadcast(scratch.shares[4 * k + corner]);
        const int64_t position = scratch.positions[4 * k + corner];
        const Value* pixel = map + position * shape.position_stride + channel;
        auto* grad_pixel = grad_map + position * shape.channels + channel;
        product[corner] = Simd::zero();
        for (int v = 0; v < block.vectors; ++v) {
          product[corner] = Simd::fma(g[v], block.load(pixel, v), product[corner]);
          block.store(grad_pixel, Simd::fma(share, g[v], block.load(grad_pixel, v)), v);
        }
      }
      Simd::add_sums(product[0], product[1], product[2], product[3], scratch.products + 4 * k);
    }
  });
}

// From the products to the gradients of one query's locations and weights.
template <class Real>
inline void backward_samples(const DeformableShape& shape, const Real* products, const Real* locations, const Real* weights,
                             Real* grad_locations, Real* grad_weights) {
  for (int64_t k = 0; k < shape.samples; ++k) {
    const Axis<Real> x = along_axis(locations[2 * k], shape.width[k]);
    const Axis<Real> y = along_axis(locations[2 * k + 1], shape.height[k]);
    const Real* pixel = products + 4 * k;
    const BilinearSample<Real> sample = bilinear(x, y, pixel[0], pixel[1], pixel[2], pixel[3]);
    grad_weights[k] = sample.value;
    grad_locations[2 * k] = weights[k] * sample.x_slope;
    grad_locations[2 * k + 1] = weights[k] * sample.y_slope;
  }
}

template <class Simd, class Value>
void backward(const DeformableBackward<Value, typename Simd::Real>& task, DeformableScratch<typename Simd::Real> scratch,
              int64_t begin, int64_t end) {
  const auto& inputs = task.inputs;
  const DeformableShape& shape = inputs.shape;
  for (int64_t pair = begin; pair < end; ++pair) {
    const int64_t batch = pair / shape.heads, head = pair % shape.heads;
    const Value* map = inputs.value + batch * shape.batch_stride + head * shape.head_stride;
    auto* grad_map = task.grad_value + pair * task.positions * shape.channels;
    for (int64_t query = 0; query < shape.queries; ++query) {
      const int64_t index = (batch * shape.queries + query) * shape.heads + head;
      const auto* locations = inputs.locations + index * shape.samples * 2;
      const auto* weights = inputs.weights + index * shape.samples;
      corners(shape, locations, weights, scratch.positions, scratch.shares);
      backward_channels<Simd>(shape, scratch, task.grad_output + index * shape.channels, map, grad_map);
      backward_samples(shape, scratch.products, locations, weights, task.grad_locations + index * shape.samples * 2,
                       task.grad_weights + index * shape.samples);
    }
  }
}

template <class Simd, class Value>
constexpr DeformableKernel<Value, typename Simd::Real> kernel = {forward<Simd, Value>, backward<Simd, Value>};

}  // namespace
}  // namespace omma
