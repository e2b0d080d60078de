// BLIP-2 (Li et al. 2023, arXiv:2301.12597) and InstructBLIP (Dai et al. 2023, arXiv:2305.06500): a frozen picture encoder, a
// Q-Former that asks it, and what stands upon its queries: heads for texts, or a language model. Weights under the names of
// transformers' models.
//
// P pictures of S tokens, Q queries, R texts of T tokens, B rows, C channels of the Q-Former, E of the space of the contrast, D of
// the language model's embeddings.
#pragma once

#include <span>

#include "omma/models/blip/vision.h"
#include "omma/models/blip2/config.h"
#include "omma/models/language/network.h"
#include "omma/nn/image_processor.h"
#include "omma/nn/linear.h"
#include "omma/nn/tensor.h"
#include "omma/nn/torch.h"
#include "omma/tasks/timing.h"
#include "omma/vision/image.h"

namespace omma {

// What all of them share: pictures to the queries' answers.
class Blip2ModelImpl : public torch::nn::Module {
 public:
  explicit Blip2ModelImpl(const Blip2Config& config);

  // What the queries say of pictures [P, S, ...], each without a text: [P, Q, C].
  Tensor ask_pictures(const Tensor& features);

  // Queries and text see each other: what all of them say, [B, Q + T, C]. Text b of ids [B, T] is about picture b G / B of G;
  // `mask` [B, T], true = a token; undefined: none is padded.
  Tensor ask_pictures(const QFormerPicture& pictures, const Tensor& input_ids, const Tensor& mask);

  // The same with any mask of the self-attention, as attention() takes it.
  Tensor ask_with_mask(const QFormerPicture& pictures, const Tensor& input_ids, const Tensor& seen);

  const Blip2Config& config() const { return config_; }

  BlipVisionModel vision_model;
  QFormer qformer;

 protected:
  Tensor embed_words(const Tensor& input_ids);  // [R, T] -> [R, T, C]

 private:
  Blip2Config config_;
  Tensor query_tokens_;                                                             // [1, Q, C]
  torch::nn::Embedding word_embeddings_ = nullptr, position_embeddings_ = nullptr;  // where it reads text
};

class Blip2RetrievalImpl : public Blip2ModelImpl {
 public:
  explicit Blip2RetrievalImpl(const Blip2Config& config);

  // Unit vectors: every query's of a picture [P, Q, E], and the first token's of a text [R, E]. Neither sees the other. `mask` as
  // above.
  Tensor embed_pictures(const Tensor& features);
  Tensor embed_texts(const Tensor& input_ids, const Tensor& mask);

  // Matching: the head's mean over the queries, which see the text, says whether they belong together. Text r G ... of picture r:
  // ids [P G, T] -> logits [P G, 2].
  Tensor match_logits(const QFormerPicture& picture, const Tensor& input_ids, const Tensor& mask);

  // Captioning, the third of the losses: queries see queries, a token of a text all queries and the tokens up to itself. What a
  // language head reads, [P G, T, C]; texts begin with their [DEC].
  Tensor caption_states(const QFormerPicture& picture, const Tensor& input_ids, const Tensor& mask);

 private:
  Linear vision_projection_ = nullptr, text_projection_ = nullptr, itm_head_ = nullptr;
};
TORCH_MODULE(Blip2Retrieval);

class Blip2LanguageImpl : public Blip2ModelImpl {
 public:
  explicit Blip2LanguageImpl(const Blip2Config& config);

  Tensor project(const Tensor& queries);  // [B, Q, C] -> [B, Q, D], before a prompt's words

  LanguageNetwork& language() { return *language_; }

 private:
  Linear language_projection_ = nullptr;
  LanguageNetwork* language_ = nullptr;  // within the registered module
};
TORCH_MODULE(Blip2Language);

// Pictures through the processor and the picture encoder, [P, S, C of the encoder]; milliseconds a picture into `timing`. Throws
// std::invalid_argument for none.
Tensor look_at_pictures(Blip2ModelImpl& model, const ImageProcessor& processor, std::span<const Image> images, Timing* timing);

}  // namespace omma
