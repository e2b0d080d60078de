#include "omma/jobs/annotate_summary.h"

#include <algorithm>
#include <numeric>

#include "omma/base/checksum.h"
#include "omma/base/error.h"
#include "omma/vision/draw.h"

namespace omma {
namespace {

constexpr std::size_t max_failures_listed = 1000;

// Large masks first, so that small ones stay visible.
Image picture_with_labels(Image image, const AnnotatedPicture& picture, const std::vector<std::string>& classes) {
  std::vector<const AnnotatedObject*> order;
  for (const AnnotatedObject& object : picture.objects)
    if (has_pixels(object)) order.push_back(&object);
  std::ranges::stable_sort(order, std::greater(), [](const AnnotatedObject* object) { return area(*object->mask); });
  for (const AnnotatedObject* object : order) draw_mask(image, decode(*object->mask), object->class_index);
  std::vector<LabelledBox> boxes;
  for (const AnnotatedObject& object : picture.objects)
    boxes.push_back({.box = box_of(object),
                     .label = classes[static_cast<std::size_t>(object.class_index)],
                     .score = object.score,
                     .color = object.class_index});
  return overlay_of(image, boxes);
}

}  // namespace

AnnotateSummary::AnnotateSummary(std::vector<std::string> classes) : classes_(std::move(classes)), groups_(classes_.size()) {}

void AnnotateSummary::Group::add(const AnnotatedPicture& picture) {
  ++pictures;
  examples.emplace(checksum(picture.name), picture);
  if (examples.size() > max_examples) examples.erase(std::prev(examples.end()));
}

void AnnotateSummary::add(const AnnotatedPicture& picture) {
  ++pictures_;
  std::vector<bool> seen(groups_.size());
  for (const AnnotatedObject& object : picture.objects) {
    const auto index = static_cast<std::size_t>(object.class_index);
    ++objects_;
    masks_ += has_pixels(object);
    ++groups_.at(index).objects;
    if (!seen[index]) groups_[index].add(picture);
    seen[index] = true;
  }
  if (picture.objects.empty()) empty_.add(picture);
}

void AnnotateSummary::add_shard(const json& manifest) {
  seconds_ += manifest.at("seconds").get<double>();
  for (const json& failure : manifest.at("failures")) {
    ++failures_;
    if (failure_list_.size() < max_failures_listed) failure_list_.push_back(failure);
  }
}

json AnnotateSummary::to_json() const {
  json classes = json::object();
  for (std::size_t i = 0; i < classes_.size(); ++i) classes[classes_[i]] = groups_[i].objects;
  return {{"pictures", pictures_}, {"empty", empty_.pictures},      {"objects", objects_},
          {"masks", masks_},       {"classes", std::move(classes)}, {"failures", {{"total", failures_}, {"list", failure_list_}}},
          {"seconds", seconds_}};
}

ContactCard AnnotateSummary::card_of(const AnnotatedPicture& picture,
                                     const std::function<Image(const AnnotatedPicture&)>& read) const {
  const std::size_t objects = picture.objects.size();
  ContactCard card;
  card.texts = {
      {.decision = fmt::format("{} object{}", objects, objects == 1 ? "" : "s"), .good = objects > 0, .text = picture.file_name}};
  try {
    card.picture = contact_picture(picture_with_labels(read(picture), picture, classes_));
  } catch (const std::invalid_argument& error) {  // it was there when it was annotated
    card.texts.push_back({.decision = "no picture", .good = false, .text = error.what()});
  }
  return card;
}

Image AnnotateSummary::draw(const std::function<Image(const AnnotatedPicture&)>& read) const {
  std::vector<ContactRow> rows;
  const auto add_row = [&](std::string title, const Group& group) {
    if (group.pictures == 0) return;
    ContactRow& row = rows.emplace_back();
    row.title = std::move(title);
    for (const auto& [draw, picture] : group.examples) row.cards.push_back(card_of(picture, read));
  };
  std::vector<std::size_t> order(classes_.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, std::greater(), [&](std::size_t i) { return groups_[i].objects; });
  order.resize(std::min(order.size(), max_rows));
  for (const std::size_t i : order)
    add_row(fmt::format("{}: {} in {} pictures", classes_[i], groups_[i].objects, groups_[i].pictures), groups_[i]);
  add_row(fmt::format("nothing found: {} pictures", empty_.pictures), empty_);
  if (failures_ > 0) {
    ContactRow& row = rows.emplace_back();
    row.title = fmt::format("failed: {} pictures", failures_);
    for (std::size_t i = 0; i < std::min(failure_list_.size(), max_examples); ++i)
      row.cards.push_back({.picture = {}, .texts = {{.decision = "failed", .good = false, .text = failure_list_[i].at("error")}}});
  }
  const std::string shown =
      order.size() < classes_.size() ? fmt::format(", the {} most frequent are shown", order.size()) : std::string();
  return draw_contact_sheet(fmt::format("{} pictures, {} objects of {} classes{}", pictures_, objects_, classes_.size(), shown),
                            rows);
}

}  // namespace omma
