#include "omma/models/blip/config.h"

#include <array>

#include "omma/nn/linear.h"

namespace omma {
namespace {

struct Architecture {
  std::string_view name;
  BlipParts parts;
};
constexpr std::array<Architecture, 4> known_architectures = {{
    {"BlipForConditionalGeneration", {.decoder = true}},
    {"BlipForImageTextRetrieval", {.encoder = true, .heads = true}},
    {"BlipForQuestionAnswering", {.encoder = true, .decoder = true}},
    {"BlipForPreTraining", {.encoder = true, .decoder = true, .heads = true, .tied = true}},  // omma's; transformers has none
}};

const Architecture* find_architecture(const BlipConfig& config) {
  for (const Architecture& known : known_architectures)
    if (config.architectures.size() == 1 && config.architectures.front() == known.name) return &known;
  return nullptr;
}

}  // namespace

void BlipVisionConfig::validate(Faults& faults) const {
  faults.expect(hidden_size % num_attention_heads == 0, "vision_config.hidden_size: expected a multiple of {} heads, got {}",
                num_attention_heads, hidden_size);
  faults.expect(patch_size <= image_size, "vision_config.patch_size: expected at most image_size {}, got {}", image_size,
                patch_size);
  faults.expect(is_activation(hidden_act), "vision_config.hidden_act: unknown activation \"{}\"", hidden_act);
}

void BlipTextConfig::validate(Faults& faults) const {
  faults.expect(hidden_size % num_attention_heads == 0, "text_config.hidden_size: expected a multiple of {} heads, got {}",
                num_attention_heads, hidden_size);
  faults.expect(is_activation(hidden_act), "text_config.hidden_act: unknown activation \"{}\"", hidden_act);
  const auto in_vocabulary = [&](std::string_view name, int64_t id) {
    faults.expect(id < vocab_size, "text_config.{}: expected less than vocab_size {}, got {}", name, vocab_size, id);
  };
  in_vocabulary("pad_token_id", pad_token_id);
  in_vocabulary("bos_token_id", bos_token_id);
  in_vocabulary("sep_token_id", sep_token_id);
  if (enc_token_id) in_vocabulary("enc_token_id", *enc_token_id);
  faults.expect(is_decoder.value_or(true), "text_config.is_decoder: expected true, got false");
  faults.expect(tie_word_embeddings.value_or(true), "text_config.tie_word_embeddings: expected true, got false");
}

BlipParts BlipConfig::parts() const { return find_architecture(*this)->parts; }

void BlipConfig::validate(Faults& faults) const {
  faults.expect(find_architecture(*this) != nullptr,
                "architectures: expected one of BlipForConditionalGeneration, BlipForImageTextRetrieval, BlipForQuestionAnswering, "
                "BlipForPreTraining, got {}",
                dump_json(architectures));
  faults.expect(!swap_first_token || text_config.image_grounded_token() < text_config.vocab_size,
                "text_config.enc_token_id: expected less than vocab_size {}, got {}", text_config.vocab_size,
                text_config.image_grounded_token());
}

BlipConfig read_blip_config(const json& object, std::string_view where) { return read_config<BlipConfig>(object, where); }

json write_blip_config(const BlipConfig& config) {
  json object = write_config(config);
  object["model_type"] = "blip";
  object["vision_config"]["model_type"] = "blip_vision_model";
  object["text_config"]["model_type"] = "blip_text_model";
  object["text_config"]["encoder_hidden_size"] = config.vision_config.hidden_size;
  return object;
}

std::vector<std::string> blip_tasks(const json& config, const std::string& where) {
  const BlipParts parts = read_blip_config(config, where).parts();
  std::vector<std::string> tasks;
  if (parts.decoder && (parts.tied || !parts.encoder)) tasks.emplace_back("caption");
  if (parts.heads) tasks.emplace_back("match");
  if (parts.encoder && parts.decoder && !parts.tied) tasks.emplace_back("answer");
  return tasks;
}

}  // namespace omma
