#include "omma/data/picture_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "omma/data/judgement.h"
#include "omma/data/world/words.h"

namespace omma {
namespace {

std::string one_line(std::string_view text) {
  std::string line(text);
  std::ranges::replace_if(line, [](unsigned char c) { return c < 0x20; }, ' ');
  return line;
}

// "NAME: [x0, y0, x1, y1]".
std::optional<NamedBox> read_box(std::string_view line) {
  const std::size_t open = line.rfind(": [");
  if (open == std::string_view::npos || !line.ends_with(']')) return std::nullopt;
  std::string_view rest = line.substr(open + 3);
  std::array<float, 4> edges{};
  for (std::size_t i = 0; i < edges.size(); ++i) {
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), edges[i]);
    const std::string_view separator = i + 1 < edges.size() ? ", " : "]";
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    if (error != std::errc() || !rest.starts_with(separator)) return std::nullopt;
    rest.remove_prefix(separator.size());
  }
  if (!rest.empty()) return std::nullopt;
  return NamedBox{.name = std::string(line.substr(0, open)), .box = {edges[0], edges[1], edges[2], edges[3]}};
}

}  // namespace

Box share_of(const Box& box, int width, int height) {
  const auto w = static_cast<float>(width), h = static_cast<float>(height);
  return {box.x0 / w, box.y0 / h, box.x1 / w, box.y1 / h};
}

std::string text_of(const PictureText& picture, PictureParts parts) {
  std::string text;
  for (const std::string& caption : picture.captions) text += one_line(caption) + "\n";
  if (parts == PictureParts::captions) return text;
  text += "\n";
  for (const NamedBox& box : picture.boxes)
    text += fmt::format("{}: [{:.3f}, {:.3f}, {:.3f}, {:.3f}]\n", one_line(box.crowd ? plural_of(box.name) : box.name), box.box.x0,
                        box.box.y0, box.box.x1, box.box.y1);
  return text;
}

PictureText read_picture_text(std::string_view text) {
  PictureText picture;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (auto box = read_box(line))
      picture.boxes.push_back(std::move(*box));
    else if (line.find_first_not_of(' ') != std::string_view::npos)
      picture.captions.emplace_back(line);
  }
  return picture;
}

std::vector<SeenObject> seen_objects(const std::vector<NamedBox>& boxes, const Lexicon& lexicon) {
  std::vector<SeenObject> objects;
  for (const NamedBox& box : boxes) {
    const std::string_view name = box.name, first = name.substr(0, name.find(' '));
    const auto color = find_world_color(first);
    auto known = lexicon.find_name(name);
    const bool colored = !known && color && first.size() < name.size();
    if (colored) known = lexicon.find_name(name.substr(first.size() + 1));
    if (known) objects.push_back({.name = *known, .color = colored ? *color : -1, .box = box.box, .crowd = box.crowd});
  }
  return objects;
}

}  // namespace omma
