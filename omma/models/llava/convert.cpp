#include "omma/models/llava/convert.h"

#include <algorithm>
#include <string>

#include "omma/base/error.h"
#include "omma/models/llava/checkpoint.h"
#include "omma/models/llava/original.h"
#include "omma/models/llava/original_tokens.h"
#include "omma/models/llava/original_weights.h"
#include "omma/nn/lora.h"
#include "omma/text/chat_template.h"

namespace omma {
namespace fs = std::filesystem;
namespace {

constexpr int64_t row_multiple = 64;  // transformers' conversion pads to it

fs::path config_file_of(const ConversionSource& source) { return source.config_file.value_or(source.beside / "config.json"); }

// The type of the words' embeddings, as of all the language model.
torch::Dtype dtype_of_weights(const TensorFile& weights) {
  const TensorView* words = weights.find("model.embed_tokens.weight");
  const torch::Dtype dtype = words == nullptr ? torch::kFloat32 : torch_dtype(words->dtype);
  return torch::isFloatingType(dtype) ? dtype : torch::kFloat32;
}

// [V, C] -> [rows, C]; the new ones are the mean of the others, which says nothing in particular.
Tensor with_mean_rows(const Tensor& weight, int64_t rows) {
  const Tensor mean = weight.to(torch::kFloat32).mean(0, /*keepdim=*/true).to(weight.scalar_type());
  return torch::cat({weight, mean.expand({rows - weight.size(0), weight.size(1)})});
}

// The same model with so many rows of embeddings and head.
Llava with_vocabulary(Llava& model, LlavaConfig config, const std::string& where, torch::Dtype dtype) {
  const torch::NoGradGuard no_grad;
  const int64_t rows = config.text_config.vocab_size;
  TensorSet tensors;
  for (const auto& [name, weight] : merged_weights(*model)) {
    const bool grows = name == "language_model.model.embed_tokens.weight" || name == "language_model.lm_head.weight";
    tensors.set(name, grows && weight.size(0) < rows ? with_mean_rows(weight, rows) : weight.detach());
  }
  return load_model<Llava>(config, tensors.file(), {}, where, {.dtype = dtype});
}

GenerationConfig generation_of(const OriginalLlava& original, const ConversionSource& source, const std::optional<fs::path>& base,
                               const std::string& talk) {
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

// Where the authors' prompts put a token before and behind each picture, the template does.
std::string template_source(const OriginalLlava& original, const std::string& talk) {
  std::string source = ChatTemplate::built_in_source(talk);
  const std::string place = "<image>", marked = "<im_start><image><im_end>";
  if (!original.mm_use_im_start_end) return source;
  for (std::size_t at = 0; (at = source.find(place, at)) != std::string::npos; at += marked.size())
    source.replace(at, place.size(), marked);
  return source;
}

}  // namespace

bool is_original_llava(const ConversionSource& source) {
  if (source.config_file && fs::exists(*source.config_file)) return is_original_config(read_json(*source.config_file));
  return std::ranges::any_of(source.file.tensors(),
                             [](const TensorView& view) { return view.name.find("mm_projector.") != std::string::npos; });
}

void convert_llava(const ConversionSource& source, const fs::path& to) {
  const std::string where = source.from.string();
  const fs::path config_file = config_file_of(source);
  check(fs::exists(config_file), "{}: expected its config.json beside it, found none: give it with --config", where);
  const json object = read_json(config_file);
  check(is_original_config(object), "{}: a model directory already, which runs as it is", where);
  const OriginalLlava original =
      read_original_llava(object, config_file.string(), fs::is_directory(source.from) ? source.from : source.beside);

  OriginalWeights weights = original_weights(source, original);
  const OriginalTower tower = add_tower(original, weights.tensors);
  LlavaConfig config = llava_config_of(original, tower.config);
  if (original.linear()) add_identity(weights.tensors, config.text_config.hidden_size);
  const TensorFile file = weights.tensors.file();
  const torch::Dtype dtype = dtype_of_weights(file);
  Llava model = load_model<Llava>(config, file, original_llava_keys(config), where, {.dtype = dtype});

  const LlavaTokens tokens = llava_tokens(original, source.beside, weights.base, config.text_config.vocab_size);
  int64_t& rows = config.text_config.vocab_size;
  rows = (std::max(rows, tokens.count) + row_multiple - 1) / row_multiple * row_multiple;
  config.image_token_index = tokens.image_token;
  Faults faults(original.where);
  config.validate(faults);
  faults.raise();
  const std::string talk = chat_template_of(original, weights.projector_alone);
  const LlavaCheckpoint checkpoint{.model = with_vocabulary(model, config, where, dtype),
                                   .tokenizer = tokens.reader,
                                   .processor = LlavaProcessor(config, tower.processor, original.aspect()),
                                   .generation = generation_of(original, source, weights.base, talk)};
  save_llava(to, checkpoint,
             {.tokenizer = tokens.tokenizer,
              .tokenizer_config = tokens.tokenizer_config,
              .chat_template = template_source(original, talk)},
             dtype);
}

}  // namespace omma
