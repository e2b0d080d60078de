// Grounding DINO as a detector: pictures and a prompt in, labelled boxes out.
#pragma once

#include <filesystem>
#include <memory>
#include <utility>
#include <vector>

#include "omma/models/grounded_detector.h"
#include "omma/models/grounding_dino/grounding_dino.h"
#include "omma/nn/image_processor.h"

namespace omma::grounding_dino {

struct PredictorOptions {
  torch::Device device = torch::kCPU;
  torch::Dtype dtype = torch::kFloat32;
};

// Not thread-safe.
class Predictor : public GroundedDetector {
 public:
  static constexpr float default_threshold = 0.35F;  // a detection's least score where neither the caller nor the model has one

  // A model directory. Throws std::invalid_argument naming the file, the field or tensor, what was expected and what was found.
  explicit Predictor(const std::filesystem::path& directory, const PredictorOptions& options = {});
  Predictor(Model model, Tokenizer tokenizer, ImageProcessor processor);

 protected:
  std::shared_ptr<torch::nn::Module> module() const override { return model_.ptr(); }
  Tensor pixels_of(const Image& image) const override;
  std::unique_ptr<Pictures> encode(const std::vector<Tensor>& pixels, std::vector<Size> sizes) override;  // backbone and neck
  void find_phrases(const Pictures& pictures, const PromptTokens& prompt, const DetectionOptions& options,
                    std::vector<DetectionResult>& results) override;
  void find_words(const Pictures& pictures, const CaptionPrompt& prompt, const DetectionOptions& options,
                  std::vector<DetectionResult>& results) override;

 private:
  struct EncodedPictures;
  Tensor pixel_mask(const std::vector<Size>& sizes, int64_t height, int64_t width) const;
  // Token probabilities [B, Q, T] and boxes [B, Q, 4], both float32 on the CPU; adds the time to the results.
  std::pair<Tensor, Tensor> run(const Pictures& pictures, const std::vector<int64_t>& ids, std::vector<DetectionResult>& results);

  Model model_;
  ImageProcessor processor_;
  KeptTexts<TextFeatures> texts_;
};

}  // namespace omma::grounding_dino
