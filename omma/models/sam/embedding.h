// A picture's embedding, in memory and in a file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "omma/nn/image_processor.h"
#include "omma/nn/tensor.h"
#include "omma/tasks/image_embedding.h"
#include "omma/vision/image.h"
#include "omma/vision/resize.h"

namespace omma::sam {

struct Embedding : ImageEmbedding {
  Tensor map;                 // [1, C, G, G], of the model's type
  Size size;                  // of the picture, pixels
  std::uint64_t picture = 0;  // picture_checksum()
  std::string model;          // fingerprint() of the model that made it
};

// Of sizes and pixels.
std::uint64_t picture_checksum(const Image& image);

// Tells models apart: of their tensors' names, sizes, and first and last values, and of how they are shown a picture.
std::string fingerprint(const torch::nn::Module& model, const ImageProcessorConfig& processor);

// safetensors: `embedding`, with model, picture and its size in the metadata.
void write_embedding(const std::filesystem::path& file, const Embedding& embedding);

// Throws std::invalid_argument unless the file holds the embedding of `image` by the model of this fingerprint in this type.
Embedding read_embedding(const std::filesystem::path& file, const Image& image, const std::string& model, torch::Dtype dtype);

}  // namespace omma::sam
