// Activations that oneDNN computes with a product.
#pragma once

#include <string_view>

#include "omma/nn/linear.h"

namespace omma {

// oneDNN's names for it, "" where it has none.
struct FusedActivation {
  std::string_view name, algorithm;
};
FusedActivation fused_activation(Activation activation);

}  // namespace omma
