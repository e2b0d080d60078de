// BLIP (Li et al. 2022, "Bootstrapping Language-Image Pre-training", arXiv:2201.12086): an image encoder and a mixture of text
// encoder and decoder. Weights under the names of transformers' BlipForConditionalGeneration, BlipForImageTextRetrieval and
// BlipForQuestionAnswering; of all parts together under the union of those names.
//
// B pictures, S picture tokens, R texts of T tokens, C channels, E channels of the contrast's space, V words.
#pragma once

#include "omma/models/blip/config.h"
#include "omma/models/blip/text.h"
#include "omma/models/blip/vision.h"
#include "omma/nn/linear.h"
#include "omma/nn/tensor.h"
#include "omma/nn/torch.h"

namespace omma {

struct TextScores {
  Tensor embeddings;  // unit [R, E]
  Tensor logits;      // [M, 2]
};

class BlipImpl : public torch::nn::Module {
 public:
  explicit BlipImpl(const BlipConfig& config);

  const BlipConfig& config() const { return config_; }

  Tensor embed_image(const Tensor& features);                           // [B, S, C] of vision_model -> unit [B, E]
  Tensor embed_text(const Tensor& input_ids, const Tensor& mask = {});  // [R, T] -> unit [R, E]

  // Scores before the softmax, (does not match, matches): [R, 2]. `source` as of text_encoder; the first token as it is given.
  Tensor match_logits(const Tensor& input_ids, const Tensor& mask, const BlipSource& source);

  // Both in one pass: embed_text of the first `texts` rows, match_logits of the others.
  TextScores embed_and_match(const Tensor& input_ids, const Tensor& mask, const BlipSource& source, int64_t texts);

  // With swap_first_token, a copy that begins with [ENC].
  Tensor image_grounded_ids(const Tensor& input_ids) const;  // [R, T] -> [R, T]

  // Random weights as the reference draws them, for training from scratch.
  void init_weights();

  BlipVisionModel vision_model;
  BlipTextModel text_encoder{nullptr};  // these are null where the checkpoint has no such part
  BlipTextDecoder text_decoder{nullptr};
  Linear vision_proj{nullptr}, text_proj{nullptr};
  Linear itm_head{nullptr};

 private:
  Tensor first_tokens(const Tensor& input_ids, const Tensor& mask, const BlipSource* source, int64_t apart);  // [R, T] -> [R, C]

  BlipConfig config_;
};
TORCH_MODULE(Blip);

}  // namespace omma
