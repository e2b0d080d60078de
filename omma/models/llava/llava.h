// LLaVA (Liu et al. 2023, "Visual Instruction Tuning", arXiv:2304.08485; 1.5: arXiv:2310.03744; NeXT, 1.6): CLIP's tower, a
// projector, a language model. Weights under the names of transformers' LlavaForConditionalGeneration and
// LlavaNextForConditionalGeneration.
//
// V views, S' tower tokens, without the class token where it is dropped, K = C x layers joined, F tokens of a picture, T tokens, C
// channels of the language model.
#pragma once

#include <optional>
#include <vector>

#include "omma/models/llava/config.h"
#include "omma/models/llava/projector.h"
#include "omma/nn/clip_vision.h"
#include "omma/nn/llama.h"
#include "omma/nn/tensor.h"
#include "omma/nn/torch.h"
#include "omma/vision/resize.h"

namespace omma {

LlavaProjectorOptions projector_options(const LlavaConfig& config);

// The states of a tower that the config selects, joined: pixels [V, 3, side, side] -> [V, S, K], the class token among them.
Tensor selected_states(ClipVisionModel& tower, const LlavaConfig& config, const Tensor& pixels);

// A picture as the tower sees it: itself alone, or (NeXT) itself and then its parts, row by row.
struct LlavaViews {
  Tensor pixels;                      // [V, 3, side, side], normalised
  std::optional<Size> parts_of = {};  // the picture's own size, which tells the parts' grid; none: there are no parts
};

class LlavaImpl : public torch::nn::Module {
 public:
  explicit LlavaImpl(const LlavaConfig& config);
  LlavaImpl(const LlavaConfig& config, ClipVisionModel tower, LlamaForCausalLM decoder);  // of parts, which fit the config

  Tensor embed_picture(const LlavaViews& views);  // [F, C], by the three below

  Tensor look_at(const Tensor& pixels);                                // [V, 3, side, side] -> [V, S', K], by the tower
  Tensor project(const Tensor& seen);                                  // [V, S', K] -> [V, S', C]
  Tensor arrange(const Tensor& tokens, std::optional<Size> parts_of);  // of one picture's views: [V, S', C] -> [F, C]

  // Words' embeddings with the pictures' tokens in the places of the image token: int64 [B, T] and features [F, C] of all pictures
  // one after another (undefined: none) -> [B, T, C]. Throws std::invalid_argument where the number of places is not F.
  Tensor embed(const Tensor& ids, const Tensor& features);

  const LlavaConfig& config() const { return config_; }

  ClipVisionModel vision_tower;
  LlavaProjector multi_modal_projector;
  LlamaForCausalLM language_model;
  Tensor image_newline;  // NeXT: [C]

 private:
  LlavaConfig config_;
};
TORCH_MODULE(Llava);

}  // namespace omma
