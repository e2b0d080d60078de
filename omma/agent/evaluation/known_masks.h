// A segmenter that is told what the picture's objects cover, as KnownObjectDetector is told where they are.
#pragma once

#include <vector>

#include "omma/data/world/scene.h"
#include "omma/tasks/segmenter.h"

namespace omma {

// Of each object what is seen of it whole, in the scene's order.
std::vector<RunLengths> known_masks(const Scene& scene);

// Cuts out the known mask whose box fits a prompt's best, of all of one picture. The pictures are not looked at. It takes boxes
// alone, and throws std::invalid_argument for other prompts and for all that needs more than prompts.
class KnownSegmenter : public Segmenter {
 public:
  // Throws std::invalid_argument for no masks.
  explicit KnownSegmenter(std::vector<RunLengths> masks);

  std::shared_ptr<const ImageEmbedding> encode_image(const Image& image) override;
  SegmentationResult segment_encoded(const ImageEmbedding& image, std::span<const SegmentationPrompt> prompts,
                                     const SegmentationOptions& options = {}) override;
  SegmentationResult segment(const Image& image, std::span<const SegmentationPrompt> prompts,
                             const SegmentationOptions& options = {}) override;
  AutomaticMaskResult segment_everything(const Image& image, const AutomaticMaskOptions& options = {},
                                         const std::function<void(std::int64_t, std::int64_t)>& progress = {}) override;
  void save_embedding(const ImageEmbedding& embedding, const std::filesystem::path& file) override;
  std::shared_ptr<const ImageEmbedding> load_embedding(const std::filesystem::path& file, const Image& image) override;
  int logits_side() const override { return 0; }

 private:
  std::vector<SegmentedMask> masks_;
};

}  // namespace omma
