// SAM where objects are small: each is looked at in a part of the picture that fills the model's frame.
#pragma once

#include <memory>

#include "omma/models/sam/predictor.h"

namespace omma::sam {

// A prompt is answered in the part around its box, or else its first point: the smallest in which the object has room, of those of
// part_sides(); a point's object has room where there is a mask of it that ends before the part does. What has no room in any is
// looked at in the whole picture. Parts are encoded when they are first asked for, so that this time is part of
// segment_encoded's. Logits are those of the part, which the same point or box finds again: a mask alone is refused. Not
// thread-safe.
class EnlargedPredictor : public Segmenter {
 public:
  // `enlargement`: pixels of the model's frame for one of the picture, more than 1.
  EnlargedPredictor(std::unique_ptr<Predictor> predictor, double enlargement);

  std::shared_ptr<const ImageEmbedding> encode_image(const Image& image) override;
  SegmentationResult segment_encoded(const ImageEmbedding& image, std::span<const SegmentationPrompt> prompts,
                                     const SegmentationOptions& options = {}) override;
  SegmentationResult segment(const Image& image, std::span<const SegmentationPrompt> prompts,
                             const SegmentationOptions& options = {}) override;
  AutomaticMaskResult segment_everything(const Image& image, const AutomaticMaskOptions& options = {},
                                         const std::function<void(std::int64_t, std::int64_t)>& progress = {}) override;
  AutomaticMaskOptions automatic_defaults() const override;

  // Throw std::invalid_argument: a picture has as many embeddings as parts.
  void save_embedding(const ImageEmbedding& embedding, const std::filesystem::path& file) override;
  std::shared_ptr<const ImageEmbedding> load_embedding(const std::filesystem::path& file, const Image& image) override;

  int logits_side() const override { return predictor_->logits_side(); }

 private:
  class Parts;
  std::vector<Box> parts_for(const Parts& parts, std::span<const SegmentationPrompt> prompts, bool single, Timing& timing);
  void find_room(const Parts& parts, std::span<const SegmentationPrompt> prompts, bool single, std::vector<Box>& found,
                 Timing& timing);

  std::unique_ptr<Predictor> predictor_;
  double enlargement_;
};

}  // namespace omma::sam
