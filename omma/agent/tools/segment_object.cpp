#include "omma/agent/tools/segment_object.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "omma/agent/tools/detect_objects.h"
#include "omma/base/error.h"
#include "omma/text/plural.h"
#include "omma/vision/mask_json.h"
#include "omma/vision/run_lengths.h"

namespace omma {

namespace {

constexpr std::size_t max_objects = 100;      // prompts of the segmenter, the surest first
constexpr std::size_t max_masks_told = 6;     // masks described one by one in the summary
constexpr std::size_t max_masks_listed = 50;  // and in the details

// What an input asks for.
struct WantedMasks {
  std::string object, which, relation, anchor;

  explicit WantedMasks(const json& input)
      : object(input.at("object")),
        which(input.value("which", "all")),
        relation(input.value("relation", "")),
        anchor(input.value("anchor", "")) {
    check(relation.empty() == anchor.empty(), "expected relation and anchor together, got {} alone",
          relation.empty() ? "anchor" : "relation");
    check(anchor != "anything", "anchor: expected the name of one object, got \"anything\"");
  }

  bool means_anything() const { return object == "anything"; }
  std::string related(const std::string& words) const {
    return relation.empty() ? words : fmt::format("{} {} {}", words, relation, anchor);
  }
  std::string plural() const { return related(means_anything() ? "objects" : plural_of(object)); }
};

// An object with its pixels, of which there is at least one.
struct CutObject {
  Detection detection;
  SegmentedMask mask;
  std::int64_t pixels = 0;
  std::string name = {};  // "car 2", or "car" where it is the only one
};

// The objects of one name in the order in which they were found: "car 1" is the surest car.
void number_objects(std::vector<CutObject>& objects) {
  for (auto object = objects.begin(); object != objects.end(); ++object) {
    const auto same = [&](const CutObject& other) { return other.detection.label == object->detection.label; };
    object->name = object->detection.label;
    if (std::ranges::count_if(objects, same) > 1)
      object->name += fmt::format(" {}", std::count_if(objects.begin(), object, same) + 1);
  }
}

// All of them, or the one that `which` means.
std::vector<CutObject> chosen(std::vector<CutObject> objects, const std::string& which) {
  if (which == "all") return objects;
  auto one = objects.begin();  // "best": the surest
  if (which == "largest") one = std::ranges::max_element(objects, {}, &CutObject::pixels);
  if (which == "smallest") one = std::ranges::min_element(objects, {}, &CutObject::pixels);
  return {std::move(*one)};
}

double share_of(std::int64_t pixels, Size size) {
  return static_cast<double>(pixels) / (static_cast<double>(size.width) * static_cast<double>(size.height));
}

// "12 %", "3.4 %".
std::string percent(std::int64_t pixels, Size size) {
  const double share = 100 * share_of(pixels, size);
  if (share < 0.05) return "under 0.1 %";
  return fmt::format("{:g} %", share < 10 ? std::round(10 * share) / 10 : std::round(share));
}

// `found`: how many there were to choose from.
std::string one_line(const CutObject& object, const WantedMasks& wanted, std::size_t found, Size size) {
  std::string what = found == 1
                         ? wanted.related(object.detection.label)
                         : fmt::format("the {} of {} {}", wanted.which == "best" ? "surest" : wanted.which, found, wanted.plural());
  if (found > 1 && wanted.means_anything()) what += ", " + object.detection.label;
  return fmt::format("Cut out {}: {} of the picture, {}.", what, percent(object.pixels, size), place_of(object.mask.box, size));
}

std::string several_line(std::span<const CutObject> objects, const WantedMasks& wanted, Size size) {
  std::vector<std::string> parts;
  std::vector<RunLengths> masks;
  for (const CutObject& object : objects) {
    masks.push_back(object.mask.mask);
    if (parts.size() < max_masks_told)
      parts.push_back(fmt::format("{} {}, {}", object.name, percent(object.pixels, size), place_of(object.mask.box, size)));
  }
  if (objects.size() > max_masks_told) parts.push_back(fmt::format("{} more", objects.size() - max_masks_told));
  return fmt::format("Cut out {} {}: {}; together {}.", objects.size(), wanted.plural(), fmt::join(parts, "; "),
                     percent(area(union_of(masks)), size));
}

std::string mask_lines(std::span<const CutObject> objects) {
  std::vector<std::string> lines;
  for (const CutObject& object : objects.first(std::min(objects.size(), max_masks_listed))) {
    const Box& box = object.mask.box;
    lines.push_back(fmt::format("{}: {} pixels, box [{:.0f}, {:.0f}, {:.0f}, {:.0f}], score {:.2f}", object.name, object.pixels,
                                box.x0, box.y0, box.x1, box.y1, object.detection.score));
  }
  if (objects.size() > max_masks_listed) lines.push_back(fmt::format("and {} more", objects.size() - max_masks_listed));
  return fmt::format("{}", fmt::join(lines, "\n"));
}

json box_json(const Box& box) { return {box.x0, box.y0, box.x1, box.y1}; }

json mask_json(const CutObject& object, Size size) {
  const SegmentedMask& mask = object.mask;
  return {{"label", object.detection.label},
          {"score", object.detection.score},
          {"box", box_json(mask.box)},
          {"area", object.pixels},
          {"share", share_of(object.pixels, size)},
          {"place", place_of(mask.box, size)},
          {"rle", rle_json(mask.mask)},
          {"predicted_iou", std::isfinite(mask.predicted_iou) ? json(mask.predicted_iou) : json()}};
}

ToolResult result_of(std::string summary, std::span<const CutObject> objects, Size size) {
  ToolResult result{.summary = std::move(summary),
                    .details = mask_lines(objects),
                    .data = {{"detections", json::array()}, {"masks", json::array()}}};
  for (const CutObject& object : objects) {
    const Detection& prompt = object.detection;
    result.data["detections"].push_back({{"label", prompt.label}, {"score", prompt.score}, {"box", box_json(prompt.box)}});
    result.data["masks"].push_back(mask_json(object, size));
  }
  return result;
}

// A segmenter on the finder's picture, which it encodes when there is something to cut out for the first time.
class Scissors {
 public:
  Scissors(std::shared_ptr<ObjectFinder> finder, std::shared_ptr<Segmenter> segmenter)
      : finder_(std::move(finder)), segmenter_(std::move(segmenter)) {}

  ToolResult run(const WantedMasks& wanted) {
    std::vector<Detection> detections = finder_->find(finder_->wanted({wanted.object}));
    if (!wanted.relation.empty()) {
      const std::vector<Detection> anchors = finder_->find(finder_->wanted({wanted.anchor}));
      if (anchors.empty()) return result_of(fmt::format("Found no {}.", wanted.anchor), {}, size());
      keep_related(detections, std::ranges::max_element(anchors, {}, &Detection::score)->box, wanted.relation);
    }
    std::erase_if(detections, [](const Detection& detection) { return !(detection.box.area() > 0); });
    if (detections.empty())
      return result_of(fmt::format("Found {}.", wanted.related(wanted.means_anything() ? "nothing" : "no " + wanted.object)), {},
                       size());
    const std::vector<CutObject> found = cut_out(std::move(detections));
    if (found.empty())
      return result_of(
          fmt::format("Found {}, but no pixels of it.", wanted.related(wanted.means_anything() ? "something" : wanted.object)), {},
          size());
    const std::vector<CutObject> objects = chosen(found, wanted.which);
    return result_of(
        objects.size() == 1 ? one_line(objects[0], wanted, found.size(), size()) : several_line(objects, wanted, size()), objects,
        size());
  }

 private:
  Size size() const { return {finder_->image().width, finder_->image().height}; }

  // The anchor, which may be found under another name, too, is in no relation to itself.
  void keep_related(std::vector<Detection>& detections, const Box& anchor, const std::string& relation) const {
    std::erase_if(detections, [&](const Detection& detection) {
      const auto relations = relations_of(detection.box, anchor, size());
      return are_one_object(detection.box, anchor) || std::ranges::find(relations, relation) == relations.end();
    });
  }

  std::vector<CutObject> cut_out(std::vector<Detection> detections) {
    std::ranges::stable_sort(detections, std::greater<>(), &Detection::score);
    detections.resize(std::min(detections.size(), max_objects));
    std::vector<SegmentationPrompt> prompts;
    for (const Detection& detection : detections) prompts.push_back({.points = {}, .box = detection.box, .mask = {}});
    if (!embedding_) embedding_ = segmenter_->encode_image(finder_->image());
    SegmentationResult result = segmenter_->segment_encoded(*embedding_, prompts);
    std::vector<CutObject> objects;
    for (std::size_t i = 0; i < detections.size(); ++i) {
      SegmentedMask& mask = result.objects.at(i).at(0);
      const std::int64_t pixels = area(mask.mask);
      if (pixels > 0) objects.push_back({.detection = std::move(detections[i]), .mask = std::move(mask), .pixels = pixels});
    }
    number_objects(objects);
    return objects;
  }

  std::shared_ptr<ObjectFinder> finder_;
  std::shared_ptr<Segmenter> segmenter_;
  std::shared_ptr<const ImageEmbedding> embedding_;
};

json schema_of(const ObjectFinder& finder) {
  const auto text = [](const char* what) {
    return json{{"type", "string"}, {"minLength", 1}, {"maxLength", 200}, {"description", what}};
  };
  const json which = {{"type", "string"},
                      {"enum", {"all", "best", "largest", "smallest"}},
                      {"description", "optional: which of several; all without it"}};
  const json relation = {{"type", "string"},
                         {"enum", relation_words},
                         {"description", "optional, with anchor: only what is so placed or sized, seen from the anchor"}};
  const json properties = {
      {"object", text(finder.knows_anything() ? "a name in the singular; \"anything\" stands for all common objects"
                                              : "a name in the singular")},
      {"which", which},
      {"relation", relation},
      {"anchor", text("optional, with relation: the name of the object to compare with")}};
  return {{"type", "object"}, {"properties", properties}, {"required", {"object"}}, {"additionalProperties", false}};
}

}  // namespace

Tool segment_object_tool(std::shared_ptr<ObjectFinder> finder, std::shared_ptr<Segmenter> segmenter) {
  check(finder && segmenter, "segment_object: expected a finder and a segmenter");
  json schema = schema_of(*finder);
  return {
      .name = "segment_object",
      .description = "Cuts objects of one name out of the picture, pixel by pixel, and tells how much of the picture they cover.",
      .schema = std::move(schema),
      .example = {{"object", "car"}, {"which", "largest"}},
      .run = [scissors = std::make_shared<Scissors>(std::move(finder), std::move(segmenter))](
                 const json& input) { return scissors->run(WantedMasks(input)); },
  };
}

}  // namespace omma
