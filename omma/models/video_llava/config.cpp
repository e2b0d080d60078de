#include "omma/models/video_llava/config.h"

namespace omma {

void VideoLlavaConfig::validate(Faults& faults) const {
  LlavaConfig::validate(faults);
  faults.expect(video_token_index < text_config.vocab_size, "video_token_index: expected less than vocab_size {}, got {}",
                text_config.vocab_size, video_token_index);
  faults.expect(video_token_index != image_token_index, "video_token_index: expected another than image_token_index {}",
                image_token_index);
  const ClipVisionConfig& video = video_tower();
  faults.expect(video.hidden_size == vision_config.hidden_size,
                "video_config.hidden_size: expected the {} of vision_config, as one projector serves both, got {}",
                vision_config.hidden_size, video.hidden_size);
  faults.expect(video.num_hidden_layers == vision_config.num_hidden_layers,
                "video_config.num_hidden_layers: expected the {} of vision_config, got {}", vision_config.num_hidden_layers,
                video.num_hidden_layers);
}

VideoLlavaConfig read_video_llava_config(const json& object, std::string_view where) {
  check(object.is_object(), "{}: expected a JSON object, got {}", where, object.type_name());
  check(object.value("model_type", json()) == "video_llava", "{}: model_type: expected \"video_llava\"", where);
  const json current = with_layer_list(object);
  VideoLlavaConfig config;
  if (current.value("vision_config", json()).is_null()) {
    config.vision_config = default_llava_tower();
    config.vision_config.image_size = 224;
  }
  read_llava_parts(config, current, where);
  read_fields(config, current, where);
  return config;
}

json write_video_llava_config(const VideoLlavaConfig& config) {
  json object = write_llava_config(config);
  object["model_type"] = "video_llava";
  object["architectures"] = {"VideoLlavaForConditionalGeneration"};
  object["video_token_index"] = config.video_token_index;
  object["video_seq_length"] = config.frames() * config.tokens_per_frame();
  if (config.video_config) object["video_config"] = write_config(*config.video_config);
  return object;
}

}  // namespace omma
