// One warp a (position, tap): its lanes take the channels, so that a pixel's channels are coalesced reads.
#include "omma/nn/kernels/bilinear_axis.h"
#include "omma/nn/kernels/deformable_convolution_cuda.h"

namespace omma {
namespace {

constexpr int kWarp = 32, kWarpsPerBlock = 8;

// One tap's sample at an output position: its four pixels' places in the map and the interpolation along both axes.
struct ConvolutionSample {
  int64_t y_index, mask_index;  // in the offsets, where x is a plane further, and in the mask
  float mask;
  Axis<float> x, y;
  int64_t upper_left, upper_right, lower_left, lower_right;

  __device__ ConvolutionSample(const DeformableConvolutionInputs<float>& inputs, int64_t position, int64_t tap) {
    const DeformableConvolutionShape& shape = inputs.shape;
    y_index = 2 * tap * shape.positions + position;
    mask_index = tap * shape.positions + position;
    mask = inputs.mask[mask_index];
    const int64_t row = position / shape.output_width, column = position % shape.output_width;
    const int64_t v = row * shape.stride - shape.padding + tap / shape.kernel_width * shape.dilation;
    const int64_t u = column * shape.stride - shape.padding + tap % shape.kernel_width * shape.dilation;
    y = about(static_cast<float>(v) + inputs.offsets[y_index], shape.height);
    x = about(static_cast<float>(u) + inputs.offsets[y_index + shape.positions], shape.width);
    const int64_t upper = int64_t(y.low) * shape.width, lower = int64_t(y.high) * shape.width;
    upper_left = (upper + x.low) * shape.pixel_stride;
    upper_right = (upper + x.high) * shape.pixel_stride;
    lower_left = (lower + x.low) * shape.pixel_stride;
    lower_right = (lower + x.high) * shape.pixel_stride;
  }
};

// The column's tap of this warp, counted from the first position's first; at `count` or beyond past the end.
__device__ int64_t own_column() { return int64_t(blockIdx.x) * kWarpsPerBlock + threadIdx.y; }

__global__ void sample_columns(DeformableConvolutionInputs<float> inputs, int64_t begin, int64_t count, float* columns) {
  const DeformableConvolutionShape& shape = inputs.shape;
  const int64_t index = own_column();
  if (index >= count) return;
  const ConvolutionSample at(inputs, begin + index / shape.taps, index % shape.taps);
  float* column = columns + index * shape.channels;
  for (int64_t channel = threadIdx.x; channel < shape.channels; channel += kWarp) {
    const float* map = inputs.map + channel;
    column[channel] =
        at.mask * (at.y.low_weight * (at.x.low_weight * map[at.upper_left] + at.x.high_weight * map[at.upper_right]) +
                   at.y.high_weight * (at.x.low_weight * map[at.lower_left] + at.x.high_weight * map[at.lower_right]));
  }
}

__device__ float warp_sum(float x) {
  for (int lanes = kWarp / 2; lanes > 0; lanes /= 2) x += __shfl_xor_sync(0xffffffffU, x, lanes);
  return x;
}

__global__ void backward_columns(DeformableConvolutionInputs<float> inputs, DeformableConvolutionGradients<float> gradients,
                                 int64_t begin, int64_t count, float* columns) {
  const DeformableConvolutionShape& shape = inputs.shape;
  const int64_t index = own_column();
  if (index >= count) return;
  const ConvolutionSample at(inputs, begin + index / shape.taps, index % shape.taps);
  float* column = columns + index * shape.channels;
  float mask_slope = 0, x_slope = 0, y_slope = 0;
  for (int64_t channel = threadIdx.x; channel < shape.channels; channel += kWarp) {
    const float gradient = column[channel];
    float mixed = 0;
    const auto visit = [&](int64_t place, float x, float y, float slope_x, float slope_y) {
      const float pixel = inputs.map[place + channel], product = gradient * pixel;
      mixed += x * y * pixel;
      mask_slope += x * y * product;
      x_slope += slope_x * y * product;
      y_slope += x * slope_y * product;
      if (x * y != 0) atomicAdd(gradients.map + place + channel, at.mask * x * y * gradient);
    };
    visit(at.upper_left, at.x.low_weight, at.y.low_weight, at.x.low_slope, at.y.low_slope);
    visit(at.upper_right, at.x.high_weight, at.y.low_weight, at.x.high_slope, at.y.low_slope);
    visit(at.lower_left, at.x.low_weight, at.y.high_weight, at.x.low_slope, at.y.high_slope);
    visit(at.lower_right, at.x.high_weight, at.y.high_weight, at.x.high_slope, at.y.high_slope);
    column[channel] = at.mask * mixed;
  }
  mask_slope = warp_sum(mask_slope);
  x_slope = warp_sum(x_slope);
  y_slope = warp_sum(y_slope);
  if (threadIdx.x == 0) {
    gradients.mask[at.mask_index] = mask_slope;
    gradients.offsets[at.y_index] = at.mask * y_slope;
    gradients.offsets[at.y_index + shape.positions] = at.mask * x_slope;
  }
}

// Blocks for one warp a column's tap; 0 where there is nothing to do (a launch of no blocks is an error).
unsigned column_blocks(int64_t count) { return static_cast<unsigned>((count + kWarpsPerBlock - 1) / kWarpsPerBlock); }

}  // namespace

cudaError_t deformable_convolution_sample_cuda(const DeformableConvolutionInputs<float>& inputs, int64_t begin, int64_t end,
                                               float* columns, cudaStream_t stream) {
  const int64_t count = (end - begin) * inputs.shape.taps;
  const unsigned grid = column_blocks(count);
  if (grid == 0) return cudaSuccess;
  sample_columns<<<grid, dim3(kWarp, kWarpsPerBlock), 0, stream>>>(inputs, begin, count, columns);
  return cudaGetLastError();
}

cudaError_t deformable_convolution_backward_cuda(const DeformableConvolutionInputs<float>& inputs,
                                                 const DeformableConvolutionGradients<float>& gradients, int64_t begin, int64_t end,
                                                 float* columns, cudaStream_t stream) {
  const int64_t count = (end - begin) * inputs.shape.taps;
  const unsigned grid = column_blocks(count);
  if (grid == 0) return cudaSuccess;
  backward_columns<<<grid, dim3(kWarp, kWarpsPerBlock), 0, stream>>>(inputs, gradients, begin, count, columns);
  return cudaGetLastError();
}

}  // namespace omma
