#include "apps/agent_pictures.h"

#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include "omma/agent/found_objects.h"
#include "omma/base/file.h"
#include "omma/io/cutout.h"
#include "omma/io/image_file.h"
#include "omma/text/unicode.h"
#include "omma/text/utf8.h"
#include "omma/vision/draw.h"

namespace omma::app {
namespace {

constexpr std::size_t max_label_bytes = 60;

// The largest first: drawn in that order, small masks stay visible.
std::vector<ObjectMask> masks_by_size(const Image& image, std::span<const AgentStep> steps) {
  std::vector<ObjectMask> masks = found_masks(steps, {image.width, image.height});
  std::ranges::stable_sort(masks, std::greater<>(), [](const ObjectMask& found) { return area(found.mask); });
  return masks;
}

}  // namespace

void write_steps_overlay(const std::filesystem::path& file, const Image& image, std::span<const AgentStep> steps,
                         bool with_labels) {
  std::vector<std::string> labels;
  const auto color_of = [&](const std::string& label) {
    const auto place = std::ranges::find(labels, label);
    const int color = static_cast<int>(place - labels.begin());
    if (place == labels.end()) labels.push_back(label);
    return color;
  };
  std::vector<LabelledBox> boxes;
  for (const Detection& found : found_objects(steps))
    boxes.push_back(
        {.box = found.box, .label = with_labels ? found.label : "", .score = found.score, .color = color_of(found.label)});
  Image overlay = image;
  for (const ObjectMask& found : masks_by_size(image, steps)) draw_mask(overlay, decode(found.mask), color_of(found.label));
  if (file.has_parent_path()) std::filesystem::create_directories(file.parent_path());
  write_image(file, overlay_of(overlay, boxes));
}

void write_cutouts(const std::filesystem::path& overlay, const Image& image, std::span<const AgentStep> steps) {
  const std::vector<ObjectMask> masks = masks_by_size(image, steps);
  std::map<std::string, int> count;
  for (const ObjectMask& found : masks) ++count[file_name_part(found.label)];
  std::set<std::string> taken;
  for (const ObjectMask& found : masks) {
    const std::string label = file_name_part(found.label);
    std::string name = count[label] > 1 ? label + "-1" : label;
    for (int number = 2; !taken.insert(name).second; ++number) name = label + "-" + std::to_string(number);
    const std::vector<std::uint8_t> png = encode_cutout(image, decode(found.mask));
    write_file(overlay.parent_path() / (overlay.stem().string() + "-" + name + ".png"),
               std::string_view(reinterpret_cast<const char*>(png.data()), png.size()));
  }
}

std::string file_name_part(std::string_view label) {
  std::string name;
  for (std::size_t i = 0; i < label.size();) {
    const DecodedCharacter character = decode_utf8(label, i);
    const bool kept = character.valid && is_word_character(character.code) && !is_control(character.code);
    if (name.size() + character.size > max_label_bytes) break;
    if (kept)
      name += label.substr(i, character.size);
    else if (!name.empty() && name.back() != '-')
      name += '-';
    i += character.size;
  }
  while (name.ends_with('-')) name.pop_back();
  return name.empty() ? "object" : name;
}

}  // namespace omma::app
