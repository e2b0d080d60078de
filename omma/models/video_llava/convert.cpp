#include "omma/models/video_llava/convert.h"

#include <string>

#include "omma/base/error.h"
#include "omma/models/llava/original.h"
#include "omma/models/llava/original_model.h"
#include "omma/models/llava/original_tokens.h"
#include "omma/models/llava/original_weights.h"
#include "omma/models/video_llava/checkpoint.h"
#include "omma/text/chat_template.h"

namespace omma {
namespace fs = std::filesystem;
namespace {

constexpr const char *image_tower = "model.image_tower.image_tower.", *video_tower = "model.video_tower.video_tower.";

// Of a LanguageBind model, `part` being what it is called there.
json tower_config(const fs::path& directory) {
  const std::string where = (directory / "config.json").string();
  const json object = read_json(where);
  check(object.is_object() && object.value("vision_config", json()).is_object(), "{}: expected a vision_config", where);
  return object["vision_config"];
}

// The directory of the tower that `field` names; its weights go into `tensors` where these have none.
fs::path open_tower(const OriginalLlava& original, const char* field, const std::string& name, const char* prefix,
                    TensorSet& tensors) {
  const std::optional<fs::path> directory = find_tower(name);
  if (!directory) fail_without_tower(original, field, name);
  if (!tensors.has(prefix)) add_tower_weights(*directory, prefix, tensors);
  return *directory;
}

VideoLlavaConfig config_of(const OriginalLlava& original, TensorSet& tensors) {
  const fs::path pictures = open_tower(original, "mm_image_tower", original.mm_image_tower, image_tower, tensors);
  const fs::path clips = open_tower(original, "mm_video_tower", original.mm_video_tower, video_tower, tensors);
  VideoLlavaConfig config;
  const auto tower = read_config<ClipVisionConfig>(tower_config(pictures), pictures.string() + ": vision_config");
  static_cast<LlavaConfig&>(config) = llava_config_of(original, tower);
  VideoTowerConfig video;
  video.add_time_attn = false;  // as LanguageBind's own default is
  video.num_frames = 1;
  read_fields(video, tower_config(clips), clips.string() + ": vision_config");
  config.video_config = video;
  return config;
}

KeyTable keys_of(const LlavaConfig& config) {
  KeyTable table = original_llava_keys(config);
  table.rules.insert(table.rules.begin(), {{std::string(image_tower) + "**", {"image_tower.vision_model.**"}},
                                           {std::string(video_tower) + "**", {"video_tower.vision_model.**"}}});
  for (const char* tower : {image_tower, video_tower}) table.ignored.push_back(std::string(tower) + "embeddings.position_ids");
  return table;
}

ImageProcessorConfig without_antialias(int64_t side, int64_t resample) {
  ImageProcessorConfig config = cropping_image_processor(side);
  config.resample = resample;
  config.antialias = false;
  return config;
}

}  // namespace

bool is_original_video_llava(const ConversionSource& source) {
  const fs::path file = source.config_file.value_or(source.beside / "config.json");
  return fs::exists(file) && is_original_video_config(read_json(file));
}

void convert_video_llava(const ConversionSource& source, const fs::path& to) {
  constexpr int64_t bilinear = 2, bicubic = 3;
  const OriginalLlava original = open_original_llava(source);
  const std::string where = source.from.string();
  check(!original.linear(), "{}: mm_projector_type: expected mlp2x_gelu with towers of clips", original.where);
  OriginalWeights weights = original_weights(source, original);
  VideoLlavaConfig config = config_of(original, weights.tensors);
  const TensorFile file = weights.tensors.file();
  const torch::Dtype dtype = dtype_of_words(file);
  const VideoLlava model = load_model<VideoLlava>(config, file, keys_of(config), where, {.dtype = dtype});

  const LlavaTokens tokens = llava_tokens(original, source.beside, weights.base, config.text_config.vocab_size);
  config.text_config.vocab_size = rows_for(tokens.count, config.text_config.vocab_size);
  config.image_token_index = tokens.image_token;
  config.video_token_index = tokens.video_token;
  Faults faults(original.where);
  config.validate(faults);
  faults.raise();
  const std::string talk = chat_template_of(original, weights.projector_alone);
  const TensorFile grown = with_vocabulary(*model, config.text_config.vocab_size);
  const ImageProcessorConfig pictures = without_antialias(config.vision_config.image_size, bicubic),
                             frames = without_antialias(config.video_tower().image_size, bilinear);
  const VideoLlavaCheckpoint checkpoint{.model = load_model<VideoLlava>(config, grown, {}, where, {.dtype = dtype}),
                                        .tokenizer = tokens.reader,
                                        .pictures = LlavaProcessor(config, pictures, original.aspect()),
                                        .clips = ClipProcessor(config, frames),
                                        .generation = original_generation(original, source, weights.base, talk)};
  save_video_llava(to, checkpoint,
                   {.tokenizer = tokens.tokenizer,
                    .tokenizer_config = tokens.tokenizer_config,
                    .chat_template = ChatTemplate::built_in_source(talk)},
                   dtype);
}

}  // namespace omma
