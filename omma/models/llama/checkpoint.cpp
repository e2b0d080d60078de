#include "omma/models/llama/checkpoint.h"

#include "omma/nn/model_directory.h"
#include "omma/nn/own_dtype.h"

namespace omma {

LlamaForCausalLM load_llama(const std::filesystem::path& directory, const LanguageOptions& options) {
  const auto file = directory / "config.json";
  const json object = read_json(file);
  const LlamaConfig config = read_llama_config(object, file.string());
  const TensorFile weights = read_weights(directory);
  const torch::Dtype dtype = options.dtype ? *options.dtype : own_dtype(object, weights, options.device);
  return load_model<LlamaForCausalLM>(config, weights, language_keys(config), directory.string(),
                                      {.device = options.device, .dtype = dtype, .for_decoding = true});
}

void save_llama(const std::filesystem::path& directory, const LlamaForCausalLM& model, const json& tokenizer,
                const GenerationConfig& generation, torch::Dtype dtype) {
  json config = write_language_config(model->config());
  config["architectures"] = {"LlamaForCausalLM"};
  const std::vector<int64_t> end = generation.end_tokens();
  config["bos_token_id"] = nullptr;
  config["eos_token_id"] = generation.eos_token_id;
  config["pad_token_id"] = end.empty() ? json() : json(end.front());
  json tokenizer_config = {{"tokenizer_class", "PreTrainedTokenizerFast"}, {"clean_up_tokenization_spaces", false}};
  for (const json& token : tokenizer.at("added_tokens"))
    if (!end.empty() && token.at("id") == end.front())
      tokenizer_config["eos_token"] = tokenizer_config["pad_token"] = token.at("content");
  save_model_directory(directory, *model,
                       {.config = config, .tokenizer = tokenizer, .tokenizer_config = tokenizer_config, .generation = generation},
                       dtype);
}

}  // namespace omma
