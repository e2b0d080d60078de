#include "omma/models/video_llava/checkpoint.h"

#include "omma/base/error.h"
#include "omma/base/file.h"
#include "omma/nn/model_directory.h"
#include "omma/nn/own_dtype.h"

namespace omma {

KeyTable video_llava_keys(const LlavaConfig& config) { return llava_keys(config, {"image_tower", "video_tower"}); }

VideoLlavaCheckpoint load_video_llava(const std::filesystem::path& directory, const LlavaOptions& options) {
  const auto file = directory / "config.json";
  const json object = read_json(file);
  const VideoLlavaConfig config = read_video_llava_config(object, file.string());
  const TensorFile weights = read_weights(directory);
  VideoLlavaCheckpoint checkpoint{
      .model = load_model<VideoLlava>(config, weights, video_llava_keys(config), directory.string(),
                                      {.device = options.device,
                                       .dtype = options.dtype.value_or(own_dtype(object, weights, options.device)),
                                       .for_decoding = true}),
      .tokenizer = Tokenizer::from_directory(directory),
      .pictures = LlavaProcessor::from_directory(directory, config, options.aspect),
      .clips = ClipProcessor::from_directory(directory, config),
      .generation = read_generation_config(directory)};
  expect_llava_tokens(directory, checkpoint.tokenizer, config);
  add_llava_end(checkpoint.generation, object);
  return checkpoint;
}

void save_video_llava(const std::filesystem::path& directory, const VideoLlavaCheckpoint& checkpoint, const LlavaFiles& files,
                      torch::Dtype dtype) {
  const VideoLlavaConfig& config = checkpoint.model->config();
  json pictures = write_image_processor(checkpoint.pictures.config(), "VideoLlava");
  if (checkpoint.pictures.aspect() == ImageAspect::pad) pictures["do_pad"] = true;
  save_model_directory(directory, *checkpoint.model,
                       {.config = write_video_llava_config(config),
                        .tokenizer = files.tokenizer,
                        .tokenizer_config = files.tokenizer_config,
                        .processor = pictures,
                        .generation = checkpoint.generation},
                       dtype);
  const auto token = [&](int64_t id) { return checkpoint.tokenizer.id_to_token(static_cast<std::int32_t>(id)); };
  const json processor = {{"processor_class", "VideoLlavaProcessor"},
                          {"patch_size", config.vision_config.patch_size},
                          {"num_additional_image_tokens", 1},
                          {"vision_feature_select_strategy", config.vision_feature_select_strategy},
                          {"image_token", token(config.image_token_index)},
                          {"video_token", token(config.video_token_index)}};
  write_file(directory / "processor_config.json", dump_json(processor, 2) + "\n");
  write_file(directory / "video_preprocessor_config.json", dump_json(write_clip_processor(checkpoint.clips.config()), 2) + "\n");
  if (!files.chat_template.empty()) write_file(directory / "chat_template.jinja", files.chat_template);
}

}  // namespace omma
