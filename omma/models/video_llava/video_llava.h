// Video-LLaVA (Lin et al. 2023, "Video-LLaVA: Learning United Visual Representation by Alignment Before Projection",
// arXiv:2311.10122): a LLaVA with a tower for pictures and one for clips, whose tokens share a space before one projector takes
// them to words' embeddings. Weights under the names of transformers' VideoLlavaForConditionalGeneration, and the video tower's
// temporal attention, which that leaves out, under its authors'.
//
// T frames of side x side pixels, S' tokens of a picture, S of a frame, C channels of the language model.
#pragma once

#include "omma/models/llava/llava.h"
#include "omma/models/video_llava/config.h"
#include "omma/nn/tensor.h"
#include "omma/nn/torch.h"

namespace omma {

class VideoLlavaImpl : public torch::nn::Module {
 public:
  explicit VideoLlavaImpl(const VideoLlavaConfig& config);

  Tensor embed_pictures(const Tensor& pixels);  // [V, 3, side, side] -> [V, S', C]
  // [T, 3, side, side] of one clip -> [T S, C], frame by frame, the class token of each at its front. Throws std::invalid_argument
  // for another number of frames than a tower that sees time was made for.
  Tensor embed_clip(const Tensor& pixels);

  // Words' embeddings with the tokens of pictures and of clips in their places: int64 [B, T], features [F, C] of all pictures one
  // after another and of all clips (undefined: none) -> [B, T, C]. Throws std::invalid_argument where the numbers differ.
  struct Features {
    Tensor pictures, clips;
  };
  Tensor embed(const Tensor& ids, const Features& features);

  const VideoLlavaConfig& config() const { return config_; }

  ClipVisionModel image_tower, video_tower;
  LlavaProjector multi_modal_projector;
  LlamaForCausalLM language_model;

 private:
  VideoLlavaConfig config_;
};
TORCH_MODULE(VideoLlava);

}  // namespace omma
