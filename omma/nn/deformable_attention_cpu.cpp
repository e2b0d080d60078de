#include "omma/nn/deformable_attention_cpu.h"

#include <algorithm>

#include "omma/nn/kernels/kernels_for.h"
#include "omma/nn/parallel.h"

namespace omma {
namespace {

// Each sample's level: [K] = levels * points.
struct SampleTable {
  std::vector<int32_t> height, width, start;

  SampleTable(const LevelShapes& levels, int64_t points) {
    int32_t first = 0;
    for (const auto& [rows, columns] : levels) {
      height.insert(height.end(), size_t(points), int32_t(rows));
      width.insert(width.end(), size_t(points), int32_t(columns));
      start.insert(start.end(), size_t(points), first);
      first += int32_t(rows * columns);
    }
  }
};

template <class Real>
class Scratch {
 public:
  explicit Scratch(int64_t samples)
      : positions_(size_t(4 * samples)), shares_(size_t(4 * samples)), products_(size_t(4 * samples)) {}
  DeformableScratch<Real> view() { return {positions_.data(), shares_.data(), products_.data()}; }

 private:
  std::vector<int32_t> positions_;
  std::vector<Real> shares_, products_;
};

template <class T>
T* data(const Tensor& x) {
  return static_cast<T*>(x.data_ptr());
}

template <class Value, class Real>
DeformableForward<Value, Real> task_of(const Tensor& value, const SampleTable& table, const Tensor& locations,
                                       const Tensor& weights, const Tensor& output) {
  return {.shape = {.queries = locations.size(1),
                    .heads = value.size(2),
                    .samples = int64_t(table.height.size()),
                    .channels = value.size(3),
                    .height = table.height.data(),
                    .width = table.width.data(),
                    .start = table.start.data(),
                    .batch_stride = value.stride(0),
                    .position_stride = value.stride(1),
                    .head_stride = value.stride(2)},
          .value = data<const Value>(value),
          .locations = data<const Real>(locations),
          .weights = data<const Real>(weights),
          .output = output.defined() ? data<Value>(output) : nullptr};
}

// Enough rows for a piece of work to be worth a thread.
int64_t grain(const DeformableShape& shape) {
  const int64_t work = 4 * shape.heads * shape.samples * std::max<int64_t>(shape.channels, 1);
  return std::max<int64_t>(1, (1 << 16) / std::max<int64_t>(work, 1));
}

template <class Value, class Real>
Tensor forward(const DeformableKernel<Value, Real>& kernel, const Tensor& value, const LevelShapes& levels, const Tensor& locations,
               const Tensor& weights) {
  const auto output = torch::empty({locations.size(0), locations.size(1), value.size(2) * value.size(3)}, value.options());
  const SampleTable table(levels, locations.size(4));
  const auto task = task_of<Value, Real>(value, table, locations, weights, output);
  torch_parallel_for(output.size(0) * output.size(1), grain(task.shape), [&](int64_t begin, int64_t end) {
    Scratch<Real> scratch(task.shape.samples);
    kernel.forward(task, scratch.view(), begin, end);
  });
  return output;
}

template <class Value, class Real>
DeformableGradients backward(const DeformableKernel<Value, Real>& kernel, const Tensor& grad_output, const Tensor& value,
                             const LevelShapes& levels, const Tensor& locations, const Tensor& weights) {
  const auto batch = value.size(0), positions = value.size(1), heads = value.size(2), channels = value.size(3);
  // One head's map at a time is read and written here: apart from the others, it fits the cache.
  const auto maps = value.transpose(1, 2).contiguous().transpose(1, 2);                           // [B, S, N, D]
  const auto grad_maps = torch::zeros({batch, heads, positions, channels}, locations.options());  // [B, N, S, D]
  const auto grad_locations = torch::empty_like(locations), grad_weights = torch::empty_like(weights);
  const SampleTable table(levels, locations.size(4));
  const DeformableBackward<Value, Real> task = {.inputs = task_of<Value, Real>(maps, table, locations, weights, {}),
                                                .grad_output = data<const Value>(grad_output),
                                                .grad_value = data<Real>(grad_maps),
                                                .grad_locations = data<Real>(grad_locations),
                                                .grad_weights = data<Real>(grad_weights),
                                                .positions = positions};
  torch_parallel_for(batch * heads, 1, [&](int64_t begin, int64_t end) {
    Scratch<Real> scratch(task.inputs.shape.samples);
    kernel.backward(task, scratch.view(), begin, end);
  });
  return {grad_maps.transpose(1, 2).to(value.scalar_type()), grad_locations, grad_weights};
}

// Calls body with the kernel for the value's type.
template <class Body>
auto with_kernel(at::ScalarType type, Isa isa, const Body& body) {
  if (type == at::kDouble) return body(deformable_double);
  if (type == at::kBFloat16) return body(deformable_kernels_for(isa).bf16);
  return body(deformable_kernels_for(isa).fp32);
}

}  // namespace

Tensor deformable_forward_cpu(const Tensor& value, const LevelShapes& levels, const Tensor& locations, const Tensor& weights,
                              Isa isa) {
  return with_kernel(value.scalar_type(), isa,
                     [&](const auto& kernel) { return forward(kernel, value, levels, locations, weights); });
}

DeformableGradients deformable_backward_cpu(const Tensor& grad_output, const Tensor& value, const LevelShapes& levels,
                                            const Tensor& locations, const Tensor& weights, Isa isa) {
  return with_kernel(value.scalar_type(), isa,
                     [&](const auto& kernel) { return backward(kernel, grad_output, value, levels, locations, weights); });
}

}  // namespace omma
