// Grounding DINO as a detector: pictures and a prompt in, labelled boxes out.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "omma/models/grounding_dino/grounding_dino.h"
#include "omma/models/grounding_dino/prompt.h"
#include "omma/nn/image_processor.h"
#include "omma/tasks/detector.h"
#include "omma/text/tokenizer.h"

namespace omma::grounding_dino {

struct PredictorOptions {
  torch::Device device = torch::kCPU;
  torch::Dtype dtype = torch::kFloat32;
};

// Encoded prompts are kept, so that many pictures are asked the same thing at the price of one. Pictures that come out of the
// processor at one size go through the model together; sizes are never padded to each other, since the reference's normalisation
// over padding would change the result. Not thread-safe.
class Predictor : public Detector {
 public:
  static constexpr float default_threshold = 0.35F;  // a detection's least score where neither the caller nor the model has one

  // A model directory. Throws std::invalid_argument naming the file, the field or tensor, what was expected and what was found.
  explicit Predictor(const std::filesystem::path& directory, const PredictorOptions& options = {});
  Predictor(Model model, Tokenizer tokenizer, ImageProcessor processor);

  std::vector<DetectionResult> detect(std::span<const Image> images, const DetectionPrompt& prompt,
                                      const DetectionOptions& options = {}) override;
  // Backbone and neck, of which no prompt is part.
  std::shared_ptr<const ImageEmbedding> encode_image(const Image& image) override;
  DetectionResult detect_encoded(const ImageEmbedding& image, const DetectionPrompt& prompt,
                                 const DetectionOptions& options = {}) override;

  Model& model() { return model_; }

 private:
  struct Embedding;
  // Pictures that are one size to the model, encoded. The work's time is shared out evenly.
  struct EncodedImages {
    VisionFeatures features;
    std::vector<Size> sizes;  // the pictures' own
    double encode = 0;        // milliseconds a picture
  };
  // `pixels` [3, H, W] each.
  EncodedImages encode(const std::vector<Tensor>& pixels, std::vector<Size> sizes);
  Tensor pixel_mask(const std::vector<Size>& sizes, int64_t height, int64_t width) const;
  const TextFeatures& encoded(const std::vector<int64_t>& ids);
  // One result a picture.
  std::vector<DetectionResult> ask(const EncodedImages& images, const DetectionPrompt& prompt, const DetectionOptions& options);
  void ask_phrases(const EncodedImages& images, const DetectionPrompt& prompt, const DetectionOptions& options,
                   std::vector<DetectionResult>& results);
  void ask_caption(const EncodedImages& images, const CaptionPrompt& prompt, const DetectionOptions& options,
                   std::vector<DetectionResult>& results);
  // Token probabilities [B, Q, T] and boxes [B, Q, 4], both float32 on the CPU; adds the time to the results.
  std::pair<Tensor, Tensor> run(const EncodedImages& images, const std::vector<int64_t>& ids,
                                std::vector<DetectionResult>& results);
  PromptLimits limits() const;

  Model model_;
  Tokenizer tokenizer_;
  ImageProcessor processor_;
  std::map<std::vector<int64_t>, TextFeatures> texts_;
};

}  // namespace omma::grounding_dino
