#include "omma/models/blip/convert.h"

#include <fmt/format.h>

#include <cmath>

#include "omma/base/error.h"
#include "omma/models/blip/checkpoint.h"
#include "omma/models/original_shapes.h"
#include "omma/nn/model_directory.h"

namespace omma {
namespace fs = std::filesystem;
namespace {

KeyTable original_keys(const std::string& prefix) {
  KeyTable table;
  // The momentum copies, queues and temperature of pre-training are no part of the model.
  for (const char* unused : {"visual_encoder_m.**", "text_encoder_m.**", "vision_proj_m.*", "text_proj_m.*", "image_queue",
                             "text_queue", "idx_queue", "queue_ptr", "ptr_queue", "temp", "text_encoder.embeddings.position_ids",
                             "text_encoder_m.embeddings.position_ids", "text_decoder.bert.embeddings.position_ids"})
    table.ignored.push_back(prefix + unused);
  const auto rename = [&](const std::string& from, const std::string& to) { table.rules.push_back({prefix + from, {to}}); };
  const std::string block = "visual_encoder.blocks.*.", layer = "vision_model.encoder.layers.*.";
  rename("visual_encoder.cls_token", "vision_model.embeddings.class_embedding");
  rename("visual_encoder.pos_embed", "vision_model.embeddings.position_embedding");
  rename("visual_encoder.patch_embed.proj.*", "vision_model.embeddings.patch_embedding.*");
  rename(block + "norm1.*", layer + "layer_norm1.*");
  rename(block + "attn.qkv.*", layer + "self_attn.qkv.*");
  rename(block + "attn.proj.*", layer + "self_attn.projection.*");
  rename(block + "norm2.*", layer + "layer_norm2.*");
  rename(block + "mlp.**", layer + "mlp.**");
  rename("visual_encoder.norm.*", "vision_model.post_layernorm.*");
  rename("text_decoder.cls.predictions.decoder.weight", "text_decoder.bert.embeddings.word_embeddings.weight");
  rename("text_decoder.cls.predictions.decoder.bias", "text_decoder.cls.predictions.bias");
  for (const char* same : {"text_encoder.**", "text_decoder.**", "vision_proj.*", "text_proj.*", "itm_head.*"}) rename(same, same);
  return table;
}

std::string architecture_of(const OriginalShapes& shapes) {
  const bool encoder = shapes.has("text_encoder.embeddings.word_embeddings.weight");
  const bool decoder = shapes.has("text_decoder.bert.embeddings.word_embeddings.weight");
  if (encoder && decoder) return shapes.has("itm_head.weight") ? "BlipForPreTraining" : "BlipForQuestionAnswering";
  return encoder ? "BlipForImageTextRetrieval" : "BlipForConditionalGeneration";
}

BlipConfig published_config(const ConversionSource& source, const std::string& prefix) {
  const OriginalShapes shapes(source.file, source.from.string(), prefix);
  BlipConfig config;
  config.architectures = {architecture_of(shapes)};
  const BlipParts parts = config.parts();
  BlipVisionConfig& vision = config.vision_config;
  vision.hidden_size = shapes.size("visual_encoder.cls_token", 2);
  vision.intermediate_size = shapes.size("visual_encoder.blocks.0.mlp.fc1.weight", 0);
  vision.num_hidden_layers = shapes.count("visual_encoder.blocks.", ".norm1.weight");
  vision.num_attention_heads = std::max<int64_t>(1, vision.hidden_size / 64);
  vision.patch_size = shapes.size("visual_encoder.patch_embed.proj.weight", 2);
  const auto patches = static_cast<double>(shapes.size("visual_encoder.pos_embed", 1) - 1);
  vision.image_size = static_cast<int64_t>(std::lround(std::sqrt(patches))) * vision.patch_size;
  vision.layer_norm_eps = 1e-6;
  const std::string text_name = parts.encoder ? "text_encoder." : "text_decoder.bert.";
  BlipTextConfig& text = config.text_config;
  text.vocab_size = shapes.size(text_name + "embeddings.word_embeddings.weight", 0);
  text.hidden_size = shapes.size(text_name + "embeddings.word_embeddings.weight", 1);
  text.max_position_embeddings = shapes.size(text_name + "embeddings.position_embeddings.weight", 0);
  text.intermediate_size = shapes.size(text_name + "encoder.layer.0.intermediate.dense.weight", 0);
  text.num_hidden_layers = shapes.count(text_name + "encoder.layer.", ".attention.self.query.weight");
  text.num_attention_heads = std::max<int64_t>(1, text.hidden_size / 64);
  text.hidden_dropout_prob = text.attention_probs_dropout_prob = 0.1;
  text.label_smoothing = 0.1;
  text.bos_token_id = text.vocab_size - 2;
  if (parts.heads) config.image_text_hidden_size = shapes.size("vision_proj.weight", 0);
  config.swap_first_token = parts.encoder;
  return config;
}

// The authors' own settings, by task.
GenerationConfig published_generation(const BlipConfig& config) {
  GenerationConfig generation;
  generation.eos_token_id = config.text_config.sep_token_id;
  if (!config.parts().decoder) return generation;
  const bool answers = config.parts().encoder && !config.parts().tied;
  generation.num_beams = 3;
  generation.max_length = answers ? 10 : 20;
  generation.min_length = answers ? 1 : 5;
  if (!answers) generation.caption_prompt = "a picture of ";
  return generation;
}

}  // namespace

std::optional<std::string> original_blip_prefix(const TensorFile& file) {
  for (const char* prefix : {"model.", "module.", ""})
    if (file.find(fmt::format("{}visual_encoder.cls_token", prefix)) != nullptr) return prefix;
  return std::nullopt;
}

void convert_blip(const ConversionSource& source, const fs::path& to) {
  const std::string where = source.from.string();
  const std::optional<std::string> prefix = original_blip_prefix(source.file);
  const BlipConfig config = source.config_file ? read_blip_config(read_json(*source.config_file), source.config_file->string())
                                               : published_config(source, prefix.value_or(""));
  const KeyTable keys = prefix ? original_keys(*prefix) : blip_keys();
  const auto model = load_model<Blip>(config, source.file, keys, where);
  const bool has_settings = source.config_file && fs::exists(source.beside / "generation_config.json");
  const GenerationConfig generation = has_settings ? read_generation_config(source.beside) : published_generation(config);
  save_model_directory(to, *model, {.config = write_blip_config(config), .generation = generation}, torch::kFloat32);
  copy_processor(source, to, write_image_processor(square_image_processor(config.vision_config.image_size), "Blip"));
  copy_bert_tokenizer(source, to);
}

}  // namespace omma
