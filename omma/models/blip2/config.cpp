#include "omma/models/blip2/config.h"

#include "omma/base/error.h"

namespace omma {
namespace {

struct KindNames {
  Blip2Kind kind;
  const char* architecture;
  const char* model_type;
};
constexpr KindNames kinds[] = {{Blip2Kind::retrieval, "Blip2ForImageTextRetrieval", "blip-2"},
                               {Blip2Kind::language, "Blip2ForConditionalGeneration", "blip-2"},
                               {Blip2Kind::instruct, "InstructBlipForConditionalGeneration", "instructblip"}};

const KindNames& names_of(Blip2Kind kind) { return kinds[static_cast<std::size_t>(kind)]; }

Blip2Kind kind_of(const json& object, std::string_view where) {
  const json list = object.value("architectures", json());
  const std::string name = list.is_array() && !list.empty() && list[0].is_string() ? list[0].get<std::string>() : "";
  for (const KindNames& known : kinds)
    if (name == known.architecture) return known.kind;
  fail("{}: architectures: expected {}, {} or {}, got \"{}\"", where, kinds[0].architecture, kinds[1].architecture,
       kinds[2].architecture, name);
}

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
  faults.expect(kind != Blip2Kind::retrieval || qformer_config.use_qformer_text_input,
                "qformer_config.use_qformer_text_input: expected true of {}", names_of(kind).architecture);
}

std::vector<std::string> blip2_tasks(const json& config, const std::string& where) {
  if (kind_of(config, where) == Blip2Kind::retrieval) return {"match"};
  return {"caption", "answer"};
}

// transformers sets the Q-Former's encoder_hidden_size to the picture encoder's, whatever the file says; first files leave most
// out.
Blip2Config read_blip2_config(const json& object, std::string_view where) {
  check(object.is_object(), "{}: expected a JSON object, got {}", where, object.type_name());
  Blip2Config config;
  config.kind = kind_of(object, where);
  config.qformer_config.use_qformer_text_input = config.kind == Blip2Kind::instruct;  // which has no such field
  json given = object;
  const json vision = given.value("vision_config", json::object());
  if (vision.is_object() && given.contains("qformer_config") && given["qformer_config"].is_object())
    given["qformer_config"]["encoder_hidden_size"] = vision.value("hidden_size", json(config.vision_config.hidden_size));
  read_fields(config, given, where);
  if (config.kind == Blip2Kind::retrieval) return config;
  const json text = object.value("text_config", json());
  config.text_config = read_language_config(text, std::string(where) + ": text_config");
  config.eos_token_id = text.value("eos_token_id", json());
  if (const json bos = text.value("bos_token_id", json()); bos.is_number_unsigned()) config.bos_token_id = bos.get<int64_t>();
  return config;
}

json write_blip2_config(const Blip2Config& config) {
  json object = write_config(config);
  const std::string type = names_of(config.kind).model_type;
  const bool instruct = config.kind == Blip2Kind::instruct;
  object["model_type"] = type;
  object["architectures"] = {names_of(config.kind).architecture};
  object["vision_config"]["model_type"] = instruct ? "instructblip_vision_model" : "blip_2_vision_model";
  object["qformer_config"]["model_type"] = instruct ? "instructblip_qformer" : "blip_2_qformer";
  if (!config.text_config) return object;
  object["text_config"] = write_language_config(*config.text_config);
  object["text_config"]["eos_token_id"] = config.eos_token_id;
  if (config.bos_token_id) object["text_config"]["bos_token_id"] = *config.bos_token_id;
  return object;
}

}  // namespace omma
