// The type in which a checkpoint is computed where nobody says.
#pragma once

#include "omma/base/json.h"
#include "omma/io/tensor_file.h"
#include "omma/nn/torch.h"

namespace omma {

// fp32, but from a billion weights on the type that config.json names (`dtype`, in older files `torch_dtype`), on a CPU bf16 for
// fp16, of which CPUs have no fast products and whose range large models leave. Throws std::invalid_argument where that is none of
// LibTorch's.
torch::Dtype own_dtype(const json& config, const TensorFile& weights, const torch::Device& device);

}  // namespace omma
