// SAM as a segmenter: a picture and prompts in, masks out.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "omma/models/sam/embedding.h"
#include "omma/models/sam/sam.h"
#include "omma/models/sam/viewing.h"
#include "omma/nn/image_processor.h"
#include "omma/tasks/segmenter.h"

namespace omma::sam {

struct PredictorOptions {
  torch::Device device = torch::kCPU;
  std::optional<torch::Dtype> dtype;  // none: float32, around int8 layers what dtype_beside_int8() says
};

// A prompt that is a single point gets the best of three masks by predicted IoU unless `single` is asked for, every other one the
// mask of the single token, as the authors advise. Not thread-safe.
class Predictor : public Segmenter {
 public:
  // A model directory. Throws std::invalid_argument naming the file, the field or tensor, what was expected and what was found.
  explicit Predictor(const std::filesystem::path& directory, const PredictorOptions& options = {});
  Predictor(Model model, ImageProcessor processor, const Viewing& viewing = {});  // whose enlargement is the automatic masks' alone

  std::shared_ptr<const ImageEmbedding> encode_image(const Image& image) override;
  SegmentationResult segment_encoded(const ImageEmbedding& image, std::span<const SegmentationPrompt> prompts,
                                     const SegmentationOptions& options = {}) override;
  SegmentationResult segment(const Image& image, std::span<const SegmentationPrompt> prompts,
                             const SegmentationOptions& options = {}) override;
  AutomaticMaskResult segment_everything(const Image& image, const AutomaticMaskOptions& options = {},
                                         const std::function<void(std::int64_t, std::int64_t)>& progress = {}) override;
  AutomaticMaskOptions automatic_defaults() const override { return automatic_options(viewing_); }
  void save_embedding(const ImageEmbedding& embedding, const std::filesystem::path& file) override;
  std::shared_ptr<const ImageEmbedding> load_embedding(const std::filesystem::path& file, const Image& image) override;
  int logits_side() const override { return static_cast<int>(model_->config().mask_side()); }

  Model& model() { return model_; }

  // What lies below: a picture to its embedding, prompts of the same kinds to all masks [P, M, 4 G, 4 G], and masks to the
  // picture's pixels.
  std::shared_ptr<const Embedding> encode(const Image& image, Timing& timing);
  DecodedMasks decode(const Embedding& embedding, std::span<const SegmentationPrompt* const> prompts);
  SegmentedMask to_picture(const Tensor& logits, float predicted_iou, const Embedding& embedding,
                           float stability_offset = 1) const;  // [4 G, 4 G]; thread-safe

 private:
  std::vector<SegmentedMask> chosen(const DecodedMasks& masks, int64_t prompt, const Embedding& embedding, bool best_of_many,
                                    const SegmentationOptions& options) const;
  const Embedding& own(const ImageEmbedding& image) const;
  const DecoderImage& prepared(const Embedding& embedding);
  Prompts tensors_of(std::span<const SegmentationPrompt* const> prompts, const Embedding& embedding) const;

  Model model_;
  ImageProcessor processor_;
  Viewing viewing_;
  std::string fingerprint_;
  Tensor prepared_map_;  // the embedding that `prepared_` is of
  DecoderImage prepared_;
};

// Throws std::invalid_argument for an empty prompt, coordinates that are no numbers, a box without area and logits of another size.
void expect_valid(const SegmentationPrompt& prompt, int logits_side);
// For options that exclude each other.
void expect_valid(const SegmentationOptions& options);

// The predictor itself, or where the model looks at enlarged parts one that does.
std::unique_ptr<Segmenter> with_enlargement(std::unique_ptr<Predictor> predictor, const Viewing& viewing);

// The model of a directory as it was trained to look, or with another enlargement.
std::unique_ptr<Segmenter> load_predictor(const std::filesystem::path& directory, const PredictorOptions& options,
                                          std::optional<double> enlargement);

}  // namespace omma::sam
