// Gradient checkpointing (Chen et al. 2016, "Training Deep Nets with Sublinear Memory Cost"): a part of a network keeps its input
// alone and is run a second time when its gradient is wanted.
#pragma once

#include <functional>

#include "omma/nn/torch.h"

namespace omma {

// part(x), whose parameters are `module`'s. The second run meets the random numbers and the precision of the first, so that values
// and gradients are those of part(x); it costs one more forward pass. Without gradients it is part(x). Safe under c10d's Reducer,
// which finds the parameters in the graph.
torch::Tensor recomputed(const torch::nn::Module& module, const std::function<torch::Tensor(const torch::Tensor&)>& part,
                         const torch::Tensor& x);

}  // namespace omma
