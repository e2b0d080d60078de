#include "omma/models/llava/original_model.h"

#include <algorithm>

#include "omma/base/error.h"
#include "omma/models/llava/original_weights.h"
#include "omma/nn/lora.h"

namespace omma {
namespace fs = std::filesystem;
namespace {

constexpr int64_t row_multiple = 64;

Tensor with_mean_rows(const Tensor& weight, int64_t rows) {  // [V, C] -> [rows, C]
  const Tensor mean = weight.to(torch::kFloat32).mean(0, /*keepdim=*/true).to(weight.scalar_type());
  return torch::cat({weight, mean.expand({rows - weight.size(0), weight.size(1)})});
}

}  // namespace

OriginalLlava open_original_llava(const ConversionSource& source) {
  const std::string where = source.from.string();
  const fs::path file = source.config_file.value_or(source.beside / "config.json");
  check(fs::exists(file), "{}: expected its config.json beside it, found none: give it with --config", where);
  const json object = read_json(file);
  check(is_original_config(object) || is_original_video_config(object), "{}: a model directory already, which runs as it is",
        where);
  return read_original_llava(object, file.string(), fs::is_directory(source.from) ? source.from : source.beside);
}

torch::Dtype dtype_of_words(const TensorFile& weights) {
  const TensorView* words = weights.find("model.embed_tokens.weight");
  const torch::Dtype dtype = words == nullptr ? torch::kFloat32 : torch_dtype(words->dtype);
  return torch::isFloatingType(dtype) ? dtype : torch::kFloat32;
}

int64_t rows_for(int64_t tokens, int64_t rows) { return (std::max(rows, tokens) + row_multiple - 1) / row_multiple * row_multiple; }

TensorFile with_vocabulary(const torch::nn::Module& model, int64_t rows) {
  const torch::NoGradGuard no_grad;
  TensorSet tensors;
  for (const auto& [name, weight] : merged_weights(model)) {
    const bool grows = name == "language_model.model.embed_tokens.weight" || name == "language_model.lm_head.weight";
    tensors.set(name, grows && weight.size(0) < rows ? with_mean_rows(weight, rows) : weight.detach());
  }
  return tensors.file();
}

GenerationConfig original_generation(const OriginalLlava& original, const ConversionSource& source,
                                     const std::optional<fs::path>& base, const std::string& talk) {
  const auto has_settings = [](const fs::path& directory) {
    return fs::exists(directory / "generation_config.json") && fs::exists(directory / "config.json");
  };
  GenerationConfig generation;
  if (has_settings(source.beside))
    generation = read_generation_config(source.beside);
  else if (base && has_settings(*base))
    generation = read_generation_config(*base);
  else
    generation = read_config<GenerationConfig>(original.object, original.where);
  if (generation.end_tokens().empty()) generation.eos_token_id = 2;  // LLaMA's
  if (talk == "llava_v0") generation.stop_strings = "###";           // its answers end with no token
  return generation;
}

}  // namespace omma
