// What detectors by language share between pictures and labelled boxes: prompts that are texts of limited length, pictures that go
// through the model together, embeddings, labels. Grounding DINO and GLIP are such.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "omma/models/phrase_prompt.h"
#include "omma/nn/tensor.h"
#include "omma/nn/torch.h"
#include "omma/tasks/detector.h"
#include "omma/text/tokenizer.h"
#include "omma/vision/resize.h"

namespace omma {

// What a model makes of prompts, kept, so that many pictures are asked the same thing at the price of one.
template <class Features>
class KeptTexts {
 public:
  // Those of the tokens; encode(input_ids [1, T] int64) makes them.
  template <class Encode>
  const Features& of(const std::vector<int64_t>& ids, torch::Device device, const Encode& encode) {
    if (const auto found = texts_.find(ids); found != texts_.end()) return found->second;
    if (texts_.size() >= kMost) texts_.clear();
    const Tensor input_ids = torch::tensor(ids, torch::kInt64).unsqueeze(0).to(device);
    return texts_.emplace(ids, encode(input_ids)).first->second;
  }

 private:
  static constexpr std::size_t kMost = 64;
  std::map<std::vector<int64_t>, Features> texts_;
};

// Phrases that do not fit one prompt are asked in several, whose boxes are pooled: those of any label that overlap too much give
// way to the best. Pictures that are one size to the model go through it together; sizes are never padded to each other, since that
// would change the result.
class GroundedDetector : public Detector {
 public:
  std::vector<DetectionResult> detect(std::span<const Image> images, const DetectionPrompt& prompt,
                                      const DetectionOptions& options = {}) final;
  // What no prompt is part of.
  std::shared_ptr<const ImageEmbedding> encode_image(const Image& image) final;
  DetectionResult detect_encoded(const ImageEmbedding& image, const DetectionPrompt& prompt,
                                 const DetectionOptions& options = {}) final;

 protected:
  // Throws std::invalid_argument where the tokenizer has ids beyond the model's `vocabulary`.
  GroundedDetector(Tokenizer tokenizer, const PromptRules& rules, int64_t vocabulary);

  // Pictures that are one size to the model, encoded.
  struct Pictures {
    std::vector<Size> sizes;  // their own
    double encode = 0;        // milliseconds a picture
    virtual ~Pictures() = default;
  };

  virtual std::shared_ptr<torch::nn::Module> module() const = 0;

  // [3, H, W], as the model takes it.
  virtual Tensor pixels_of(const Image& image) const = 0;
  // All but `encode`.
  virtual std::unique_ptr<Pictures> encode(const std::vector<Tensor>& pixels, std::vector<Size> sizes) = 0;

  // Add what is found to the results, one a picture, and the time to their timing. Of phrases, phrase_index is the place among
  // those of this prompt, without label; of a caption the label is words of it.
  virtual void find_phrases(const Pictures& pictures, const PromptTokens& prompt, const DetectionOptions& options,
                            std::vector<DetectionResult>& results) = 0;
  virtual void find_words(const Pictures& pictures, const CaptionPrompt& prompt, const DetectionOptions& options,
                          std::vector<DetectionResult>& results) = 0;

  // The caller's threshold, or the model's, or the last. Throws std::invalid_argument, with the name, for one outside 0..1.
  static float threshold(const std::optional<float>& asked, const std::optional<double>& models, float otherwise,
                         std::string_view name);

 private:
  struct Embedding;
  std::unique_ptr<Pictures> encode_timed(const std::vector<Tensor>& pixels, std::vector<Size> sizes);
  std::vector<DetectionResult> ask(const Pictures& pictures, const DetectionPrompt& prompt, const DetectionOptions& options);
  void ask_phrases(const Pictures& pictures, const DetectionPrompt& prompt, const DetectionOptions& options,
                   std::vector<DetectionResult>& results);
  void ask_caption(const Pictures& pictures, const DetectionPrompt& prompt, const DetectionOptions& options,
                   std::vector<DetectionResult>& results);

  Tokenizer tokenizer_;
  PromptRules rules_;
};

}  // namespace omma
