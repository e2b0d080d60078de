// Parts of a model that do not learn: those of parameter groups with learning rate 0, or beside an adapter.
#pragma once

#include "omma/nn/torch.h"

namespace omma {

// Whether the module has parameters, and none that requires gradients. What it makes of inputs without gradients needs no graph.
bool is_frozen(const torch::nn::Module& module);

// Training mode, but for the frozen parts, which are as they are in use: no dropout, and a batch norm's statistics stay.
void train_what_learns(torch::nn::Module& module);

// The loss of no samples: zero, of which everything that learns has a gradient.
torch::Tensor nothing_to_learn(const torch::nn::Module& module);

}  // namespace omma
