#include "omma/nn/tensor.h"

#include <fmt/ranges.h>

#include <cstring>

#include "omma/base/error.h"

namespace omma {
namespace {

struct TypePair {
  DType file;
  torch::Dtype torch;
  std::string_view name;  // as config.json writes it
};
constexpr TypePair types[] = {
    {DType::f64, torch::kFloat64, "float64"},
    {DType::f32, torch::kFloat32, "float32"},
    {DType::f16, torch::kFloat16, "float16"},
    {DType::bf16, torch::kBFloat16, "bfloat16"},
    {DType::f8_e4m3, torch::kFloat8_e4m3fn, "float8_e4m3fn"},
    {DType::f8_e5m2, torch::kFloat8_e5m2, "float8_e5m2"},
    {DType::i64, torch::kInt64, "int64"},
    {DType::i32, torch::kInt32, "int32"},
    {DType::i16, torch::kInt16, "int16"},
    {DType::i8, torch::kInt8, "int8"},
    {DType::u64, torch::kUInt64, "uint64"},
    {DType::u32, torch::kUInt32, "uint32"},
    {DType::u16, torch::kUInt16, "uint16"},
    {DType::u8, torch::kUInt8, "uint8"},
    {DType::boolean, torch::kBool, "bool"},
};

}  // namespace

std::string shape(const Tensor& tensor) {
  return tensor.defined() ? fmt::format("[{}]", fmt::join(tensor.sizes(), ", ")) : "undefined";
}

std::string dtype_name(torch::Dtype dtype) {
  for (const TypePair& type : types)
    if (type.torch == dtype) return std::string(type.name);
  fail("dtype: expected a type of a tensor file, got {}", c10::toString(dtype));
}

torch::Dtype dtype_of(std::string_view name) {
  for (const TypePair& type : types)
    if (type.name == name && bytes_of(type.file) > 1 && torch::isFloatingType(type.torch)) return type.torch;
  fail("dtype: expected float32, bfloat16, float16 or float64, got \"{}\"", name);
}

torch::Dtype torch_dtype(DType dtype) {
  for (const TypePair& type : types)
    if (type.file == dtype) return type.torch;
  fail("dtype: LibTorch has no {}", name_of(dtype));
}

DType file_dtype(torch::Dtype dtype) {
  for (const TypePair& type : types)
    if (type.torch == dtype) return type.file;
  fail("dtype: expected a type of a tensor file, got {}", c10::toString(dtype));
}

Tensor to_tensor(const TensorView& view) {
  Tensor tensor = torch::empty(view.shape, torch_dtype(view.dtype));
  check(tensor.nbytes() == view.bytes.size(), "tensor {}: expected {} bytes, got {}", view.name, tensor.nbytes(),
        view.bytes.size());
  if (!view.bytes.empty()) std::memcpy(tensor.mutable_data_ptr(), view.bytes.data(), view.bytes.size());
  return tensor;
}

TensorView view_of(const Tensor& tensor, std::string name) {
  check(tensor.is_cpu() && tensor.is_contiguous(), "tensor {}: expected contiguous on the CPU", name);
  return {std::move(name),
          file_dtype(tensor.scalar_type()),
          tensor.sizes().vec(),
          {static_cast<const std::uint8_t*>(tensor.const_data_ptr()), tensor.nbytes()}};
}

Tensor to_tensor(const Image& image, const Normalisation& normalisation) {
  check(!image.empty(), "picture: expected at least one pixel, got {} x {}", image.width, image.height);
  Tensor planes = torch::empty({3, image.height, image.width}, torch::kFloat32);
  const auto pixels = static_cast<std::size_t>(image.width) * static_cast<std::size_t>(image.height);
  auto* out = planes.mutable_data_ptr<float>();
  for (std::size_t channel = 0; channel < 3; ++channel) {
    std::array<float, 256> table;  // one value for each of the 256 inputs
    for (std::size_t value = 0; value < 256; ++value)
      table[value] = (static_cast<float>(value) / 255.0F - normalisation.mean[channel]) / normalisation.std[channel];
    float* plane = out + channel * pixels;
    for (std::size_t i = 0; i < pixels; ++i) plane[i] = table[image.data[3 * i + channel]];
  }
  return planes;
}

}  // namespace omma
