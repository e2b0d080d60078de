#include "omma/agent/tools/detect_objects.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "omma/base/error.h"

namespace omma {

namespace {

constexpr std::size_t max_names = 64;
constexpr std::size_t max_absent_listed = 6;   // names told as "0"
constexpr std::size_t max_objects_placed = 6;  // objects described one by one in the summary
constexpr std::size_t max_objects_listed = 50;
constexpr float relation_margin = 0.08F;  // of the picture's side
constexpr float size_ratio = 1.25F;

// An object as the text names it.
struct NamedObject {
  const Detection* detection = nullptr;
  std::string name;  // "bus 2", or "bus" where it is the only one
};

struct LabelCount {
  std::string label;
  int count = 0;
};

std::vector<LabelCount> count_labels(std::span<const std::string> names, std::span<const Detection> detections) {
  std::vector<LabelCount> counts;
  for (const std::string& name : names) {
    const auto same = [&](const Detection& detection) { return detection.label == name && is_usable(detection); };
    counts.push_back({name, static_cast<int>(std::count_if(detections.begin(), detections.end(), same))});
  }
  return counts;
}

// By name in the order asked for, then by score: "bus 1" is the surest bus.
std::vector<NamedObject> name_objects(std::span<const LabelCount> counts, std::span<const Detection> detections) {
  std::vector<NamedObject> objects;
  for (const LabelCount& label : counts) {
    std::vector<const Detection*> found;
    for (const Detection& detection : detections)
      if (detection.label == label.label && is_usable(detection)) found.push_back(&detection);
    std::stable_sort(found.begin(), found.end(), [](auto* a, auto* b) { return a->score > b->score; });
    for (std::size_t i = 0; i < found.size(); ++i)
      objects.push_back({found[i], found.size() == 1 ? label.label : fmt::format("{} {}", label.label, i + 1)});
  }
  return objects;
}

float center_x(const Box& box) { return (box.x0 + box.x1) / 2; }
float center_y(const Box& box) { return (box.y0 + box.y1) / 2; }

float distance(const Box& a, const Box& b) { return std::hypot(center_x(a) - center_x(b), center_y(a) - center_y(b)); }

std::string found_line(std::span<const LabelCount> counts, bool list_absent) {
  std::string line;
  int total = 0;
  for (const LabelCount& label : counts) {
    total += label.count;
    if (label.count > 0 || list_absent) line += fmt::format("{}{}: {}", line.empty() ? "Found " : ", ", label.label, label.count);
  }
  if (line.empty()) return "Found nothing.";
  return counts.size() > 1 ? fmt::format("{}. In total {}.", line, total) : line + ".";
}

// The surest label, where several compete.
std::string best_line(std::span<const NamedObject> objects) {
  if (objects.empty()) return "";
  const auto surer = [](const NamedObject& a, const NamedObject& b) { return a.detection->score < b.detection->score; };
  const Detection* best = std::max_element(objects.begin(), objects.end(), surer)->detection;
  const auto other = [&](const NamedObject& object) { return object.detection->label != best->label; };
  return std::any_of(objects.begin(), objects.end(), other) ? fmt::format(" Surest: {}.", best->label) : "";
}

// The first object stays first, the others follow, nearest to it first.
void sort_by_distance(std::vector<NamedObject>& objects) {
  if (objects.empty()) return;
  const Box& anchor = objects.front().detection->box;
  std::stable_sort(objects.begin() + 1, objects.end(), [&](const NamedObject& a, const NamedObject& b) {
    return distance(a.detection->box, anchor) < distance(b.detection->box, anchor);
  });
}

std::vector<std::string> relations_to_first(const NamedObject& object, const NamedObject& first, Size size) {
  if (object.detection->label == first.detection->label) return {};
  return relations_of(object.detection->box, first.detection->box, size);
}

std::string place_lines(std::span<const NamedObject> objects, Size size) {
  std::string lines;
  for (const NamedObject& object : objects) lines += fmt::format(" {}: {}.", object.name, place_of(object.detection->box, size));
  return lines;
}

// "Seen from car: left bus 1, bus 2; larger bus 2." What stands in one relation is told together, nearest first.
std::string relation_line(std::span<const NamedObject> objects, Size size) {
  std::string line;
  for (const std::string_view relation : relation_words) {
    std::vector<std::string_view> related;
    for (const NamedObject& object : objects) {
      const auto relations = relations_to_first(object, objects.front(), size);
      if (std::find(relations.begin(), relations.end(), relation) != relations.end()) related.push_back(object.name);
    }
    if (!related.empty())
      line += fmt::format("{} {} {}", line.empty() ? "" : ";", short_relation(relation), fmt::join(related, ", "));
  }
  return line.empty() ? "" : fmt::format(" Seen from {}:{}.", objects.front().name, line);
}

// Where objects of one name are; of several names, how they stand to the first.
std::string layout_lines(std::span<const NamedObject> objects, Size size) {
  const auto told = objects.first(std::min(objects.size(), max_objects_placed));
  const auto other = [&](const NamedObject& object) { return object.detection->label != told.front().detection->label; };
  return std::any_of(told.begin(), told.end(), other) ? relation_line(told, size) : place_lines(told, size);
}

std::string detail_lines(std::span<const NamedObject> objects) {
  std::string lines;
  for (std::size_t i = 0; i < std::min(objects.size(), max_objects_listed); ++i) {
    const auto& [detection, name] = objects[i];
    const Box& box = detection->box;
    lines += fmt::format("{}{}: box [{:.0f}, {:.0f}, {:.0f}, {:.0f}], score {:.2f}", lines.empty() ? "" : "\n", name, box.x0,
                         box.y0, box.x1, box.y1, detection->score);
  }
  if (objects.size() > max_objects_listed) lines += fmt::format("\nand {} more", objects.size() - max_objects_listed);
  return lines;
}

}  // namespace

std::string place_of(const Box& box, Size size) {
  static constexpr std::array<std::array<const char*, 3>, 3> places = {
      {{"top left", "top", "top right"}, {"left", "center", "right"}, {"bottom left", "bottom", "bottom right"}}};
  const auto third = [](float center, int side) {
    return static_cast<std::size_t>(std::clamp(3 * center / static_cast<float>(std::max(1, side)), 0.F, 2.F));
  };
  return places[third(center_y(box), size.height)][third(center_x(box), size.width)];
}

std::vector<std::string> relations_of(const Box& box, const Box& anchor, Size size) {
  const float right = (center_x(box) - center_x(anchor)) / static_cast<float>(std::max(1, size.width));
  const float below = (center_y(box) - center_y(anchor)) / static_cast<float>(std::max(1, size.height));
  const float extent = std::max(box.width(), box.height());
  const float anchor_extent = std::max(anchor.width(), anchor.height());
  const std::array<bool, relation_words.size()> holds = {right <= -relation_margin,
                                                         right >= relation_margin,
                                                         below <= -relation_margin,
                                                         below >= relation_margin,
                                                         extent >= size_ratio * anchor_extent,
                                                         anchor_extent >= size_ratio * extent};
  std::vector<std::string> words;
  for (std::size_t i = 0; i < holds.size(); ++i)
    if (holds[i]) words.emplace_back(relation_words[i]);
  return words;
}

ToolResult describe_detections(std::span<const std::string> names, std::span<const Detection> detections, Size size,
                               bool list_absent) {
  const std::vector<LabelCount> counts = count_labels(names, detections);
  std::vector<NamedObject> objects = name_objects(counts, detections);
  sort_by_distance(objects);
  ToolResult result;
  result.summary = found_line(counts, list_absent) + best_line(objects) + layout_lines(objects, size);
  result.details = detail_lines(objects);
  result.data = {{"objects", json::object()}, {"detections", json::array()}};
  for (const LabelCount& label : counts) result.data["objects"][label.label] = label.count;
  for (const NamedObject& object : objects) {
    const auto& [label, phrase, score, box] = *object.detection;
    result.data["detections"].push_back({{"label", label},
                                         {"score", score},
                                         {"box", {box.x0, box.y0, box.x1, box.y1}},
                                         {"place", place_of(box, size)},
                                         {"relations", relations_to_first(object, objects.front(), size)}});
  }
  return result;
}

Tool detect_objects_tool(std::shared_ptr<ObjectFinder> finder) {
  const json name_list = {
      {"type", "array"}, {"minItems", 1}, {"items", {{"type", "string"}, {"minLength", 1}, {"maxLength", 200}}}};
  json objects = name_list, colors = name_list;
  objects["maxItems"] = max_names;
  objects["description"] =
      finder->knows_anything() ? "names in the singular; \"anything\" stands for all common objects" : "names in the singular";
  colors["maxItems"] = 16;
  colors["description"] = "optional: look for each object in each of these colors";
  return {
      .name = "detect_objects",
      .description = "Finds objects in the picture by name and tells how many of each there are and where.",
      .schema = {{"type", "object"},
                 {"properties", {{"objects", objects}, {"colors", colors}}},
                 {"required", {"objects"}},
                 {"additionalProperties", false}},
      .example = {{"objects", {"red car", "bus"}}},
      .run =
          [finder = std::move(finder)](const json& input) {
            const WantedObjects wanted = finder->wanted(input.at("objects"), input.value("colors", std::vector<std::string>{}));
            std::vector<std::string> phrases = wanted.named;
            phrases.insert(phrases.end(), wanted.common.begin(), wanted.common.end());
            const bool list_absent = phrases.size() <= max_absent_listed && !input.contains("colors");
            const Size size{finder->image().width, finder->image().height};
            return describe_detections(phrases, finder->find(wanted), size, list_absent);
          },
  };
}

Tool detect_objects_tool(std::shared_ptr<Detector> detector, std::shared_ptr<const Image> image) {
  return detect_objects_tool(std::make_shared<ObjectFinder>(std::move(detector), std::move(image)));
}

}  // namespace omma
