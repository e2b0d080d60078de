#include "omma/data/annotated_picture.h"

#include <tuple>
#include <utility>

#include "omma/base/error.h"
#include "omma/vision/run_lengths.h"

namespace omma {
namespace {

json edges_json(const Box& box) { return {box.x0, box.y0, box.x1, box.y1}; }

Box edges_box(const json& edges) {
  const auto [x0, y0, x1, y1] = edges.get<std::array<float, 4>>();
  return {x0, y0, x1, y1};
}

json object_json(const AnnotatedObject& object) {
  json record = {{"class", object.class_index}, {"box", edges_json(object.box)}};
  if (object.mask) record["counts"] = compress(*object.mask);
  if (object.score) record["score"] = *object.score;
  if (object.predicted_iou) record["predicted_iou"] = *object.predicted_iou;
  if (object.stability) record["stability"] = *object.stability;
  if (object.point) record["point"] = *object.point;
  if (object.crop_box) record["crop_box"] = edges_json(*object.crop_box);
  return record;
}

template <class T>
std::optional<T> value_if_any(const json& record, const char* name) {
  const auto value = record.find(name);
  return value == record.end() ? std::nullopt : std::optional(value->get<T>());
}

AnnotatedObject read_object(const json& record, int width, int height) {
  AnnotatedObject object{.class_index = record.at("class"), .box = edges_box(record.at("box"))};
  if (const auto counts = value_if_any<std::string>(record, "counts")) object.mask = decompress(*counts, width, height);
  object.score = value_if_any<float>(record, "score");
  object.predicted_iou = value_if_any<float>(record, "predicted_iou");
  object.stability = value_if_any<float>(record, "stability");
  object.point = value_if_any<std::array<float, 2>>(record, "point");
  if (const auto crop_box = record.find("crop_box"); crop_box != record.end()) object.crop_box = edges_box(*crop_box);
  return object;
}

}  // namespace

json to_json(const AnnotatedPicture& picture) {
  json objects = json::array();
  for (const AnnotatedObject& object : picture.objects) objects.push_back(object_json(object));
  return {{"index", picture.index},
          {"file_name", picture.file_name},
          {"name", picture.name},
          {"size", {picture.width, picture.height}},
          {"objects", std::move(objects)}};
}

AnnotatedPicture read_annotated_picture(std::string_view line, std::string_view where) {
  const json record = parse_json(line, where);
  try {
    AnnotatedPicture picture{.index = record.at("index"), .file_name = record.at("file_name"), .name = record.at("name")};
    std::tie(picture.width, picture.height) = record.at("size").get<std::pair<int, int>>();
    for (const json& object : record.at("objects")) picture.objects.push_back(read_object(object, picture.width, picture.height));
    return picture;
  } catch (const json::exception& error) {
    fail("{}: expected an annotated picture: {}", where, error.what());
  } catch (const std::invalid_argument& error) {
    fail("{}: {}", where, error.what());
  }
}

Box box_of(const AnnotatedObject& object) { return has_pixels(object) ? bounding_box(*object.mask) : object.box; }

bool has_pixels(const AnnotatedObject& object) { return object.mask && area(*object.mask) > 0; }

}  // namespace omma
