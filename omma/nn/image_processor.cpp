#include "omma/nn/image_processor.h"

#include <algorithm>

#include "omma/base/error.h"

namespace omma {
namespace {

Resample resample_of(int64_t pillow_number) {
  constexpr Resample by_number[] = {Resample::nearest, Resample::lanczos, Resample::bilinear, Resample::bicubic};
  return by_number[pillow_number];
}

// Older files write numbers: "size", of a square or of the shorter side, and "max_size".
ImageProcessorConfig read_processor_config(json object, const std::string& where, const ImageProcessorConfig& defaults) {
  if (object.is_object() && object.contains("size") && object["size"].is_number()) {
    const json size = object["size"];
    object["size"] = defaults.height ? json{{"height", size}, {"width", size}} : json{{"shortest_edge", size}};
    if (object.contains("max_size")) object["size"]["longest_edge"] = object["max_size"];
  }
  ImageProcessorConfig config = defaults;
  read_fields(config, object, where);
  return config;
}

}  // namespace

void ImageProcessorConfig::validate(Faults& faults) const {
  faults.expect(image_mean.size() == 3, "image_mean: expected 3 numbers, got {}", image_mean.size());
  faults.expect(image_std.size() == 3, "image_std: expected 3 numbers, got {}", image_std.size());
  faults.expect(height.has_value() == width.has_value(), "size: expected height and width, got one of them");
}

ImageProcessorConfig clip_image_processor(int64_t side) {
  ImageProcessorConfig config;
  config.height = config.width = side;
  config.resample = 3;
  config.image_mean = {0.48145466, 0.4578275, 0.40821073};
  config.image_std = {0.26862954, 0.26130258, 0.27577711};
  return config;
}

ImageProcessor ImageProcessor::from_directory(const std::filesystem::path& directory, const ImageProcessorConfig& defaults) {
  const auto file = directory / "preprocessor_config.json", combined = directory / "processor_config.json";
  if (std::filesystem::exists(file)) return ImageProcessor(read_processor_config(read_json(file), file.string(), defaults));
  const json object = read_json(combined);
  const std::string where = combined.string();
  check(object.is_object() && object.contains("image_processor"), "{}: expected an \"image_processor\"", where);
  return ImageProcessor(read_processor_config(object["image_processor"], where, defaults));
}

Size ImageProcessor::target_size(const Image& image) const {
  const Size size{.width = image.width, .height = image.height};
  if (!config_.do_resize) return size;
  if (config_.height) return {.width = static_cast<int>(*config_.width), .height = static_cast<int>(*config_.height)};
  return detr_size(size, static_cast<int>(config_.shortest_edge), static_cast<int>(config_.longest_edge));
}

Tensor ImageProcessor::operator()(const Image& image, int threads) const {
  check(!image.empty(), "picture: expected at least one pixel, got {} x {}", image.width, image.height);
  const Size size = target_size(image);
  const bool same = size.width == image.width && size.height == image.height;
  const Image resized = same ? image : resize(image, size.width, size.height, resample_of(config_.resample), threads);
  // to_tensor() takes mean and deviation of values 0..1: other scales are folded into them.
  const double scale = 255 * (config_.do_rescale ? config_.rescale_factor : 1);
  Normalisation normalisation;
  for (std::size_t c = 0; c < 3; ++c) {
    normalisation.mean[c] = config_.do_normalize ? static_cast<float>(config_.image_mean[c] / scale) : 0;
    normalisation.std[c] = static_cast<float>((config_.do_normalize ? config_.image_std[c] : 1) / scale);
  }
  return to_tensor(resized, normalisation);
}

}  // namespace omma
