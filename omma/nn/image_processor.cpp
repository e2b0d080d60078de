#include "omma/nn/image_processor.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "omma/base/error.h"

namespace omma {
namespace {

// Steps of other names that change nothing of a picture here: it is RGB already, and has no annotations with it.
constexpr std::array needless_steps = {"do_convert_rgb", "do_convert_annotations"};

Resample resample_of(int64_t pillow_number) {
  constexpr Resample by_number[] = {Resample::nearest, Resample::lanczos, Resample::bilinear, Resample::bicubic};
  return by_number[pillow_number];
}

Size size_of(int64_t width, int64_t height) { return {.width = static_cast<int>(width), .height = static_cast<int>(height)}; }

// Older files write numbers: "size", of a square or of the shorter side, with "max_size", and "crop_size".
json with_size_objects(json object, const ImageProcessorConfig& defaults) {
  const auto square = [](const json& side) { return json{{"height", side}, {"width", side}}; };
  if (object.value("size", json()).is_number()) {
    const json size = object["size"];
    object["size"] = defaults.height ? square(size) : json{{"shortest_edge", size}};
    if (object.contains("max_size")) object["size"]["longest_edge"] = object["max_size"];
  }
  if (object.value("crop_size", json()).is_number()) object["crop_size"] = square(object["crop_size"]);
  return object;
}

std::filesystem::path file_of(const std::filesystem::path& directory) {
  const auto own = directory / "preprocessor_config.json";
  return std::filesystem::exists(own) ? own : directory / "processor_config.json";
}

void refuse_unknown_steps(const json& object, const std::string& where) {
  const json known = write_config(ImageProcessorConfig());
  for (const auto& [key, value] : object.items())
    check(!key.starts_with("do_") || value != true || known.contains(key) || std::ranges::count(needless_steps, key) > 0,
          "{}: {}: expected a step that omma knows", where, key);
}

ImageProcessorConfig read_image_processor(const json& object, const std::string& where, const ImageProcessorConfig& defaults) {
  check(object.is_object(), "{}: expected a JSON object, got {}", where, object.type_name());
  refuse_unknown_steps(object, where);
  ImageProcessorConfig config = defaults;
  if (object.contains("size") && !object["size"].is_null())  // as a whole
    config.height = config.width = config.shortest_edge = config.longest_edge = std::nullopt;
  read_fields(config, with_size_objects(object, defaults), where);
  return config;
}

// The picture [3, h, w] at the top left, zeros beside it.
Tensor pad(const Tensor& pixels, Size size) {
  check(pixels.size(1) <= size.height && pixels.size(2) <= size.width,
        "picture: expected at most {} x {} pixels to pad, got {} x {}", size.width, size.height, pixels.size(2), pixels.size(1));
  return torch::constant_pad_nd(pixels, {0, size.width - pixels.size(2), 0, size.height - pixels.size(1)});
}

}  // namespace

void ImageProcessorConfig::validate(Faults& faults) const {
  faults.expect(image_mean.size() == 3, "image_mean: expected 3 numbers, got {}", image_mean.size());
  faults.expect(image_std.size() == 3, "image_std: expected 3 numbers, got {}", image_std.size());
  const auto pair = [&](const auto& one, const auto& other, std::string_view name) {
    faults.expect(one.has_value() == other.has_value(), "{}: expected height and width, got one of them", name);
  };
  pair(height, width, "size");
  pair(crop_height, crop_width, "crop_size");
  pair(pad_height, pad_width, "pad_size");
  faults.expect(!do_resize || height || shortest_edge || longest_edge,
                "size: expected height and width, shortest_edge or longest_edge");
  faults.expect(!do_center_crop || crop_height, "crop_size: expected one with do_center_crop");
  faults.expect(antialias.value_or(true) || resample == 2 || resample == 3, "antialias: expected resample 2 or 3 without, got {}",
                resample);
}

std::optional<Size> ImageProcessorConfig::fixed_size() const {
  if (do_pad && pad_height) return size_of(*pad_width, *pad_height);
  if (do_center_crop) return size_of(*crop_width, *crop_height);
  if (do_resize && height) return size_of(*width, *height);
  return std::nullopt;
}

ImageProcessorConfig square_image_processor(int64_t side) {
  ImageProcessorConfig config;
  config.height = config.width = side;
  config.shortest_edge = config.longest_edge = std::nullopt;
  config.resample = 3;
  config.image_mean = {0.48145466, 0.4578275, 0.40821073};
  config.image_std = {0.26862954, 0.26130258, 0.27577711};
  return config;
}

ImageProcessorConfig cropping_image_processor(int64_t side) {
  ImageProcessorConfig config = square_image_processor(side);
  config.height = config.width = std::nullopt;
  config.shortest_edge = config.crop_height = config.crop_width = side;
  config.do_center_crop = true;
  return config;
}

json write_image_processor(const ImageProcessorConfig& config, const std::string& model) {
  json object = write_config(config);
  object["image_processor_type"] = model + "ImageProcessor";
  object["processor_class"] = model + "Processor";
  return object;
}

ImageProcessor ImageProcessor::from_directory(const std::filesystem::path& directory, const ImageProcessorConfig& defaults) {
  return from_json(read_file(directory), file_of(directory).string(), defaults);
}

ImageProcessor ImageProcessor::from_json(const json& object, const std::string& where, const ImageProcessorConfig& defaults) {
  return ImageProcessor(read_image_processor(object, where, defaults));
}

json ImageProcessor::read_file(const std::filesystem::path& directory) {
  const auto file = file_of(directory);
  const json object = read_json(file);
  if (file.filename() == "preprocessor_config.json") return object;
  check(object.is_object() && object.contains("image_processor"), "{}: expected an \"image_processor\"", file.string());
  return object["image_processor"];
}

Resample ImageProcessor::resample() const { return resample_of(config_.resample); }

Size ImageProcessor::resized_size(Size image) const {
  if (!config_.do_resize) return image;
  if (config_.height) return size_of(*config_.width, *config_.height);
  if (!config_.shortest_edge) return longest_side_size(image, static_cast<int>(*config_.longest_edge));
  const int shortest = static_cast<int>(*config_.shortest_edge);
  return config_.longest_edge ? detr_size(image, shortest, static_cast<int>(*config_.longest_edge)) : clip_size(image, shortest);
}

Size ImageProcessor::filled_size(Size image) const {
  return config_.do_center_crop ? size_of(*config_.crop_width, *config_.crop_height) : resized_size(image);
}

// to_tensor() takes mean and deviation of values 0..1: other scales are folded into them.
Normalisation ImageProcessor::normalisation() const {
  const double scale = 255 * (config_.do_rescale ? config_.rescale_factor : 1);
  Normalisation normalisation;
  for (std::size_t c = 0; c < 3; ++c) {
    normalisation.mean[c] = config_.do_normalize ? static_cast<float>(config_.image_mean[c] / scale) : 0;
    normalisation.std[c] = static_cast<float>((config_.do_normalize ? config_.image_std[c] : 1) / scale);
  }
  return normalisation;
}

// torchvision's way with tensors: of an odd number of pixels beside the middle the half goes to the even side.
Tensor ImageProcessor::without_antialias(const Image& image, Size size, Size filled) const {
  const Tensor pixels = to_tensor(image, normalisation()).unsqueeze(0);
  const std::array<int64_t, 2> sides = {size.height, size.width};
  const Tensor resized = config_.resample == 3 ? torch::upsample_bicubic2d(pixels, sides, /*align_corners=*/false)
                                               : torch::upsample_bilinear2d(pixels, sides, /*align_corners=*/false);
  const auto before = [](int length, int kept) { return static_cast<int64_t>(std::nearbyint((length - kept) / 2.0)); };
  const int64_t top = before(size.height, filled.height), left = before(size.width, filled.width);
  check(top >= 0 && left >= 0, "picture: expected at least {} x {} pixels to cut out, got {} x {}", filled.width, filled.height,
        size.width, size.height);
  return resized[0].slice(1, top, top + filled.height).slice(2, left, left + filled.width);
}

Tensor ImageProcessor::operator()(const Image& image, int threads) const {
  check(!image.empty(), "picture: expected at least one pixel, got {} x {}", image.width, image.height);
  const Size own{.width = image.width, .height = image.height}, size = resized_size(own), filled = filled_size(own);
  Tensor pixels;
  if (config_.antialias.value_or(true)) {
    Image resized = size == own ? image : resize(image, size.width, size.height, resample(), threads);
    if (filled != size) resized = center_crop(resized, filled);
    pixels = to_tensor(resized, normalisation());
  } else {
    pixels = without_antialias(image, size, filled);
  }
  return config_.do_pad && config_.pad_height ? pad(pixels, size_of(*config_.pad_width, *config_.pad_height)) : pixels;
}

}  // namespace omma
