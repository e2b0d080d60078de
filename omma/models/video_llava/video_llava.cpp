#include "omma/models/video_llava/video_llava.h"

#include <memory>

#include "omma/base/error.h"
#include "omma/models/video_llava/video_tower.h"
#include "omma/nn/layers.h"
#include "omma/nn/visual_places.h"

namespace omma {
namespace {

ClipVisionModel make_video_tower(const VideoLlavaConfig& config) {
  if (!config.sees_time()) return ClipVisionModel(config.video_tower());
  const std::shared_ptr<ClipVisionModelImpl> tower = std::make_shared<VideoTowerImpl>(config.video_tower(), config.frames());
  return ClipVisionModel(tower);
}

}  // namespace

VideoLlavaImpl::VideoLlavaImpl(const VideoLlavaConfig& config)
    : image_tower(register_at(*this, "image_tower.vision_model", ClipVisionModel(config.vision_config))),
      video_tower(register_at(*this, "video_tower.vision_model", make_video_tower(config))),
      multi_modal_projector(register_module("multi_modal_projector", LlavaProjector(projector_options(config)))),
      language_model(register_module("language_model", LlamaForCausalLM(config.text_config))),
      config_(config) {}

Tensor VideoLlavaImpl::embed_pictures(const Tensor& pixels) {
  const Tensor states = selected_states(image_tower, config_, pixels);
  return multi_modal_projector(config_.drops_class_token() ? states.narrow(1, 1, states.size(1) - 1) : states);
}

Tensor VideoLlavaImpl::embed_clip(const Tensor& pixels) {
  check(!config_.sees_time() || pixels.size(0) == config_.frames(), "video_llava: expected clips of {} frames, got {}",
        config_.frames(), pixels.size(0));
  return multi_modal_projector(selected_states(video_tower, config_, pixels)).flatten(0, 1);
}

Tensor VideoLlavaImpl::embed(const Tensor& ids, const Features& features) {
  const Tensor words = language_model->model->embed_tokens(ids);
  const Tensor with_pictures = fill_places(words, ids, config_.image_token_index, features.pictures, "video_llava: pictures");
  return fill_places(with_pictures, ids, config_.video_token_index, features.clips, "video_llava: clips");
}

}  // namespace omma
