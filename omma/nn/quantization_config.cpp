#include "omma/nn/quantization_config.h"

#include "omma/base/config.h"

namespace omma {

json write_int8_config(const std::vector<std::string>& targets, Int8Of of) {
  const json weights = {{"num_bits", 8}, {"type", "int"}, {"symmetric", true}, {"strategy", "channel"}, {"dynamic", false}};
  const json inputs = {{"num_bits", 8}, {"type", "int"}, {"symmetric", false}, {"strategy", "tensor"}, {"dynamic", false}};
  return {{"quant_method", "compressed-tensors"},
          {"format", "int-quantized"},
          {"quantization_status", "compressed"},
          {"config_groups",
           {{"group_0",
             {{"targets", targets}, {"weights", weights}, {"input_activations", of == Int8Of::weights ? json() : inputs}}}}}};
}

void expect_int8_config(const json& quantization_config, const std::vector<std::string>& targets, std::string_view where,
                        Int8Of of) {
  Faults faults{std::string(where)};
  const json scheme = write_int8_config(targets, of).flatten();  // paths and what stands there
  for (const auto& [path, expected] : scheme.items()) {
    const json::json_pointer pointer(path);
    const json found = quantization_config.contains(pointer) ? quantization_config[pointer] : json();
    faults.expect(found == expected, "quantization_config{}: expected {}, got {}", path, dump_json(expected), dump_json(found));
  }
  faults.raise();
}

}  // namespace omma
