#include "omma/nn/block_weight.h"

#include <algorithm>
#include <vector>

#include "omma/base/error.h"
#include "omma/nn/kernels/kernels_for.h"
#include "omma/nn/linear.h"
#include "omma/nn/parallel.h"

namespace omma {
namespace {

constexpr int64_t max_few_rows = 16;       // up to here a product is bound by reading the weight
constexpr int64_t part_bytes = 1 << 20;    // of a weight turned into numbers: they stay in the cache
constexpr int64_t least_values = 1 << 16;  // of a weight, worth a thread

const BlockKernel& kernel_of(GgufType type) {
  const BlockLinearKernels& kernels = block_linear_kernels_for(best_isa());
  switch (type) {
    case GgufType::q4_0:
      return kernels.q4_0;
    case GgufType::q4_1:
      return kernels.q4_1;
    case GgufType::q5_0:
      return kernels.q5_0;
    case GgufType::q5_1:
      return kernels.q5_1;
    case GgufType::q8_0:
      return kernels.q8_0;
    case GgufType::q2_k:
      return kernels.q2_k;
    case GgufType::q3_k:
      return kernels.q3_k;
    case GgufType::q4_k:
      return kernels.q4_k;
    case GgufType::q5_k:
      return kernels.q5_k;
    case GgufType::q6_k:
      return kernels.q6_k;
    case GgufType::iq4_nl:
      return kernels.iq4_nl;
    default:
      fail("block weight: expected blocks, got {}", name_of(type));
  }
}

// Rows as bytes, with what ByteRows points to.
struct RoundedRows {
  Tensor q, scale, sums;
  ByteRows rows() const { return {q.const_data_ptr<int8_t>(), scale.const_data_ptr<float>(), sums.const_data_ptr<float>()}; }
};

RoundedRows rounded(const Tensor& x) {  // float32 [M, K]
  const int64_t rows = x.size(0), inputs = x.size(1), groups = inputs / kGroup;
  RoundedRows result{.q = torch::empty({rows, inputs}, torch::kInt8),
                     .scale = torch::empty({rows, groups}),
                     .sums = torch::empty({rows, inputs / 4})};
  const auto to_bytes = block_linear_kernels_for(best_isa()).to_bytes;
  for (int64_t r = 0; r < rows; ++r)
    to_bytes(x.const_data_ptr<float>() + r * inputs, inputs, result.q.mutable_data_ptr<int8_t>() + r * inputs,
             result.scale.mutable_data_ptr<float>() + r * groups, result.sums.mutable_data_ptr<float>() + r * inputs / 4);
  return result;
}

Tensor by_few_rows(const Tensor& x, const BlockWeight& weight) {  // [M, in] -> float32 [M, out]
  const Tensor values = x.to(torch::kFloat32).contiguous();
  const Tensor output = torch::empty({x.size(0), weight.out()});
  const BlockLinear task{.rows = x.size(0),
                         .inputs = weight.in,
                         .outputs = weight.out(),
                         .weight = weight.blocks.const_data_ptr<uint8_t>(),
                         .row_bytes = weight.blocks.size(1),
                         .output = output.mutable_data_ptr<float>()};
  const BlockKernel& kernel = kernel_of(weight.type);
  const int64_t grain = std::max<int64_t>(8, least_values / weight.in);
  if (x.scalar_type() == torch::kFloat32) {
    torch_parallel_for(task.outputs, grain,
                       [&](int64_t begin, int64_t end) { kernel.by_floats(task, values.const_data_ptr<float>(), begin, end); });
  } else {
    const RoundedRows bytes = rounded(values);
    const ByteRows rows = bytes.rows();
    torch_parallel_for(task.outputs, grain, [&](int64_t begin, int64_t end) { kernel.by_bytes(task, rows, begin, end); });
  }
  return output;
}

// Rows [first, first + count) as numbers.
void fill_dense(const BlockWeight& weight, int64_t first, const Tensor& dense) {
  const BlockKernel& kernel = kernel_of(weight.type);
  const uint8_t* blocks = weight.blocks.const_data_ptr<uint8_t>() + first * weight.blocks.size(1);
  const int64_t in = weight.in, bytes = weight.blocks.size(1);
  torch_parallel_for(dense.size(0), std::max<int64_t>(1, least_values / in), [&](int64_t begin, int64_t end) {
    if (dense.scalar_type() == torch::kFloat32)
      kernel.to_fp32(blocks + begin * bytes, (end - begin) * in, dense.mutable_data_ptr<float>() + begin * in);
    else
      kernel.to_bf16(blocks + begin * bytes, (end - begin) * in, static_cast<Bfloat16*>(dense.mutable_data_ptr()) + begin * in);
  });
}

Tensor by_many_rows(const Tensor& x, const BlockWeight& weight) {  // [M, in] -> [M, out]
  const int64_t rows = std::clamp<int64_t>(part_bytes / (weight.in * x.element_size()) / 32 * 32, 32, weight.out());
  const Tensor output = torch::empty({x.size(0), weight.out()}, x.options()), part = torch::empty({rows, weight.in}, x.options());
  for (int64_t first = 0; first < weight.out(); first += rows) {
    const Tensor dense = part.narrow(0, 0, std::min(rows, weight.out() - first));
    fill_dense(weight, first, dense);
    output.narrow(1, first, dense.size(0)).copy_(omma::linear(x, dense));
  }
  return output;
}

}  // namespace

bool is_block_type(GgufType type) { return is_weight_type(type) && block_elements(type) > 1; }

Tensor linear(const Tensor& x, const BlockWeight& weight, const Tensor& bias) {
  check(x.size(-1) == weight.in, "block weight: expected inputs of {}, got {}", weight.in, shape(x));
  check(x.scalar_type() == torch::kFloat32 || x.scalar_type() == torch::kBFloat16,
        "block weight: expected inputs of float32 or bfloat16, got {}", torch::toString(x.scalar_type()));
  std::vector<int64_t> sizes = x.sizes().vec();
  sizes.back() = weight.out();
  const Tensor rows = x.reshape({-1, weight.in});
  Tensor y = rows.size(0) <= max_few_rows ? by_few_rows(rows, weight) : by_many_rows(rows, weight);
  if (bias.defined()) y = y + bias;
  return y.to(x.scalar_type()).view(sizes);
}

Tensor embed(const Tensor& ids, const BlockWeight& table, torch::Dtype dtype) {
  check(ids.numel() == 0 || (ids.min().item<int64_t>() >= 0 && ids.max().item<int64_t>() < table.out()),
        "block weight: expected ids below {}", table.out());
  std::vector<int64_t> sizes = ids.sizes().vec();
  sizes.push_back(table.in);
  const BlockWeight rows{.type = table.type, .in = table.in, .blocks = table.blocks.index_select(0, ids.flatten())};
  return to_dense(rows, dtype).view(sizes);
}

Tensor to_dense(const BlockWeight& weight, torch::Dtype dtype) {
  const bool is_direct = dtype == torch::kFloat32 || dtype == torch::kBFloat16;
  const Tensor dense = torch::empty({weight.out(), weight.in}, is_direct ? dtype : torch::kFloat32);
  fill_dense(weight, 0, dense);
  return dense.to(dtype);
}

}  // namespace omma
