#include "omma/models/sam/embedding.h"

#include <fmt/format.h>

#include <array>
#include <map>

#include "omma/base/checksum.h"
#include "omma/base/error.h"
#include "omma/io/tensor_file.h"

namespace omma::sam {
namespace {

constexpr const char* file_format = "omma.sam.embedding";
using Metadata = std::map<std::string, std::string>;

std::string hexadecimal(std::uint64_t number) { return fmt::format("{:016x}", number); }

std::string size_text(Size size) { return fmt::format("{} x {}", size.width, size.height); }

std::string entry(const Metadata& metadata, const std::string& name) {
  const auto found = metadata.find(name);
  return found == metadata.end() ? "" : found->second;
}

}  // namespace

std::uint64_t picture_checksum(const Image& image) {
  return checksum(image.data, static_cast<std::uint64_t>(image.width) << 32 | static_cast<std::uint32_t>(image.height));
}

std::string fingerprint(const torch::nn::Module& model, const ImageProcessorConfig& processor) {
  constexpr int64_t sampled = 256;  // values at either end
  std::uint64_t state = checksum(dump_json(write_config(processor)));
  const auto add = [&](const std::string& name, const Tensor& tensor) {
    const Tensor values = tensor.detach().flatten();
    const int64_t count = std::min(sampled, values.size(0));
    const Tensor ends = torch::cat({values.narrow(0, 0, count), values.narrow(0, values.size(0) - count, count)})
                            .to(torch::kCPU, torch::kFloat32)
                            .contiguous();
    state = checksum({reinterpret_cast<const std::uint8_t*>(name.data()), name.size()}, state);
    state = checksum(view_of(ends, "").bytes, state ^ static_cast<std::uint64_t>(values.size(0)));
  };
  for (const auto& item : model.named_parameters()) add(item.key(), item.value());
  for (const auto& item : model.named_buffers()) add(item.key(), item.value());
  return hexadecimal(state);
}

void write_embedding(const std::filesystem::path& file, const Embedding& embedding) {
  const Tensor map = embedding.map.cpu().contiguous();
  const std::array tensors = {view_of(map, "embedding")};
  write_safetensors(file, tensors,
                    {{"format", file_format},
                     {"model", embedding.model},
                     {"picture", hexadecimal(embedding.picture)},
                     {"size", size_text(embedding.size)}});
}

Embedding read_embedding(const std::filesystem::path& file, const Image& image, const std::string& model, torch::Dtype dtype) {
  const TensorFile contents = read_safetensors(file);
  const std::string where = file.string();
  const Metadata& metadata = contents.metadata();
  const TensorView* map = contents.find("embedding");
  check(entry(metadata, "format") == file_format && map != nullptr,
        "{}: expected a picture's embedding as --save-embedding writes it", where);
  check(torch_dtype(map->dtype) == dtype, "{}: made in {}, the model runs in {}", where, dtype_name(torch_dtype(map->dtype)),
        dtype_name(dtype));
  check(entry(metadata, "model") == model, "{}: made by another model", where);
  check(entry(metadata, "picture") == hexadecimal(picture_checksum(image)), "{}: made of another picture ({})", where,
        entry(metadata, "size"));
  Embedding embedding;
  embedding.map = to_tensor(*map);
  embedding.size = {.width = image.width, .height = image.height};
  embedding.picture = picture_checksum(image);
  embedding.model = model;
  return embedding;
}

}  // namespace omma::sam
