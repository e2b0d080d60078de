// GLIP as a detector: pictures and a prompt in, labelled boxes out.
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "omma/models/glip/boxes.h"
#include "omma/models/glip/glip.h"
#include "omma/models/glip/processor.h"
#include "omma/models/grounded_detector.h"

namespace omma::glip {

struct PredictorOptions {
  torch::Device device = torch::kCPU;
  torch::Dtype dtype = torch::kFloat32;
};

// Each phrase is a class of its own, by the mean probability of its tokens. Of a caption its sentences are, by their likeliest
// token (the authors' SCORE_AGG "MAX"); their program has noun phrases of the caller's instead. Scores are roots of probability
// times centerness. Not thread-safe.
class Predictor : public GroundedDetector {
 public:
  static constexpr float default_threshold = 0.5F;  // a detection's least score, as in the authors' demonstration

  // A model directory. Throws std::invalid_argument naming the file, the field or tensor, what was expected and what was found.
  explicit Predictor(const std::filesystem::path& directory, const PredictorOptions& options = {});
  Predictor(Model model, Tokenizer tokenizer, Processor processor);

 protected:
  std::shared_ptr<torch::nn::Module> module() const override { return model_.ptr(); }
  Tensor pixels_of(const Image& image) const override;
  std::unique_ptr<Pictures> encode(const std::vector<Tensor>& pixels, std::vector<Size> sizes) override;  // backbone and pyramid
  void find_phrases(const Pictures& pictures, const PromptTokens& prompt, const DetectionOptions& options,
                    std::vector<DetectionResult>& results) override;
  void find_words(const Pictures& pictures, const CaptionPrompt& prompt, const DetectionOptions& options,
                  std::vector<DetectionResult>& results) override;

 private:
  struct EncodedPictures;
  // The head's numbers of each picture, on the CPU; adds the time to the results.
  std::vector<std::vector<LevelOutput>> run(const EncodedPictures& pictures, const std::vector<int64_t>& ids,
                                            std::vector<DetectionResult>& results);

  Model model_;
  Processor processor_;
  KeptTexts<Tensor> texts_;
};

}  // namespace omma::glip
