#include "omma/models/blip2/config.h"

#include "omma/base/error.h"

namespace omma {
namespace {

constexpr const char* retrieval = "Blip2ForImageTextRetrieval";

}  // namespace

Blip2VisionConfig::Blip2VisionConfig() {
  hidden_size = 1408;
  intermediate_size = 6144;
  num_hidden_layers = 39;
  num_attention_heads = 16;
  image_size = 224;
  patch_size = 14;
  layer_norm_eps = 1e-6;
  initializer_range = 1e-10;
}

void Blip2Config::validate(Faults& faults) const {
  faults.expect(qformer_config.encoder_hidden_size == vision_config.hidden_size,
                "qformer_config.encoder_hidden_size: expected the picture encoder's {}, got {}", vision_config.hidden_size,
                qformer_config.encoder_hidden_size);
  faults.expect(qformer_config.use_qformer_text_input, "qformer_config.use_qformer_text_input: expected true of {}", retrieval);
}

std::vector<std::string> blip2_tasks(const json& config, const std::string& where) {
  const json list = config.value("architectures", json());
  const std::string name = list.is_array() && !list.empty() && list[0].is_string() ? list[0].get<std::string>() : "";
  check(name == retrieval, "{}: architectures: expected {}, got \"{}\": others of BLIP-2 do not run yet", where, retrieval, name);
  return {"match"};
}

Blip2Config read_blip2_config(const json& object, std::string_view where) {
  check(object.is_object(), "{}: expected a JSON object, got {}", where, object.type_name());
  const json vision = object.value("vision_config", json::object());
  check(!vision.is_object() || vision.value("qkv_bias", json(true)) != false, "{}: vision_config.qkv_bias: expected true", where);
  return read_config<Blip2Config>(object, where);
}

json write_blip2_config(const Blip2Config& config) {
  json object = write_config(config);
  object["model_type"] = "blip-2";
  object["vision_config"]["model_type"] = "blip_2_vision_model";
  object["vision_config"]["qkv_bias"] = true;
  object["qformer_config"]["model_type"] = "blip_2_qformer";
  return object;
}

}  // namespace omma
