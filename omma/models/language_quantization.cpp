#include "omma/models/language_quantization.h"

#include <cmath>
#include <deque>

#include "omma/base/error.h"
#include "omma/base/file.h"
#include "omma/io/finite.h"
#include "omma/models/conversion.h"
#include "omma/nn/linear.h"
#include "omma/nn/llama.h"
#include "omma/nn/tensor.h"

namespace omma {
namespace fs = std::filesystem;
namespace {

bool is_layer_weight(const TensorView& view, const KeyTable& keys) {
  const std::vector<std::string> names = translate_key(view.name, keys);
  return names.size() == 1 && is_llama_int8_weight(names.front()) && view.shape.size() == 2;
}

}  // namespace

Quantized quantize_language_layers(const fs::path& from, const fs::path& to, const KeyTable& keys) {
  const torch::NoGradGuard no_grad;
  json config = read_json(from / "config.json");
  check(!config.contains("quantization_config"), "{}: is of 8-bit numbers already", from.string());
  config["quantization_config"] = llama_int8_config();
  const TensorFile weights = read_weights(from);
  std::vector<const TensorView*> given;
  for (const TensorView& view : weights.tensors()) given.push_back(&view);
  expect_finite(given, from.string());
  std::deque<Int8Weight> made;  // what the views are of
  std::vector<TensorView> views;
  double lost = 0, all = 0;
  for (const TensorView& view : weights.tensors()) {
    if (!is_layer_weight(view, keys)) {
      views.push_back(view);
      continue;
    }
    const Tensor values = to_tensor(view).to(torch::kFloat32);
    const Int8Weight& weight = made.emplace_back(int8_weight(values));
    views.push_back(view_of(weight.values, view.name));
    views.push_back(view_of(weight.scale, view.name + "_scale"));
    lost += (weight.values * weight.scale - values).square().sum().item<double>();
    all += values.square().sum().item<double>();
  }
  check(!made.empty(), "{}: has no layers of a language model", from.string());
  copy_beside_weights(from, to);
  write_safetensors(to / "model.safetensors", views, {{"format", "pt"}});
  write_file(to / "config.json", dump_json(config, 2) + "\n");
  return {.pictures = 0, .relative_error = std::sqrt(lost / all)};
}

}  // namespace omma
