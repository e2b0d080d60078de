#include "omma/models/grounding_dino/config.h"

#include <cmath>

#include "omma/base/error.h"
#include "omma/nn/layers.h"

namespace omma::grounding_dino {
namespace {

// transformers may name a backbone of timm or a pretrained one instead of configuring it here.
void refuse_foreign_backbones(const json& object, std::string_view where) {
  for (const char* field : {"use_timm_backbone", "use_pretrained_backbone", "backbone"}) {
    const auto found = object.find(field);
    if (found != object.end() && !found->is_null() && *found != false)
      fail("{}: {}: expected a Swin backbone configured in backbone_config, got {}", where, field, dump_json(*found));
  }
  const auto type_of = [&](const char* part, const std::string& expected) {
    if (!object.contains(part) || !object[part].is_object()) return;
    const json type = object[part].value("model_type", json(expected));
    check(type == expected, "{}: {}.model_type: expected \"{}\", got {}", where, part, expected, dump_json(type));
  };
  type_of("backbone_config", "swin");
  type_of("text_config", "bert");
}

// Older files name a backbone's outputs ("stage2") without numbering them.
json with_out_indices(json object) {
  json* backbone = object.contains("backbone_config") ? &object["backbone_config"] : nullptr;
  if (backbone == nullptr || !backbone->is_object()) return object;
  const bool numbered = backbone->contains("out_indices") && !(*backbone)["out_indices"].is_null();
  if (numbered || !backbone->contains("out_features") || !(*backbone)["out_features"].is_array()) return object;
  json indices = json::array();
  for (const json& name : (*backbone)["out_features"]) {
    const std::string text = name.is_string() ? name.get<std::string>() : "";
    const bool is_stage = text.size() == 6 && text.starts_with("stage") && text[5] >= '1' && text[5] <= '8';
    indices.push_back(is_stage ? json(text[5] - '0') : name);
  }
  (*backbone)["out_indices"] = std::move(indices);
  return object;
}

}  // namespace

void Config::validate(Faults& faults) const {
  faults.expect(model_type == "grounding-dino" || model_type == "mm-grounding-dino",
                "model_type: expected \"grounding-dino\" or \"mm-grounding-dino\", got \"{}\"", model_type);
  faults.expect(d_model % 32 == 0, "d_model: expected a multiple of 32, got {}", d_model);
  faults.expect(encoder_attention_heads % 2 == 0, "encoder_attention_heads: expected an even number, got {}",
                encoder_attention_heads);
  faults.expect(d_model % encoder_attention_heads == 0, "d_model: expected a multiple of {} encoder_attention_heads, got {}",
                encoder_attention_heads, d_model);
  faults.expect(d_model % decoder_attention_heads == 0, "d_model: expected a multiple of {} decoder_attention_heads, got {}",
                decoder_attention_heads, d_model);
  faults.expect(encoder_ffn_dim % encoder_attention_heads == 0,
                "encoder_ffn_dim: expected a multiple of {} encoder_attention_heads, got {}", encoder_attention_heads,
                encoder_ffn_dim);
  const auto maps = static_cast<int64_t>(backbone_config.out_indices.size());
  faults.expect(maps <= num_feature_levels, "num_feature_levels: expected at least the backbone's {} maps, got {}", maps,
                num_feature_levels);
  faults.expect(is_activation(activation_function), "activation_function: unknown activation \"{}\"", activation_function);
  faults.expect(position_embedding_type == "sine", "position_embedding_type: expected \"sine\", got \"{}\"",
                position_embedding_type);
  faults.expect(embedding_init_target, "embedding_init_target: expected true, got false");
}

Config read_model_config(const json& object, std::string_view where) {
  check(object.is_object(), "{}: expected a JSON object, got {}", where, object.type_name());
  refuse_foreign_backbones(object, where);
  return read_config<Config>(with_out_indices(object), where);
}

json write_model_config(const Config& config) {
  json object = write_config(config);
  object["architectures"] = {config.scaled_logits() ? "MMGroundingDinoForObjectDetection" : "GroundingDinoForObjectDetection"};
  object["is_encoder_decoder"] = true;
  // transformers 5 checks types, and this one is an integer there.
  if (const double temperature = config.positional_embedding_temperature; temperature == std::floor(temperature))
    object["positional_embedding_temperature"] = static_cast<int64_t>(temperature);
  return object;
}

}  // namespace omma::grounding_dino
