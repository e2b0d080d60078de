// The loops of deformable_convolution_kernel.h over a SIMD type. Included once by the file of each instruction set; everything here
// has internal linkage, so that each keeps its own code.
#pragma once

#include "omma/nn/kernels/bilinear_axis.h"
#include "omma/nn/kernels/channel_blocks.h"
#include "omma/nn/kernels/deformable_convolution_kernel.h"

namespace omma {
namespace {

constexpr int64_t kRun = 32;  // output positions of a row whose samples are placed side by side, as vectors

// One tap's samples at a run of output positions.
template <class Real>
struct Run {
  const Real *y_offsets, *x_offsets, *mask;
  Real y, x, step;  // where the first sample lies without its offset, and how much further right each next one
  int64_t count;

  Run(const DeformableConvolutionInputs<Real>& inputs, int64_t tap, int64_t position, int64_t positions)
      : y_offsets(inputs.offsets + 2 * tap * inputs.shape.positions + position),
        x_offsets(y_offsets + inputs.shape.positions),
        mask(inputs.mask + tap * inputs.shape.positions + position),
        step(static_cast<Real>(inputs.shape.stride)),
        count(positions) {
    const DeformableConvolutionShape& shape = inputs.shape;
    const int64_t row = position / shape.output_width, column = position % shape.output_width;
    y = static_cast<Real>(row * shape.stride - shape.padding + tap / shape.kernel_width * shape.dilation);
    x = static_cast<Real>(column * shape.stride - shape.padding + tap % shape.kernel_width * shape.dilation);
  }

  Axis<Real> y_axis(int64_t i, const DeformableConvolutionShape& shape) const { return about(y + y_offsets[i], shape.height); }
  Axis<Real> x_axis(int64_t i, const DeformableConvolutionShape& shape) const {
    return about(x + step * static_cast<Real>(static_cast<int32_t>(i)) + x_offsets[i], shape.width);
  }
};

// Calls body(position, count) for the runs of output positions [begin, end).
template <class Body>
inline void for_runs(const DeformableConvolutionShape& shape, int64_t begin, int64_t end, const Body& body) {
  while (begin < end) {
    const int64_t row_end = (begin / shape.output_width + 1) * shape.output_width;
    const int64_t run_end = begin + kRun < row_end ? begin + kRun : row_end;
    const int64_t stop = run_end < end ? run_end : end;
    body(begin, stop - begin);
    begin = stop;
  }
}

// The four pixels of each sample of a run, left and right of the upper row, then of the lower, and their shares of it.
template <class Real>
struct RunCorners {
  int32_t positions[4][kRun];
  Real shares[4][kRun];
};

template <class Real>
inline void place(const DeformableConvolutionShape& shape, const Run<Real>& run, RunCorners<Real>& __restrict corners) {
  for (int64_t i = 0; i < run.count; ++i) {
    const Axis<Real> y = run.y_axis(i, shape), x = run.x_axis(i, shape);
    const int32_t upper = y.low * shape.width, lower = y.high * shape.width;
    corners.positions[0][i] = upper + x.low;
    corners.positions[1][i] = upper + x.high;
    corners.positions[2][i] = lower + x.low;
    corners.positions[3][i] = lower + x.high;
    const Real upper_share = run.mask[i] * y.low_weight, lower_share = run.mask[i] * y.high_weight;
    corners.shares[0][i] = upper_share * x.low_weight;
    corners.shares[1][i] = upper_share * x.high_weight;
    corners.shares[2][i] = lower_share * x.low_weight;
    corners.shares[3][i] = lower_share * x.high_weight;
  }
}

template <class Simd>
void sample(const DeformableConvolutionInputs<typename Simd::Real>& inputs, int64_t begin, int64_t end,
            typename Simd::Real* columns) {
  using Real = typename Simd::Real;
  const DeformableConvolutionShape& shape = inputs.shape;
  RunCorners<Real> corners;
  for_runs(shape, begin, end, [&](int64_t position, int64_t count) {
    for (int64_t tap = 0; tap < shape.taps; ++tap) {
      place(shape, Run<Real>(inputs, tap, position, count), corners);
      for (int64_t i = 0; i < count; ++i) {
        Real* column = columns + ((position - begin + i) * shape.taps + tap) * shape.channels;
        for_blocks<Simd>(shape.channels, [&](int64_t channel, auto block) {
          typename Simd::Vector sum[block.vectors];
          for (auto& vector : sum) vector = Simd::zero();
          for (int corner = 0; corner < 4; ++corner) {
            const auto share = Simd::broadcast(corners.shares[corner][i]);
            const Real* pixel = inputs.map + corners.positions[corner][i] * shape.pixel_stride + channel;
            for (int v = 0; v < block.vectors; ++v) sum[v] = Simd::fma(share, block.load(pixel, v), sum[v]);
          }
          for (int v = 0; v < block.vectors; ++v) block.store(column + channel, sum[v], v);
        });
      }
    }
  });
}

// Of one sample: adds shares * gradient to the gradient of the map, leaves the sample in the gradient's place, and gives the
// products of the gradient with each pixel.
template <class Simd, class Real>
inline void backward_sample(const DeformableConvolutionInputs<Real>& inputs, Real* grad_map, const RunCorners<Real>& corners,
                            int64_t i, Real* column, Real* products) {
  const DeformableConvolutionShape& shape = inputs.shape;
  typename Simd::Vector product[4] = {Simd::zero(), Simd::zero(), Simd::zero(), Simd::zero()};
  for_blocks<Simd>(shape.channels, [&](int64_t channel, auto block) {
    typename Simd::Vector gradient[block.vectors], sum[block.vectors];
    for (int v = 0; v < block.vectors; ++v) {
      gradient[v] = block.load(column + channel, v);
      sum[v] = Simd::zero();
    }
    for (int corner = 0; corner < 4; ++corner) {
      const auto share = Simd::broadcast(corners.shares[corner][i]);
      const int64_t at = corners.positions[corner][i] * shape.pixel_stride + channel;
      for (int v = 0; v < block.vectors; ++v) {
        const auto pixel = block.load(inputs.map + at, v);
        product[corner] = Simd::fma(gradient[v], pixel, product[corner]);
        sum[v] = Simd::fma(share, pixel, sum[v]);
        block.store(grad_map + at, Simd::fma(share, gradient[v], block.load(grad_map + at, v)), v);
      }
    }
    for (int v = 0; v < block.vectors; ++v) block.store(column + channel, sum[v], v);
  });
  for (int corner = 0; corner < 4; ++corner) products[corner] = 0;
  Simd::add_sums(product[0], product[1], product[2], product[3], products);
}

template <class Simd>
void backward(const DeformableConvolutionInputs<typename Simd::Real>& inputs,
              const DeformableConvolutionGradients<typename Simd::Real>& gradients, int64_t begin, int64_t end,
              typename Simd::Real* columns) {
  using Real = typename Simd::Real;
  const DeformableConvolutionShape& shape = inputs.shape;
  RunCorners<Real> corners;
  Real products[kRun][4];
  for_runs(shape, begin, end, [&](int64_t position, int64_t count) {
    for (int64_t tap = 0; tap < shape.taps; ++tap) {
      const Run<Real> run(inputs, tap, position, count);
      place(shape, run, corners);
      for (int64_t i = 0; i < count; ++i) {
        Real* column = columns + ((position - begin + i) * shape.taps + tap) * shape.channels;
        backward_sample<Simd>(inputs, gradients.map, corners, i, column, products[i]);
      }
      Real* grad_y = gradients.offsets + 2 * tap * shape.positions + position;
      Real *grad_x = grad_y + shape.positions, *grad_mask = gradients.mask + tap * shape.positions + position;
      for (int64_t i = 0; i < count; ++i) {
        const Real* pixel = products[i];
        const auto of_mask = bilinear(run.x_axis(i, shape), run.y_axis(i, shape), pixel[0], pixel[1], pixel[2], pixel[3]);
        grad_mask[i] = of_mask.value;
        grad_y[i] = run.mask[i] * of_mask.y_slope;
        grad_x[i] = run.mask[i] * of_mask.x_slope;
      }
    }
  });
}

template <class Simd>
constexpr DeformableConvolutionKernel<typename Simd::Real> kernel = {sample<Simd>, backward<Simd>};

}  // namespace
}  // namespace omma
