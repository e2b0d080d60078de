#include "omma/train/initial_weights.h"

#include "omma/base/error.h"
#include "omma/base/log.h"
#include "omma/io/tensor_file.h"
#include "omma/nn/tensor.h"

namespace omma {

int64_t load_matching_weights(torch::nn::Module& module, const std::filesystem::path& from) {
  torch::NoGradGuard no_grad;
  const TensorFile file = std::filesystem::is_directory(from) ? read_weights(from) : read_safetensors(from);
  int64_t copied = 0, parameters = 0;
  for (auto& item : module.named_parameters()) {
    ++parameters;
    const TensorView* view = file.find(item.key());
    if (view == nullptr || !std::ranges::equal(view->shape, item.value().sizes())) continue;
    item.value().copy_(to_tensor(*view));
    ++copied;
  }
  check(copied > 0, "{}: no tensor fits a parameter of the model by name and shape", from.string());
  log_info("{}: {} of {} parameters start from its weights", from.string(), copied, parameters);
  return copied;
}

}  // namespace omma
