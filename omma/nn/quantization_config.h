// What config.json says of int8 linear layers (nn/int8_linear.h; of weights alone nn/linear.h): the entry `quantization_config`, by
// compressed-tensors' names.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "omma/base/json.h"

namespace omma {

enum class Int8Of { weights_and_inputs, weights };

// Of the layers that `targets` name, "re:" before a regular expression. Everything that these layers are is in it.
json write_int8_config(const std::vector<std::string>& targets, Int8Of of = Int8Of::weights_and_inputs);

// Throws std::invalid_argument telling all that differs from what write_int8_config() gives. Other fields are ignored.
void expect_int8_config(const json& quantization_config, const std::vector<std::string>& targets, std::string_view where,
                        Int8Of of = Int8Of::weights_and_inputs);

}  // namespace omma
