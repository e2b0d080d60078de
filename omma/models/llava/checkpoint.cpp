#include "omma/models/llava/checkpoint.h"

#include "omma/base/error.h"
#include "omma/base/file.h"
#include "omma/nn/model_directory.h"
#include "omma/nn/own_dtype.h"

namespace omma {

KeyTable llava_keys(const LlavaConfig& config, std::initializer_list<std::string> towers) {
  KeyTable table;
  for (const std::string& name : towers) {
    const std::string tower = name + ".vision_model.";
    table.rules.push_back({"model." + tower + "**", {tower + "**"}});  // as the modules of 4.52 and later are called
    table.rules.push_back({"model." + name + ".**", {tower + "**"}});
    table.rules.push_back({tower + "**", {tower + "**"}});
    table.rules.push_back({name + ".**", {tower + "**"}});  // as 5 writes them
    table.ignored.push_back(tower + "embeddings.position_ids");
  }
  const std::string head =
      config.text_config.tie_word_embeddings ? "language_model.model.embed_tokens.weight" : "language_model.lm_head.weight";
  table.rules.push_back({"model.multi_modal_projector.**", {"multi_modal_projector.**"}});
  table.rules.push_back({"model.language_model.**", {"language_model.model.**"}});
  table.rules.push_back({"model.image_newline", {"image_newline"}});
  table.rules.push_back({"lm_head.weight", {head}});
  table.rules.push_back({"language_model.lm_head.weight", {head}});
  table.ignored.push_back("language_model.model.layers.*.self_attn.rotary_emb.inv_freq");
  return table;
}

std::string llava_part_in_transformers(const std::string& name) {
  constexpr std::string_view head = "language_model.lm_head", decoder = "language_model.model", tower = "vision_tower.vision_model";
  if (name.starts_with(head)) return "lm_head" + name.substr(head.size());
  if (name.starts_with(decoder)) return "model.language_model" + name.substr(decoder.size());
  if (name.starts_with(tower)) return "model.vision_tower" + name.substr(tower.size());
  return "model." + name;
}

void expect_llava_tokens(const std::filesystem::path& directory, const Tokenizer& tokenizer, const LlavaConfig& config) {
  check(tokenizer.largest_id() < config.text_config.vocab_size, "{}: tokenizer: has ids up to {}, the model's vocabulary has {}",
        directory.string(), tokenizer.largest_id(), config.text_config.vocab_size);
}

void add_llava_end(GenerationConfig& generation, const json& config) {
  if (generation.end_tokens().empty())  // as LlamaConfig's default is
    generation.eos_token_id = config.value("text_config", json::object()).value("eos_token_id", json(2));
}

LlavaCheckpoint load_llava(const std::filesystem::path& directory, const LlavaOptions& options) {
  const auto file = directory / "config.json";
  const json object = read_json(file);
  const LlavaConfig config = read_llava_config(object, file.string());
  const TensorFile weights = read_weights(directory);
  LlavaCheckpoint checkpoint{
      .model = load_model<Llava>(config, weights, llava_keys(config), directory.string(),
                                 {.device = options.device,
                                  .dtype = options.dtype.value_or(own_dtype(object, weights, options.device)),
                                  .for_decoding = true}),
      .tokenizer = Tokenizer::from_directory(directory),
      .processor = LlavaProcessor::from_directory(directory, config, options.aspect),
      .generation = read_generation_config(directory)};
  expect_llava_tokens(directory, checkpoint.tokenizer, config);
  add_llava_end(checkpoint.generation, object);
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
