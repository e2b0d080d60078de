// Tensors from files and pictures, and back.
#pragma once

#include <array>
#include <string>

#include "omma/io/tensor_file.h"
#include "omma/nn/torch.h"
#include "omma/vision/image.h"

namespace omma {

using torch::Tensor;

// "[2, 3]", "undefined" for an undefined tensor: for error messages.
std::string shape(const Tensor& tensor);

// "float32", "bfloat16", ... as config.json names it under `dtype`; throws std::invalid_argument for others, naming them.
std::string dtype_name(torch::Dtype dtype);
torch::Dtype dtype_of(std::string_view name);
torch::Dtype torch_dtype(DType dtype);  // std::invalid_argument for types LibTorch lacks
DType file_dtype(torch::Dtype dtype);

// A copy on the CPU in the file's own type.
Tensor to_tensor(const TensorView& view);

// The bytes of a contiguous CPU tensor; valid while the tensor lives. Throws std::invalid_argument otherwise.
TensorView view_of(const Tensor& tensor, std::string name);

// Of RGB values 0..1: (x - mean) / std.
struct Normalisation {
  std::array<float, 3> mean = {0.485F, 0.456F, 0.406F};
  std::array<float, 3> std = {0.229F, 0.224F, 0.225F};
};

// [3, H, W] float32, RGB: (value / 255 - mean) / std.
Tensor to_tensor(const Image& image, const Normalisation& normalisation = {});

}  // namespace omma
