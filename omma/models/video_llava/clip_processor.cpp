#include "omma/models/video_llava/clip_processor.h"

#include <cmath>

#include "omma/base/error.h"

namespace omma {
namespace {

constexpr const char* own_file = "video_preprocessor_config.json";

struct ProcessorFile {
  json object;
  std::string where;
};

ProcessorFile find_processor(const std::filesystem::path& directory) {
  if (const auto file = directory / own_file; std::filesystem::exists(file)) return {read_json(file), file.string()};
  const auto whole = directory / "processor_config.json";
  if (std::filesystem::exists(whole)) {
    const json object = read_json(whole);
    if (object.is_object() && object.contains("video_processor")) return {object["video_processor"], whole.string()};
  }
  return {ImageProcessor::read_file(directory), directory.string()};
}

// LanguageBind's longer side of a frame, in its rounding: 61 / 28 * 28 falls short of 61.
int64_t longer_side(int64_t longer, int64_t shorter, int64_t side) {
  return static_cast<int64_t>(std::floor(static_cast<double>(longer) / static_cast<double>(shorter) * static_cast<double>(side)));
}

// Without antialias a clip is resized as LanguageBind does, but for its random flip, which asks another question.
ImageProcessorConfig for_frame(ImageProcessorConfig config, const Image& frame) {
  if (config.antialias.value_or(true) || !config.shortest_edge) return config;
  const int64_t side = *config.shortest_edge;
  const bool is_wide = frame.width >= frame.height;
  config.height = is_wide ? side : longer_side(frame.height, frame.width, side);
  config.width = is_wide ? longer_side(frame.width, frame.height, side) : side;
  return config;
}

}  // namespace

ClipProcessor ClipProcessor::from_directory(const std::filesystem::path& directory, const VideoLlavaConfig& model) {
  const ProcessorFile file = find_processor(directory);
  const ImageProcessorConfig defaults = cropping_image_processor(model.video_tower().image_size);
  return {model, ImageProcessor::from_json(file.object, file.where, defaults).config()};
}

ClipProcessor::ClipProcessor(const VideoLlavaConfig& model, const ImageProcessorConfig& frames)
    : config_(frames), tokens_per_frame_(model.tokens_per_frame()) {
  const int side = static_cast<int>(model.video_tower().image_size);
  check(frames.fixed_size() == Size(side, side), "video_llava: {}: expected a crop or size of {} x {} pixels", own_file, side,
        side);
}

Tensor ClipProcessor::operator()(const VideoClip& clip, int threads) const {
  check(!clip.frames.empty(), "clip: expected at least one frame");
  std::vector<Tensor> frames;
  for (const VideoFrame& frame : clip.frames)
    frames.push_back(ImageProcessor(for_frame(config_, frame.image))(frame.image, threads));
  return torch::stack(frames);
}

int64_t ClipProcessor::tokens_of(const VideoClip& clip) const { return std::ssize(clip.frames) * tokens_per_frame_; }

json write_clip_processor(const ImageProcessorConfig& config) {
  json object = write_image_processor(config, "VideoLlava");
  object.erase("image_processor_type");
  object["video_processor_type"] = config.antialias.value_or(true) ? "VideoLlavaVideoProcessor" : "LanguageBindVideoProcessor";
  return object;
}

}  // namespace omma
