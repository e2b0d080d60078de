// One warp a (batch, query, head): its lanes take the channels, so that a pixel of 32 channels is one coalesced read.
#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include "omma/nn/kernels/bilinear_axis.h"
#include "omma/nn/kernels/deformable_attention_cuda.h"

namespace omma {
namespace {

constexpr int kWarp = 32, kWarpsPerBlock = 8;

__device__ float widened(float x) { return x; }
__device__ float widened(__half x) { return __half2float(x); }
__device__ float widened(__nv_bfloat16 x) { return __bfloat162float(x); }
__device__ void narrowed(float x, float* to) { *to = x; }
__device__ void narrowed(float x, __half* to) { *to = __float2half_rn(x); }
__device__ void narrowed(float x, __nv_bfloat16* to) { *to = __float2bfloat16_rn(x); }

// A sample's place in its level: the pixels' positions and the interpolation along both axes.
struct Sample {
  Axis<float> x, y;
  int64_t upper_left, upper_right, lower_left, lower_right;

  __device__ Sample(const CudaDeformableShape& shape, int level, const float* location)
      : x(along_axis(location[0], shape.width[level])), y(along_axis(location[1], shape.height[level])) {
    const int64_t start = shape.start[level], width = shape.width[level];
    upper_left = start + y.low * width + x.low;
    upper_right = start + y.low * width + x.high;
    lower_left = start + y.high * width + x.low;
    lower_right = start + y.high * width + x.high;
  }
};

// The (batch, query, head) of this warp, or -1 past the end.
__device__ int64_t own_index(const CudaDeformableShape& shape) {
  const int64_t index = int64_t(blockIdx.x) * kWarpsPerBlock + threadIdx.y;
  return index < shape.batch * shape.queries * shape.heads ? index : -1;
}

template <class Value>
__device__ const Value* own_map(const CudaDeformableForward& task, int64_t index) {
  const auto& shape = task.shape;
  const int64_t batch = index / shape.heads / shape.queries, head = index % shape.heads;
  return static_cast<const Value*>(task.value) + batch * shape.batch_stride + head * shape.head_stride;
}

template <class Value>
__global__ void forward(CudaDeformableForward task) {
  const auto& shape = task.shape;
  const int64_t index = own_index(shape), stride = shape.position_stride;
  if (index < 0) return;
  const Value* map = own_map<Value>(task, index);
  const int samples = shape.levels * shape.points;
  for (int64_t channel = threadIdx.x; channel < shape.channels; channel += kWarp) {
    float sum = 0;
    for (int k = 0; k < samples; ++k) {
      const Sample at(shape, k / shape.points, task.locations + (index * samples + k) * 2);
      const auto pixel = [&](int64_t position) { return widened(map[position * stride + channel]); };
      sum += task.weights[index * samples + k] *
             (at.y.low_weight * (at.x.low_weight * pixel(at.upper_left) + at.x.high_weight * pixel(at.upper_right)) +
              at.y.high_weight * (at.x.low_weight * pixel(at.lower_left) + at.x.high_weight * pixel(at.lower_right)));
    }
    narrowed(sum, static_cast<Value*>(task.output) + index * shape.channels + channel);
  }
}

__device__ float warp_sum(float x) {
  for (int lanes = kWarp / 2; lanes > 0; lanes /= 2) x += __shfl_xor_sync(0xffffffffU, x, lanes);
  return x;
}

template <class Value>
__global__ void backward(CudaDeformableBackward task) {
  const auto& shape = task.inputs.shape;
  const int64_t index = own_index(shape), stride = shape.position_stride;
  if (index < 0) return;
  const int64_t batch = index / shape.heads / shape.queries, head = index % shape.heads, row = shape.heads * shape.channels;
  const Value* map = own_map<Value>(task.inputs, index);
  const Value* grad = static_cast<const Value*>(task.grad_output) + index * shape.channels;
  float* grad_map = task.grad_value + batch * task.positions * row + head * shape.channels;
  const int samples = shape.levels * shape.points;
  for (int k = 0; k < samples; ++k) {
    const int64_t sample = index * samples + k;
    const Sample at(shape, k / shape.points, task.inputs.locations + sample * 2);
    const float weight = task.inputs.weights[sample];
    float weight_slope = 0, x_slope = 0, y_slope = 0;
    for (int64_t channel = threadIdx.x; channel < shape.channels; channel += kWarp) {
      const float g = widened(grad[channel]);
      const auto visit = [&](int64_t position, float x, float y, float slope_x, float slope_y) {
        const float product = g * widened(map[position * stride + channel]);
        weight_slope += x * y * product;
        x_slope += slope_x * y * product;
        y_slope += x * slope_y * product;
        if (x * y != 0) atomicAdd(grad_map + position * row + channel, weight * x * y * g);
      };
      visit(at.upper_left, at.x.low_weight, at.y.low_weight, at.x.low_slope, at.y.low_slope);
      visit(at.upper_right, at.x.high_weight, at.y.low_weight, at.x.high_slope, at.y.low_slope);
      visit(at.lower_left, at.x.low_weight, at.y.high_weight, at.x.low_slope, at.y.high_slope);
      visit(at.lower_right, at.x.high_weight, at.y.high_weight, at.x.high_slope, at.y.high_slope);
    }
    weight_slope = warp_sum(weight_slope);
    x_slope = warp_sum(x_slope);
    y_slope = warp_sum(y_slope);
    if (threadIdx.x == 0) {
      task.grad_weights[sample] = weight_slope;
      task.grad_locations[2 * sample] = weight * x_slope;
      task.grad_locations[2 * sample + 1] = weight * y_slope;
    }
  }
}

// Blocks for one warp an index; 0 where there is nothing to do (a launch of no blocks is an error).
unsigned blocks(const CudaDeformableShape& shape) {
  return static_cast<unsigned>((shape.batch * shape.queries * shape.heads + kWarpsPerBlock - 1) / kWarpsPerBlock);
}

}  // namespace

cudaError_t deformable_forward_cuda(const CudaDeformableForward& task, cudaStream_t stream) {
  const dim3 threads(kWarp, kWarpsPerBlock);
  const unsigned grid = blocks(task.shape);
  if (grid == 0) return cudaSuccess;
  if (task.type == CudaValue::fp32) forward<float><<<grid, threads, 0, stream>>>(task);
  if (task.type == CudaValue::fp16) forward<__half><<<grid, threads, 0, stream>>>(task);
  if (task.type == CudaValue::bf16) forward<__nv_bfloat16><<<grid, threads, 0, stream>>>(task);
  return cudaGetLastError();
}

cudaError_t deformable_backward_cuda(const CudaDeformableBackward& task, cudaStream_t stream) {
  const dim3 threads(kWarp, kWarpsPerBlock);
  const unsigned grid = blocks(task.inputs.shape);
  if (grid == 0) return cudaSuccess;
  if (task.inputs.type == CudaValue::fp32) backward<float><<<grid, threads, 0, stream>>>(task);
  if (task.inputs.type == CudaValue::fp16) backward<__half><<<grid, threads, 0, stream>>>(task);
  if (task.inputs.type == CudaValue::bf16) backward<__nv_bfloat16><<<grid, threads, 0, stream>>>(task);
  return cudaGetLastError();
}

}  // namespace omma
