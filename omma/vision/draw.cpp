#include "omma/vision/draw.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <numeric>
#include <vector>

#include "omma/base/error.h"
#include "omma/base/log.h"
#include "omma/vision/font.h"
#include "omma/vision/resize.h"

namespace omma {
namespace {

constexpr std::array palette = {
    Color{0xFF, 0x4D, 0x5E}, Color{0x1E, 0xA7, 0xFD}, Color{0xFF, 0xC1, 0x1F}, Color{0x2C, 0xC8, 0x6E},
    Color{0xB1, 0x64, 0xFF}, Color{0xFF, 0x82, 0x24}, Color{0x14, 0xC8, 0xC0}, Color{0xFF, 0x66, 0xC4},
    Color{0x5F, 0x7D, 0xFF}, Color{0xA8, 0xDB, 0x2B}, Color{0xD0, 0x91, 0x5F}, Color{0x9A, 0xA8, 0xBD},
};
constexpr Color black{0x14, 0x16, 0x1A}, white{0xFF, 0xFF, 0xFF};

// Sizes in pixels that follow the picture's shorter side.
struct Measures {
  int line, letters, padding;
  float radius;

  explicit Measures(const Image& image) {
    const auto side = static_cast<float>(std::min(image.width, image.height));
    line = std::clamp(static_cast<int>(std::lround(side / 180)), 1, 12);
    letters = std::clamp(static_cast<int>(std::lround(side / 38)), 10, 64);
    padding = std::max(2, letters / 4);
    radius = static_cast<float>(line) * 1.5F;
  }
};

// Relative luminance of WCAG 2.1, by which dark letters are readable on a light ground and light ones on a dark one.
float luminance(Color color) {
  const auto linear = [](std::uint8_t part) { return std::pow(static_cast<float>(part) / 255, 2.2F); };
  return 0.2126F * linear(color.red) + 0.7152F * linear(color.green) + 0.0722F * linear(color.blue);
}

Color letters_on(Color ground) { return luminance(ground) > 0.25F ? black : white; }

float overlap(const Box& a, const Box& b) {
  return Box{std::max(a.x0, b.x0), std::max(a.y0, b.y0), std::min(a.x1, b.x1), std::min(a.y1, b.y1)}.area();
}

// Where labels go: each is placed once, and those after it avoid it.
class Labels {
 public:
  Labels(const Image& image, const Measures& measures, Font& font) : image_(image), measures_(measures), font_(font) {}

  std::string fitted(const LabelledBox& box) {
    const std::string text = printable_text(box.label);
    const std::string score = box.score ? fmt::format(" {:.0f}%", *box.score * 100) : std::string();
    const int room = image_.width - 2 * measures_.padding - font_.width(score);
    std::string_view shown = font_.prefix_within(text, room);
    if (shown.size() == text.size()) return text + score;
    shown = font_.prefix_within(text, room - font_.width("…"));
    return std::string(shown) + "…" + score;
  }

  Box place(const Box& box, const std::string& text) {
    const auto width = static_cast<float>(font_.width(text) + 2 * measures_.padding);
    const auto height = static_cast<float>(font_.ascent() + font_.descent() + measures_.padding);
    const float right = box.x1 - width, inset = static_cast<float>(measures_.line);
    // The better a place, the earlier: above, below, inside at the top, inside at the bottom.
    const std::array<Box, 8> candidates = {
        at(box.x0, box.y0 - height, width, height),
        at(right, box.y0 - height, width, height),
        at(box.x0, box.y1, width, height),
        at(right, box.y1, width, height),
        at(box.x0 + inset, box.y0 + inset, width, height),
        at(right - inset, box.y0 + inset, width, height),
        at(box.x0 + inset, box.y1 - inset - height, width, height),
        at(right - inset, box.y1 - inset - height, width, height),
    };
    const Box* best = &candidates[0];
    float least = covered(*best);
    for (const Box& candidate : candidates) {
      if (const float area = covered(candidate); area < least) {
        best = &candidate;
        least = area;
      }
    }
    return taken_.emplace_back(*best);
  }

 private:
  Box at(float x, float y, float width, float height) const {
    x = std::round(std::clamp(x, 0.F, std::max(0.F, static_cast<float>(image_.width) - width)));
    y = std::round(std::clamp(y, 0.F, std::max(0.F, static_cast<float>(image_.height) - height)));
    return {x, y, x + width, y + height};
  }

  float covered(const Box& candidate) const {
    float area = 0;
    for (const Box& other : taken_) area += overlap(candidate, other);
    return area;
  }

  const Image& image_;
  const Measures& measures_;
  Font& font_;
  std::vector<Box> taken_;
};

struct PlacedLabel {
  Box box;
  std::string text;
  Color color;
};

void draw_label(Image& image, const PlacedLabel& label, const Measures& measures, Font& font) {
  fill_rectangle(image, label.box, measures.radius, label.color, 1);
  const int baseline = static_cast<int>(label.box.y0) + measures.padding / 2 + font.ascent();
  font.draw(image, static_cast<int>(label.box.x0) + measures.padding, baseline, label.text, letters_on(label.color));
}

// The box on whole pixels inside the picture; empty where nothing of it is there.
Box visible(const Image& image, const Box& box) {
  const auto width = static_cast<float>(image.width), height = static_cast<float>(image.height);
  if (!(box.x0 < box.x1 && box.y0 < box.y1 && box.x0 < width && box.y0 < height && box.x1 > 0 && box.y1 > 0)) return {};
  const auto edge = [](float value, float side) { return std::round(std::clamp(value, 0.F, side)); };
  return {edge(box.x0, width), edge(box.y0, height), edge(box.x1, width), edge(box.y1, height)};
}

// A dark seam on both sides keeps the line visible on ground of its own colour.
void draw_frame(Image& image, const Box& box, const Measures& measures, Color color) {
  const auto line = static_cast<float>(measures.line);
  const Box outer{box.x0 - 1, box.y0 - 1, box.x1 + 1, box.y1 + 1};
  stroke_rectangle(image, outer, measures.radius + 1, line + 2, black, 0.35F);
  stroke_rectangle(image, box, measures.radius, line, color, 1);
}

void warn_of_missing_font() {
  static std::atomic<bool> warned = false;
  if (!warned.exchange(true)) log_warning("no font found: boxes are drawn without labels (OMMA_FONT may name a TrueType file)");
}

}  // namespace

Color palette_color(int index) {
  constexpr int count = static_cast<int>(palette.size());
  return palette[static_cast<std::size_t>((index % count + count) % count)];
}

void draw_boxes(Image& image, std::span<const LabelledBox> boxes) {
  const Measures measures(image);
  std::vector<const LabelledBox*> by_score;
  for (const LabelledBox& box : boxes)
    if (visible(image, box.box).area() > 0) by_score.push_back(&box);
  std::ranges::stable_sort(by_score, std::greater{}, [](const LabelledBox* box) {
    return box->score && *box->score > 0 ? *box->score : 0;  // not a number counts as 0, too
  });
  for (auto box = by_score.rbegin(); box != by_score.rend(); ++box)
    draw_frame(image, visible(image, (*box)->box), measures, palette_color((*box)->color));

  std::erase_if(by_score, [](const LabelledBox* box) { return box->label.empty(); });
  if (by_score.empty()) return;
  std::optional<Font> font = Font::load(measures.letters);
  if (!font) return warn_of_missing_font();
  Labels labels(image, measures, *font);
  std::vector<PlacedLabel> placed;
  for (const LabelledBox* box : by_score) {
    const std::string text = labels.fitted(*box);
    placed.push_back({labels.place(visible(image, box->box), text), text, palette_color(box->color)});
  }
  for (auto label = placed.rbegin(); label != placed.rend(); ++label) draw_label(image, *label, measures, *font);
}

Image overlay_of(const Image& image, std::span<const LabelledBox> boxes) {
  constexpr int shortest = 480, longest = 2048;
  const auto [shorter, longer] = std::minmax({image.width, image.height});
  check(shorter > 0, "overlay: expected a picture, got {} x {} pixels", image.width, image.height);
  const int factor = std::max(1, std::min((shortest + shorter - 1) / shorter, longest / longer));
  Image overlay = factor == 1 ? image : resize(image, image.width * factor, image.height * factor, Resample::bicubic);
  std::vector<LabelledBox> enlarged(boxes.begin(), boxes.end());
  for (LabelledBox& labelled : enlarged)
    for (float* edge : {&labelled.box.x0, &labelled.box.y0, &labelled.box.x1, &labelled.box.y1})
      *edge *= static_cast<float>(factor);
  draw_boxes(overlay, enlarged);
  return overlay;
}

void draw_mask(Image& image, const Mask& mask, int color) {
  check(mask.width == image.width && mask.height == image.height, "draw_mask: expected a mask of {} x {} pixels, got {} x {}",
        image.width, image.height, mask.width, mask.height);
  const Color ink = palette_color(color);
  const int line = Measures(image).line;
  const auto is_set = [&](int x, int y) { return x >= 0 && y >= 0 && x < mask.width && y < mask.height && mask.at(x, y) != 0; };
  for (int y = 0; y < mask.height; ++y) {
    for (int x = 0; x < mask.width; ++x) {
      if (mask.at(x, y) == 0) continue;
      const bool outline = !is_set(x - line, y) || !is_set(x + line, y) || !is_set(x, y - line) || !is_set(x, y + line);
      blend(image.pixel(x, y), ink, outline ? 1.F : 0.45F);
    }
  }
}

}  // namespace omma
