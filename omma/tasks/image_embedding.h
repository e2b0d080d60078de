// What a model has seen in a picture, kept for the prompts to come.
#pragma once

#include <stdexcept>

#include "omma/vision/image.h"

namespace omma {

// Only the model that made it can read it. Immutable: threads may share it.
class ImageEmbedding {
 public:
  virtual ~ImageEmbedding() = default;
};

// Of a model that sees picture and prompt together: the picture itself.
class KeptImage : public ImageEmbedding {
 public:
  explicit KeptImage(Image image) : image_(std::move(image)) {}
  static const Image& of(const ImageEmbedding& embedding) {
    const auto* kept = dynamic_cast<const KeptImage*>(&embedding);
    if (kept == nullptr) throw std::invalid_argument("image embedding: expected one that this model made");
    return kept->image_;
  }

 private:
  Image image_;
};

}  // namespace omma
