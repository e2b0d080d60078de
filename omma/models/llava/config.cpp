#include "omma/models/llava/config.h"

#include <algorithm>

#include "omma/nn/linear.h"

namespace omma {

ClipVisionConfig default_llava_tower() {
  ClipVisionConfig tower;
  tower.hidden_size = 1024;
  tower.intermediate_size = 4096;
  tower.projection_dim = 768;
  tower.num_hidden_layers = 24;
  tower.num_attention_heads = 16;
  tower.image_size = 336;
  tower.patch_size = 14;
  return tower;
}

std::vector<Size> read_grid_pinpoints(const json& object, std::string_view where) {
  const json list = object.value("image_grid_pinpoints", json());
  if (list.is_null()) return {{672, 336}, {336, 672}, {672, 672}, {336, 1008}, {1008, 336}};
  check(list.is_array() && !list.empty() && list.size() <= 4096, "{}: image_grid_pinpoints: expected a list of [height, width]",
        where);
  std::vector<Size> sizes;
  for (const json& pair : list) {
    const bool valid = pair.is_array() && pair.size() == 2 && std::ranges::all_of(pair, [](const json& side) {
                         return side.is_number_unsigned() && side > 0 && side <= 65535;
                       });
    check(valid, "{}: image_grid_pinpoints: expected [height, width] of 1 to 65535 pixels, got {}", where, dump_json(pair));
    sizes.push_back({.width = pair[1], .height = pair[0]});
  }
  return sizes;
}

std::vector<int64_t> LlavaConfig::feature_states() const {
  std::vector<int64_t> states;
  for (const int64_t layer : vision_feature_layer)
    states.push_back(layer < 0 ? vision_config.num_hidden_layers + 1 + layer : layer);
  return states;
}

void LlavaConfig::validate(Faults& faults) const {
  faults.expect(image_token_index < text_config.vocab_size, "image_token_index: expected less than vocab_size {}, got {}",
                text_config.vocab_size, image_token_index);
  faults.expect(is_activation(projector_hidden_act), "projector_hidden_act: unknown activation \"{}\"", projector_hidden_act);
  faults.expect(drops_class_token() || vision_feature_select_strategy == "full",
                "vision_feature_select_strategy: expected default or full, got \"{}\"", vision_feature_select_strategy);
  faults.expect(!vision_feature_layer.empty(), "vision_feature_layer: expected at least one");
  for (const int64_t state : feature_states())
    faults.expect(state >= 0 && state <= vision_config.num_hidden_layers,
                  "vision_feature_layer: expected a state of {} blocks, got {}", vision_config.num_hidden_layers,
                  dump_json(vision_feature_layer));
  const int64_t side = vision_config.image_size;
  for (const Size& size : image_grid_pinpoints)
    faults.expect(size.width % side == 0 && size.height % side == 0,
                  "image_grid_pinpoints: expected multiples of image_size {}, got {} x {}", side, size.height, size.width);
}

namespace {

void expect_clip_tower(const json& object, std::string_view where) {
  const json tower = object.value("vision_config", json());
  if (!tower.is_object()) return;
  const json type = tower.value("model_type", json("clip_vision_model"));
  check(type == "clip_vision_model", "{}: vision_config.model_type: expected \"clip_vision_model\", got {}", where,
        dump_json(type));
}

}  // namespace

json with_layer_list(json object) {
  if (object.value("vision_feature_layer", json()).is_number())
    object["vision_feature_layer"] = json::array({object["vision_feature_layer"]});
  return object;
}

void read_llava_parts(LlavaConfig& config, const json& object, std::string_view where) {
  expect_clip_tower(object, where);
  json text = object.value("text_config", json());
  if (text.is_null()) return;
  if (object.contains("quantization_config")) text["quantization_config"] = object["quantization_config"];
  config.text_config = read_llama_config(text, std::string(where) + ": text_config");
  config.text_model_type = text.value("model_type", config.text_model_type);
}

LlavaConfig read_llava_config(const json& object, std::string_view where) {
  check(object.is_object(), "{}: expected a JSON object, got {}", where, object.type_name());
  const json current = with_layer_list(object);
  LlavaConfig config;
  const json type = object.value("model_type", json());
  config.next = type == "llava_next";
  check(config.next || type == "llava", "{}: model_type: expected \"llava\" or \"llava_next\"", where);
  if (current.value("vision_config", json()).is_null()) config.vision_config = default_llava_tower();
  read_llava_parts(config, current, where);
  if (config.next) config.image_grid_pinpoints = read_grid_pinpoints(current, where);
  read_fields(config, current, where);
  return config;
}

json write_llava_config(const LlavaConfig& config) {
  json object = write_config(config);
  object["model_type"] = config.next ? "llava_next" : "llava";
  object["architectures"] = {config.next ? "LlavaNextForConditionalGeneration" : "LlavaForConditionalGeneration"};
  object["text_config"] = write_config(config.text_config);
  object["text_config"]["model_type"] = config.text_model_type;
  if (config.text_model_type == "mistral") object["text_config"]["sliding_window"] = nullptr;
  object["vision_config"]["model_type"] = "clip_vision_model";
  if (config.text_config.int8) object["quantization_config"] = llama_int8_config();
  object["image_seq_length"] = config.tokens_per_view();
  object["tie_word_embeddings"] = config.text_config.tie_word_embeddings;
  if (config.vision_feature_layer.size() == 1) object["vision_feature_layer"] = config.vision_feature_layer.front();
  if (config.next) {
    object["image_grid_pinpoints"] = json::array();
    for (const Size& size : config.image_grid_pinpoints) object["image_grid_pinpoints"].push_back({size.height, size.width});
  }
  return object;
}

}  // namespace omma
