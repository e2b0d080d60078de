#include "omma/models/sam/enlarged_predictor.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <tuple>

#include "omma/base/error.h"
#include "omma/base/stopwatch.h"
#include "omma/models/sam/tiles.h"
#include "omma/vision/run_lengths.h"

namespace omma::sam {
namespace {

constexpr double room = 1.5;            // a part's side in that of a box
constexpr std::size_t max_parts = 256;  // whose embeddings are kept
constexpr float border = 1;             // pixels

using Corners = std::tuple<float, float, float, float>;
Corners corners(const Box& box) { return {box.x0, box.y0, box.x1, box.y1}; }

// Prompts by the part of the picture that they are answered in.
std::map<Corners, std::vector<std::size_t>> by_part(const std::vector<Box>& parts, std::span<const std::size_t> places) {
  std::map<Corners, std::vector<std::size_t>> groups;
  for (const std::size_t place : places) groups[corners(parts[place])].push_back(place);
  return groups;
}

const PointPrompt& first_point(const SegmentationPrompt& prompt) {
  const auto of_object = std::ranges::find_if(prompt.points, &PointPrompt::foreground);
  return of_object == prompt.points.end() ? prompt.points.front() : *of_object;
}

SegmentationPrompt moved(SegmentationPrompt prompt, const Box& part) {
  for (PointPrompt& point : prompt.points) point.x -= part.x0, point.y -= part.y0;
  if (prompt.box) prompt.box = prompt.box->shifted(-part.x0, -part.y0);
  return prompt;
}

}  // namespace

// A picture and the embeddings of its parts so far.
class EnlargedPredictor::Parts : public ImageEmbedding {
 public:
  Parts(const Predictor* owner, Image image) : owner_(owner), image_(std::move(image)) {}

  static const Parts& of(const ImageEmbedding& embedding, const Predictor* owner) {
    const auto* parts = dynamic_cast<const Parts*>(&embedding);
    check(parts != nullptr && parts->owner_ == owner, "image embedding: expected one that this segmenter made");
    return *parts;
  }
  Size size() const { return {.width = image_.width, .height = image_.height}; }

  std::shared_ptr<const Embedding> encode(Predictor& predictor, const Box& part, Timing& timing) const {
    if (const auto known = embeddings_.find(corners(part)); known != embeddings_.end()) return known->second;
    if (embeddings_.size() == max_parts) embeddings_.clear();
    Timing own;
    auto embedding = predictor.encode(part == whole_picture(size()) ? image_ : cropped(image_, part), own);
    timing.preprocess += own.preprocess;
    timing.encode += own.encode;
    return embeddings_[corners(part)] = std::move(embedding);
  }

 private:
  const Predictor* owner_;
  Image image_;
  mutable std::map<Corners, std::shared_ptr<const Embedding>> embeddings_;
};

EnlargedPredictor::EnlargedPredictor(std::unique_ptr<Predictor> predictor, double enlargement)
    : predictor_(std::move(predictor)), enlargement_(enlargement) {
  check(enlargement > 1, "enlargement: expected more than 1, got {}", enlargement);
}

std::shared_ptr<const ImageEmbedding> EnlargedPredictor::encode_image(const Image& image) {
  check(!image.empty(), "picture: expected at least one pixel, got {} x {}", image.width, image.height);
  return std::make_shared<Parts>(predictor_.get(), image);
}

// The parts for prompts that begin with a point: the first click alone says how large the object is.
void EnlargedPredictor::find_room(const Parts& parts, std::span<const SegmentationPrompt> prompts, bool single,
                                  std::vector<Box>& found, Timing& timing) {
  std::vector<std::size_t> open;
  for (std::size_t i = 0; i < prompts.size(); ++i)
    if (!prompts[i].box && !prompts[i].points.empty()) open.push_back(i);
  const int frame = static_cast<int>(predictor_->model()->config().image_size());
  for (const int side : part_sides(parts.size(), frame, enlargement_)) {
    for (const std::size_t place : open) {
      const PointPrompt& point = first_point(prompts[place]);
      found[place] = part_around(point.x, point.y, side, parts.size());
    }
    std::vector<std::size_t> cut_off;
    for (const auto& [key, places] : by_part(found, open)) {
      const Box part = found[places.front()];
      std::vector<SegmentationPrompt> clicks;
      for (const std::size_t place : places)
        clicks.push_back(moved({.points = {first_point(prompts[place])}, .box = {}, .mask = {}}, part));
      const auto answers =
          predictor_->segment_encoded(*parts.encode(*predictor_, part, timing), clicks, {.single = single}).objects;
      for (std::size_t i = 0; i < places.size(); ++i) {
        const Box& seen = answers[i].front().box;
        const bool nothing = seen == Box();  // too little of the object to be known, perhaps
        if (nothing || is_cut_off(seen.shifted(part.x0, part.y0), part, parts.size(), border)) cut_off.push_back(places[i]);
      }
    }
    open = std::move(cut_off);
  }
  for (const std::size_t place : open) found[place] = whole_picture(parts.size());
}

std::vector<Box> EnlargedPredictor::parts_for(const Parts& parts, std::span<const SegmentationPrompt> prompts, bool single,
                                              Timing& timing) {
  std::vector<Box> found(prompts.size(), whole_picture(parts.size()));
  const int frame = static_cast<int>(predictor_->model()->config().image_size());
  for (std::size_t i = 0; i < prompts.size(); ++i) {
    if (!prompts[i].box) continue;
    const Box& box = *prompts[i].box;
    const float longest = std::max(box.width(), box.height());
    for (const int side : part_sides(parts.size(), frame, enlargement_)) {
      if (side < room * longest) continue;
      found[i] = part_around((box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2, side, parts.size());
      break;
    }
  }
  find_room(parts, prompts, single, found, timing);
  return found;
}

SegmentationResult EnlargedPredictor::segment_encoded(const ImageEmbedding& image, std::span<const SegmentationPrompt> prompts,
                                                      const SegmentationOptions& options) {
  const Parts& parts = Parts::of(image, predictor_.get());
  check(!prompts.empty(), "segment: expected at least one prompt");
  for (const SegmentationPrompt& prompt : prompts) {
    expect_valid(prompt, logits_side());
    check(!prompt.mask || prompt.box || !prompt.points.empty(),
          "mask: expected the point or box of before beside it: enlarged, a mask is of the part of the picture around them");
  }
  expect_valid(options);
  Stopwatch watch;
  SegmentationResult result;
  result.objects.resize(prompts.size());
  const std::vector<Box> found = parts_for(parts, prompts, options.single, result.timing);
  std::vector<std::size_t> all(prompts.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  for (const auto& [key, places] : by_part(found, all)) {
    const Box part = found[places.front()];
    std::vector<SegmentationPrompt> own;
    for (const std::size_t place : places) own.push_back(moved(prompts[place], part));
    auto answers = predictor_->segment_encoded(*parts.encode(*predictor_, part, result.timing), own, options).objects;
    for (std::size_t i = 0; i < places.size(); ++i) {
      for (SegmentedMask& mask : answers[i]) {
        mask.mask = place(mask.mask, static_cast<int>(part.x0), static_cast<int>(part.y0), parts.size().width, parts.size().height);
        if (mask.box != Box()) mask.box = mask.box.shifted(part.x0, part.y0);
      }
      result.objects[places[i]] = std::move(answers[i]);
    }
  }
  result.timing.decode = watch.lap() - result.timing.preprocess - result.timing.encode;
  return result;
}

SegmentationResult EnlargedPredictor::segment(const Image& image, std::span<const SegmentationPrompt> prompts,
                                              const SegmentationOptions& options) {
  return segment_encoded(*encode_image(image), prompts, options);
}

AutomaticMaskResult EnlargedPredictor::segment_everything(const Image& image, const AutomaticMaskOptions& options,
                                                          const std::function<void(std::int64_t, std::int64_t)>& progress) {
  return predictor_->segment_everything(image, options, progress);
}

AutomaticMaskOptions EnlargedPredictor::automatic_defaults() const {
  AutomaticMaskOptions options = predictor_->automatic_defaults();
  options.enlargement = enlargement_;
  return options;
}

void EnlargedPredictor::save_embedding(const ImageEmbedding&, const std::filesystem::path&) {
  fail(
      "embedding: this model looks at enlarged parts of the picture, each with an embedding of its own, which are not kept in a "
      "file; with an enlargement of 1 it looks at the whole");
}

std::shared_ptr<const ImageEmbedding> EnlargedPredictor::load_embedding(const std::filesystem::path& file, const Image&) {
  fail(
      "{}: embedding: this model looks at enlarged parts of the picture; with an enlargement of 1 it looks at the whole, as the "
      "file does",
      file.string());
}

}  // namespace omma::sam
