#include "omma/models/sam/config.h"

#include <algorithm>

#include "omma/base/error.h"
#include "omma/nn/linear.h"
#include "omma/nn/quantization_config.h"

namespace omma::sam {
namespace {

// The linear layers that are of 8-bit numbers where any are.
const std::vector<std::string> int8_layers = {R"(re:vision_encoder\.layers\.\d+\.(attn\.(qkv|proj)|mlp\.lin[12])$)"};

void expect_activation(Faults& faults, std::string_view field, const std::string& name) {
  faults.expect(is_activation(name), "{}.hidden_act: unknown activation \"{}\"", field, name);
}

}  // namespace

bool VisionConfig::is_global(int64_t layer) const {
  return window_size == 0 || std::ranges::find(global_attn_indexes, layer) != global_attn_indexes.end();
}

void VisionConfig::validate(Faults& faults) const {
  faults.expect(image_size % patch_size == 0, "vision_config.image_size: expected a multiple of {} pixels a patch, got {}",
                patch_size, image_size);
  faults.expect(hidden_size % num_attention_heads == 0, "vision_config.hidden_size: expected a multiple of {} heads, got {}",
                num_attention_heads, hidden_size);
  expect_activation(faults, "vision_config", hidden_act);
}

void PromptEncoderConfig::validate(Faults& faults) const {
  faults.expect(image_size % patch_size == 0, "prompt_encoder_config.image_size: expected a multiple of {} pixels a patch, got {}",
                patch_size, image_size);
  faults.expect(mask_input_channels % 4 == 0, "prompt_encoder_config.mask_input_channels: expected a multiple of 4, got {}",
                mask_input_channels);
  expect_activation(faults, "prompt_encoder_config", hidden_act);
}

void MaskDecoderConfig::validate(Faults& faults) const {
  for (const int64_t divisor : {int64_t{8}, 2 * num_attention_heads, attention_downsample_rate * num_attention_heads})
    faults.expect(hidden_size % divisor == 0, "mask_decoder_config.hidden_size: expected a multiple of {}, got {}", divisor,
                  hidden_size);
  expect_activation(faults, "mask_decoder_config", hidden_act);
}

void Config::validate(Faults& faults) const {
  faults.expect(model_type == "sam", "model_type: expected \"sam\", got \"{}\"", model_type);
  const int64_t width = channels();
  const auto same = [&](std::string_view field, int64_t value) {
    faults.expect(value == width, "{}: expected mask_decoder_config.hidden_size {}, got {}", field, width, value);
  };
  same("vision_config.output_channels", tiny_vit ? tiny_vit->output_channels : vision_config.output_channels);
  same("prompt_encoder_config.hidden_size", prompt_encoder_config.hidden_size);
  same("2 vision_config.num_pos_feats", 2 * frequencies());
  const int64_t patch = tiny_vit ? tiny_vit->patch_size() : vision_config.patch_size;
  faults.expect(image_size() == prompt_encoder_config.image_size && patch == prompt_encoder_config.patch_size,
                "prompt_encoder_config: expected the picture encoder's {} pixels and patches of {}, got {} and {}", image_size(),
                patch, prompt_encoder_config.image_size, prompt_encoder_config.patch_size);
}

Config read_model_config(const json& object, std::string_view where) {
  check(object.is_object(), "{}: expected a JSON object, got {}", where, object.type_name());
  const json vision = object.value("vision_config", json::object());
  const json quantization = object.value("quantization_config", json());
  Config config;
  if (!vision.is_object() || vision.value("model_type", json()) != "tiny_vit") {
    config = read_config<Config>(object, where);
    config.vision_config.int8 = !quantization.is_null();
    if (config.vision_config.int8) expect_int8_config(quantization, int8_layers, where);
    return config;
  }
  check(quantization.is_null(), "{}: quantization_config: a TinyViT has no form of 8-bit numbers", where);
  config.tiny_vit = read_config<TinyVitConfig>(vision, fmt::format("{}: vision_config", where));
  read_fields(config, object, where);
  return config;
}

json write_model_config(const Config& config) {
  json object = write_config(config);
  if (config.tiny_vit) object["vision_config"] = write_config(*config.tiny_vit);
  object["architectures"] = {"SamModel"};
  if (config.vision_config.int8) object["quantization_config"] = write_int8_config(int8_layers);
  return object;
}

}  // namespace omma::sam
