#include "omma/models/llava/checkpoint.h"

#include "omma/base/error.h"
#include "omma/base/file.h"
#include "omma/nn/model_directory.h"
#include "omma/nn/own_dtype.h"

namespace omma {

KeyTable llava_keys(const LlavaConfig& config) {
  KeyTable table;
  const std::string tower = "vision_tower.vision_model.";
  table.rules = {{"model.vision_tower.vision_model.**", {tower + "**"}},  // as the modules of 4.52 and later are called
                 {"model.vision_tower.**", {tower + "**"}},
                 {"model.multi_modal_projector.**", {"multi_modal_projector.**"}},
                 {"model.language_model.**", {"language_model.model.**"}},
                 {"model.image_newline", {"image_newline"}},
                 {"lm_head.weight", {"language_model.lm_head.weight"}},
                 {tower + "**", {tower + "**"}},
                 {"vision_tower.**", {tower + "**"}}};  // as 5 writes them
  if (config.text_config.tie_word_embeddings)
    for (KeyRule& rule : table.rules)
      if (rule.from == "lm_head.weight") rule.to = {"language_model.model.embed_tokens.weight"};
  if (config.text_config.tie_word_embeddings)
    table.rules.push_back({"language_model.lm_head.weight", {"language_model.model.embed_tokens.weight"}});
  table.ignored = {"vision_tower.vision_model.embeddings.position_ids",
                   "language_model.model.layers.*.self_attn.rotary_emb.inv_freq"};
  return table;
}

std::string llava_part_in_transformers(const std::string& name) {
  constexpr std::string_view head = "language_model.lm_head", decoder = "language_model.model", tower = "vision_tower.vision_model";
  if (name.starts_with(head)) return "lm_head" + name.substr(head.size());
  if (name.starts_with(decoder)) return "model.language_model" + name.substr(decoder.size());
  if (name.starts_with(tower)) return "model.vision_tower" + name.substr(tower.size());
  return "model." + name;
}

LlavaCheckpoint load_llava(const std::filesystem::path& directory, const LlavaOptions& options) {
  const auto file = directory / "config.json";
  const json object = read_json(file);
  const LlavaConfig config = read_llava_config(object, file.string());
  const TensorFile weights = read_weights(directory);
  LlavaCheckpoint checkpoint{
      .model = load_model<Llava>(
          config, weights, llava_keys(config), directory.string(),
          {.device = options.device, .dtype = options.dtype.value_or(own_dtype(object, weights)), .for_decoding = true}),
      .tokenizer = Tokenizer::from_directory(directory),
      .processor = LlavaProcessor::from_directory(directory, config, options.aspect),
      .generation = read_generation_config(directory)};
  check(checkpoint.tokenizer.largest_id() < config.text_config.vocab_size,
        "{}: tokenizer: has ids up to {}, the model's vocabulary has {}", directory.string(), checkpoint.tokenizer.largest_id(),
        config.text_config.vocab_size);
  if (checkpoint.generation.end_tokens().empty())  // as LlamaConfig's default is
    checkpoint.generation.eos_token_id = object.value("text_config", json::object()).value("eos_token_id", json(2));
  return checkpoint;
}

void save_llava(const std::filesystem::path& directory, const LlavaCheckpoint& checkpoint, const LlavaFiles& files,
                torch::Dtype dtype) {
  const LlavaConfig& config = checkpoint.model->config();
  save_model_directory(directory, *checkpoint.model,
                       {.config = write_llava_config(config),
                        .tokenizer = files.tokenizer,
                        .tokenizer_config = files.tokenizer_config,
                        .processor = write_llava_processor(checkpoint.processor, config),
                        .generation = checkpoint.generation},
                       dtype);
  const json processor = {{"processor_class", config.next ? "LlavaNextProcessor" : "LlavaProcessor"},
                          {"patch_size", config.vision_config.patch_size},
                          {"num_additional_image_tokens", 1},
                          {"vision_feature_select_strategy", config.vision_feature_select_strategy},
                          {"image_token", checkpoint.tokenizer.id_to_token(static_cast<std::int32_t>(config.image_token_index))}};
  write_file(directory / "processor_config.json", dump_json(processor, 2) + "\n");
  if (!files.chat_template.empty()) write_file(directory / "chat_template.jinja", files.chat_template);
}

}  // namespace omma
