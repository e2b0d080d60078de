#include "omma/data/picture_texts.h"

#include <unordered_map>
#include <vector>

#include "omma/base/error.h"
#include "omma/data/caption_dataset.h"
#include "omma/data/detection_dataset.h"
#include "omma/data/world_picture_text.h"
#include "omma/data/world_settings.h"

namespace omma {
namespace {

constexpr std::uint64_t text_stream = 0x696e737472756374;  // texts draw from other random numbers than pictures

class WorldTexts : public PictureTexts {
 public:
  explicit WorldTexts(const WorldSettings& world) : world_(world) {}

  std::size_t size() const override { return static_cast<std::size_t>(world_.count); }
  TextedPicture sample(std::size_t index) const override {
    const Scene scene = draw(index);
    const std::string_view split = name_of(scene.split);
    TextedPicture picture{
        .key = fmt::format("{}/{}", split, index), .image = fmt::format("{}-{:06}.png", split, index), .text = {}};
    Rng rng(world_.seed ^ text_stream, index);
    picture.text = picture_text_of(scene, rng);
    return picture;
  }
  Image image(std::size_t index) const override { return draw(index).image; }
  bool drawn() const override { return true; }
  const Lexicon& lexicon() const override { return Lexicon::world(); }
  const DatasetReport& report() const override { return report_; }

 private:
  Scene draw(std::size_t index) const {
    check(index < size(), "world: expected a scene below {}, got {}", size(), index);
    return make_scene(world_.seed, index, world_.scene);
  }

  WorldSettings world_;
  DatasetReport report_;
};

// Boxes and captions of two files, put together by the pictures' names.
class CocoTexts : public PictureTexts {
 public:
  CocoTexts(std::unique_ptr<DetectionDataset> boxes, std::unique_ptr<CaptionDataset> captions, std::string_view where,
            double max_fault_share)
      : boxes_(std::move(boxes)), captions_(std::move(captions)), lexicon_(boxes_->phrases()) {
    report_.append(boxes_->report());
    report_.append(captions_->report());
    std::unordered_map<std::string, std::size_t> caption_of;
    for (std::size_t i = 0; i < captions_->size(); ++i) caption_of[captions_->sample(i).key] = i;
    for (std::size_t i = 0; i < boxes_->size(); ++i) {
      const std::string key = boxes_->sample(i).key;
      if (const auto caption = caption_of.find(key); caption != caption_of.end())
        pairs_.push_back({i, caption->second});
      else
        report_.add(DatasetFault::missing_pair, key, "a picture without captions");
    }
    check(!pairs_.empty() || max_fault_share >= 1, "{}: no picture has both boxes and captions{}", where, report_.explanation());
  }

  std::size_t size() const override { return pairs_.size(); }
  TextedPicture sample(std::size_t index) const override {
    const Pair pair = pairs_.at(index);
    const DetectionSample boxes = boxes_->sample(pair.boxes);
    TextedPicture picture{.key = boxes.key, .image = boxes.key, .text = {}};
    picture.text.captions = captions_->sample(pair.captions).captions;
    for (const DetectionTarget& target : boxes.targets)
      picture.text.boxes.push_back(
          {.name = target.phrase, .box = share_of(target.box, boxes.width, boxes.height), .crowd = target.crowd});
    return picture;
  }
  Image image(std::size_t index) const override { return captions_->image(pairs_.at(index).captions); }
  bool drawn() const override { return false; }
  const Lexicon& lexicon() const override { return lexicon_; }
  const DatasetReport& report() const override { return report_; }

 private:
  struct Pair {
    std::size_t boxes, captions;
  };
  std::unique_ptr<DetectionDataset> boxes_;
  std::unique_ptr<CaptionDataset> captions_;
  Lexicon lexicon_;
  std::vector<Pair> pairs_;
  DatasetReport report_;
};

}  // namespace

std::unique_ptr<PictureTexts> open_picture_texts(std::string_view spec, std::string_view split,
                                                 const PictureTextsOptions& options) {
  const std::size_t colon = std::min(spec.size(), spec.find(':'));
  const std::string_view kind = spec.substr(0, colon), path = spec.substr(std::min(spec.size(), colon + 1));
  if (kind == "world") {
    const auto nothing_else = [](std::string_view, std::string_view) { return false; };
    return std::make_unique<WorldTexts>(parse_world_settings(path, split, {}, "nothing else", nothing_else));
  }
  check(kind == "coco", "data: expected world or coco before the colon, got \"{}\"", spec);
  check(std::filesystem::exists(path), "data: {} does not exist", path);
  auto boxes = open_detection_dataset(spec, split, {.images = options.images, .max_fault_share = options.max_fault_share});
  auto texts = open_caption_dataset(spec, split, {.images = options.images, .max_fault_share = options.max_fault_share});
  return std::make_unique<CocoTexts>(std::move(boxes), std::move(texts), spec, options.max_fault_share);
}

}  // namespace omma
