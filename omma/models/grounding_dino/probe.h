// A look inside the model, for parity tests and studies.
#pragma once

#include <functional>
#include <string_view>

#include "omma/nn/tensor.h"

namespace omma::grounding_dino {

struct Probe {
  std::function<void(std::string_view name, const Tensor& value)>
      see;           // called with every named intermediate; unset: costs nothing
  Tensor selection;  // [B, Q] int64: use these positions instead of the best proposals; undefined: select

  void operator()(std::string_view name, const Tensor& value) const {
    if (see) see(name, value);
  }
  // With a number: "encoder.3.vision".
  void operator()(std::string_view before, std::size_t index, std::string_view after, const Tensor& value) const;
};

}  // namespace omma::grounding_dino
