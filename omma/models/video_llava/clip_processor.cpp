#include "omma/models/video_llava/clip_processor.h"

#include <algorithm>
#include <cmath>

#include "omma/base/error.h"

namespace omma {
namespace {

constexpr const char* own_file = "video_preprocessor_config.json";

struct ProcessorFile {
  json object;
  std::string where;
};

ProcessorFile read_file(const std::filesystem::path& directory) {
  if (const auto file = directory / own_file; std::filesystem::exists(file)) return {read_json(file), file.string()};
  const auto whole = directory / "processor_config.json";
  if (std::filesystem::exists(whole)) {
    const json object = read_json(whole);
    if (object.is_object() && object.contains("video_processor")) return {object["video_processor"], whole.string()};
  }
  return {ImageProcessor::read_file(directory), directory.string()};
}

// LanguageBind's transform without its random flip: torch's bilinear interpolation of the shorter side to `side`, then the middle.
Tensor scaled_without_antialias(const Image& image, const ClipProcessorConfig& config, int64_t side) {
  Normalisation normalisation;
  for (std::size_t c = 0; c < 3; ++c) {
    normalisation.mean[c] = static_cast<float>(config.frames.image_mean[c]);
    normalisation.std[c] = static_cast<float>(config.frames.image_std[c]);
  }
  const Tensor pixels = to_tensor(image, normalisation).unsqueeze(0);
  const auto scaled = [&](int64_t longer, int64_t shorter) {
    return static_cast<int64_t>(std::floor(static_cast<double>(longer) / static_cast<double>(shorter) * static_cast<double>(side)));
  };
  const bool is_wide = image.width >= image.height;
  const int64_t height = is_wide ? side : scaled(image.height, image.width),
                width = is_wide ? scaled(image.width, image.height) : side;
  const Tensor whole = torch::upsample_bilinear2d(pixels, {height, width}, /*align_corners=*/false);
  const auto before = [&](int64_t length) { return static_cast<int64_t>(std::nearbyint(static_cast<double>(length - side) / 2)); };
  return whole.slice(2, before(height), before(height) + side).slice(3, before(width), before(width) + side);
}

}  // namespace

ClipProcessor ClipProcessor::from_directory(const std::filesystem::path& directory, const VideoLlavaConfig& model) {
  const ProcessorFile file = read_file(directory);
  const ImageProcessorConfig defaults = cropping_image_processor(model.video_tower().image_size);
  return {model,
          {.frames = ImageProcessor::from_json(file.object, file.where, defaults).config(),
           .antialias = file.object.value("antialias", json(true)) != false}};
}

ClipProcessor::ClipProcessor(const VideoLlavaConfig& model, const ClipProcessorConfig& config)
    : config_(config), side_(model.video_tower().image_size), tokens_per_frame_(model.tokens_per_frame()) {
  const int side = static_cast<int>(side_);
  check(config.frames.fixed_size() == Size(side, side), "video_llava: {}: expected a crop or size of {} x {} pixels", own_file,
        side, side);
}

Tensor ClipProcessor::operator()(const VideoClip& clip, int threads) const {
  check(!clip.frames.empty(), "clip: expected at least one frame");
  const ImageProcessor processor(config_.frames);
  std::vector<Tensor> frames;
  for (const VideoFrame& frame : clip.frames)
    frames.push_back(config_.antialias ? processor(frame.image, threads).unsqueeze(0)
                                       : scaled_without_antialias(frame.image, config_, side_));
  return torch::cat(frames);
}

int64_t ClipProcessor::tokens_of(const VideoClip& clip) const { return std::ssize(clip.frames) * tokens_per_frame_; }

json write_clip_processor(const ClipProcessorConfig& config) {
  json object = write_image_processor(config.frames, "VideoLlava");
  object.erase("image_processor_type");
  object["video_processor_type"] = config.antialias ? "VideoLlavaVideoProcessor" : "LanguageBindVideoProcessor";
  if (!config.antialias) object["antialias"] = false;
  return object;
}

}  // namespace omma
