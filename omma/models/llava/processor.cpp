#include "omma/models/llava/processor.h"

#include <algorithm>

#include "omma/base/error.h"
#include "omma/models/llava/parts.h"

namespace omma {
namespace {

Size size_of(const Image& image) { return {.width = image.width, .height = image.height}; }

ImageAspect aspect_of(const json& file, const LlavaConfig& config) {
  if (config.next) return ImageAspect::anyres;
  const std::string type = file.value("image_processor_type", "");
  // Of transformers' other processors `do_pad` is the padding of a batch.
  const bool may_pad = type.starts_with("LlavaImageProcessor") || type.starts_with("VideoLlavaImageProcessor");
  return may_pad && file.value("do_pad", json()) == true ? ImageAspect::pad : ImageAspect::crop;
}

}  // namespace

ImageAspect image_aspect_by_name(std::string_view name) {
  if (name == "crop") return ImageAspect::crop;
  if (name == "pad") return ImageAspect::pad;
  check(name == "anyres", "image aspect: expected crop, pad or anyres, got \"{}\"", name);
  return ImageAspect::anyres;
}

LlavaProcessor LlavaProcessor::from_directory(const std::filesystem::path& directory, const LlavaConfig& config,
                                              std::optional<ImageAspect> aspect) {
  const auto processor = ImageProcessor::from_directory(directory, cropping_image_processor(config.vision_config.image_size));
  const json file = ImageProcessor::read_file(directory);
  const json parts = file.value("image_grid_pinpoints", json());
  check(!config.next || parts.is_null() || parts == write_llava_config(config)["image_grid_pinpoints"],
        "{}: image_grid_pinpoints: preprocessor_config.json and config.json differ", directory.string());
  return {config, processor.config(), aspect.value_or(aspect_of(file, config))};
}

LlavaProcessor::LlavaProcessor(const LlavaConfig& config, const ImageProcessorConfig& processor, ImageAspect aspect)
    : model_(config), processor_(processor), aspect_(aspect) {
  const int side = static_cast<int>(config.vision_config.image_size);
  check(aspect != ImageAspect::anyres || config.next, "llava: image aspect anyres: this model has not learned it (it is no NeXT)");
  check(processor.fixed_size() == Size(side, side), "llava: preprocessor_config.json: expected a crop or size of {} x {} pixels",
        side, side);
}

LlavaViews LlavaProcessor::operator()(const Image& image, int threads) const {
  check(!image.empty(), "picture: expected at least one pixel, got {} x {}", image.width, image.height);
  const auto one = [&](const Image& view) { return processor_(view, threads).unsqueeze(0); };
  if (aspect_ == ImageAspect::crop) return {.pixels = one(image)};
  if (aspect_ == ImageAspect::pad) return {.pixels = one(padded_to_square(image, config()))};
  const int side = static_cast<int>(model_.vision_config.image_size);
  const Resample resample = processor_.resample();
  std::vector<Tensor> views = {one(resize(image, side, side, resample, threads))};
  for (const Image& part : cut_parts(image, part_layout(model_, size_of(image)), side, resample, threads))
    views.push_back(one(part));
  return {.pixels = torch::cat(views), .parts_of = size_of(image)};
}

int64_t LlavaProcessor::tokens_of(Size picture) const {
  if (aspect_ == ImageAspect::anyres) return part_layout(model_, picture).tokens();
  return model_.tokens_per_view() + (model_.next ? 1 : 0);  // NeXT ends every picture with a new line
}

Image padded_to_square(const Image& image, const ImageProcessorConfig& processor) {
  const int side = std::max(image.width, image.height);
  Image square(side, side);
  for (std::size_t i = 0; i < square.data.size(); ++i)
    square.data[i] = static_cast<std::uint8_t>(std::clamp(processor.image_mean[i % 3] * 255, 0.0, 255.0));
  const int left = (side - image.width) / 2, top = (side - image.height) / 2;
  for (int y = 0; y < image.height; ++y)
    std::copy_n(image.pixel(0, y), 3 * static_cast<std::ptrdiff_t>(image.width), square.pixel(left, top + y));
  return square;
}

json write_llava_processor(const LlavaProcessor& processor, const LlavaConfig& config) {
  const std::string type = config.next ? "LlavaNext" : processor.aspect() == ImageAspect::pad ? "Llava" : "CLIP";
  json object = write_image_processor(processor.config(), type);
  object["processor_class"] = config.next ? "LlavaNextProcessor" : "LlavaProcessor";
  object["do_pad"] = processor.aspect() != ImageAspect::crop;
  if (config.next) object["image_grid_pinpoints"] = write_llava_config(config)["image_grid_pinpoints"];
  return object;
}

}  // namespace omma
