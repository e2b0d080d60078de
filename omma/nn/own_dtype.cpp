#include "omma/nn/own_dtype.h"

#include "omma/nn/tensor.h"

namespace omma {

torch::Dtype own_dtype(const json& config, const TensorFile& weights, const torch::Device& device) {
  constexpr std::int64_t billion = 1'000'000'000;
  std::int64_t count = 0;
  for (const TensorView& tensor : weights.tensors()) count += element_count(tensor.shape).value_or(0);
  if (count < billion) return torch::kFloat32;
  const json& name = config.contains("dtype") ? config["dtype"] : config.value("torch_dtype", json());
  const torch::Dtype own = name.is_string() ? dtype_of(name.get<std::string>()) : torch::kFloat32;
  return own == torch::kFloat16 && device.is_cpu() ? torch::kBFloat16 : own;
}

}  // namespace omma
