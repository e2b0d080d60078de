#include "omma/models/clip/config.h"

#include "omma/nn/linear.h"

namespace omma {

void ClipTextConfig::validate(Faults& faults) const {
  faults.expect(hidden_size % num_attention_heads == 0, "text_config.hidden_size: expected a multiple of {} heads, got {}",
                num_attention_heads, hidden_size);
  faults.expect(is_activation(hidden_act), "text_config.hidden_act: unknown activation \"{}\"", hidden_act);
  faults.expect(eos_token_id < vocab_size, "text_config.eos_token_id: expected less than vocab_size {}, got {}", vocab_size,
                eos_token_id);
}

ClipConfig read_clip_config(const json& object, std::string_view where) {
  json current = object;
  if (object.is_object())
    for (const std::string part : {"text_config", "vision_config"})
      if (const json old = object.value(part + "_dict", json()); !old.is_null()) current[part] = old;
  return read_config<ClipConfig>(current, where);
}

json write_clip_config(const ClipConfig& config) {
  json object = write_config(config);
  object["model_type"] = "clip";
  object["architectures"] = {"CLIPModel"};
  object["text_config"]["model_type"] = "clip_text_model";
  object["text_config"]["projection_dim"] = config.projection_dim;
  object["vision_config"]["model_type"] = "clip_vision_model";
  object["vision_config"]["projection_dim"] = config.projection_dim;
  return object;
}

}  // namespace omma
